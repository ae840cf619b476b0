"""What an older code leads to, among the bodies that are shown: reads of the public end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from datetime import date

_LOOK_UP = """
SELECT c.kind, c.code, b.uscc, b.name, c.subject_id, c.since FROM publication.body_code c
    JOIN publication.body b USING (subject_id)
WHERE c.kind = %(kind)s AND c.code = %(code)s AND publication.in_force(b.shown_from, b.shown_until, %(day)s)
"""

_OF_BODY = """
SELECT c.kind, c.code, b.uscc, b.name, c.subject_id, c.since FROM publication.body_code c
    JOIN publication.body b USING (subject_id)
WHERE c.subject_id = %(subject)s AND publication.in_force(b.shown_from, b.shown_until, %(day)s)
ORDER BY c.kind DESC, c.code LIMIT 100
"""


@dataclass(frozen=True)
class BodyCode:
    """An older code of a published body, the body's credit code of today and name, and since when it is on file."""

    kind: str
    code: str
    uscc: str
    name: str
    subject_id: int
    since: date


def body_by_old_code(kind: str, code: str, on_day: date) -> BodyCode | None:
    """Return the published body that an older code leads to, or None where it leads to none or to two."""
    found = _rows(_LOOK_UP, {"kind": kind, "code": code, "day": on_day})
    return found[0] if len(found) == 1 else None


def codes_of_body(subject_id: int, on_day: date) -> tuple[BodyCode, ...]:
    """Return the older codes of a published body, registration numbers first."""
    return _rows(_OF_BODY, {"subject": subject_id, "day": on_day})


def _rows(query: str, values: dict[str, Any]) -> tuple[BodyCode, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return tuple(BodyCode(*row) for row in cursor.fetchall())
