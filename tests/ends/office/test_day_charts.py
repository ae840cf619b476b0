"""Days as columns: one scale, nothing hidden, and the fullest day named."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chengxin.audit.trail import DayOfEvents
from chengxin.ends.office.charts import WHOLE
from chengxin.ends.office.day_charts import LEAST, STEP, day_chart

FIRST = date(2026, 3, 2)


def _days(counts: list[int]) -> list[DayOfEvents]:
    return [DayOfEvents(FIRST + timedelta(days=place), count) for place, count in enumerate(counts)]


@given(st.lists(st.integers(0, 10**9), max_size=92))
def test_columns_stand_side_by_side_inside_the_picture(counts: list[int]) -> None:
    chart = day_chart(_days(counts))
    assert [one.count for one in chart.columns] == counts
    assert chart.total == sum(counts)
    assert chart.width == max(len(counts), 1) * STEP
    for place, one in enumerate(chart.columns):
        assert one.left == place * STEP
        assert one.top + one.height == WHOLE
        assert (one.height == 0) == (one.count == 0)
        assert one.height in {0, *range(LEAST, WHOLE + 1)}


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=20))
def test_more_events_are_never_a_lower_column(counts: list[int]) -> None:
    ordered = sorted(day_chart(_days(counts)).columns, key=lambda one: one.count)
    heights = [one.height for one in ordered]
    assert heights == sorted(heights)


def test_the_fullest_day_is_the_first_of_them_and_an_empty_period_has_none() -> None:
    chart = day_chart(_days([1, 5, 5]))
    assert chart.fullest is not None
    assert (chart.fullest.day, chart.fullest.height) == (date(2026, 3, 3), WHOLE)
    assert day_chart(_days([0, 0])).fullest is None
    assert day_chart([]).columns == ()
