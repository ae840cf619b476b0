"""Add codes to bodies that are on file: what another source says of a body that bears the credit code it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.base.events import publish
from chengxin.subjects.actions.register import hold_register
from chengxin.subjects.events import IdentifiersAdded

if TYPE_CHECKING:
    from datetime import date, datetime

_ADD = """
CREATE TEMP TABLE new_identifier ON COMMIT DROP AS
WITH bearer AS (
    SELECT i.value AS uscc, min(i.subject_id) AS subject_id FROM subjects_identifier i
    WHERE i.kind = 'uscc' AND i.value IN (SELECT uscc FROM offered_code)
    GROUP BY i.value HAVING count(DISTINCT i.subject_id) = 1
), added AS (
    INSERT INTO subjects_identifier (subject_id, kind, value, first_seen_at, last_seen_at)
    SELECT DISTINCT b.subject_id, o.kind, o.value, %(now)s::timestamptz, %(now)s::timestamptz
    FROM offered_code o JOIN bearer b USING (uscc)
    WHERE o.kind <> 'uscc' AND o.value <> ''
        AND NOT EXISTS (SELECT 1 FROM subjects_refusedcode f
            WHERE f.subject_id = b.subject_id AND f.kind = o.kind AND f.value = o.value)
        -- A second bearer would end the first one's ties: whose the code is, is for people to decide.
        AND NOT EXISTS (SELECT 1 FROM subjects_identifier i
            WHERE i.kind = o.kind AND i.value = o.value AND i.subject_id <> b.subject_id)
        AND NOT EXISTS (SELECT 1 FROM offered_code r JOIN bearer c ON c.uscc = r.uscc
            WHERE r.kind = o.kind AND r.value = o.value AND c.subject_id <> b.subject_id)
    ON CONFLICT (kind, value, subject_id) DO NOTHING RETURNING subject_id, kind, value
)
SELECT subject_id, kind, value FROM added
"""


@dataclass(frozen=True)
class AddCodes:
    """Add older codes to the bodies that bear the credit codes they are said to belong to, in the caller's transaction.

    Reads the temporary table ``offered_code`` (uscc, kind, value). A credit code finds its body, one that was replaced
    too; a name finds none. No body is made, none is called otherwise or changes its state. A code that another body
    bears, that was refused to the body, or that is offered to two bodies is left out.
    """

    now: datetime
    today: date

    def execute(self) -> int:
        """Add, tell the floors above what was added (facts that waited are tied), and return the number of codes."""
        hold_register(alone=True)
        with connection.cursor() as cursor:
            cursor.execute(_ADD, {"now": self.now})
            cursor.execute("SELECT count(*) FROM new_identifier")
            added = int(cursor.fetchone()[0])
            if added:
                publish(IdentifiersAdded(self.now, self.today))
            cursor.execute("DROP TABLE new_identifier")
        return added
