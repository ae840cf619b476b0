"""Punctuality as bars: numbers in, lengths out; the drawing itself is the template's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from chengxin.intake.queries import MonthOfDecisions

WHOLE = 1000
"""Units of the longest bar, so that lengths are whole numbers."""


@dataclass(frozen=True)
class Bar:
    """One month of one item: its counts, and the lengths of its two parts in units of ``WHOLE``.

    ``rate`` is on time ÷ reported in per cent with one digit (及时率), or empty when nothing was reported.
    """

    item: str
    month: date
    reported: int
    on_time: int
    late: int
    provisional: int
    rate: str
    on_time_length: int
    late_length: int


def bars(months: Iterable[MonthOfDecisions]) -> tuple[Bar, ...]:
    """Return a bar for each month of each item, all to the same scale, in the order given."""
    counted = tuple(months)
    longest = max((one.reported for one in counted), default=0)
    return tuple(
        Bar(
            one.item,
            one.month,
            one.reported,
            one.on_time,
            one.late,
            one.provisional,
            rate(one.on_time, one.reported),
            _length(one.on_time, longest),
            _length(one.late, longest),
        )
        for one in counted
    )


def rate(part: int, whole: int) -> str:
    """Return ``part`` of ``whole`` in per cent, one digit, rounded down: 99.96 % is not 100 %.

    >>> rate(2, 3), rate(0, 0), rate(2999, 3000)
    ('66.6%', '', '99.9%')
    """
    if not whole:
        return ""
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}%"


def _length(count: int, longest: int) -> int:
    """Return the length for ``count``; anything above nothing can be seen."""
    return max(count * WHOLE // longest, 4) if count else 0
