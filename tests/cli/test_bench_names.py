"""``chengxin bench names``: figures that anybody can repeat."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from chengxin.cli import bench_names, main

if TYPE_CHECKING:
    import pytest


def test_the_figures_come_as_one_json_object(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_names, "QUESTIONS", 80)
    monkeypatch.setattr(bench_names, "PAIRS", 20)
    assert main.run(["bench", "names", "--names", "3000", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["names"], figures["lookups"]) == (3000, 80)
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]
    assert figures["first_share"] > 0.9, "a name of a small register leads back to itself"
    assert figures["core_per_second"] > 0
    assert figures["compare_us"] > 0


def test_the_figures_are_shown_in_both_languages(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_names, "QUESTIONS", 8)
    monkeypatch.setattr(bench_names, "PAIRS", 2)
    assert main.run(["bench", "names", "--names", "1000"]) == 0
    said = capsys.readouterr().out
    assert said.index("名称") < said.index("names")
    assert "p95" in said


def test_the_same_questions_are_asked_every_time() -> None:
    register = [f"昆山禾映{one}科技有限公司" for one in "甲乙丙丁"]
    first, again = (bench_names.questions(register, Random(1)) for _ in range(2))  # noqa: S311 - no secret
    assert first == again
    assert {right for _, right in first} == set(register)
