"""Bars on the desk and on a body's page: to one scale, never outside the drawing, and never rounded up to whole."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chengxin.ends.office import body_charts, charts

MONTH = st.builds(
    lambda on_time, late: SimpleNamespace(
        item="licence", month=date(2026, 1, 1), reported=on_time + late, on_time=on_time, late=late, provisional=0
    ),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_rate_says_a_hundred_only_where_everything_was_on_time(part: int, more: int) -> None:
    whole = part + more
    assert charts.rate(part, whole) != "100.0%"
    assert charts.rate(whole, whole) == "100.0%"
    assert float(charts.rate(part, whole)[:-1]) <= part * 100 / whole


def test_where_nothing_was_reported_no_rate_is_claimed() -> None:
    assert charts.rate(0, 0) == ""
    assert charts.bars([]) == ()


@given(st.lists(MONTH, min_size=1, max_size=8))
def test_bars_have_one_scale_and_whatever_was_reported_can_be_seen(months: list[Any]) -> None:
    made = charts.bars(months)
    longest = max(one.reported for one in months)
    assert [one.reported for one in made] == [one.reported for one in months]
    for one in made:
        assert (one.on_time_length > 0) == (one.on_time > 0)
        assert (one.late_length > 0) == (one.late > 0)
        assert one.on_time_length + one.late_length <= charts.WHOLE + 8
        if one.reported == longest and not one.late and longest:
            assert one.on_time_length == charts.WHOLE


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(0, 20_000), st.integers(0, 20_000), st.booleans())
def test_a_span_lies_within_the_drawing_and_can_be_seen(first: date, begins: int, lasts: int, open_end: bool) -> None:  # noqa: FBT001 - drawn
    last = date.fromordinal(first.toordinal() + max(begins, 1))
    start = date.fromordinal(min(first.toordinal() + begins, last.toordinal()))
    until = None if open_end else date.fromordinal(start.toordinal() + lasts)
    span = body_charts._span("名", start, until, first, last)
    assert span.length >= body_charts.SHORTEST
    assert 0 <= span.start <= span.start + span.length <= body_charts.WHOLE
    assert (span.label, span.from_day, span.until_day) == ("名", start, until)


def test_a_body_without_an_entry_has_no_timeline() -> None:
    assert body_charts.timeline([], [], date(2026, 3, 2)) is None
