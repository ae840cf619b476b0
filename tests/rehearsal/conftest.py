"""One small rehearsal for all tests that read its files."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from chengxin.base.city import City, load_city
from chengxin.rehearsal import Rehearsal, rehearse
from chengxin.rehearsal.bodies import Bodies, make_bodies

TODAY = date(2026, 1, 5)


class Staged(NamedTuple):
    """A rehearsal and its truth, by file and line."""

    rehearsal: Rehearsal
    truth: dict[str, dict[int, dict[str, str]]]
    bodies: dict[str, dict[str, str]]


@pytest.fixture(scope="session")
def city() -> City:
    return load_city("kunshan")


@pytest.fixture(scope="session")
def bodies(city: City) -> Bodies:
    return make_bodies(city, seed=11, count=3_000, today=TODAY)


@pytest.fixture(scope="session")
def staged(city: City, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """The demo's own size: 2,000 bodies."""
    out = tmp_path_factory.mktemp("staged")
    made = rehearse(city, seed=5, bodies=2_000, out=out, today=TODAY)
    truth: dict[str, dict[int, dict[str, str]]] = defaultdict(dict)
    with (out / "truth" / "facts.csv").open(encoding="utf-8", newline="") as held:
        for row in csv.DictReader(held):
            truth[row["file"]][int(row["line"])] = row
    with (out / "truth" / "bodies.csv").open(encoding="utf-8", newline="") as held:
        found = {row["uscc"]: row for row in csv.DictReader(held)}
    return Staged(made, dict(truth), found)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data by others; tests that need it skip where it is missing."""
    given = os.environ.get("CHENGXIN_SHARED_DATA")
    folder = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no folder of real data: set CHENGXIN_SHARED_DATA to run this test")
    return folder
