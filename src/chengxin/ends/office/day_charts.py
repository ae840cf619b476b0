"""Events by day as columns: numbers in, heights out; the drawing itself is the template's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.ends.office.charts import WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from chengxin.audit.trail import DayOfEvents

STEP = 10
"""Units from one column to the next; a column is ``STEP`` less a gap of two wide."""

LEAST = 12
"""Units a column has at least: a day with one event among days with thousands can be seen."""


@dataclass(frozen=True)
class Column:
    """One legal day: its count, where its column begins from the left, and its top and height in units of ``WHOLE``."""

    day: date
    count: int
    left: int
    top: int
    height: int


@dataclass(frozen=True)
class DayChart:
    """The columns of a period, ``width`` units wide, with the figures that a glance wants: all, and the fullest day."""

    columns: tuple[Column, ...]
    width: int
    total: int
    fullest: Column | None


def day_chart(days: Sequence[DayOfEvents]) -> DayChart:
    """Return a column for each day, to one scale and in the order given; ``fullest`` is the first of them."""
    most = max((one.count for one in days), default=0)
    columns = []
    for place, one in enumerate(days):
        height = max(one.count * WHOLE // most, LEAST) if one.count else 0
        columns.append(Column(one.day, one.count, place * STEP, WHOLE - height, height))
    fullest = next((one for one in columns if most and one.count == most), None)
    return DayChart(tuple(columns), max(len(columns), 1) * STEP, sum(one.count for one in days), fullest)
