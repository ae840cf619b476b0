"""A body's names and codes through time as bars: days in, lengths out; the drawing itself is the template's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from chengxin.subjects.history import Code, Version

WHOLE = 1000
"""Units of the whole span, so that places and lengths are whole numbers."""

SHORTEST = 6
"""Units a bar has at least: what held for a day can be seen."""


@dataclass(frozen=True)
class Span:
    """One name or code: from which day to which (None: until now), and its bar in units of ``WHOLE``."""

    label: str
    from_day: date
    until_day: date | None
    start: int
    length: int


@dataclass(frozen=True)
class Timeline:
    """The bars of a body's names and credit codes over one span of days."""

    first_day: date
    last_day: date
    names: tuple[Span, ...]
    codes: tuple[Span, ...]


def timeline(versions: Sequence[Version], codes: Sequence[Code], today: date) -> Timeline | None:
    """Return the names and credit codes of a body through time, or None where no entry is on file.

    A name holds from the day its entry speaks from to the day the next one does; a credit code from the first entry
    that bears it to the day on which it was replaced.
    """
    if not versions:
        return None
    ordered = sorted(versions, key=lambda one: (one.valid_from, one.recorded_at))
    usccs = [one for one in codes if one.kind == "uscc"]
    seen = [legal_day(one.first_seen_at) for one in usccs]
    first = min([ordered[0].valid_from, *seen, *(one.ended_on for one in usccs if one.ended_on)])
    named: list[tuple[str, date, date | None]] = []
    for place, one in enumerate(ordered):
        until = ordered[place + 1].valid_from if place + 1 < len(ordered) else None
        if named and named[-1][0] == one.name:
            named[-1] = (one.name, named[-1][1], until)
        else:
            named.append((one.name, one.valid_from, until))
    coded = [(one.value, min(legal_day(one.first_seen_at), one.ended_on or today), one.ended_on) for one in usccs]
    return Timeline(
        first,
        today,
        tuple(_span(*one, first, today) for one in named),
        tuple(_span(*one, first, today) for one in sorted(coded, key=lambda one: one[1])),
    )


def _span(label: str, start: date, until: date | None, first: date, last: date) -> Span:
    days = max((last - first).days, 1)
    begins = min((start - first).days * WHOLE // days, WHOLE - SHORTEST)
    ends = min(((until or last) - first).days, days) * WHOLE // days
    return Span(label, start, until, begins, min(max(ends - begins, SHORTEST), WHOLE - begins))
