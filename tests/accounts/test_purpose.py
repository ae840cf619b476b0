"""A look at a person's data has a purpose of the list, is explained, and belongs to a case."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.purpose import LONGEST_TEXT, Purpose, PurposeWrong, load_reasons

DAY = date(2026, 3, 2)
GOOD = Purpose("inspection", "对药店执业药师在岗情况的检查", "昆市监检〔2026〕12号")


def _wrong(purpose: Purpose, day: date = DAY) -> str:
    with pytest.raises(PurposeWrong) as caught:
        purpose.check(day)
    assert caught.value.message_zh
    assert caught.value.message_en.isascii()
    return caught.value.where


def test_a_look_with_purpose_explanation_and_case_is_in_order() -> None:
    reason = GOOD.check(DAY)
    assert (reason.name, reason.name_en) == ("监督检查、行政执法", "inspection and enforcement")
    assert "个人信息保护法" in reason.source


@pytest.mark.parametrize("code", ["", "curiosity", "Inspection", "inspection "])
def test_a_purpose_that_is_not_on_the_list_is_refused_with_the_list(code: str) -> None:
    with pytest.raises(PurposeWrong) as caught:
        Purpose(code, GOOD.text, GOOD.case_number).check(DAY)
    assert caught.value.code == "purpose_unknown"
    assert all(one.name in caught.value.message_zh for one in load_reasons().values())


@pytest.mark.parametrize("text", ["", "   ", "x" * (LONGEST_TEXT + 1), "two\nlines", "a\x00b"])
def test_a_look_is_explained_in_one_line(text: str) -> None:
    assert _wrong(Purpose("inspection", text, GOOD.case_number)) == "purpose_text"


@pytest.mark.parametrize("number", ["", "1", "   ", "无；", "x" * 61, "昆市监〔2026〕1号\n", "'; DROP TABLE"])
def test_a_look_that_belongs_to_no_case_is_refused(number: str) -> None:
    assert _wrong(Purpose("inspection", GOOD.text, number)) == "case_number"


@given(st.sampled_from(sorted(load_reasons())), st.integers(1, 4000))
def test_a_purpose_counts_from_its_first_day(code: str, days: int) -> None:
    reason = load_reasons()[code]
    assert reason.in_force(reason.start)
    assert not reason.in_force(reason.start - timedelta(days=1))
    assert reason.in_force(reason.start + timedelta(days=days)) == (reason.end is None)
    assert _wrong(Purpose(code, "x", "1234"), reason.start - timedelta(days=days)) == "purpose"


@given(st.text(alphabet="昆监〔〕2026号ABC-/", min_size=4, max_size=60))
def test_case_numbers_as_offices_write_them_are_taken(number: str) -> None:
    assert Purpose("audit", "审计", number).check(DAY).code == "audit"
