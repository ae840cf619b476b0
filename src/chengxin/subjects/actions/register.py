"""Bring registrations into the register of bodies: new bodies, new codes, changed names and states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.base.bulk import copy_in, copy_out
from chengxin.base.events import publish
from chengxin.subjects.events import IdentifiersAdded

if TYPE_CHECKING:
    from datetime import date, datetime

    import duckdb
    from django.db.backends.utils import CursorWrapper

STAGED = {
    "line": "integer",
    "uscc": "text",
    "registration_number": "text",
    "organisation_code": "text",
    "tax_number": "text",
    "kind": "text",
    "name": "text",
    "folded": "text",
    "former": "text",
    "former_folded": "text",
    "english": "text",
    "english_folded": "text",
    "status": "text",
    "registrar": "text",
    "established_on": "date",
}
"""Columns of the staged bodies; several former names in one cell are parted by the unit separator U+001F."""

_FIND = """
UPDATE staged_body b SET subject_id = found.subject_id FROM (
    SELECT s.line, min(i.subject_id) AS subject_id FROM staged_body s JOIN subjects_identifier i
        ON (i.kind = 'uscc' AND i.value = s.uscc)
    GROUP BY s.line HAVING count(DISTINCT i.subject_id) = 1) AS found
WHERE found.line = b.line;
UPDATE staged_body b SET subject_id = found.subject_id FROM (
    SELECT s.line, min(i.subject_id) AS subject_id FROM staged_body s
        JOIN subjects_identifier i ON i.kind = 'organisation_code' AND i.value = s.organisation_code
        JOIN subjects_subject own ON own.id = i.subject_id AND (own.uscc = '' OR s.uscc = '')
    WHERE s.subject_id IS NULL AND s.organisation_code <> ''
    GROUP BY s.line HAVING count(DISTINCT i.subject_id) = 1) AS found
WHERE found.line = b.line;
UPDATE staged_body b SET subject_id = found.subject_id FROM (
    SELECT s.line, min(i.subject_id) AS subject_id FROM staged_body s
        JOIN subjects_identifier i ON i.kind = 'registration_number' AND i.value = s.registration_number
        JOIN subjects_subject own ON own.id = i.subject_id AND (own.uscc = '' OR s.uscc = '')
    WHERE s.subject_id IS NULL AND s.registration_number <> ''
    GROUP BY s.line HAVING count(DISTINCT i.subject_id) = 1) AS found
WHERE found.line = b.line;
"""

_MAKE = """
CREATE TEMP TABLE made_body ON COMMIT DROP AS
SELECT nextval(pg_get_serial_sequence('subjects_subject', 'id')) AS id, fresh.* FROM (
    SELECT DISTINCT ON (identity) * FROM staged_body b WHERE subject_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM subjects_identifier i WHERE (i.kind, i.value) IN (('uscc', b.uscc),
            ('registration_number', CASE WHEN b.uscc = '' THEN b.registration_number END),
            ('organisation_code', CASE WHEN b.uscc = '' THEN b.organisation_code END)))
    ORDER BY identity, line DESC) AS fresh;
INSERT INTO subjects_subject (id, kind, name, uscc, status, registrar, established_on, made_at, changed_at)
SELECT id, kind, name, uscc, status, registrar, established_on, %(now)s, %(now)s FROM made_body;
UPDATE staged_body b SET subject_id = m.id FROM made_body m WHERE b.subject_id IS NULL AND m.identity = b.identity;
"""

_CHANGE = """
UPDATE subjects_subject s SET kind = b.kind, name = b.name, uscc = CASE WHEN b.uscc = '' THEN s.uscc ELSE b.uscc END,
    status = b.status, registrar = b.registrar, established_on = coalesce(b.established_on, s.established_on),
    changed_at = %(now)s
FROM (SELECT DISTINCT ON (subject_id) * FROM staged_body ORDER BY subject_id, line DESC) AS b
WHERE b.subject_id = s.id AND (s.kind, s.name, s.uscc, s.status, s.registrar, s.established_on) IS DISTINCT FROM
    (b.kind, b.name, CASE WHEN b.uscc = '' THEN s.uscc ELSE b.uscc END, b.status, b.registrar,
     coalesce(b.established_on, s.established_on))
"""

_IDENTIFY = """
WITH added AS (
    INSERT INTO subjects_identifier (subject_id, kind, value, first_seen_at)
    SELECT DISTINCT b.subject_id, v.kind, v.value, %(now)s::timestamptz FROM staged_body b CROSS JOIN LATERAL (VALUES
        ('uscc', b.uscc), ('registration_number', b.registration_number), ('organisation_code', b.organisation_code),
        ('tax_number', b.tax_number)) AS v (kind, value)
    WHERE v.value <> '' AND b.subject_id IS NOT NULL
    ON CONFLICT (kind, value, subject_id) DO NOTHING RETURNING subject_id, kind, value)
INSERT INTO new_identifier SELECT subject_id, kind, value FROM added
"""

_RENAME = """
UPDATE subjects_name n SET kind = 'former' FROM staged_latest b
WHERE n.subject_id = b.subject_id AND n.kind = 'current' AND n.name <> b.name
    AND NOT EXISTS (SELECT 1 FROM subjects_name o
        WHERE o.subject_id = n.subject_id AND o.kind = 'former' AND o.name = n.name);
DELETE FROM subjects_name n USING staged_latest b
WHERE n.subject_id = b.subject_id AND n.kind = 'current' AND n.name <> b.name;
INSERT INTO subjects_name (subject_id, kind, name, folded, first_seen_at)
SELECT DISTINCT ON (b.subject_id, v.kind, v.name) b.subject_id, v.kind, v.name, v.folded, %(now)s::timestamptz
FROM staged_latest b CROSS JOIN LATERAL (
    SELECT 'current' AS kind, b.name, b.folded UNION ALL SELECT 'english', b.english, b.english_folded
    UNION ALL SELECT 'former', f.name, f.folded
    FROM unnest(string_to_array(b.former, chr(31)), string_to_array(b.former_folded, chr(31))) AS f (name, folded)
) AS v
WHERE v.name <> '' ON CONFLICT (subject_id, kind, name) DO NOTHING;
"""


@dataclass(frozen=True)
class RegisterBodies:
    """Register the bodies staged in DuckDB's table ``bodies`` (columns of ``STAGED``), in the caller's transaction.

    A body is recognised by its 统一社会信用代码; failing that, a body known only by an older code is recognised by its
    organisation code or registration number (代码转换). A code that stands at two bodies recognises nobody,
    and its lines are missing from ``registered``. The last line about a body says how it stands. Nothing is ever
    recognised by name.
    """

    duck: duckdb.DuckDBPyConnection
    now: datetime
    today: date

    def execute(self) -> None:
        """Register; leave (line, subject_id) in DuckDB's table ``registered`` and tell the floors above."""
        stamp = {"now": self.now}
        with connection.cursor() as cursor:
            # Whoever ties facts holds the register still meanwhile (hold_register), so no fact misses its body.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('subjects.register'), 0)")
            _temporary_tables(cursor)
            copy_in(self.duck, f"SELECT {', '.join(STAGED)} FROM bodies", cursor, "staged_body", tuple(STAGED))
            cursor.execute(
                """UPDATE staged_body SET identity = CASE WHEN uscc <> '' THEN 'u' || uscc
                WHEN registration_number <> '' THEN 'r' || registration_number ELSE 'o' || organisation_code END"""
            )
            cursor.execute("ANALYZE staged_body")
            cursor.execute(_FIND)
            cursor.execute(_MAKE, stamp)
            cursor.execute(_CHANGE, stamp)
            cursor.execute(_IDENTIFY, stamp)
            cursor.execute(
                """CREATE TEMP TABLE staged_latest ON COMMIT DROP AS SELECT DISTINCT ON (subject_id) *
                FROM staged_body WHERE subject_id IS NOT NULL ORDER BY subject_id, line DESC"""
            )
            cursor.execute(_RENAME, stamp)
            copy_out(
                cursor,
                "SELECT line, subject_id FROM staged_body WHERE subject_id IS NOT NULL",
                self.duck,
                "registered",
                {"line": "INTEGER", "subject_id": "BIGINT"},
            )
            publish(IdentifiersAdded(self.now, self.today))
            cursor.execute("DROP TABLE staged_body, staged_latest, made_body, new_identifier")


def hold_register() -> None:
    """Keep registrations out until the caller's transaction ends; holders do not keep each other out.

    Without it a fact and its body could be brought in side by side, neither seeing the other, and stay untied.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext('subjects.register'), 0)")


def _temporary_tables(cursor: CursorWrapper) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in STAGED.items())
    cursor.execute(f"CREATE TEMP TABLE staged_body ({columns}, identity text, subject_id bigint) ON COMMIT DROP")
    cursor.execute("CREATE TEMP TABLE new_identifier (subject_id bigint, kind text, value text) ON COMMIT DROP")
