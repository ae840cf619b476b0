"""A pair is linked when it stands out; a near rival, chance or details leave it to a person, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.linkage.chance import Sampled
from chengxin.linkage.columns import table_of
from chengxin.linkage.deciding import BEST, CREATE, MARGIN, decide, take_links, take_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMES = [f"昆山{brand}科技有限公司" for brand in ("禾映", "云舫", "翔沈", "蓓俊")]
SEEN = Sampled(rows=4, others=3)


def lay_out(duck: duckdb.DuckDBPyConnection, pairs: Sequence[tuple[int, int, float, str]]) -> None:
    """Lay out judged pairs: row, row, weight in bits, verdict."""
    for statement in CREATE:
        duck.execute(statement.replace("CREATE TABLE", "CREATE OR REPLACE TABLE")).fetchall()
    duck.register("names", table_of(NAMES, 0))
    for table in ("a", "b"):
        duck.execute(f"CREATE OR REPLACE TABLE register_{table} AS SELECT * FROM names").fetchall()  # noqa: S608 - a table of the test
    duck.execute("CREATE OR REPLACE TABLE wrong (kind VARCHAR, pairs BIGINT)").fetchall()
    duck.execute(
        """CREATE OR REPLACE TABLE pair (a BIGINT, b BIGINT, probability DOUBLE, weight DOUBLE, detail_odds DOUBLE,
        detail_codes VARCHAR, detail_words VARCHAR)"""
    ).fetchall()
    for a, b, weight, verdict in pairs:
        duck.execute("INSERT INTO pair VALUES (?, ?, 0.9, ?, 1, '', '')", [a, b, weight]).fetchall()
        duck.execute(
            "INSERT INTO judged VALUES (?, ?, ?, 0.9, 'form_written', '写法不同。')", [a, b, verdict]
        ).fetchall()


def decided(duck: duckdb.DuckDBPyConnection) -> tuple[set[tuple[int, int]], dict[tuple[int, int], str]]:
    """Decide; return the links, and why each pair for review is one."""
    decide(duck, SEEN, 4, 4)
    new = take_links(duck)
    links = {(a, b) for a, b in duck.execute("SELECT a, b FROM link").fetchall()}
    assert new == len(links)
    return links, {(a, b): why for a, b, why in duck.execute("SELECT a, b, why FROM review").fetchall()}


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as held:
        yield held


def test_the_only_partner_of_both_names_is_linked(duck: duckdb.DuckDBPyConnection) -> None:
    lay_out(duck, [(0, 1, -3.25, "same"), (1, 0, 0.1, "same")])
    assert decided(duck) == ({(0, 1), (1, 0)}, {})


def test_of_two_partners_the_far_likelier_one_is_linked_and_the_other_forgotten(
    duck: duckdb.DuckDBPyConnection,
) -> None:
    lay_out(duck, [(0, 0, 20.0, "same"), (0, 1, 20.0 - MARGIN, "same")])
    assert decided(duck) == ({(0, 0)}, {})


@pytest.mark.parametrize("other", [(0, 1), (1, 0)], ids=["of the first name", "of the second name"])
def test_of_two_partners_that_are_nearly_as_likely_none_is_linked(
    duck: duckdb.DuckDBPyConnection, other: tuple[int, int]
) -> None:
    lay_out(duck, [(0, 0, 20.0, "same"), (*other, 20.0 - MARGIN + 0.5, "same")])
    assert decided(duck) == (set(), {(0, 0): "several", other: "several"})


def test_a_doubtful_pair_is_no_rival_of_a_sure_one_and_waits_alone(duck: duckdb.DuckDBPyConnection) -> None:
    lay_out(duck, [(0, 0, 9.0, "same"), (0, 1, 9.0, "review"), (2, 3, 9.0, "review"), (1, 2, 30.0, "different")])
    assert decided(duck) == ({(0, 0)}, {(2, 3): "unclear"})


def test_details_that_speak_against_a_clear_pair_leave_it_to_a_person(duck: duckdb.DuckDBPyConnection) -> None:
    lay_out(duck, [(0, 0, 9.0, "same"), (1, 1, 9.0, "same")])
    duck.execute("UPDATE pair SET detail_odds = 0.001, detail_words = '法定代表人不同' WHERE a = 1").fetchall()
    assert decided(duck) == ({(0, 0)}, {(1, 1): "details"})
    assert duck.execute("SELECT reasons FROM review").fetchall() == [("写法不同；法定代表人不同。",)]


def crowded(duck: duckdb.DuckDBPyConnection, verdict: str, details: float) -> None:
    lay_out(duck, [(0, 0, 9.0, verdict)])
    code = "brand_misspelt" if verdict == "same" else "brand_unclear"
    duck.execute("UPDATE judged SET codes = ?", [code]).fetchall()
    duck.execute("UPDATE pair SET detail_odds = ?", [details]).fetchall()
    duck.execute(f"INSERT INTO wrong VALUES ('{code}/2/sound', 600)").fetchall()  # noqa: S608 - a code of the test


def test_what_chance_makes_as_often_is_linked_only_when_details_agree(duck: duckdb.DuckDBPyConnection) -> None:
    crowded(duck, "same", 1.0)
    assert decided(duck) == (set(), {(0, 0): "crowded"})
    crowded(duck, "same", 1e6)
    assert decided(duck) == ({(0, 0)}, {})


def test_a_doubtful_pair_that_chance_explains_is_shown_only_when_details_agree(duck: duckdb.DuckDBPyConnection) -> None:
    crowded(duck, "review", 1.0)
    assert decided(duck) == (set(), {})
    crowded(duck, "review", 1e6)
    assert decided(duck) == (set(), {(0, 0): "unclear"})


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 3)),
        st.tuples(st.floats(-20, 40), st.sampled_from(["same", "review", "different"])),
        max_size=10,
    )
)
def test_no_name_is_ever_linked_twice_and_no_linked_name_waits(
    pairs: dict[tuple[int, int], tuple[float, str]],
) -> None:
    with duckdb.connect() as duck:
        lay_out(duck, [(a, b, weight, verdict) for (a, b), (weight, verdict) in pairs.items()])
        links, review = decided(duck)
    assert all(pairs[pair][1] == "same" for pair in links)
    assert all(pairs[pair][1] != "different" for pair in review)
    for side in (0, 1):
        linked = [pair[side] for pair in links]
        assert len(set(linked)) == len(linked)
        assert not {pair[side] for pair in review} & set(linked)


def test_the_likeliest_candidates_of_a_name_are_taken_whichever_register_stood_left(
    duck: duckdb.DuckDBPyConnection,
) -> None:
    rows = ", ".join(f"('b', 'a', {b}, 0, 0.5, {10 - b}.0)" for b in range(BEST + 2))
    duck.execute(
        f"""CREATE TABLE predicted AS SELECT * FROM (VALUES {rows})
        v(source_dataset_l, source_dataset_r, row_l, row_r, match_probability, match_weight)"""  # noqa: S608 - numbers
    ).fetchall()
    take_pairs(duck, "predicted", (), {"comparisons": []})
    found = duck.execute("SELECT a, b, detail_odds, detail_codes FROM pair ORDER BY b").fetchall()
    # Every b has but this one candidate, which is its likeliest.
    assert found == [(0, b, 1.0, "") for b in range(BEST + 2)]
    duck.execute("INSERT INTO predicted SELECT 'a', 'b', 1, row_l, 0.9, 50 FROM predicted").fetchall()
    take_pairs(duck, "predicted", (), {"comparisons": []})
    assert duck.execute("SELECT b FROM pair WHERE a = 0 ORDER BY b").fetchall() == [(b,) for b in range(BEST)]
