"""Find what cannot be right about codes, over all codes at once, and keep the queue of conflicts up to date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from chengxin.base.bulk import copy_in, copy_out
from chengxin.conversion.actions.find_sql import BEARING, KEEP, SEGMENT, TWO_BODIES, TWO_CODES, WRONG_CHECK
from chengxin.conversion.judging import right_sql
from chengxin.conversion.settings import load_settings
from chengxin.intake.workspace import workspace
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

# Older forms of these have no check character; only what has the shape of the standard can fail it.
_JUDGED = {"uscc": ".+", "registration_number": "[0-9]{15}", "organisation_code": "[0-9A-Z]{9}"}


@dataclass(frozen=True)
class FoundConflicts:
    """How many conflicts stand, how many of them are new, and how many that stood before are gone."""

    standing: int
    opened: int
    gone: int


@dataclass(frozen=True)
class FindConflicts:
    """Look over every code on file and every pair of the mapping; doing it again changes nothing.

    Found are: one code at two bodies, two codes of a kind of which a body has one, an organisation code that is not the
    credit code's, and codes that fail their own standard. A conflict that is not found any more is settled, its open
    requests lapse; one that comes back, or that was confirmed and has changed since, is open again.
    """

    now: datetime

    def execute(self) -> FoundConflicts:
        """Find and keep, in one transaction; two looks at once wait for each other."""
        rule = load_settings().rule_on(legal_day(self.now))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('conversion.find'), 0)")
            cursor.execute(BEARING)
            _find_wrong(cursor)
            values: dict[str, Any] = {"now": self.now, "one_body": list(rule.one_body), "one_code": list(rule.one_code)}
            for statement in (TWO_BODIES, TWO_CODES, SEGMENT, WRONG_CHECK):
                cursor.execute(statement, values)
            cursor.execute(KEEP, values)
            standing, opened, gone = cursor.fetchone()
            cursor.execute("DROP TABLE bearing, found, wrong_code")
        return FoundConflicts(int(standing), int(opened), int(gone))


def _find_wrong(cursor: CursorWrapper) -> None:
    """Make ``wrong_code`` (kind, value): codes on file that fail their standard, judged in DuckDB."""
    kinds = ", ".join(f"'{kind}'" for kind in _JUDGED)
    with workspace() as scratch:
        copy_out(
            cursor,
            f"SELECT DISTINCT kind, value FROM bearing WHERE source = 'register' AND NOT past AND kind IN ({kinds})",
            scratch.duck,
            "code",
            {"kind": "VARCHAR", "value": "VARCHAR"},
        )
        wrong = " UNION ALL ".join(
            f"SELECT kind, value FROM code WHERE kind = '{kind}' AND regexp_full_match(value, '{shape}') "
            f"AND NOT {right_sql(kind, 'value')}"
            for kind, shape in _JUDGED.items()
        )
        cursor.execute("CREATE TEMP TABLE wrong_code (kind text, value text) ON COMMIT DROP")
        copy_in(scratch.duck, wrong, cursor, "wrong_code", ("kind", "value"))
