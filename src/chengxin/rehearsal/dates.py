"""Days as numbers, and every way departments write them, by table look-up."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST = date(1950, 1, 1)
"""The first day the tables know; day numbers count from it."""

LAST = date(2099, 12, 31)
"""The last day the tables know: it stands for 长期 (no end) in the field lists."""

OPEN_END = (LAST - FIRST).days
"""Number of the day that stands for no end."""

NO_DAY = -1
"""Stands for no day at all; written as an empty cell."""


def number(day: date) -> int:
    """Return the number of ``day``, which must lie between ``FIRST`` and ``LAST``."""
    return (day - FIRST).days


@lru_cache(maxsize=8)
def _table(style: str) -> NDArray[np.object_]:
    days = np.arange(np.datetime64(FIRST), np.datetime64(LAST) + 1)
    iso = days.astype(str).tolist()
    if style == "slash":
        made = [each.replace("-", "/") for each in iso]
    elif style == "plain":
        made = [each.replace("-", "") for each in iso]
    elif style == "chinese":
        made = [f"{each[:4]}年{int(each[5:7])}月{int(each[8:])}日" for each in iso]
    else:
        made = iso
    return np.array([*made, ""], dtype=object)


def written(days: NDArray[np.int64], style: str) -> list[str]:
    """Return days as text; ``NO_DAY`` gives an empty text.

    Args:
        days: Day numbers.
        style: ``dash``, ``slash``, ``plain`` or ``chinese``; ``cell`` is written as ``dash``.
    """
    return _table(style)[days].tolist()  # type: ignore[no-any-return]


def years(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the calendar years of day numbers."""
    moments = np.datetime64(FIRST) + days.astype("timedelta64[D]")
    return moments.astype("datetime64[Y]").astype(np.int64) + 1970


def after_months(days: NDArray[np.int64], months: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the days so many months later; a day the month lacks runs over into the next month."""
    moments = np.datetime64(FIRST) + days.astype("timedelta64[D]")
    month = moments.astype("datetime64[M]")
    rest = moments - month.astype("datetime64[D]")
    later = (month + months.astype("timedelta64[M]")).astype("datetime64[D]") + rest
    result: NDArray[np.int64] = (later - np.datetime64(FIRST)).astype(np.int64)
    return np.minimum(result, OPEN_END)
