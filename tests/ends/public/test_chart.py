"""The chart: twelve months, bars within the drawing, heights in proportion."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.ends.public.chart import HEIGHT, WIDTH, ceiling, draw, months_until


def test_the_last_twelve_months_cross_the_year() -> None:
    months = months_until(date(2026, 3, 31))
    assert months[0] == date(2025, 4, 1)
    assert months[-1] == date(2026, 3, 1)
    assert len(months) == 12


@given(st.dates(date(1900, 12, 31), date(2200, 1, 1)))
def test_months_follow_each_other(day: date) -> None:
    months = months_until(day)
    assert months[-1] == day.replace(day=1)
    for one, following in itertools.pairwise(months):
        assert 28 <= (following - one).days <= 31


@given(st.integers(0, 10**12))
def test_the_scale_is_round_and_not_far_above_the_largest(largest: int) -> None:
    top = ceiling(largest)
    assert top >= max(largest, 4)
    assert top % 2 == 0
    assert top <= max(4, largest * 2.5)
    assert str(top).rstrip("0") in {"1", "2", "25", "5", "4"}


@pytest.mark.parametrize(("largest", "top"), [(0, 4), (4, 4), (5, 10), (11, 20), (21, 40), (201, 250), (24001, 25000)])
def test_scales(largest: int, top: int) -> None:
    assert ceiling(largest) == top


@given(
    st.lists(st.integers(0, 10**7), min_size=12, max_size=12), st.lists(st.integers(0, 10**7), min_size=12, max_size=12)
)
def test_bars_stay_in_the_drawing_and_grow_with_their_figures(first: list[int], second: list[int]) -> None:
    day = date(2026, 11, 23)
    months = months_until(day)
    chart = draw(day, [dict(zip(months, one, strict=True)) for one in (first, second)])
    bars = [bar for column in chart.columns for bar in column.bars]
    for bar in bars:
        assert chart.left <= bar.x
        assert bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= chart.floor < HEIGHT
        assert abs(bar.y + bar.height - chart.floor) < 0.2
    figures = [figure for column in chart.columns for figure in column.figures]
    ordered = sorted(zip(figures, bars, strict=True), key=lambda pair: pair[0])
    heights = [bar.height for _figure, bar in ordered]
    assert heights == sorted(heights)


def test_figures_stand_in_their_months_and_nothing_else_is_drawn() -> None:
    chart = draw(date(2026, 11, 23), [{date(2026, 1, 1): 3, date(2020, 1, 1): 99}])
    assert [column.figures for column in chart.columns if column.month == date(2026, 1, 1)] == [(3,)]
    assert max(line.figure for line in chart.lines) == 4


def test_a_chart_of_nothing_is_empty() -> None:
    assert draw(date(2026, 11, 23), [{}, {}]).empty
    assert not draw(date(2026, 11, 23), [{date(2026, 11, 1): 1}]).empty
