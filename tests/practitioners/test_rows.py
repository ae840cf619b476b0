"""A row by itself: the exact reason for every kind of wrong number, and what is folded without a word."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chengxin.practitioners.rows import (
    Entry,
    Row,
    RowRefused,
    columns_of,
    judge,
    judge_number,
    load_file_form,
    missing_columns,
    name_key,
)

from .conftest import EMPLOYER, HEADER, id_number, line

TODAY = date(2026, 3, 2)
PLACES = columns_of(HEADER)
ENDS_IN_X = next(one for one in map(id_number, range(100)) if one.endswith("X"))


def row(**changed: str) -> Row:
    values = list(line(1, **changed).values())
    return Row(2, {column: values[place] for column, place in PLACES.items()})


def reason(**changed: str) -> tuple[str, str]:
    with pytest.raises(RowRefused) as refused:
        judge(row(**changed), TODAY)
    return refused.value.code, refused.value.column


WRONG = ENDS_IN_X[:-1] + "0"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "number_missing"),
        (WRONG, "number_check"),
        ("320583198002300011", "number_date"),
        ("320583209901010011", "number_date"),
        ("320583800101001", "number_fifteen"),
        ("3.20583198001010E+17", "number_damaged"),
        ("3.20583E17", "number_damaged"),
        ("320583198001010000", "number_damaged"),
        ("320583198001010011.0", "number_damaged"),
        ("32058319800101001", "number_shape"),
        ("32058319800101001Y", "number_shape"),
        ("H12345678", "number_shape"),
    ],
)
def test_every_kind_of_wrong_number_has_its_own_reason(text: str, code: str) -> None:
    assert reason(number=text) == (code, "number")


@pytest.mark.parametrize(
    "written",
    [ENDS_IN_X, ENDS_IN_X.lower(), f"　{ENDS_IN_X} ", ENDS_IN_X.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)})],
)
def test_width_and_a_small_x_are_folded_and_nothing_else(written: str) -> None:
    assert judge(row(number=written), TODAY).number == ENDS_IN_X


def test_a_damaged_cell_is_refused_even_where_the_number_is_right() -> None:
    with pytest.raises(RowRefused, match="number_damaged"):
        judge_number(id_number(1), TODAY, damaged=True)


def test_the_day_of_majority() -> None:
    assert reason(number=id_number(1, "20080303")) == ("minor", "")
    assert judge(row(number=id_number(1, "20080302")), TODAY)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"name": ""}, ("name_missing", "name")),
        ({"name": "张\ue863"}, ("name_unfit", "name")),
        ({"licence": ""}, ("licence_missing", "licence")),
        ({"licence": "=1+1"}, ("licence_unfit", "licence")),
        ({"licence": id_number(1)}, ("number_elsewhere", "licence")),
        ({"name": "张" + id_number(2)}, ("number_elsewhere", "name")),
        ({"employer": "91320583187588026X"}, ("employer_wrong", "employer")),
        ({"state": "优秀"}, ("state_unknown", "state")),
        ({"start": "去年"}, ("date_wrong", "from")),
        ({"start": "长期"}, ("date_wrong", "from")),
        ({"until": "2019-01-01"}, ("dates_crossed", "until")),
    ],
)
def test_every_other_column_has_its_reason(changed: dict[str, str], expected: tuple[str, str]) -> None:
    assert reason(**changed) == expected


def test_what_may_be_empty_is_empty() -> None:
    entry = judge(row(employer="", state="", start="", until=""), TODAY)
    assert (entry.employer_uscc, entry.state, entry.valid_from, entry.valid_until) == ("", "valid", None, None)


def test_a_flaw_of_the_reader_sends_the_row_back() -> None:
    with pytest.raises(RowRefused, match="row_damaged"):
        judge(Row(2, row().cells, flaw="extra_cells"), TODAY)


def test_names_are_compared_by_their_normal_form_and_shown_as_handed_in() -> None:
    assert name_key("阿依古丽•买买提") == name_key("阿依古丽 · 买买提") == name_key("阿依古丽．买买提")
    assert judge(row(name=" 阿依古丽•买买提 "), TODAY).name == "阿依古丽•买买提"
    assert judge(row(name="张\u200b三"), TODAY).name == "张三"
    assert judge(row(name="䶮"), TODAY).name == "䶮"


def test_columns_are_found_by_their_headers() -> None:
    assert columns_of(("身份证号", "姓名 ", "注册证号")) == {"number": 0, "name": 1, "licence": 2}
    assert missing_columns({"name": 0}) == ["公民身份号码", "执业证号"]


def test_nothing_prints_a_number() -> None:
    entry = judge(row(), TODAY)
    assert isinstance(entry, Entry)
    assert id_number(1) not in repr(entry) + repr(row())
    assert EMPLOYER in repr(entry)


def test_every_reason_that_can_be_given_has_its_words_in_two_languages() -> None:
    reasons = load_file_form()["reasons"]
    assert all(len(said) == 2 and all(said) for said in reasons.values())


@given(st.text(), st.text(max_size=40), st.text(max_size=40))
@example("３２０５８３", "", "\ud800")
def test_a_row_of_any_text_is_an_entry_or_goes_back_with_a_known_reason(number: str, name: str, other: str) -> None:
    cells = {"number": number, "name": name, "licence": other, "employer": other, "state": other, "until": other}
    outcome: tuple[str, str] | Entry
    try:
        outcome = judge(Row(2, cells), TODAY)
    except RowRefused as refused:
        outcome = refused.code, refused.column
    if isinstance(outcome, Entry):
        assert len(outcome.number) == 18
    else:
        assert outcome[0] in load_file_form()["reasons"]
        assert outcome[1] in {"", *load_file_form()["columns"]}
