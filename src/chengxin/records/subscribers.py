"""Facts that waited for their body: when a code becomes known, they are tied to it by a new version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from chengxin.base.events import publish, subscribe
from chengxin.catalogue import load_catalogue
from chengxin.records.events import RecordsAdded
from chengxin.records.refusals import BLOCKED
from chengxin.subjects.events import IdentifiersAdded

if TYPE_CHECKING:
    from datetime import datetime

_WAITING = f"""
CREATE TEMP TABLE waiting ON COMMIT DROP AS
SELECT r.id, n.subject_id, n.kind FROM new_identifier n JOIN records_record r
    ON r.identifier = n.kind || ':' || n.value AND r.subject_id IS NULL
WHERE r.kind <> 'withdrawn'
    AND NOT EXISTS (SELECT 1 FROM records_record l WHERE l.key = r.key AND l.version > r.version)
    AND NOT EXISTS (SELECT 1 FROM subjects_identifier o
        WHERE o.kind = n.kind AND o.value = n.value AND o.subject_id <> n.subject_id)
    AND NOT {BLOCKED.format(identifier="r.identifier", subject="n.subject_id")}
"""

_TIE = """
INSERT INTO records_record (id, key, version, kind, replaces, item, generation, subject_id, link, identifier,
    organisation_id, batch_id, line, document_number, decided_on, valid_from, valid_until, rule, due_on,
    due_provisional, public, recorded_at, digest, content)
SELECT nextval('record_ids'), r.key, r.version + 1, 'relinked', r.id, r.item, r.generation, w.subject_id, w.kind,
    r.identifier, r.organisation_id, r.batch_id, r.line, r.document_number, r.decided_on, r.valid_from, r.valid_until,
    r.rule, r.due_on, r.due_provisional, r.public, %(now)s, r.digest, r.content
FROM waiting w JOIN records_record r USING (id) WHERE r.item = %(item)s ORDER BY r.id
RETURNING id
"""


def tie_waiting_facts(event: IdentifiersAdded) -> None:
    """Give every fact that waited for one of the new codes a version that is tied to the code's body.

    Only an identifier ties, and only when no second body bears it and nobody found that the fact is not this body's.
    The earlier version stays as it was.
    """
    with connection.cursor() as cursor:
        # Every item's lock before the look and before the lock on the numbers, as everybody who adds takes them:
        # otherwise a withdrawal at the same moment could wait for us while we wait for it.
        for item in sorted(one.key for one in load_catalogue().items):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('records.add'), hashtext(%s))", [item])
        cursor.execute(_WAITING)
        cursor.execute("SELECT DISTINCT r.item FROM waiting w JOIN records_record r USING (id) ORDER BY r.item")
        items = [row[0] for row in cursor.fetchall()]
    for item in items:
        ids = _tie(item, event.now)
        publish(RecordsAdded(item, ids[0], ids[-1], (), replacing=True, today=event.today))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE waiting")


def _tie(item: str, now: datetime) -> list[int]:
    """Add the tied versions of one item's facts; the lock on the numbers keeps them in one run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('records.ids'), 0)")
        cursor.execute(_TIE, {"now": now, "item": item})
        return sorted(row[0] for row in cursor.fetchall())


def listen() -> None:
    """Subscribe to what the floor below tells."""
    subscribe(IdentifiersAdded, tie_waiting_facts)
