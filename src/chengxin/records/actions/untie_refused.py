"""Facts that a refused code tied to a body are untied by new versions."""

from __future__ import annotations

from django.db import connection

from chengxin.base.events import publish, subscribe
from chengxin.catalogue import load_catalogue
from chengxin.records.actions.add import hold_item
from chengxin.records.events import RecordsAdded
from chengxin.subjects.events import CodesRefused

_TIED = """
CREATE TEMP TABLE tied_by_refused ON COMMIT DROP AS
SELECT r.id, r.item FROM refused_code c JOIN records_record r
    ON r.subject_id = c.subject_id AND r.identifier = c.kind || ':' || c.value
-- What a person tied stays tied, and the body's own register entry is the registrar's.
WHERE r.kind <> 'withdrawn' AND r.link <> 'decision' AND r.item <> 'registration'
    AND NOT EXISTS (SELECT 1 FROM records_record l WHERE l.key = r.key AND l.version > r.version)
"""

_UNTIE = """
WITH made AS (
    INSERT INTO records_record (id, key, version, kind, replaces, item, generation, subject_id, link, identifier,
        organisation_id, batch_id, line, document_number, decided_on, valid_from, valid_until, rule, due_on,
        due_provisional, public, recorded_at, digest, content)
    SELECT nextval('record_ids'), r.key, r.version + 1, 'relinked', r.id, r.item, r.generation, NULL, NULL,
        r.identifier, r.organisation_id, r.batch_id, r.line, r.document_number, r.decided_on, r.valid_from,
        r.valid_until, r.rule, r.due_on, r.due_provisional, r.public, %(now)s, r.digest, r.content
    FROM tied_by_refused t JOIN records_record r USING (id) WHERE r.item = %(item)s ORDER BY r.id
    RETURNING id
)
SELECT min(id), max(id) FROM made
"""


def untie_refused(event: CodesRefused) -> None:
    """Give every fact that a refused code tied to its body a version tied to nobody; the public pages lose it at once.

    Where another body bears the code alone, ``IdentifiersAdded`` ties the facts to that one next.
    """
    with connection.cursor() as cursor:
        # Every item's lock before the look and before the lock on the numbers, as everybody who adds takes them.
        for item in sorted(one.key for one in load_catalogue().items):
            hold_item(item)
        cursor.execute(_TIED)
        cursor.execute("SELECT DISTINCT item FROM tied_by_refused ORDER BY item")
        items = [str(row[0]) for row in cursor.fetchall()]
        for item in items:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('records.ids'), 0)")
            cursor.execute(_UNTIE, {"now": event.now, "item": item})
            first, last = cursor.fetchone()
            publish(RecordsAdded(item, int(first), int(last), (), replacing=True, today=event.today))
        cursor.execute("DROP TABLE tied_by_refused")


def listen() -> None:
    """Subscribe to what the floor below tells."""
    subscribe(CodesRefused, untie_refused)
