"""The rehearsal command writes a city and says what it wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chengxin.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def test_a_city_is_written_and_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["rehearse", "--seed", "7", "--bodies", "40", "--out", str(tmp_path), "--today", "2026-03-02"]) == 0
    held = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert (held["seed"], held["bodies"], held["today"]) == (7, 40, "2026-03-02")
    said = capsys.readouterr().out
    for one in held["files"]:
        assert (tmp_path / "files" / one["name"]).stat().st_size == one["bytes"]
        assert one["name"] in said


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        out = str(tmp_path / name)
        assert main.run(["rehearse", "--seed", "3", "--bodies", "25", "--out", out, "--today", "2026-03-02"]) == 0
    first, second = (
        [one["sha256"] for one in json.loads((tmp_path / name / "manifest.json").read_text())["files"]]
        for name in ("a", "b")
    )
    assert first == second


@pytest.mark.parametrize(
    "wrong",
    [["--city", "atlantis"], ["--bodies", "0"], ["--seed", "-1"], ["--today", "yesterday"], ["--city", "no.yaml"]],
)
def test_what_cannot_be_is_refused(wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["rehearse", "--out", str(tmp_path / "out"), *wrong]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "out" / "manifest.json").exists()
