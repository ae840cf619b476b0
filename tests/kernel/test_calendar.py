"""Working days as the State Council announces them, and the legal day wherever the server stands."""

import doctest
import json
import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel import calendar as module
from chengxin.kernel.calendar import (
    CalendarError,
    Deadline,
    LocalDay,
    WorkCalendar,
    legal_day,
    load_holiday_notices,
)

CALENDAR = WorkCalendar()
DAYS = st.dates(min_value=date(2007, 1, 1), max_value=date(2026, 12, 31))
ONE_DAY = timedelta(days=1)


def shared_calendar() -> Path:
    """Locate the announced calendars, or skip."""
    root = Path(os.environ.get("CHENGXIN_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    folder = root / "calendar" / "holiday-cn"
    if not folder.is_dir():
        pytest.skip("the announced calendars (calendar/holiday-cn) are not on this machine")
    return folder


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(module).failed == 0


# ------------------------------------------------------------------ the legal day


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 1, 15, 59, 59, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 1, 1, 16, 0, 0, tzinfo=UTC), date(2026, 1, 2)),
        (datetime(2026, 1, 1, 23, 59, 59, tzinfo=ZoneInfo("Asia/Shanghai")), date(2026, 1, 1)),
        (datetime(2024, 2, 28, 16, 0, 0, tzinfo=UTC), date(2024, 2, 29)),
        (datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2026, 3, 8, 2, 30, tzinfo=ZoneInfo("America/New_York")), date(2026, 3, 8)),
        (datetime(2026, 1, 2, 1, 0, tzinfo=timezone(timedelta(hours=14))), date(2026, 1, 1)),
    ],
)
def test_the_legal_day_is_the_day_in_shanghai(moment: datetime, day: date) -> None:
    assert legal_day(moment) == day


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(CalendarError, match="without a time zone"):
        legal_day(datetime(2026, 1, 1, 12, 0))  # noqa: DTZ001 - the case


def test_a_moment_at_the_edge_of_time_is_refused_and_does_not_overflow() -> None:
    with pytest.raises(CalendarError, match="beyond the calendar"):
        legal_day(datetime.max.replace(tzinfo=UTC))


@given(st.datetimes(min_value=datetime(1992, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_since_1992_the_legal_day_is_eight_hours_ahead_of_utc(moment: datetime) -> None:
    assert legal_day(moment) == (moment + timedelta(hours=8)).date()


@given(st.datetimes(timezones=st.timezones()))
def test_every_moment_has_a_legal_day_or_the_documented_error(moment: datetime) -> None:
    try:
        day = legal_day(moment)
    except CalendarError:
        day = moment.date()
    assert abs(day - moment.date()) <= ONE_DAY


# ------------------------------------------------------------------ working days


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 1, 1), False),
        (date(2026, 1, 2), False),
        (date(2026, 1, 4), True),
        (date(2026, 2, 14), True),
        (date(2026, 2, 16), False),
        (date(2026, 2, 28), True),
        (date(2026, 3, 2), True),
        (date(2026, 3, 7), False),
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2018, 12, 29), True),
        (date(2018, 12, 31), False),
        (date(2020, 1, 31), False),
        (date(2011, 12, 31), True),
    ],
)
def test_holidays_and_moved_working_days_are_known(day: date, *, working: bool) -> None:
    assert CALENDAR.is_working_day(day) is working


@pytest.mark.parametrize("year", range(2010, 2027))
def test_every_day_of_a_year_agrees_with_the_announced_calendar(year: int) -> None:
    folder = shared_calendar()
    announced: dict[date, bool] = {}
    for near in (year - 1, year, year + 1):
        days = json.loads((folder / f"{near}.json").read_text(encoding="utf-8"))["days"]
        announced |= {date.fromisoformat(one["date"]): not one["isOffDay"] for one in days}
    first = date(year, 1, 1)
    for offset in range((date(year + 1, 1, 1) - first).days):
        day = first + timedelta(days=offset)
        assert CALENDAR.is_working_day(day) is announced.get(day, day.weekday() < 5), day


def test_no_day_before_the_bridge_was_ever_moved_by_the_next_notice() -> None:
    notices = load_holiday_notices()
    bridge = (notices.bridge_month, notices.bridge_day)
    for file in sorted(shared_calendar().glob("20*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        moved = [date.fromisoformat(one["date"]) for one in content["days"]]
        assert all((day.month, day.day) >= bridge for day in moved if day.year < content["year"])


def test_the_year_without_notice_is_empty_in_the_announced_calendars_too() -> None:
    folder = shared_calendar()
    announced = {
        int(file.stem) for file in folder.glob("20*.json") if json.loads(file.read_text(encoding="utf-8"))["days"]
    }
    assert announced == load_holiday_notices().years


@pytest.mark.parametrize("day", [date(1949, 12, 31), date(2101, 1, 1), date.min, date.max])
def test_a_year_the_calendar_does_not_know_is_refused(day: date) -> None:
    with pytest.raises(CalendarError, match="knows the years 1950 to 2100"):
        CALENDAR.is_working_day(day)


# ------------------------------------------------------------------ periods


@pytest.mark.parametrize(
    ("start", "n", "last"),
    [
        (date(2026, 3, 2), 1, date(2026, 3, 3)),
        (date(2026, 3, 2), 7, date(2026, 3, 11)),
        (date(2026, 3, 6), 1, date(2026, 3, 9)),
        (date(2026, 3, 7), 1, date(2026, 3, 9)),
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
        (date(2026, 2, 14), 1, date(2026, 2, 24)),
        (date(2026, 2, 12), 7, date(2026, 2, 28)),
        (date(2026, 9, 29), 7, date(2026, 10, 14)),
        (date(2025, 12, 31), 1, date(2026, 1, 4)),
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
        (date(2026, 3, 7), 0, date(2026, 3, 9)),
    ],
)
def test_the_day_of_the_act_is_not_counted(start: date, n: int, last: date) -> None:
    assert CALENDAR.add_working_days(start, n) == Deadline(last, provisional=False)


@pytest.mark.parametrize(
    ("start", "n", "last"),
    [
        (date(2026, 3, 2), 1, date(2026, 3, 2)),
        (date(2026, 3, 2), 7, date(2026, 3, 10)),
        (date(2026, 3, 7), 1, date(2026, 3, 9)),
        (date(2026, 3, 7), 7, date(2026, 3, 17)),
        (date(2026, 2, 14), 1, date(2026, 2, 14)),
        (date(2026, 3, 7), 0, date(2026, 3, 9)),
    ],
)
def test_the_day_of_the_act_is_counted_where_the_setting_says_so(start: date, n: int, last: date) -> None:
    assert CALENDAR.add_working_days(start, n, count_start=True).day == last


def test_a_negative_period_is_refused() -> None:
    with pytest.raises(CalendarError, match="-1 working days"):
        CALENDAR.add_working_days(date(2026, 3, 2), -1)


def test_a_period_that_leaves_the_known_years_is_refused() -> None:
    with pytest.raises(CalendarError, match="not 2101"):
        CALENDAR.add_working_days(date(2100, 12, 1), 100)


@pytest.mark.parametrize(
    ("start", "n", "provisional"),
    [
        (date(2026, 12, 1), 7, False),
        (date(2026, 12, 17), 7, False),
        (date(2026, 12, 18), 7, True),
        (date(2026, 12, 28), 7, True),
        (date(2027, 2, 1), 7, True),
        (date(2006, 12, 1), 7, True),
        (date(2006, 12, 28), 7, True),
        (date(2025, 12, 29), 7, False),
    ],
)
def test_a_deadline_that_touches_an_unannounced_year_is_provisional(start: date, n: int, *, provisional: bool) -> None:
    assert CALENDAR.add_working_days(start, n).provisional is provisional


@given(DAYS, st.integers(min_value=1, max_value=60), st.booleans())
def test_stepping_by_hand_gives_the_same_day(start: date, n: int, count_start: bool) -> None:  # noqa: FBT001
    day = start - ONE_DAY if count_start else start
    left = n
    while left:
        day += ONE_DAY
        left -= CALENDAR.is_working_day(day)
    assert CALENDAR.add_working_days(start, n, count_start=count_start).day == day


@given(DAYS, st.integers(min_value=1, max_value=300))
def test_between_the_act_and_its_deadline_lie_exactly_the_days_of_the_period(start: date, n: int) -> None:
    last = CALENDAR.add_working_days(start, n).day
    assert CALENDAR.is_working_day(last)
    assert CALENDAR.working_days_between(start, last) == n
    assert CALENDAR.working_days_between(last, start) == -n


@given(DAYS, DAYS, DAYS)
def test_counts_add_up_over_any_day_between(a: date, b: date, c: date) -> None:
    count = CALENDAR.working_days_between
    assert count(a, b) + count(b, c) == count(a, c)
    assert count(a, a) == 0


@given(DAYS, DAYS, st.integers(min_value=0, max_value=30))
def test_a_later_act_never_has_an_earlier_deadline(a: date, b: date, n: int) -> None:
    earlier, later = sorted((a, b))
    assert CALENDAR.add_working_days(earlier, n).day <= CALENDAR.add_working_days(later, n).day


@given(st.lists(DAYS, max_size=30), st.integers(min_value=0, max_value=30), st.booleans())
def test_many_deadlines_at_once_are_the_single_ones(days: list[date], n: int, count_start: bool) -> None:  # noqa: FBT001
    found = CALENDAR.deadlines(iter(days), n, count_start=count_start)
    assert found == {day: CALENDAR.add_working_days(day, n, count_start=count_start) for day in days}


def test_thousands_of_deadlines_take_no_time_worth_noticing() -> None:
    days = [date(2010, 1, 1) + timedelta(days=offset) for offset in range(6000)]
    found = CALENDAR.deadlines(days, 7)
    assert len(found) == 6000
    assert all(found[day].day > day for day in days)


# ------------------------------------------------------------------ the local table


def test_a_local_day_wins_over_the_national_calendar_in_both_directions() -> None:
    flood = LocalDay(date(2026, 7, 6), working=False, source="昆政发〔2026〕1号")
    games = LocalDay(date(2026, 7, 11), working=True, source="昆政发〔2026〕2号")
    local = WorkCalendar(local_days=(flood, games))
    assert not local.is_working_day(flood.day)
    assert local.is_working_day(games.day)
    assert CALENDAR.is_working_day(flood.day)
    assert local.add_working_days(date(2026, 7, 3), 1).day == date(2026, 7, 7)
    assert local.working_days_between(date(2026, 7, 3), date(2026, 7, 12)) == 5


def test_one_local_day_does_not_make_a_year_announced() -> None:
    local = WorkCalendar(local_days=(LocalDay(date(2027, 2, 10), working=False, source="试"),))
    assert local.add_working_days(date(2027, 2, 1), 3).provisional


def test_a_year_declared_by_the_local_table_is_announced() -> None:
    local = WorkCalendar(
        local_days=(LocalDay(date(2027, 2, 20), working=True, source="国务院办公厅通知"),),
        declared_years=frozenset({2027}),
    )
    assert not local.add_working_days(date(2027, 2, 1), 7).provisional
    assert not local.add_working_days(date(2026, 12, 28), 7).provisional
    assert local.add_working_days(date(2027, 12, 28), 7).provisional
    assert local.is_working_day(date(2027, 2, 20))


def test_a_local_table_that_contradicts_itself_is_refused() -> None:
    day = date(2026, 7, 6)
    with pytest.raises(CalendarError, match="both a working day and a day off"):
        WorkCalendar(local_days=(LocalDay(day, working=True, source="甲"), LocalDay(day, working=False, source="乙")))


def test_saying_the_same_twice_is_no_contradiction() -> None:
    day = date(2026, 7, 6)
    twice = (LocalDay(day, working=False, source="甲"), LocalDay(day, working=False, source="乙"))
    assert not WorkCalendar(local_days=twice).is_working_day(day)


def test_calendars_with_the_same_tables_are_equal_and_can_be_keys() -> None:
    warm, fresh = WorkCalendar(), WorkCalendar()
    warm.is_working_day(date(2026, 1, 1))
    assert warm == fresh
    assert len({warm, fresh}) == 1


def test_the_table_of_notices_has_every_year_from_2007_to_2026() -> None:
    assert load_holiday_notices().years == frozenset(range(2007, 2027))
