"""The details of the invented registers: the same for a seed, mostly the same for one body, written otherwise."""

from __future__ import annotations

from chengxin.linkage.details import DETAILS
from chengxin.rehearsal.details import CHANGED, EMPTY, invent
from chengxin.rehearsal.registers import make_two_registers


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
