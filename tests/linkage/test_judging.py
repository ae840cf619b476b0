"""The kernel's comparison has the last word on every pair, in the order in which the pairs were asked."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.names import compare_names
from chengxin.linkage.columns import pool
from chengxin.linkage.judging import CHUNK, JUDGED, Pair, judge, judge_all

NAMES = st.sampled_from(
    [
        "昆山禾映科技有限公司",
        "江苏省昆山市禾映科技有限责任公司",
        "昆山禾映科技有限公司苏州分公司",
        "昆山第一人民医院",
        "昆山第二人民医院",
        "",
        "张三",
    ]
)


@settings(deadline=None)  # the first comparison reads the kernel's tables
@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40), NAMES, NAMES), max_size=6))
def test_each_pair_is_judged_as_comparing_its_names_judges_it(pairs: list[Pair]) -> None:
    table = judge(pairs)
    assert table.schema == JUDGED
    for row, (a, b, one, other) in zip(table.to_pylist(), pairs, strict=True):
        found = compare_names(one, other)
        assert (row["a"], row["b"]) == (a, b)
        assert (row["verdict"], row["score"]) == (str(found.verdict), found.score)
        assert row["codes"].split() == [reason.code for reason in found.reasons]


@settings(deadline=None)
@given(NAMES, NAMES)
def test_the_judgement_does_not_depend_on_which_register_is_the_first(one: str, other: str) -> None:
    table = judge([(0, 0, one, other), (0, 0, other, one)])
    there, back = table.to_pylist()
    assert (there["verdict"], there["score"]) == (back["verdict"], back["score"])


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("昆山禾映科技有限公司", "江苏省昆山市禾映科技有限责任公司", "same"),
        ("昆山禾映科技有限公司", "昆山禾映科技有限公司苏州分公司", "different"),
        ("昆山第一人民医院", "昆山第二人民医院", "different"),
    ],
)
def test_branches_and_ordinals_are_other_bodies_however_likely_the_weights_make_them(
    one: str, other: str, verdict: str
) -> None:
    (row,) = judge([(1, 2, one, other)]).to_pylist()
    assert row["verdict"] == verdict
    assert row["reasons"]  # an officer is told why, in Chinese
    assert any("\u4e00" <= character <= "\u9fff" for character in row["reasons"])


def test_nothing_asked_is_nothing_judged() -> None:
    told: list[int] = []
    assert judge([]).num_rows == 0
    assert list(judge_all([], told.append)) == []
    assert told == []


def test_many_pairs_come_back_whole_and_in_order_and_progress_is_told_to_the_end() -> None:
    pairs: list[Pair] = [(n, n + 1, f"昆山禾映{n}号有限公司", f"昆山禾映{n}号有限责任公司") for n in range(CHUNK + 3)]
    told: list[int] = []
    with pool() as workers:
        table = pa.concat_tables(judge_all(pairs, told.append, workers))
    assert table.column("a").to_pylist() == list(range(CHUNK + 3))
    assert told == [CHUNK, 3]
    assert set(table.column("verdict").to_pylist()) == {"same"}


def test_a_single_piece_is_judged_without_other_processes() -> None:
    told: list[int] = []
    tables = list(judge_all([(0, 0, "昆山禾映科技有限公司", "昆山禾映科技有限公司")], told.append))
    assert [one.num_rows for one in tables] == [1]
    assert told == [1]
    assert tables[0].column("score").to_pylist() == [1.0]
