"""``chengxin bench intake`` measures what it says: a real import against a real COPY of the rows that it added."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from chengxin.cli.bench_intake import IntakeFigures, intake, measure
from chengxin.cli.memory import watched_memory

KEYS = ["rows", "seconds", "rows_per_second", "copy_seconds", "ratio", "peak_rss_mib"]


def test_a_small_measurement_gives_figures_that_belong_together() -> None:
    figures = measure(400)
    assert figures.rows == 400
    assert figures.seconds > 0
    assert figures.copy_seconds > 0
    assert figures.rows_per_second == pytest.approx(figures.rows / figures.seconds, rel=0.05)
    assert figures.ratio > 1  # an importer that also reads and checks cannot beat the bare COPY
    assert 20 < figures.peak_rss_mib < 2048


def test_json_is_one_object_with_the_promised_keys_and_nothing_else_on_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = IntakeFigures(10, 0.5, 20, 0.25, 2.0, 100)
    asked: list[int] = []

    def remembered(rows: int) -> IntakeFigures:
        asked.append(rows)
        return figures

    monkeypatch.setattr("chengxin.cli.bench_intake.measure", remembered)
    said = CliRunner().invoke(intake, ["--rows", "10", "--json"])
    assert said.exit_code == 0
    assert list(json.loads(said.stdout)) == KEYS
    assert json.loads(said.stdout) == asdict(figures)
    assert asked == [10]


def test_watching_a_process_that_is_gone_ends_quietly() -> None:
    with watched_memory(2**22 + 1) as peaks:
        pass
    assert peaks == [0]
