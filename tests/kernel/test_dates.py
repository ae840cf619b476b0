"""A date is read, or refused with the true reason; never guessed."""

import doctest
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel import dates as module
from chengxin.kernel.dates import (
    FORMS,
    OPEN_END,
    DateError,
    DateFault,
    OpenEnd,
    date_sql,
    is_open_end_sql,
    parse_date,
)
from chengxin.kernel.text import TRIMMED

PIECES = st.one_of(
    st.sampled_from(["2026", "26", "2099", "9999", "20260102", "153000", "12", "31", "30", "02", "2", "1", "00"]),
    st.sampled_from(["15:30", "15时30分", "长期", "永久", "+08:00", "Z", "T"]),
    st.sampled_from("/-.年月日号: 　０２—\u200b"),
)
STORABLE = st.one_of(
    st.lists(PIECES, max_size=9).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.dates().map(lambda day: f"{day.year}/{day.month}/{day.day}"),
    st.dates().map(lambda day: f"{day:%Y%m%d}"),
)
REAL_DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 30))


@cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def in_duckdb(expression: str, values: Sequence[str | None]) -> list[object]:
    """Evaluate an expression over the column v, one row a value, in order."""
    rows = "SELECT unnest(?::VARCHAR[]) AS v, unnest(range(?)) AS i"
    query = f"SELECT {expression} FROM ({rows}) ORDER BY i"  # noqa: S608 - the expression is what is tested
    return [row[0] for row in connection().execute(query, [values, len(values)]).fetchall()]


def answer(value: str) -> date | OpenEnd | DateFault:
    """Read a text, giving the fault where there is one."""
    try:
        return parse_date(value)
    except DateError as error:
        return error.fault


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    "typed",
    [
        "2026/1/2",
        "2026/01/02",
        "2026-1-2",
        "2026-01-02",
        "2026.1.2",
        "2026.01.02",
        "20260102",
        "2026年1月2日",
        "2026年01月02日",
        "2026年1月2号",
        "2026 年 1 月 2 日",
        "２０２６年１月２日",
        "２０２６／１／２",
        "２０２６－０１－０２",
        "２０２６．１．２",
        " 2026-01-02 ",
        "\ufeff2026-01-02\u200b",
        "2026–01–02",
        "2026—1—2",
        "2026-01-02 00:00:00",
        "2026/1/2 0:00",
        "2026/1/2 23:59:59.999",
        "2026-01-02T15:30:00",
        "2026-01-02T15:30:00+08:00",
        "2026-01-02 15:30:00 +0800",
        "2026年1月2日 15时30分",
        "2026年1月2日15时30分5秒",
        "2026年1月2日15时",
        "20260102153000",
        "20260102 15:30:00",
        "2026-01-02\n",
    ],
)
def test_every_form_departments_write_is_the_same_day(typed: str) -> None:
    assert parse_date(typed) == date(2026, 1, 2)
    assert in_duckdb(date_sql("v"), [typed]) == [date(2026, 1, 2)]


@pytest.mark.parametrize(
    "typed",
    [
        *("2099/12/31", "2099-12-31", "20991231", "2099年12月31日", "2099/12/31 0:00:00", "9999-12-31"),
        *("长期", "永久", "长 期", "　长期　", "长期有效", "永久有效", "无固定期限"),
    ],
)
def test_a_term_without_end_is_an_open_end(typed: str) -> None:
    assert parse_date(typed) is OPEN_END
    assert in_duckdb(is_open_end_sql("v"), [typed]) == [True]
    assert in_duckdb(date_sql("v"), [typed]) == [None]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", DateFault.EMPTY),
        ("　", DateFault.EMPTY),
        ("\u200b", DateFault.EMPTY),
        ("2026-02-30", DateFault.IMPOSSIBLE),
        ("2025-02-29", DateFault.IMPOSSIBLE),
        ("1900-02-29", DateFault.IMPOSSIBLE),
        ("2026/13/1", DateFault.IMPOSSIBLE),
        ("2026年4月31日", DateFault.IMPOSSIBLE),
        ("1900-01-00", DateFault.IMPOSSIBLE),
        ("20260000", DateFault.IMPOSSIBLE),
        ("0000-00-00", DateFault.IMPOSSIBLE),
        ("26-01-02", DateFault.TWO_DIGIT_YEAR),
        ("26/1/2", DateFault.TWO_DIGIT_YEAR),
        ("26年1月2日", DateFault.TWO_DIGIT_YEAR),
        ("1/2/26", DateFault.TWO_DIGIT_YEAR),
        ("2026", DateFault.INCOMPLETE),
        ("2026年", DateFault.INCOMPLETE),
        ("2026-01", DateFault.INCOMPLETE),
        ("2026年1月", DateFault.INCOMPLETE),
        ("202601", DateFault.INCOMPLETE),
        ("1月2日", DateFault.INCOMPLETE),
        ("02/01/2026", DateFault.DAY_FIRST),
        ("2-1-2026", DateFault.DAY_FIRST),
        ("0001-01-01", DateFault.OUT_OF_RANGE),
        ("1899-12-31", DateFault.OUT_OF_RANGE),
        ("2200-01-01", DateFault.OUT_OF_RANGE),
        ("2026-01-02T16:30:00Z", DateFault.TIME_ZONE),
        ("2026-01-02T16:30:00+09:00", DateFault.TIME_ZONE),
        ("46024", DateFault.NUMBER),
        ("0", DateFault.NUMBER),
        ("46024.5", DateFault.NUMBER),
        ("2026-1/2", DateFault.UNREADABLE),
        ("2026-01-02 25:00", DateFault.UNREADABLE),
        ("2026-01-02 12:60", DateFault.UNREADABLE),
        ("二〇二六年一月二日", DateFault.UNREADABLE),
        ("2026-01-02至2027-01-01", DateFault.UNREADABLE),
        ("infinity", DateFault.UNREADABLE),
        ("epoch", DateFault.UNREADABLE),
        ("2026-01-02 (BC)", DateFault.UNREADABLE),
        ("٢٠٢٦-٠١-٠٢", DateFault.UNREADABLE),
        ("长期？", DateFault.UNREADABLE),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(typed: str, fault: DateFault) -> None:
    with pytest.raises(DateError) as caught:
        parse_date(typed)
    assert caught.value.fault is fault
    assert caught.value.text == typed
    assert in_duckdb(date_sql("v"), [typed]) == [None]
    assert in_duckdb(is_open_end_sql("v"), [typed]) == [False]


@pytest.mark.parametrize("fault", list(DateFault))
def test_every_fault_has_a_sentence_in_both_languages(fault: DateFault) -> None:
    error = DateError(fault, "2026-02-30")
    assert str(error) == error.message_zh
    assert error.message_zh.endswith("。")
    assert error.message_en.endswith(".")
    assert "{" not in error.message_zh + error.message_en


def test_the_message_names_the_value_and_what_to_do() -> None:
    error = DateError(DateFault.IMPOSSIBLE, "2026-02-30")
    assert error.message_zh == "日期“2026-02-30”在日历上不存在，请对照文书改正。"
    assert error.message_en == "No calendar has the date '2026-02-30'; correct it after the document."


def test_a_message_quotes_no_more_than_forty_characters() -> None:
    assert "9" * 40 + "…" in DateError(DateFault.UNREADABLE, "9" * 1_000_000).message_zh


def test_a_brace_in_the_value_cannot_disturb_the_message() -> None:
    assert "{first}" in DateError(DateFault.UNREADABLE, "{first}").message_zh


# ------------------------------------------------------------------ numeric cells


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("46024", date(2026, 1, 2)),
        ("46024.0", date(2026, 1, 2)),
        ("46024.99999", date(2026, 1, 2)),
        ("10000", date(1927, 5, 18)),
        ("36526", date(2000, 1, 1)),
        ("20260102", date(2026, 1, 2)),
        ("109574", date(2199, 12, 31)),
    ],
)
def test_a_numeric_cell_holds_an_excel_day(cell: str, day: date) -> None:
    assert parse_date(cell, numeric_cell=True) == day


@pytest.mark.parametrize("cell", ["0", "1", "60", "2026", "2026.12", "9999", "109575", "99999999999", "9" * 5000])
def test_a_number_that_is_no_excel_day_is_refused(cell: str) -> None:
    with pytest.raises(DateError) as caught:
        parse_date(cell, numeric_cell=True)
    assert caught.value.fault is DateFault.NUMBER


@pytest.mark.parametrize("cell", ["-46024", "4.6E4", "1e5", "nan"])
def test_a_damaged_number_is_refused(cell: str) -> None:
    with pytest.raises(DateError) as caught:
        parse_date(cell, numeric_cell=True)
    assert caught.value.fault is DateFault.UNREADABLE


@given(st.dates(min_value=date(1927, 5, 18), max_value=date(2199, 12, 31)))
def test_every_excel_day_comes_back(day: date) -> None:
    number = (day - date(1899, 12, 30)).days
    assert parse_date(str(number), numeric_cell=True) == day


def test_a_bare_number_in_a_text_cell_is_never_taken_for_an_excel_day() -> None:
    assert answer("46024") is DateFault.NUMBER


# ------------------------------------------------------------------ laws


@given(
    REAL_DAYS,
    st.sampled_from(["{0}/{1}/{2}", "{0}-{1:02}-{2:02}", "{0}.{1}.{2}", "{0}{1:02}{2:02}", "{0}年{1}月{2}日"]),
    st.sampled_from(["", " 8:05", " 23:59:59"]),
    st.sampled_from(TRIMMED),
)
def test_a_day_written_in_any_form_is_read_back(day: date, form: str, clock: str, blank: str) -> None:
    typed = blank + form.format(day.year, day.month, day.day) + clock + blank
    assert parse_date(typed) == day


@given(st.text())
def test_nothing_but_a_date_an_open_end_or_the_documented_error_comes_out(value: str) -> None:
    assert isinstance(answer(value), date | OpenEnd | DateFault)


@given(st.one_of(st.text(), st.from_regex(r"[0-9]{1,7}(\.[0-9]*)?", fullmatch=True)))
def test_numeric_cells_stay_within_the_bounds_too(value: str) -> None:
    try:
        found = parse_date(value, numeric_cell=True)
    except DateError:
        found = OPEN_END
    assert found is OPEN_END or FORMS.first_year <= found.year <= FORMS.last_year


@given(st.lists(STORABLE, max_size=20))
def test_duckdb_reads_dates_as_python_does(values: list[str]) -> None:
    answers = [answer(value) for value in values]
    days = [found if isinstance(found, date) else None for found in answers]
    assert in_duckdb(date_sql("v"), values) == days
    assert in_duckdb(is_open_end_sql("v"), values) == [found is OPEN_END for found in answers]


def test_a_missing_value_is_neither_a_date_nor_an_open_end_in_duckdb() -> None:
    assert in_duckdb(date_sql("v"), [None]) == [None]
    assert in_duckdb(is_open_end_sql("v"), [None]) == [False]


def test_all_days_of_four_centuries_agree_between_the_engines() -> None:
    days = [date(1899, 1, 1) + timedelta(days=offset) for offset in range(0, 111_000, 7)]
    written = [f"{day.year}年{day.month}月{day.day}日" for day in days]
    inside = [day if day.year in range(FORMS.first_year, FORMS.last_year + 1) else None for day in days]
    assert in_duckdb(date_sql("v"), written) == inside
