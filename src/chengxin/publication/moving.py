"""Public rows follow the facts of merged and split bodies, and old codes lead on to where their body is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.base.events import subscribe
from chengxin.records.actions.move_facts import moving_facts
from chengxin.subjects.events import BodiesChanged, MoveAsked, Moving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chengxin.records.events import RecordsAdded

# The row is the same in all that is shown, its first day included; only whose it is has changed.
_FOLLOW = """
UPDATE publication.fact f SET record_id = r.id, subject_id = r.subject_id FROM records_record r
WHERE r.id BETWEEN %(first)s AND %(last)s AND r.kind = 'moved' AND r.replaces = f.record_id
"""

_TOUCHED = """
SELECT r.subject_id FROM records_record r WHERE r.id BETWEEN %(first)s AND %(last)s
UNION SELECT p.subject_id FROM records_record r JOIN records_record p ON p.id = r.replaces
WHERE r.id BETWEEN %(first)s AND %(last)s
"""

_ENTRIES = """
SELECT DISTINCT ON (t.subject_id) v.id
FROM unnest(%(touched)s::bigint[]) AS t (subject_id)
JOIN (SELECT DISTINCT subject_id, key FROM records_record
    WHERE subject_id = ANY(%(touched)s::bigint[]) AND item = 'registration') AS about USING (subject_id)
CROSS JOIN LATERAL (
    SELECT * FROM records_record l WHERE l.key = about.key ORDER BY l.version DESC LIMIT 1
) AS v
WHERE v.subject_id = t.subject_id AND v.public AND v.kind <> 'withdrawn'
-- A body's own entry goes before one that came along with a body merged into it.
ORDER BY t.subject_id, v.key = md5(concat_ws(chr(31), 'registration', t.subject_id))::uuid DESC, v.id DESC
"""

_GONE = """
DELETE FROM publication.body WHERE subject_id = ANY(%(touched)s::bigint[])
    AND subject_id <> ALL(SELECT subject_id FROM records_record WHERE id = ANY(%(entries)s::bigint[]))
"""

_BODIES = """
UPDATE publication.body b SET uscc = s.uscc, kind = s.kind, name = s.name, status = s.status
FROM subjects_subject s WHERE s.id = b.subject_id AND s.id = ANY(%(subjects)s::bigint[]) AND s.uscc <> ''
"""

_NAMES = """
DELETE FROM publication.body_name WHERE subject_id = ANY(%(subjects)s::bigint[]);
INSERT INTO publication.body_name (subject_id, kind, name, folded)
SELECT n.subject_id, n.kind, n.name, n.folded FROM subjects_name n JOIN publication.body b USING (subject_id)
WHERE n.subject_id = ANY(%(subjects)s::bigint[]) ON CONFLICT DO NOTHING;
"""

_LEADS = """
DELETE FROM publication.leads_on l WHERE l.subject_id = ANY(%(subjects)s::bigint[])
    OR l.code IN (SELECT i.value FROM subjects_identifier i
        WHERE i.kind = 'uscc' AND i.subject_id = ANY(%(subjects)s::bigint[]));
INSERT INTO publication.leads_on (code, subject_id, cause, since)
SELECT i.value, min(i.subject_id), CASE WHEN bool_or(i.came_from_id IS NOT NULL) THEN 'merged' ELSE 'replaced' END,
    min(i.ended_on)
FROM subjects_identifier i WHERE i.kind = 'uscc' AND i.value IN (SELECT o.value FROM subjects_identifier o
    WHERE o.kind = 'uscc' AND o.subject_id = ANY(%(subjects)s::bigint[]))
GROUP BY i.value HAVING count(*) = 1 AND bool_and(i.ended_at IS NOT NULL)
"""


def follow(event: RecordsAdded) -> None:
    """Let the public rows of facts (not of register entries) go where their facts went."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, {"first": event.first_id, "last": event.last_id})


def entries_after(event: RecordsAdded) -> tuple[list[int], list[int]]:
    """Return the bodies that moved register entries touched, and of each the entry that speaks for it now.

    The public rows of bodies without any are gone when this returns.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, {"first": event.first_id, "last": event.last_id})
        touched = sorted(row[0] for row in cursor.fetchall() if row[0] is not None)
        cursor.execute(_ENTRIES, {"touched": touched})
        entries = sorted(row[0] for row in cursor.fetchall())
        cursor.execute(_GONE, {"touched": touched, "entries": entries})
    return touched, entries


def refresh_names(subjects: Sequence[int]) -> None:
    """Bring the public names of these bodies up to date."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, {"subjects": list(subjects)})


def refresh(event: BodiesChanged) -> None:
    """Bring codes, names and state of these bodies up to date, and where old codes lead."""
    values: dict[str, Any] = {"subjects": list(event.subjects)}
    with connection.cursor() as cursor:
        for statement in (_BODIES, _NAMES, _LEADS):
            cursor.execute(statement, values)


def say_what_moves(asked: MoveAsked) -> None:
    """Add to a preview the public rows that would follow their facts."""
    ids = moving_facts(asked.move)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item, count(*) FROM publication.fact WHERE record_id = ANY(%s) GROUP BY item ORDER BY item", [ids]
        )
        counts = {str(item): int(rows) for item, rows in cursor.fetchall()}
        cursor.execute("SELECT count(*) FROM publication.body WHERE subject_id = %s", [asked.move.source])
        page = int(cursor.fetchone()[0])
    if page and asked.move.kind == "merge":
        counts["page"] = page
    asked.found.append(Moving("publication", "公示信息", "public rows", counts))


def listen() -> None:
    """Subscribe to what the floors below tell."""
    subscribe(MoveAsked, say_what_moves)
    subscribe(BodiesChanged, refresh)
