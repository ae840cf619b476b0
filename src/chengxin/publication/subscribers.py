"""Fill the public schema in the same transaction as the facts.

Only what the catalogue makes public is shown, and only in its dates.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.base.events import subscribe
from chengxin.catalogue import load_catalogue
from chengxin.publication import moving
from chengxin.records.events import RecordsAdded

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

_CONTENT = """(r.content - %(hidden)s::text[])"""

_ADDED = "FROM records_record r WHERE r.id BETWEEN %(first)s AND %(last)s"

_TIED_SINCE = """(SELECT min(v.recorded_at) FROM records_record v WHERE v.key = r.key AND v.version > coalesce(
    (SELECT max(w.version) FROM records_record w
     WHERE w.key = r.key AND w.subject_id IS DISTINCT FROM r.subject_id), 0))"""
"""When the body that the version ``r`` names became the fact's, without a break since."""

_TAKE_BACK = """
WITH gone AS (
    DELETE FROM publication.fact f USING records_record r
    WHERE r.id BETWEEN %(first)s AND %(last)s AND r.replaces = f.record_id RETURNING f.item, f.decided_on)
INSERT INTO publication.monthly (item, month, facts)
SELECT item, date_trunc('month', decided_on)::date, -count(*) FROM gone GROUP BY 1, 2
ON CONFLICT (item, month) DO UPDATE SET facts = publication.monthly.facts + excluded.facts
"""

_SHOW = f"""
INSERT INTO publication.fact (record_id, subject_id, item, document_number, decided_on, issuer, shown_from,
    shown_until, content, link, linked_on)
SELECT r.id, r.subject_id, r.item, r.document_number, r.decided_on, coalesce(r.content ->> %(issuer)s, ''),
    greatest(r.valid_from, %(today)s), r.valid_until, {_CONTENT}, r.link, (CASE WHEN r.version = 1
        THEN r.recorded_at ELSE {_TIED_SINCE} END AT TIME ZONE 'Asia/Shanghai')::date
{_ADDED} AND r.public AND r.subject_id IS NOT NULL AND r.decided_on IS NOT NULL
    AND (r.valid_until IS NULL OR r.valid_until >= %(today)s) AND r.id <> ALL(%(superseded)s::bigint[])
"""

_COUNT = """
INSERT INTO publication.monthly (item, month, facts)
SELECT item, date_trunc('month', decided_on)::date, count(*) FROM publication.fact
WHERE record_id BETWEEN %(first)s AND %(last)s GROUP BY 1, 2
ON CONFLICT (item, month) DO UPDATE SET facts = publication.monthly.facts + excluded.facts
"""

_SHOW_BODIES = f"""
INSERT INTO publication.body AS b (subject_id, uscc, kind, name, status, shown_from, shown_until, content)
SELECT s.id, s.uscc, s.kind, s.name, s.status, least(r.valid_from, %(today)s), NULL,
    {_CONTENT} - ARRAY(SELECT jsonb_array_elements_text(coalesce(hidden.of -> s.kind, hidden.of -> 'other')))
FROM records_record r JOIN subjects_subject s ON s.id = r.subject_id
    CROSS JOIN (SELECT %(hidden_of)s::jsonb AS of) AS hidden
WHERE {{chosen}} AND r.public AND s.uscc <> '' AND r.id <> ALL(%(superseded)s::bigint[])
ON CONFLICT (subject_id) DO UPDATE SET uscc = excluded.uscc, kind = excluded.kind, name = excluded.name,
    status = excluded.status, shown_from = least(b.shown_from, excluded.shown_from), content = excluded.content
"""

_HIDE_BODIES = """
DELETE FROM publication.body b USING records_record r, records_record p
WHERE r.id BETWEEN %(first)s AND %(last)s AND r.kind = 'withdrawn' AND r.subject_id = b.subject_id
    AND p.id = r.replaces AND p.public
"""

_NAMES = """
DELETE FROM publication.body_name n USING records_record r
WHERE r.id BETWEEN %(first)s AND %(last)s AND r.subject_id = n.subject_id;
INSERT INTO publication.body_name (subject_id, kind, name, folded)
SELECT n.subject_id, n.kind, n.name, n.folded FROM subjects_name n JOIN publication.body b USING (subject_id)
WHERE n.subject_id IN (SELECT r.subject_id FROM records_record r WHERE r.id BETWEEN %(first)s AND %(last)s)
ON CONFLICT DO NOTHING;
"""

_STATE = """
INSERT INTO publication.state (one, bodies, changed_at) VALUES (true, %(bodies)s, clock_timestamp())
ON CONFLICT (one) DO UPDATE SET bodies = publication.state.bodies + excluded.bodies, changed_at = excluded.changed_at
"""


def publish_records(event: RecordsAdded) -> None:
    """Take back what was replaced or withdrawn and show what is new."""
    item = load_catalogue().item(event.item)
    every = {field.key for field in item.fields}
    public = {field.key for field in item.public_fields()}
    of_kind = {kind.value: {field.key for field in item.public_fields(kind)} for kind in item.subject_kinds}
    of_kind["other"] = public.intersection(*of_kind.values())
    values: dict[str, Any] = {
        "first": event.first_id,
        "last": event.last_id,
        "today": event.today,
        "superseded": list(event.superseded),
        "hidden": sorted((every - public) | {"withdrawal_reason"}),
        "hidden_of": json.dumps({kind: sorted(public - shown) for kind, shown in of_kind.items()}),
        "issuer": item.roles.issuer_name or "",
    }
    with connection.cursor() as cursor:
        if event.moved:
            _follow_moves(cursor, event, values)
            return
        if item.key == "registration":
            _publish_bodies(cursor, values)
            return
        if event.replacing:
            cursor.execute(_TAKE_BACK, values)
        cursor.execute(_SHOW, values)
        cursor.execute(_COUNT, values)
        cursor.execute(_STATE, {"bodies": 0})


def _publish_bodies(cursor: CursorWrapper, values: dict[str, Any]) -> None:
    before = _bodies(cursor)
    cursor.execute(_SHOW_BODIES.format(chosen="r.id BETWEEN %(first)s AND %(last)s"), values)
    cursor.execute(_HIDE_BODIES, values)
    cursor.execute(_NAMES, values)
    cursor.execute(_STATE, {"bodies": _bodies(cursor) - before})


def _follow_moves(cursor: CursorWrapper, event: RecordsAdded, values: dict[str, Any]) -> None:
    """Let public rows go where their facts went; a body whose entry went away is shown no more."""
    before = _bodies(cursor)
    if event.item == "registration":
        touched, entries = moving.entries_after(event)
        cursor.execute(_SHOW_BODIES.format(chosen="r.id = ANY(%(entries)s::bigint[])"), values | {"entries": entries})
        moving.refresh_names(touched)
    else:
        moving.follow(event)
    cursor.execute(_STATE, {"bodies": _bodies(cursor) - before})


def _bodies(cursor: CursorWrapper) -> int:
    cursor.execute("SELECT count(*) FROM publication.body")
    return int(cursor.fetchone()[0])


def listen() -> None:
    """Subscribe to what the floor below tells."""
    subscribe(RecordsAdded, publish_records)
    moving.listen()
