"""Progress of conversion as bars: numbers in, lengths out; the drawing itself is the template's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.ends.office.charts import WHOLE, rate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chengxin.conversion.progress import Standing


@dataclass(frozen=True)
class ProgressBar:
    """One registrar or kind of body: its figures, shares in words, and the lengths of its two parts (of ``WHOLE``)."""

    name: str
    standing: Standing
    share: str
    wrong_rate: str
    with_length: int
    old_length: int


def progress_bars(rows: Iterable[tuple[str, Standing]]) -> tuple[ProgressBar, ...]:
    """Return a bar for each (name, figures), all to the same scale, in the order given.

    A part that is not empty can be seen, however short; shares are rounded down, so 100 % means all.
    """
    counted = tuple(rows)
    longest = max((one.bodies for _name, one in counted), default=0)
    return tuple(
        ProgressBar(
            name,
            one,
            rate(one.with_uscc, one.bodies),
            rate(one.wrong, one.bodies),
            _length(one.with_uscc, longest),
            _length(one.only_old, longest),
        )
        for name, one in counted
    )


def _length(count: int, longest: int) -> int:
    return max(count * WHOLE // longest, 4) if count else 0
