"""The demo's data: the rehearsal city's files, made once, and handed in the way a department hands in its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from chengxin.accounts.actor import operator
from chengxin.base.clock import system_now
from chengxin.cli.demo_state import COUNTS, Line
from chengxin.intake.actions.import_file import ImportFile
from chengxin.rehearsal import rehearse

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.base.city import City
    from chengxin.cli.frame import Report


@dataclass(frozen=True)
class CityFile:
    """One file of the rehearsal city and who hands it in."""

    path: Path
    organisation: str
    item: str


@dataclass(frozen=True)
class Files:
    """The files of a rehearsal city, registrations first, and what they were made from; ``today`` is their last day."""

    seed: int
    bodies: int
    today: date
    files: tuple[CityFile, ...]


def build_files(folder: Path, city: City, *, seed: int, bodies: int, today: date, report: Report) -> Files:
    """Return the city's files, written to ``folder``/demo from ``seed`` when they are not there yet.

    They are written beside it first: a run that was interrupted leaves no half of a city behind.
    """
    home = folder / "demo"
    manifest = home / "manifest.json"
    if not manifest.exists():
        part = folder / "demo.part"
        shutil.rmtree(part, ignore_errors=True)
        rehearse(city, seed=seed, bodies=bodies, out=part, today=today, progress=report)
        part.rename(home)
    held = json.loads(manifest.read_text(encoding="utf-8"))
    files = tuple(CityFile(home / "files" / one["name"], one["organisation"], one["item"]) for one in held["files"])
    return Files(held["seed"], held["bodies"], date.fromisoformat(held["today"]), files)


def import_files(files: tuple[CityFile, ...], city: City, report: Report) -> tuple[Line, ...]:
    """Hand every file in and import it; a file that was imported before gives the receipt it got then."""
    done: list[Line] = []
    for number, one in enumerate(files):
        report("导入文件 importing", number, len(files))
        receipt = ImportFile(operator(), one.organisation, one.item, one.path, system_now).execute()
        counts = {name: int(getattr(receipt, name)) for name in COUNTS}
        done.append(Line(one.path.name, city.organisation(one.organisation).name, counts, receipt.seconds))
    report("导入文件 importing", len(files), len(files))
    return tuple(done)
