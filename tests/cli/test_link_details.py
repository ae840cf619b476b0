"""The details of the invented registers: the same for a seed, mostly the same for one body, written otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chengxin.cli.bench_link import link, measure
from chengxin.cli.link_details import CHANGED, EMPTY, invent
from chengxin.linkage.details import DETAILS
from chengxin.rehearsal.registers import make_two_registers

if TYPE_CHECKING:
    import pytest


def test_the_same_seed_invents_the_same_details_row_by_row() -> None:
    made = make_two_registers(5, 200)
    first, second = invent(5, made)
    assert (first, second) == invent(5, made)
    assert invent(6, made) != (first, second)
    for register in (first, second):
        assert set(register) == {one.name for one in DETAILS} == set(EMPTY)
        assert {len(values) for values in register.values()} == {200}


def test_one_body_mostly_has_one_leader_and_one_day_in_both_registers() -> None:
    made = make_two_registers(5, 2_000)
    first, second = invent(5, made)
    pairs = made.same.tolist()
    leaders = sum(first["person"][a] == second["person"][b] for a, b in pairs) / len(pairs)
    expected = (1 - CHANGED["person"]) * (1 - EMPTY["person"])
    assert abs(leaders - expected) < 0.03
    assert all("年" in day for day in second["founded"] if day)
    assert all(day[4] == "-" for day in first["founded"])
    strangers = sum(first["person"][a] == second["person"][b - 1] for a, b in pairs) / len(pairs)
    assert strangers < 0.02


def test_the_region_is_the_place_of_the_name_however_it_is_written() -> None:
    made = make_two_registers(5, 500)
    first, second = invent(5, made)
    assert all(region.removesuffix("市") in name for region, name in zip(first["region"], made.first, strict=True))
    for a, b in made.same.tolist():
        assert second["region"][b] in {first["region"][a], ""}


def test_the_measurement_with_details_says_so_and_where_the_time_went(capsys: pytest.CaptureFixture[str]) -> None:
    figures = measure(400, details=True)
    assert figures.details
    assert figures.precision > 0.99
    assert figures.recall + figures.in_review > 0.97
    assert figures.cpu_seconds > 0
    assert next(iter(figures.steps)) == "解析名称 parse"
    assert sum(figures.steps.values()) <= figures.seconds + 0.5
    assert "解析名称 parse: " in capsys.readouterr().err


def test_the_command_asks_for_details(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[tuple[int, bool]] = []

    def heard(names: int, *, details: bool = False) -> object:
        asked.append((names, details))
        return measure(20)

    monkeypatch.setattr("chengxin.cli.bench_link.measure", heard)
    link.main(["--names", "20", "--details", "--json"], standalone_mode=False)
    assert asked == [(20, True)]
    assert json.loads(capsys.readouterr().out)["names"] == 20
