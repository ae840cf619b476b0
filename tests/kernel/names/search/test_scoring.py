"""How names are ordered for what was asked."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.names.search.asking import read_asked
from chengxin.kernel.names.search.encoding import encode
from chengxin.kernel.names.search.scoring import Scored, score


def scored(asked: str, *names: str) -> Scored:
    return score(read_asked(asked)[0], encode(list(names)), np.arange(len(names)))


def in_order(asked: str, *names: str) -> bool:
    scores = scored(asked, *names).score.tolist()
    return scores == sorted(scores, reverse=True) and len(set(scores)) == len(scores)


def test_names_that_answer_better_come_first() -> None:
    assert in_order("茅台", "贵州茅台酒股份有限公司", "贵州茅台酒厂昆山分公司", "茅山台球俱乐部")
    assert in_order("禾映电子", "昆山禾映电子有限公司", "昆山禾映食品有限公司", "昆山嘉铭电子有限公司")
    assert in_order("禾映", "昆山禾映有限公司", "昆山禾映电子科技有限公司", "昆山新禾映电子科技有限公司")


def test_the_order_of_characters_counts() -> None:
    assert in_order("川博金属", "昆山川博金属制品有限公司", "昆山博川金属制品有限公司")


def test_what_is_written_comes_before_what_only_sounds_alike() -> None:
    assert in_order("启岳", "昆山启岳有限公司", "昆山启月有限公司", "昆山启辰有限公司")


def test_a_short_name_means_a_joint_stock_company_sooner_than_another() -> None:
    assert in_order("禾映", "禾映股份有限公司", "禾映有限公司")


def test_a_branch_comes_behind_its_parent_unless_it_was_asked_for() -> None:
    parent, branch = "昆山禾映电子有限公司", "昆山禾映电子有限公司苏州分公司"
    assert in_order("禾映电子", parent, branch)
    assert in_order("昆山禾映电子有限公司苏州分公司", branch, parent)


def test_found_and_exact_have_a_bit_for_every_unit() -> None:
    one = scored("启月精密", "昆山启岳精密机械有限公司")
    assert int(one.found[0]) == 0b1111
    assert int(one.exact[0]) == 0b1101


@cache
def longest(asked: str, name: str) -> int:
    if not asked or not name:
        return 0
    if asked[0] == name[0]:
        return 1 + longest(asked[1:], name[1:])
    return max(longest(asked[1:], name), longest(asked, name[1:]))


LETTERS = st.text("禾火禺", min_size=1, max_size=7)


@settings(deadline=None)
@given(LETTERS, LETTERS)
def test_as_many_units_are_found_as_the_longest_common_subsequence_has(asked: str, name: str) -> None:
    ask = read_asked(asked)[0]
    assert [unit.text for unit in ask.units] == list(asked)
    found = score(ask, encode([name]), np.arange(1)).found[0]
    assert int(found).bit_count() == longest(asked, name)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=60), st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_a_score_lies_between_nothing_and_one(asked: str, names: list[str]) -> None:
    for ask in read_asked(asked):
        values = score(ask, encode(names), np.arange(len(names))).score
        assert ((values >= 0) & (values <= 1)).all()
