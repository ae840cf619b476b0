"""From names that may answer to candidates: the best hits, each body once, the likeliest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.names import Verdict
from chengxin.kernel.names.search import NameIndex
from chengxin.kernel.names.search.asking import Ask, read_asked
from chengxin.kernel.names.search.encoding import encode
from chengxin.kernel.names.search.explaining import Hit
from chengxin.kernel.names.search.ranking import best_hits, conclude

if TYPE_CHECKING:
    from chengxin.kernel.names.search.encoding import Numbers

NAMES = [
    "昆山禾映电子有限公司",
    "昆山禾映食品有限公司",
    "昆山市禾映电子有限公司",
    "太仓启岳机械有限公司",
    "昆山禾映电子有限公司苏州分公司",
]
BODIES = ["A", "B", "A", "C", "D"]
KINDS = ["current", "current", "former", "current", "current"]


def asked(text: str) -> Ask:
    return read_asked(text)[0]


def rows(*held: int) -> Numbers:
    return np.array(held, np.int64)


def named(row: int) -> tuple[str, str, str]:
    return BODIES[row], NAMES[row], KINDS[row]


def hit(row: int, score: float, text: str = "禾映电子", found: int = 0b1111) -> Hit:
    return Hit(row, score, found, found, asked(text))


def test_nothing_to_score_gives_no_hits() -> None:
    assert best_hits(asked("禾映"), encode(NAMES), rows(), 5) == []


def test_no_more_hits_are_given_than_asked_for_and_the_best_first() -> None:
    found = best_hits(asked("禾映电子"), encode(NAMES), rows(0, 1, 2, 3, 4), 3)
    assert len(found) == 3
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert found[0].row in {0, 2}
    assert best_hits(asked("禾映电子"), encode(NAMES), rows(0, 1), 0) == []


def test_a_name_that_answers_nothing_is_no_hit() -> None:
    assert best_hits(asked("茅台"), encode(NAMES), rows(1), 5) == []


def test_names_that_answer_equally_well_keep_their_order() -> None:
    twice = encode([NAMES[0]] * 4)
    assert [one.row for one in best_hits(asked("禾映电子"), twice, rows(2, 0, 3, 1), 4)] == [2, 0, 3, 1]


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(len(NAMES))))
def test_in_which_order_names_are_scored_does_not_change_their_scores(order: list[int]) -> None:
    found = best_hits(asked("昆山禾映"), encode(NAMES), rows(*order), len(NAMES))
    plain = best_hits(asked("昆山禾映"), encode(NAMES), rows(*range(len(NAMES))), len(NAMES))
    assert {one.row: one.score for one in found} == {one.row: one.score for one in plain}


def test_a_body_is_given_once_by_the_name_that_answers_best() -> None:
    (found,) = conclude("禾映电子", [hit(0, 0.6), hit(2, 0.9)], named, 5)
    assert (found.id, found.name, found.name_kind) == ("A", NAMES[2], "former")
    assert "former_name" in {one.code for one in found.reasons}


def test_a_name_found_in_two_ways_counts_by_the_better_one() -> None:
    (found,) = conclude("禾映电子", [hit(0, 0.9), hit(0, 0.2)], named, 5)
    (other,) = conclude("禾映电子", [hit(0, 0.2), hit(0, 0.9)], named, 5)
    assert found == other
    assert found.score == pytest.approx(0.84 * 0.9, abs=1e-3)


def test_of_names_that_answer_alike_the_first_of_the_index_comes_first() -> None:
    found = conclude("禾映", [hit(1, 0.5, "禾映", 3), hit(0, 0.5, "禾映", 3)], named, 5)
    assert [one.id for one in found] == ["A", "B"]


@pytest.mark.parametrize("top", [0, 1, 2, 3, 4, 9])
def test_no_more_candidates_than_asked_for(top: int) -> None:
    found = conclude("禾映", [hit(row, 0.9 - row / 10, "禾映", 3) for row in range(len(NAMES))], named, top)
    assert len(found) == min(top, 4)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_no_hits_make_no_candidates() -> None:
    assert conclude("禾映", [], named, 5) == []


def test_a_name_far_behind_the_best_is_not_compared_and_so_never_the_same() -> None:
    text = NAMES[0]
    every = (1 << len(text)) - 1
    found = conclude(text, [hit(0, 0.95, text, every), hit(1, 0.3, text, every)], named, 5)
    verdicts = {one.id: one.verdict for one in found}
    assert verdicts == {"A": Verdict.SAME, "B": Verdict.DIFFERENT}


def test_only_names_that_compare_as_the_same_are_scored_so() -> None:
    index = NameIndex(list(zip(BODIES, NAMES, KINDS, strict=True)))
    for text in ("禾映", "昆山禾映电子有限公司", "heying", "hydz", "禾映电子有限公司", "昆山"):
        for one in index.search(text, 5):
            assert 0 < one.score <= 1
            assert (one.score >= 0.85) == (one.verdict is Verdict.SAME), (text, one)
            assert one.reasons
            assert all(reason.message_zh.endswith("。") for reason in one.reasons)


@settings(deadline=None, max_examples=60)
@given(text=st.text("昆山禾映启岳电子ab·（） 有限公司", max_size=12), top=st.integers(1, 4))
def test_asking_for_more_candidates_never_takes_one_away(text: str, top: int) -> None:
    index = NameIndex(list(zip(BODIES, NAMES, KINDS, strict=True)))
    few = [one.id for one in index.search(text, top)]
    assert len(few) == len(set(few)) <= top
    assert len(index.search(text, top + 4)) >= len(few)


@pytest.mark.parametrize(
    "text", ["", " ", "　", "（）", "···", "\x00", "\ud800", "。，、", "-—－", "\u200b\ufeff", "🙂"], ids=ascii
)
def test_signs_and_blanks_ask_for_nothing(text: str) -> None:
    assert read_asked(text) == ()
    index = NameIndex([(1, "昆山禾映电子有限公司", "current")])
    assert index.search(text) == []
    assert index.containing(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "昆山　禾映 电子 有限公司",
        "昆山禾映電子有限公司",
        "昆山禾映电子有限公司 ",
        "昆山禾映·电子有限公司",
        "昆山禾映-电子有限公司",
    ],
)
def test_blanks_signs_and_traditional_characters_find_the_same_body(text: str) -> None:
    index = NameIndex(list(zip(BODIES, NAMES, KINDS, strict=True)))
    assert index.search(text)[0].id == "A"


@pytest.mark.parametrize(
    "name", ["", " ", "（）", "A", "山", "\U00020bb7野家", "12345", "有限公司", "分公司", "昆山"], ids=ascii
)
def test_a_name_of_almost_nothing_does_no_harm_in_an_index(name: str) -> None:
    index = NameIndex([(1, name, "current"), (2, "昆山禾映电子有限公司", "current")])
    assert len(index) == 2
    assert index.search("禾映电子")[0].id == 2
    assert {one.id for one in index.search(name)} <= {1, 2}


def test_a_very_long_name_is_found_by_its_beginning() -> None:
    name = "昆山禾映" + "电子" * 60 + "有限公司"
    index = NameIndex([(1, name, "current"), (2, "太仓启岳机械有限公司", "current")])
    assert index.search("昆山禾映电子")[0].id == 1
    assert index.search(name)[0].id == 1
    assert index.containing("子有限公司")[0][1] == 1


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 5), st.integers(0, 12))
def test_pages_of_names_follow_one_another_without_a_gap_or_a_repetition(limit: int, count: int) -> None:
    index = NameIndex([(number, "昆山" + "禾" * (number + 1), "current") for number in range(count)])
    seen: list[int] = []
    after = -1
    while page := index.containing("昆山", after=after, limit=limit):
        assert len(page) <= limit
        seen += [one for _key, one, _name in page]
        after = page[-1][0]
    assert sorted(seen) == list(range(count))
