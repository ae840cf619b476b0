"""The chart of the last twelve months: bars placed by arithmetic, drawn as SVG by the template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MONTHS = 12

WIDTH, HEIGHT = 480, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 6, 12, 34
_SHARE = 0.66
"""Share of a month's width that its bars take."""

_STEPS = (1, 2, 2.5, 4, 5, 10)


@dataclass(frozen=True)
class Bar:
    """One bar, in units of the drawing; ``series`` counts from 0."""

    series: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    """One month: its first day, the middle of its place, its figures and its bars."""

    month: date
    middle: float
    figures: tuple[int, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Line:
    """One line of the grid: its height in the drawing and the figure it stands for."""

    y: float
    figure: int


@dataclass(frozen=True)
class Chart:
    """Everything the template draws. Sizes are in units of the drawing, figures are numbers of facts."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    floor: float = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(any(column.figures) for column in self.columns)


def months_until(day: date) -> tuple[date, ...]:
    """Return the first days of the last twelve months, this one included, the oldest first.

    >>> months_until(date(2026, 2, 28))[0]
    datetime.date(2025, 3, 1)
    """
    last = day.year * 12 + day.month - 1
    return tuple(date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS + 1, last + 1))


def ceiling(largest: int) -> int:
    """Return the top of the scale: a round number not below ``largest``, divisible by two, at least 4.

    >>> ceiling(0), ceiling(7), ceiling(1234), ceiling(2001)
    (4, 10, 2000, 2500)
    """
    scale = 1
    while True:
        for step in _STEPS:
            top = int(step * scale)
            if top >= max(largest, 4) and top % 2 == 0 and top == step * scale:
                return top
        scale *= 10


def draw(day: date, series: Sequence[Mapping[date, int]]) -> Chart:
    """Place the bars of several series (figures by first day of month) for the twelve months until ``day``."""
    months = months_until(day)
    top = ceiling(max((one.get(month, 0) for one in series for month in months), default=0))
    floor, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    place = (WIDTH - _LEFT - _RIGHT) / MONTHS
    width = place * _SHARE / max(len(series), 1)
    columns = []
    for number, month in enumerate(months):
        start = _LEFT + place * number
        figures = tuple(one.get(month, 0) for one in series)
        bars = []
        for index, figure in enumerate(figures):
            height = round(room * figure / top, 1)
            x = round(start + place * (1 - _SHARE) / 2 + width * index, 1)
            bars.append(Bar(index, x, round(floor - height, 1), round(width - 1, 1), height))
        columns.append(Column(month, round(start + place / 2, 1), figures, tuple(bars)))
    lines = tuple(Line(round(floor - room * share / 2, 1), top * share // 2) for share in range(3))
    return Chart(tuple(columns), lines)
