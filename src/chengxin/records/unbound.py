"""Facts at a body that none of its codes ties: a person decided about them, so a split has to ask about them too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from datetime import date

MOST = 200
"""Facts shown at a time."""

_UNBOUND = """
SELECT r.key::text, r.item, r.document_number, r.decided_on, r.identifier
FROM (SELECT DISTINCT key FROM records_record WHERE subject_id = %(subject)s) AS about
CROSS JOIN LATERAL (
    SELECT v.key, v.item, v.document_number, v.decided_on, v.identifier, v.subject_id, v.kind
    FROM records_record v WHERE v.key = about.key ORDER BY v.version DESC LIMIT 1
) AS r
WHERE r.subject_id = %(subject)s AND r.kind <> 'withdrawn' AND r.item <> 'registration'
    AND NOT EXISTS (SELECT 1 FROM subjects_identifier i
        WHERE i.subject_id = %(subject)s AND i.kind || ':' || i.value = r.identifier)
ORDER BY r.item, r.decided_on DESC NULLS LAST, r.key LIMIT %(most)s
"""


@dataclass(frozen=True)
class UnboundFact:
    """A fact by its key, with what tells it from others; ``identifier`` is the code it was handed in under."""

    key: str
    item: str
    document_number: str
    decided_on: date | None
    identifier: str


def unbound_facts(subject_id: int) -> tuple[UnboundFact, ...]:
    """Return the body's facts that no code of the body ties, by item, the latest decision first; ``MOST`` at most."""
    with connection.cursor() as cursor:
        cursor.execute(_UNBOUND, {"subject": subject_id, "most": MOST})
        return tuple(UnboundFact(*row) for row in cursor.fetchall())
