"""Bring registrations into the register of bodies: new bodies, new and re-issued codes, changed names and states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.base.bulk import copy_in, copy_out
from chengxin.base.events import publish
from chengxin.subjects.actions.register_sql import (
    CHANGE,
    END_REPLACED,
    FIND,
    IDENTIFY,
    KEEP_VERSIONS,
    MAKE,
    REISSUE,
    RENAME,
    SEE_AGAIN,
    SUPERSEDED,
)
from chengxin.subjects.events import BodiesChanged, IdentifiersAdded

if TYPE_CHECKING:
    from datetime import date, datetime

    import duckdb
    from django.db.backends.utils import CursorWrapper

STAGED = {
    "line": "integer",
    "uscc": "text",
    "former_uscc": "text",
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
    "decided_on": "date",
}
"""Columns of the staged bodies; several former names in one cell are parted by the unit separator U+001F.

``former_uscc`` is the credit code that ``uscc`` replaces (换发), where the entry says so; ``decided_on`` the day of
approval.
"""

SEEN_AGAIN = timedelta(days=30)
"""How stale ``last_seen_at`` may get: a register that arrives whole every night would otherwise rewrite every row.

Rewriting every code and name took four times as long as all the rest of an import that says nothing new.
"""


@dataclass(frozen=True)
class RegisterBodies:
    """Register the bodies staged in DuckDB's table ``bodies`` (columns of ``STAGED``), in the caller's transaction.

    A body is recognised by its 统一社会信用代码; failing that, by the credit code that the entry says it replaces
    (换发); failing that, a body known only by an older code is recognised by its organisation code or registration
    number (代码转换). A code that stands at two bodies recognises nobody, and its lines are missing from
    ``registered``. The last line about a body says how it stands. Nothing is ever recognised by name.

    A line under a code that was replaced changes nothing: it is missing from ``registered`` and stands in DuckDB's
    table ``superseded`` (line, rule: ``code_replaced``), as does a line whose re-issue contradicts what is on file
    (``reissue_contradicted``: the two codes stand at two bodies, or the new one was itself replaced before).
    """

    duck: duckdb.DuckDBPyConnection
    now: datetime
    today: date
    batch_id: int | None = None

    def execute(self) -> None:
        """Register; leave (line, subject_id) in DuckDB's table ``registered`` and tell the floors above."""
        stamp = {"now": self.now, "today": self.today, "batch": self.batch_id, "stale": self.now - SEEN_AGAIN}
        with connection.cursor() as cursor:
            # Whoever ties facts holds the register still meanwhile (hold_register), so no fact misses its body.
            hold_register(alone=True)
            _temporary_tables(cursor)
            copy_in(self.duck, f"SELECT {', '.join(STAGED)} FROM bodies", cursor, "staged_body", tuple(STAGED))
            cursor.execute(
                """UPDATE staged_body SET identity = CASE WHEN uscc <> '' THEN 'u' || uscc
                WHEN registration_number <> '' THEN 'r' || registration_number ELSE 'o' || organisation_code END"""
            )
            cursor.execute("ANALYZE staged_body")
            cursor.execute(FIND)
            cursor.execute("SELECT EXISTS (SELECT 1 FROM staged_body WHERE former_uscc NOT IN ('', uscc))")
            reissued = cursor.fetchone() == (True,)
            if reissued:
                cursor.execute(REISSUE)
            cursor.execute(SUPERSEDED)
            cursor.execute(MAKE, stamp)
            cursor.execute(CHANGE, stamp)
            cursor.execute(KEEP_VERSIONS, stamp)
            cursor.execute(IDENTIFY, stamp)
            if reissued:
                cursor.execute(END_REPLACED, stamp)
            cursor.execute(RENAME, stamp)
            cursor.execute(SEE_AGAIN, stamp)
            self._tell(cursor)
            publish(IdentifiersAdded(self.now, self.today))
            if reissued:
                publish(BodiesChanged(_reissued(cursor), self.now, self.today))
            cursor.execute(
                "DROP TABLE staged_body, staged_latest, made_body, changed_body, new_identifier, superseded_body"
            )

    def _tell(self, cursor: CursorWrapper) -> None:
        """Leave in DuckDB what became of the lines."""
        copy_out(
            cursor,
            "SELECT line, subject_id FROM staged_body WHERE subject_id IS NOT NULL",
            self.duck,
            "registered",
            {"line": "INTEGER", "subject_id": "BIGINT"},
        )
        copy_out(
            cursor,
            "SELECT line, rule FROM superseded_body",
            self.duck,
            "superseded",
            {"line": "INTEGER", "rule": "VARCHAR"},
        )


def hold_register(*, alone: bool = False) -> None:
    """Keep registrations out until the caller's transaction ends; holders do not keep each other out.

    Without it a fact and its body could be brought in side by side, neither seeing the other, and stay untied.
    ``alone``: whoever changes which code leads to which body keeps everybody else out. It is the first lock taken,
    before those on items and on the numbers of facts.
    """
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtext('subjects.register'), 0)")


def _reissued(cursor: CursorWrapper) -> tuple[int, ...]:
    """Return the bodies whose credit code the file says was re-issued."""
    cursor.execute(
        """SELECT DISTINCT subject_id FROM staged_body WHERE subject_id IS NOT NULL AND former_uscc NOT IN ('', uscc)
        ORDER BY 1"""
    )
    return tuple(row[0] for row in cursor.fetchall())


def _temporary_tables(cursor: CursorWrapper) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in STAGED.items())
    cursor.execute(f"CREATE TEMP TABLE staged_body ({columns}, identity text, subject_id bigint) ON COMMIT DROP")
    cursor.execute("CREATE TEMP TABLE new_identifier (subject_id bigint, kind text, value text) ON COMMIT DROP")
    cursor.execute("CREATE TEMP TABLE superseded_body (line integer, rule text) ON COMMIT DROP")
    cursor.execute("CREATE TEMP TABLE changed_body (subject_id bigint) ON COMMIT DROP")
