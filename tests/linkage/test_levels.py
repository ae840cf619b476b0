"""The levels say in SQL what the kernel says of two names: from the strongest agreement to the decisive difference."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.linkage.columns import COLUMNS, table_of
from chengxin.linkage.levels import (
    BLOCKING,
    ONE_CHARACTER,
    SURE,
    TRAINING,
    Chances,
    comparisons,
    count_chances,
    rule,
)
from chengxin.linkage.levels import settings as splink_settings

SMALL = Chances(
    core=0.001,
    sounds=0.0005,
    bag=0.0002,
    brand=0.003,
    place=0.2,
    nested=0.1,
    form=0.6,
    branch=0.95,
    figures=0.97,
)
share = st.floats(1e-12, 1)  # what is counted is at least one pair of all


def held(chances: Chances = SMALL, engine: str = "duckdb") -> dict[str, list[dict[str, Any]]]:
    """Return the levels of each comparison by its name, as Splink gets them."""
    made = splink_settings(chances, engine).create_settings_dict(engine)
    return {str(each["output_column_name"]): list(each["comparison_levels"]) for each in made["comparisons"]}


def level_of(comparison: str, one: str, other: str) -> str:
    """Return the label of the first level that holds for two names."""
    columns = ", ".join(f"l.{name} AS {name}_l, r.{name} AS {name}_r" for name in COLUMNS)
    with duckdb.connect() as duck:
        duck.register("one", table_of([one], 0))
        duck.register("other", table_of([other], 0))
        duck.execute(f"CREATE TABLE pair AS SELECT {columns} FROM one l, other r")  # noqa: S608 - columns of the room
        for level in held()[comparison]:
            condition = str(level["sql_condition"])
            label = str(level.get("label_for_charts", ""))
            if condition == "ELSE" or duck.execute(f"SELECT {condition} FROM pair").fetchall() == [(True,)]:  # noqa: S608
                return "其他" if condition == "ELSE" else label
    raise AssertionError(comparison)


BASE = "昆山禾映科技有限公司"


@pytest.mark.parametrize(
    ("other", "label"),
    [
        (BASE, "字号行业相同"),
        ("江苏省昆山市禾映科技有限责任公司", "字号行业相同"),
        ("昆山禾應科技有限公司", "字号行业同音"),
        ("昆山映禾科技有限公司", "换位或叠字"),
        ("昆山禾晖科技有限公司", "差一字"),
        ("昆山禾映贸易有限公司", "字号相同、行业不同"),
        ("昆山金石贸易有限公司", "其他"),
        ("有限公司", "core 缺"),
    ],
)
def test_two_cores_stand_at_the_level_of_their_strongest_agreement(other: str, label: str) -> None:
    assert level_of("core", BASE, other) == label
    assert level_of("core", other, BASE) == label


@pytest.mark.parametrize(
    ("one", "other", "label"),
    [
        (BASE, "昆山云舫餐饮有限公司", "地名相同"),
        (BASE, "苏州禾映科技有限公司", "其他"),
        (BASE, "禾映科技有限公司", "place 缺"),
    ],
)
def test_places_agree_contain_each_other_differ_or_are_missing(one: str, other: str, label: str) -> None:
    assert level_of("place", one, other) == label == level_of("place", other, one)


def test_a_place_inside_the_other_is_said_by_itself() -> None:
    assert level_of("place", "江苏省苏州市禾映科技有限公司", "江苏省禾映科技有限公司") == "地名相含"


@pytest.mark.parametrize(
    ("comparison", "other", "label"),
    [
        ("branch", "昆山禾映科技有限公司苏州分公司", "其他"),
        ("branch", BASE, "分支相同"),
        ("figures", "昆山禾映第二科技有限公司", "其他"),
        ("figures", BASE, "序数相同"),
        ("form", "昆山禾映科技有限公司", "形式相同"),
        ("form", "昆山禾映科技股份有限公司", "其他"),
        ("form", "昆山禾映科技", "form 缺"),
    ],
)
def test_branch_ordinal_and_form_are_compared_each_by_itself(comparison: str, other: str, label: str) -> None:
    assert level_of(comparison, BASE, other) == label


@given(st.builds(Chances, *[share] * 9))
def test_every_weight_is_a_chance_and_the_rest_is_never_nothing(chances: Chances) -> None:
    for name, levels in held(chances).items():
        counted = [one for one in levels if not one.get("is_null_level")]
        assert sum(one["m_probability"] for one in counted) == pytest.approx(1), name
        assert all(one["u_probability"] >= 0 for one in counted), name
        assert counted[-1]["sql_condition"] == "ELSE"
        assert counted[-1]["u_probability"] > 0


def test_a_missing_part_is_no_evidence_for_or_against() -> None:
    nulls = {name: [one for one in levels if one.get("is_null_level")] for name, levels in held().items()}
    assert {name: len(found) for name, found in nulls.items()} == {
        "core": 1,
        "place": 1,
        "form": 1,
        "branch": 0,  # never empty: having no branch is something to agree on
        "figures": 0,
    }
    for name, found in nulls.items():
        for one in found:
            assert one["sql_condition"] == f"{name}_l IS NULL OR {name}_r IS NULL"


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_one_character_is_as_many_units_as_the_engine_counts_it(engine: str) -> None:
    assert ONE_CHARACTER[engine] == (len("禾".encode()) if engine == "duckdb" else 1)
    made = comparisons(SMALL, engine)
    assert [one.create_output_column_name() for one in made] == ["core", "place", "form", "branch", "figures"]


def test_a_rule_is_written_as_the_agreement_of_its_columns() -> None:
    assert rule(("core",)) == "l.core = r.core"
    assert rule(("brand", "trade", "place")) == "l.brand = r.brand AND l.trade = r.trade AND l.place = r.place"


def test_no_pair_is_compared_on_place_or_form_alone() -> None:
    for columns in (*BLOCKING, *SURE, TRAINING):
        assert set(columns) - {"place", "places", "form", "branch", "figures"}, columns
    assert len(set(BLOCKING)) == len(BLOCKING)


def chances_of(names: list[str]) -> Chances:
    with duckdb.connect() as duck:
        duck.register("part", table_of(names, 0))
        return count_chances(duck, "part")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(alphabet="昆山苏州禾映科技贸易第一二分公司有限", max_size=12), min_size=1, max_size=12))
def test_every_counted_chance_lies_between_nothing_and_one(names: list[str]) -> None:
    chances = chances_of(names)
    pairs = max(len(names) * (len(names) - 1), 1)
    # Never nothing: what no two names of a register share may still be shared by two bodies.
    assert all(1 / pairs <= one <= 1 for one in astuple(chances))


def test_a_register_of_one_name_counts_without_dividing_by_nothing() -> None:
    chances = chances_of([BASE])
    assert set(astuple(chances)) == {1.0}


def test_two_bodies_next_door_make_their_place_a_likelier_chance_and_their_core_no_likelier() -> None:
    names = [BASE, "苏州云舫餐饮管理有限公司", "常熟蓓俊模塑科技有限公司"]
    alone, crowded = chances_of(names), chances_of([*names, "昆山翔沈电子科技有限公司"])
    assert crowded.place > 1 / 12
    assert alone.place == 1 / 6  # nobody shares one: the least that three names can tell
    assert crowded.core == 1 / 12


def test_a_place_inside_another_is_counted_apart_from_the_same_place() -> None:
    inside = chances_of(["江苏省苏州市禾映科技有限公司", "江苏省云舫餐饮有限公司", "上海蓓俊贸易有限公司"])
    assert inside.nested == pytest.approx(2 / 6)
    assert inside.place == pytest.approx(1 / 6)
