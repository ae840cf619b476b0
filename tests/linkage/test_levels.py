"""The levels say in SQL what the kernel says of two names: from the strongest agreement to the decisive difference."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.linkage.blocks import BLOCKING
from chengxin.linkage.columns import COLUMNS, table_of
from chengxin.linkage.levels import CORE, ONE_CHARACTER, SAME, Chances, comparisons, count_chances, retold
from chengxin.linkage.levels import settings as splink_settings

SMALL = Chances(
    folded=0.00001,
    bare=0.00002,
    core=0.001,
    sounds=0.0005,
    bag=0.0002,
    slip=0.0006,
    inside=0.0004,
    missing=0.0001,
    other=0.002,
    place=0.2,
    nested=0.1,
    form=0.6,
    branch=0.95,
    figures=0.97,
)
share = st.floats(1e-12, 1)  # what is counted is at least one pair of all


def held(chances: Chances = SMALL, engine: str = "duckdb") -> dict[str, list[dict[str, Any]]]:
    """Return the levels of each comparison by its name, as Splink gets them."""
    made = splink_settings(chances, BLOCKING, 0.01, engine).create_settings_dict(engine)
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
        (BASE, "名称相同"),
        ("江苏省昆山市禾映科技有限责任公司", "字号行业相同"),
        ("昆山禾應科技有限公司", "字号行业同音"),
        ("昆山映禾科技有限公司", "换位或叠字"),
        ("昆山禾晖科技有限公司", "差一字"),
        ("昆山禾映贸易有限公司", "字号相同、行业不同"),
        ("昆山金石贸易有限公司", "其他"),
        ("有限公司", "缺"),
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
        (BASE, "禾映科技有限公司", "缺"),
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
        ("form", "昆山禾映科技", "缺"),
    ],
)
def test_branch_ordinal_and_form_are_compared_each_by_itself(comparison: str, other: str, label: str) -> None:
    assert level_of(comparison, BASE, other) == label


CHANCES = st.builds(Chances, *[share] * 14)


@given(CHANCES)
def test_every_weight_is_a_chance_and_the_rest_is_never_nothing(chances: Chances) -> None:
    for name, levels in held(chances).items():
        counted = [one for one in levels if not one.get("is_null_level")]
        assert sum(one["m_probability"] for one in counted) == pytest.approx(1), name
        assert sum(one["u_probability"] for one in counted) == pytest.approx(1), name
        assert all(one["u_probability"] > 0 for one in counted), name
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


def counted(chances: Chances) -> list[float]:
    """Return the chances that are counted on names."""
    return [value for name, value in vars(chances).items() if name != "details"]


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
    assert all(1 / pairs <= one <= 1 for one in counted(chances))


def test_a_register_of_one_name_counts_without_dividing_by_nothing() -> None:
    chances = chances_of([BASE])
    assert set(counted(chances)) == {1.0}


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


def test_the_given_weights_of_the_core_are_the_shares_of_one_whole() -> None:
    for weights in SAME.values():
        assert len(weights) == len(CORE)
        assert sum(weights) == pytest.approx(1)
        assert min(weights) > 0


def test_chances_of_a_few_names_are_shares_of_one_whole_too() -> None:
    for names in ([BASE], [BASE, BASE], [BASE, "苏州云舫餐饮管理有限公司"]):
        for name, levels in held(chances_of(names)).items():
            counted_ones = [one["u_probability"] for one in levels if not one.get("is_null_level")]
            assert sum(counted_ones) == pytest.approx(1), name
            assert min(counted_ones) > 0, name


def test_bodies_of_one_brand_are_shared_out_by_what_their_trades_have_in_common() -> None:
    trades = ["科技", "科技", "电子科技", "餐饮管理", ""]
    found = chances_of([f"昆山禾映{trade}有限公司" for trade in trades])
    # Of 20 ordered pairs 2 share the core, 4 contain one another, 8 lack a trade, and 6 differ.
    assert found.core == pytest.approx(2 / 20)
    assert (found.inside, found.missing, found.other) == pytest.approx((4 / 20, 8 / 20, 6 / 20))


def test_the_chance_of_a_slip_is_counted_on_neighbours_in_one_character() -> None:
    far = chances_of([BASE, "昆山云舫科技有限公司", "昆山蓓俊科技有限公司"])
    near = chances_of([BASE, "昆山禾舫科技有限公司", "昆山蓓俊科技有限公司"])
    assert far.slip == pytest.approx(1 / 6)  # none: the least that three names can tell
    assert near.slip == pytest.approx(2 / 6)


def test_names_without_a_core_stand_at_the_level_of_what_they_have_instead() -> None:
    assert level_of("core", "昆山市人民政府", "昆山人民政府") == "无字号、其余相同"
    assert level_of("core", "昆山市人民政府", "昆山市人民政府") == "名称相同"
    assert level_of("core", "昆山市人民政府", "太仓市人民政府") == "缺"


def test_a_pass_changes_the_share_of_true_pairs_the_blocks_and_the_core_and_nothing_else() -> None:
    model = splink_settings(SMALL, BLOCKING, 0.01).create_settings_dict("duckdb")
    blocks = [{"blocking_rule": "l.key_core = r.key_core", "sql_dialect": "duckdb"}]
    told = retold(model, blocks, 0.5, "second")
    assert told["probability_two_random_records_match"] == 0.5
    assert told["blocking_rules_to_generate_predictions"] == blocks
    assert told["comparisons"][1:] == model["comparisons"][1:]
    core = [one for one in told["comparisons"][0]["comparison_levels"] if not one.get("is_null_level")]
    assert tuple(one["m_probability"] for one in core) == SAME["second"]
    before = [one for one in model["comparisons"][0]["comparison_levels"] if not one.get("is_null_level")]
    assert [one["u_probability"] for one in core] == [one["u_probability"] for one in before]
    assert tuple(one["m_probability"] for one in before) == SAME["first"]
