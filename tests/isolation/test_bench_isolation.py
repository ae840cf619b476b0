"""``chengxin bench isolation`` asks the real ends, with and without row security, and prints what belongs together."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from chengxin.cli.bench import group
from chengxin.cli.bench_isolation import SURFACES, IsolationFigures, Surface, isolation, measure


def test_a_small_measurement_answers_every_kind_of_request_in_both_databases() -> None:
    figures = measure(3, 400)
    assert list(figures.surfaces) == list(SURFACES)
    for surface in figures.surfaces.values():
        assert surface.on_ms > 0
        assert surface.off_ms > 0
        assert surface.ratio == pytest.approx(surface.on_ms / surface.off_ms, abs=0.01)
    assert figures.worst == max(surface.ratio for surface in figures.surfaces.values())
    assert (figures.requests, figures.facts) == (3, 400)


def test_json_is_one_object_and_text_names_every_kind_of_request(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def remembered(requests: int, facts: int) -> IsolationFigures:
        asked.append((requests, facts))
        return IsolationFigures(requests, facts, 1.05, {"api_check": Surface(2.1, 2.0, 1.05)})

    monkeypatch.setattr("chengxin.cli.bench_isolation.measure", remembered)
    said = CliRunner().invoke(isolation, ["--requests", "7", "--facts", "9", "--json"])
    assert said.exit_code == 0
    assert json.loads(said.stdout) == asdict(remembered(7, 9))
    told = CliRunner().invoke(isolation, [])
    assert "api_check: 2.1 ms" in told.stdout
    assert asked == [(7, 9), (7, 9), (300, 50_000)]


def test_the_measurement_is_among_the_others() -> None:
    assert group.commands["isolation"] is isolation
