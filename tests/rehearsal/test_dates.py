"""Days as numbers: every style says the same day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.rehearsal import dates

DAYS = st.dates(dates.FIRST, dates.LAST)


def days(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


@settings(deadline=None)  # the first call makes the table
@given(DAYS)
def test_a_number_is_written_as_its_day(day: date) -> None:
    number = days(dates.number(day))
    assert dates.written(number, "dash") == [day.isoformat()]
    assert dates.written(number, "cell") == [day.isoformat()]
    assert dates.written(number, "slash") == [day.strftime("%Y/%m/%d")]
    assert dates.written(number, "plain") == [day.strftime("%Y%m%d")]
    assert dates.written(number, "chinese") == [f"{day.year}年{day.month}月{day.day}日"]


@pytest.mark.parametrize("style", ["dash", "slash", "plain", "chinese", "cell"])
def test_no_day_is_an_empty_cell_in_every_style(style: str) -> None:
    assert dates.written(days(dates.NO_DAY), style) == [""]


def test_no_end_is_the_last_day_of_2099_as_the_field_list_says() -> None:
    assert dates.written(days(dates.OPEN_END), "slash") == ["2099/12/31"]


@settings(deadline=None)  # the first call makes the table
@given(DAYS)
def test_the_year_is_the_days_year(day: date) -> None:
    assert dates.years(days(dates.number(day))).tolist() == [day.year]


@settings(deadline=None)  # the first call makes the table
@given(st.dates(dates.FIRST, date(2060, 1, 1)), st.integers(0, 400))
def test_months_later_is_the_same_day_of_the_month_or_runs_over(day: date, months: int) -> None:
    later = dates.FIRST + timedelta(int(dates.after_months(days(dates.number(day)), days(months))[0]))
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    expected = date(year, month + 1, 1) + timedelta(day.day - 1)
    assert later == min(expected, dates.LAST)


def test_a_day_the_month_lacks_runs_over() -> None:
    leap = days(dates.number(date(2024, 2, 29)))
    assert dates.written(dates.after_months(leap, days(12)), "dash") == ["2025-03-01"]
