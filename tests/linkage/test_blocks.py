"""Which names are compared: two passes, no block on place or form alone, and none so large that it says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.linkage.blocks import (
    BLOCKING,
    COMPARED,
    FIRST,
    MOST,
    SECOND,
    SURE,
    TRAINING,
    Pass,
    count_true,
    key_of,
    key_sql,
    lay_out,
    prior_of,
    rule,
)
from chengxin.linkage.columns import COLUMNS, table_of
from chengxin.linkage.deciding import CREATE

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "昆山禾映科技有限公司"


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as held:
        for statement in CREATE:
            held.execute(statement).fetchall()
        yield held


def fill(duck: duckdb.DuckDBPyConnection, first: list[str], second: list[str]) -> None:
    for table, names in (("a", first), ("b", second)):
        duck.register("part", table_of(names, 0))
        duck.execute(f"CREATE OR REPLACE TABLE register_{table} AS SELECT * FROM part").fetchall()  # noqa: S608 - a table of the test
    duck.unregister("part")


def one_pass(blocks: tuple[tuple[str, ...], ...] = BLOCKING) -> Pass:
    return Pass("second", blocks, 0.1, "second")


def met(duck: duckdb.DuckDBPyConnection, block: tuple[str, ...]) -> int:
    """Return how many pairs of the laid-out rows stand in one block."""
    key = key_of(block)
    return int(duck.execute(f"SELECT count(*) FROM pass_a l JOIN pass_b r ON l.{key} = r.{key}").fetchall()[0][0])  # noqa: S608 - a column of the room


def test_a_rule_is_written_as_the_agreement_of_its_columns() -> None:
    assert rule(("core",)) == "l.core = r.core"
    assert rule(("brand", "trade", "place")) == "l.brand = r.brand AND l.trade = r.trade AND l.place = r.place"


def test_every_block_names_columns_that_exist() -> None:
    for block in (*BLOCKING, *SURE, TRAINING, COMPARED):
        assert set(block) <= set(COLUMNS)
    assert len(set(BLOCKING)) == len(BLOCKING) == len(FIRST) + len(SECOND)
    assert len({key_of(block) for block in BLOCKING}) == len(BLOCKING)


def test_no_pair_is_compared_on_place_or_form_alone() -> None:
    for block in (*BLOCKING, *SURE, TRAINING):
        assert set(block) - {"place", "places", "form", "branch", "figures"}, block


@pytest.mark.parametrize(
    ("other", "block"),
    [
        (BASE, ("folded",)),
        ("江苏省昆山市禾映科技有限责任公司", ("core", "place", "branch")),
        ("昆山禾应科技有限公司", ("sounds",)),
        ("昆山禾映科技科有限公司", ("bag",)),
        ("昆山禾映科有限公司", ("head", "place")),
        ("昆山禾映贸易有限公司", ("brand", "place")),
        ("苏州禾映科技有限公司", ("brand", "trade")),
    ],
)
def test_a_slip_meets_its_name_in_one_block_at_least(
    duck: duckdb.DuckDBPyConnection, other: str, block: tuple[str, ...]
) -> None:
    fill(duck, [BASE], [other])
    lay_out(duck, one_pass(), ())
    assert met(duck, block) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("昆山市人民政府", "昆山人民政府"),
        ("昆山市玉山镇村民委员会", "昆山玉山镇村民委员会"),
    ],
)
def test_names_without_a_core_meet_by_what_they_have_instead(
    duck: duckdb.DuckDBPyConnection, one: str, other: str
) -> None:
    fill(duck, [one], [other])
    lay_out(duck, one_pass(), ())
    assert met(duck, ("core",)) == 0
    assert met(duck, ("bare",)) == 1


def test_two_names_never_meet_because_both_lack_the_same_part(duck: duckdb.DuckDBPyConnection) -> None:
    fill(duck, ["有限公司", "禾映"], ["昆山市教育局", "云舫"])
    lay_out(duck, one_pass(), ())
    assert [block for block in BLOCKING if met(duck, block)] == []


def test_rows_that_are_linked_are_not_laid_out_again(duck: duckdb.DuckDBPyConnection) -> None:
    fill(duck, [BASE, "昆山云舫餐饮管理有限公司"], [BASE, "苏州翔陈装饰工程有限公司", "太仓翔沈电子科技有限公司"])
    assert lay_out(duck, one_pass(), ()) == (2, 3)
    duck.execute("INSERT INTO link (a, b) VALUES (0, 0)").fetchall()
    assert lay_out(duck, one_pass(), ()) == (1, 2)
    assert duck.execute("SELECT row FROM pass_b ORDER BY row").fetchall() == [(1,), (2,)]


def test_a_block_of_too_many_pairs_is_passed_over_and_the_others_stay(duck: duckdb.DuckDBPyConnection) -> None:
    size = int(MOST["second"] ** 0.5) + 1
    places = ["苏州", "太仓", "常熟", "无锡"]
    crowd = [f"{places[number % 4]}禾映科技有限公司" for number in range(size)]
    fill(duck, [*crowd, "昆山云舫餐饮有限公司"], [*crowd, "昆山云舫餐饮有限公司"])
    lay_out(duck, one_pass(), ())
    assert met(duck, ("core",)) == 1
    assert met(duck, ("head", "place")) > 1000  # a quarter of the crowd each: small enough
    assert met(duck, ("folded",)) > 1000  # identical names are met in far larger blocks


def test_a_block_of_the_first_pass_may_hold_a_thousand_rows_of_each_register(duck: duckdb.DuckDBPyConnection) -> None:
    names = [BASE] * 1001
    fill(duck, names[:1000], names[:1000])
    lay_out(duck, one_pass(FIRST), ())
    assert met(duck, ("folded",)) == MOST["first"]
    fill(duck, names, names)
    lay_out(duck, one_pass(FIRST), ())
    assert met(duck, ("folded",)) == 0


def test_a_key_is_a_number_that_equal_columns_share(duck: duckdb.DuckDBPyConnection) -> None:
    fill(duck, [BASE, "苏州禾映科技有限公司", "有限公司"], [BASE])
    found = duck.execute(f"SELECT {key_sql(('core',))}, {key_sql(('core', 'place'))} FROM register_a ORDER BY row")  # noqa: S608 - columns of the room
    (core, place), (core_too, place_too), missing = found.fetchall()
    assert isinstance(core, int)
    assert core == core_too
    assert place != place_too
    assert missing == (None, None)


def test_true_pairs_are_guessed_from_the_sure_blocks_and_never_more_than_rows(duck: duckdb.DuckDBPyConnection) -> None:
    others = [f"昆山云舫{letter}餐饮有限公司" for letter in "甲乙丙丁戊己庚辛壬"]
    fill(duck, [BASE, *others], ["昆山市禾映科技有限责任公司", "常熟蓓俊模塑科技有限公司"])
    assert count_true(duck) == pytest.approx(1 / 0.85)
    fill(duck, [BASE] * 3, [BASE])
    assert count_true(duck) == 1
    fill(duck, [BASE], ["常熟蓓俊模塑科技有限公司"])
    assert count_true(duck) == 0


@given(st.floats(0, 1e6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_share_of_true_pairs_is_a_chance_and_never_nothing(true: float, ours: int, theirs: int) -> None:
    share = prior_of(min(true, ours, theirs), ours, theirs)
    assert 0 < share <= 0.5  # a certainty could not be weighed
    if ours and theirs:
        assert share >= min(0.5, 0.05 / max(ours, theirs)) - 1e-12
