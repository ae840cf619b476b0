"""Old credit codes that lead on to a body: replaced ones, and those of bodies merged into another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class Lead:
    """An old code, the code its body bears now, why (``replaced`` or ``merged``), and from which legal day on."""

    code: str
    uscc: str
    cause: str
    since: date


_LEADS = """
SELECT l.code, b.uscc, l.cause, l.since FROM publication.leads_on l JOIN publication.body b USING (subject_id)
WHERE {where} AND l.code <> b.uscc AND publication.in_force(b.shown_from, b.shown_until, %(day)s)
ORDER BY l.since DESC, l.code LIMIT 100
"""


def lead_of(code: str, on_day: date) -> Lead | None:
    """Return where the old credit code ``code`` leads on ``on_day``, or None where it leads to no body shown then."""
    found = _rows("l.code = %(code)s", {"code": code, "day": on_day})
    return found[0] if found else None


def old_codes(subject_id: int, on_day: date) -> tuple[Lead, ...]:
    """Return the old credit codes that lead to the body, the latest first."""
    return _rows("l.subject_id = %(subject)s", {"subject": subject_id, "day": on_day})


def _rows(where: str, values: dict[str, str | int | date]) -> tuple[Lead, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_LEADS.format(where=where), values)
        return tuple(Lead(*row) for row in cursor.fetchall())
