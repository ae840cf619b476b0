"""Standing: which facts about a body are in force on a day, as the platform knew them at a moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

_STANDING = """
SELECT r.id, r.key::text, r.version, r.item, r.document_number, r.decided_on, r.valid_from, r.valid_until, r.rule,
    r.recorded_at, r.content
FROM (SELECT DISTINCT key FROM records_record WHERE subject_id = %(subject)s) AS about
CROSS JOIN LATERAL (
    SELECT * FROM records_record v WHERE v.key = about.key AND v.recorded_at <= %(known)s
    ORDER BY v.version DESC LIMIT 1
) AS r
WHERE r.subject_id = %(subject)s AND r.kind <> 'withdrawn' AND r.public
    AND publication.in_force(r.valid_from, r.valid_until, %(day)s)
ORDER BY r.item, r.decided_on DESC NULLS LAST, r.id DESC
"""

_LAST = """
SELECT greatest(%(now)s, max(at)) FROM (
    SELECT greatest(i.first_seen_at, s.changed_at) AS at
    FROM subjects_identifier i JOIN subjects_subject s ON s.id = i.subject_id
    WHERE i.kind = %(kind)s AND i.value = %(value)s
    UNION ALL
    SELECT max(v.recorded_at) FROM records_record v WHERE v.key IN (
        SELECT r.key FROM records_record r JOIN subjects_identifier i ON i.subject_id = r.subject_id
        WHERE i.kind = %(kind)s AND i.value = %(value)s)
    UNION ALL
    SELECT max(m.at) FROM subjects_movedrow m WHERE m.at > %(now)s
) AS last
"""


@dataclass(frozen=True)
class StandingFact:
    """One fact in force: the version that was the latest at the moment asked for.

    ``record_id`` names the version, ``key`` the fact. ``content`` is what was handed in, by field key, public or not:
    whoever shows it picks the public fields of the catalogue first.
    """

    record_id: int
    key: str
    version: int
    item: str
    document_number: str
    decided_on: date | None
    valid_from: date
    valid_until: date | None
    rule: str | None
    recorded_at: datetime
    content: Mapping[str, str]


def standing(subject_id: int, on_day: date, known_at: datetime) -> tuple[StandingFact, ...]:
    """Return the body's facts in force on ``on_day`` (信用状况), by what was recorded up to ``known_at``.

    Of each fact the latest version recorded by ``known_at`` counts, and only if that version is about this body, is
    not a withdrawal, may be public, and is in force on the day by ``publication.in_force``. Since versions are only
    ever added, the same three arguments give the same answer for ever. One query; ordered by item, the latest
    decision first.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"subject": subject_id, "known": known_at, "day": on_day})
        return tuple(_fact(row) for row in cursor.fetchall())


def _fact(row: Sequence[Any]) -> StandingFact:
    values = [*row[:-1], json.loads(row[-1])]
    return StandingFact(*values)


def known_by(kind: str, value: str, now: datetime) -> datetime:
    """Return the moment by which everything on file about the body with this code is known: ``now``, as a rule.

    Later where the clock was set back after something was registered: a fact that was withdrawn a minute ago must not
    stand again because the clock says that it has not happened yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LAST, {"kind": kind, "value": value, "now": now})
        last: datetime = cursor.fetchone()[0]
    return last
