"""Questions read from the address: cleaned, checked, and never a person's number."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import BadRequest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from chengxin.ends.public.forms import (
    LONGEST,
    holds_person_number,
    is_person_number,
    mask_person_numbers,
    read_fact_key,
    read_narrowing,
    read_search,
    write_fact_key,
)
from chengxin.kernel.identifiers import Uscc, Verdict, looks_like_resident_id, make_uscc, resident_id_check_character
from chengxin.publication.queries import FactKey

PERSON = "11010519491231002X"


def _asked(**values: str) -> QueryDict:
    made = QueryDict(mutable=True)
    made.update(values)
    return made


@st.composite
def person_numbers(draw: st.DrawFn) -> str:
    """Draw a right resident identity number of some province and day of birth."""
    province = draw(st.sampled_from(["11", "31", "32", "44", "54", "65"]))
    born = draw(st.dates(date(1930, 1, 1), date(2020, 12, 31)))
    first = f"{province}{draw(st.integers(1, 9999)):04d}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return first + resident_id_check_character(first)


@given(person_numbers(), st.sampled_from(["", "昆山", "身份证号：", "a "]), st.sampled_from(["", "的店", " 号"]))
def test_a_persons_number_is_known_wherever_it_stands(number: str, before: str, after: str) -> None:
    asked = read_search(_asked(q=before + number + after))
    assert asked.personal
    assert asked.text == ""
    assert asked.code == ""


@given(person_numbers(), st.text(alphabet="昆山，：。abc ", max_size=5), st.text(alphabet="，。店", max_size=5))
def test_a_persons_number_is_covered_and_the_text_around_it_stays(number: str, before: str, after: str) -> None:
    covered = mask_person_numbers(before + number + after)
    assert covered == before + "*" * 18 + after


@given(st.text())
def test_covering_keeps_length_and_is_done_once(text: str) -> None:
    covered = mask_person_numbers(text)
    assert len(covered) == len(text)
    assert mask_person_numbers(covered) == covered


def test_wide_digits_and_small_x_are_covered_too() -> None:
    assert mask_person_numbers("号１１０１０５１９４９１２３１００２ｘ。") == "号" + "*" * 18 + "。"


@pytest.mark.parametrize("code", ["91320583187588026H", "12320583R0000020X7"])
def test_a_bodys_code_is_no_persons_number(code: str) -> None:
    assert not is_person_number(code)
    assert read_search(_asked(q=code)).code == code
    assert mask_person_numbers(code) == code


def test_a_right_numeric_code_of_a_body_can_be_asked_for_although_its_digits_could_be_a_person() -> None:
    # Right as a code (both check characters), wrong as a person's number, with a birthday where one would stand.
    code = next(one for one in _numeric_codes() if looks_like_resident_id(one))
    asked = read_search(_asked(q=code))
    assert (asked.personal, asked.code, holds_person_number(code)) == (False, code, False)


def _numeric_codes() -> list[str]:
    bodies = (f"8012{day}{number:02d}" for day in range(10, 32) for number in range(100))
    made = (make_uscc("1", "2", "320519", body) for body in bodies)
    return [code for code in made if code.isdigit() and Uscc.parse(code).verdict is Verdict.VALID]


@given(st.text())
def test_every_question_can_be_read(text: str) -> None:
    asked = read_search(_asked(q=text))
    assert len(asked.text) <= LONGEST
    assert "\x00" not in asked.text
    assert asked.text == " ".join(asked.text.split())


@given(st.text(), st.text())
def test_every_narrowing_can_be_read(issuer: str, text: str) -> None:
    asked = read_narrowing(_asked(issuer=issuer, q=text))
    assert asked.any == bool(asked.issuer or asked.text)


@given(st.dates(), st.integers(0, 2**63 - 1))
def test_a_key_is_read_as_it_was_written(day: date, record: int) -> None:
    key = FactKey(day, record)
    assert read_fact_key(write_fact_key(key)) == key


def test_no_key_is_the_beginning() -> None:
    assert write_fact_key(None) == ""
    assert read_fact_key("") is None


@given(st.text(min_size=1))
def test_a_text_that_is_no_key_is_a_bad_request_and_nothing_else(text: str) -> None:
    try:
        assert read_fact_key(text) is not None
    except BadRequest as refused:
        assert str(refused) == "after"  # noqa: PT017 - either outcome is right, any other error is not


@pytest.mark.parametrize(("text", "short"), [("", False), ("金", True), (" 金 ", True), ("金石", False), ("a", True)])
def test_too_short_is_said_only_of_what_was_asked(text: str, short: bool) -> None:  # noqa: FBT001
    assert read_search(_asked(q=text)).too_short is short
    assert read_narrowing(_asked(q=text)).too_short is short
