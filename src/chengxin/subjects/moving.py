"""Rows of the register on their way from one body to another, each kept as it was before (``MovedRow``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

_CODES = """
WITH gone AS (
    DELETE FROM subjects_identifier i WHERE i.subject_id = %(source)s
        AND (%(codes)s::text[] IS NULL OR i.kind || ':' || i.value = ANY(%(codes)s::text[])) RETURNING i.*
), seen AS (
    SELECT g.*, EXISTS (SELECT 1 FROM subjects_identifier t
        WHERE t.subject_id = %(target)s AND t.kind = g.kind AND t.value = g.value) AS there FROM gone g
), noted AS (
    INSERT INTO subjects_movedrow (change_id, what, from_subject_id, to_subject_id, before, absorbed, kept, at)
    SELECT %(change)s, 'identifier', %(source)s, %(target)s, to_jsonb(s) - 'there', there, false, %(now)s
    FROM seen s ORDER BY id
)
INSERT INTO subjects_identifier (subject_id, kind, value, first_seen_at, last_seen_at, ended_at, ended_on, replaced_by,
    came_from_id)
SELECT %(target)s, kind, value, first_seen_at, last_seen_at,
    CASE WHEN ends THEN %(now)s ELSE ended_at END, CASE WHEN ends THEN %(today)s ELSE ended_on END,
    CASE WHEN ends THEN %(current)s ELSE replaced_by END, %(source)s
FROM (SELECT s.*, kind = 'uscc' AND ended_at IS NULL AND %(current)s NOT IN ('', value) AS ends FROM seen s) AS s
WHERE NOT there ORDER BY id
"""

_NAMES = """
WITH gone AS (
    DELETE FROM subjects_name n WHERE n.subject_id = %(source)s
        AND (%(names)s::text[] IS NULL OR n.name = ANY(%(names)s::text[])) RETURNING n.*
), seen AS (
    SELECT g.*, EXISTS (SELECT 1 FROM subjects_name t WHERE t.subject_id = %(target)s AND t.name = g.name)
        OR row_number() OVER (PARTITION BY g.name ORDER BY g.id) > 1 AS there FROM gone g
), noted AS (
    INSERT INTO subjects_movedrow (change_id, what, from_subject_id, to_subject_id, before, absorbed, kept, at)
    SELECT %(change)s, 'name', %(source)s, %(target)s, to_jsonb(s) - 'there', there, false, %(now)s
    FROM seen s ORDER BY id
)
INSERT INTO subjects_name (subject_id, kind, name, folded, first_seen_at, last_seen_at, ended_at, came_from_id)
SELECT %(target)s, CASE WHEN kind = 'english' THEN kind ELSE 'former' END, name, folded, first_seen_at, last_seen_at,
    CASE WHEN kind = 'current' THEN %(now)s ELSE ended_at END, %(source)s
FROM seen WHERE NOT there ORDER BY id
"""

_RELATIONS = """
WITH turned AS (
    SELECT r.*, CASE from_subject_id WHEN %(source)s THEN %(target)s ELSE from_subject_id END AS new_from,
        CASE to_subject_id WHEN %(source)s THEN %(target)s ELSE to_subject_id END AS new_to
    FROM subjects_relation r WHERE %(source)s IN (from_subject_id, to_subject_id) FOR UPDATE
), seen AS (
    SELECT t.*, t.new_from = t.new_to OR EXISTS (SELECT 1 FROM subjects_relation o
        WHERE o.kind = t.kind AND o.from_subject_id = t.new_from AND o.to_subject_id = t.new_to) AS there FROM turned t
), noted AS (
    INSERT INTO subjects_movedrow (change_id, what, from_subject_id, to_subject_id, before, absorbed, kept, at)
    SELECT %(change)s, 'relation', %(source)s, %(target)s, to_jsonb(s) - '{new_from,new_to,there}'::text[], there,
        false, %(now)s FROM seen s ORDER BY id
), dropped AS (
    DELETE FROM subjects_relation r USING seen s WHERE r.id = s.id AND s.there
)
UPDATE subjects_relation r SET from_subject_id = s.new_from, to_subject_id = s.new_to
FROM seen s WHERE r.id = s.id AND NOT s.there
"""

_REFUSED = """
WITH gone AS (
    DELETE FROM subjects_refusedcode f WHERE f.subject_id = %(source)s RETURNING f.*
), seen AS (
    SELECT g.*, EXISTS (SELECT 1 FROM subjects_identifier t
        WHERE t.subject_id = %(target)s AND t.kind = g.kind AND t.value = g.value)
        OR EXISTS (SELECT 1 FROM subjects_refusedcode t
        WHERE t.subject_id = %(target)s AND t.kind = g.kind AND t.value = g.value) AS there FROM gone g
), noted AS (
    INSERT INTO subjects_movedrow (change_id, what, from_subject_id, to_subject_id, before, absorbed, kept, at)
    SELECT %(change)s, 'refused_code', %(source)s, %(target)s, to_jsonb(s) - 'there', there, false, %(now)s
    FROM seen s ORDER BY id
)
INSERT INTO subjects_refusedcode (subject_id, kind, value, change_id)
SELECT %(target)s, kind, value, change_id FROM seen WHERE NOT there
"""

_LIFTED = """
WITH gone AS (
    DELETE FROM subjects_refusedcode f USING subjects_identifier i WHERE f.subject_id = %(target)s
        AND i.subject_id = f.subject_id AND i.kind = f.kind AND i.value = f.value RETURNING f.*
)
INSERT INTO subjects_movedrow (change_id, what, from_subject_id, to_subject_id, before, absorbed, kept, at)
SELECT %(change)s, 'refused_code', %(target)s, %(target)s, to_jsonb(g), true, false, %(now)s FROM gone g ORDER BY id
"""

_TAKE_BACK_CODES = """
WITH moved AS (
    SELECT * FROM subjects_movedrow WHERE change_id = %(undoes)s AND what = 'identifier'
), gone AS (
    DELETE FROM subjects_identifier i USING moved m WHERE NOT m.absorbed AND i.subject_id = m.to_subject_id
        AND i.kind = m.before ->> 'kind' AND i.value = m.before ->> 'value' RETURNING i.*, m.id AS moved_id
), noted AS (
    INSERT INTO subjects_movedrow (change_id, what, from_subject_id, to_subject_id, before, absorbed, kept, at)
    SELECT %(change)s, 'identifier', m.to_subject_id, m.from_subject_id,
        coalesce(to_jsonb(g) - 'moved_id', m.before), false, m.absorbed, %(now)s
    FROM moved m LEFT JOIN gone g ON g.moved_id = m.id WHERE NOT m.kept ORDER BY m.id
)
INSERT INTO subjects_identifier
SELECT (jsonb_populate_record(NULL::subjects_identifier, m.before
    || jsonb_build_object('last_seen_at', greatest(g.last_seen_at, (m.before ->> 'last_seen_at')::timestamptz)))).*
FROM moved m LEFT JOIN gone g ON g.moved_id = m.id WHERE NOT m.kept ORDER BY m.id
ON CONFLICT (kind, value, subject_id) DO NOTHING
"""

_TAKE_BACK_NAMES = """
WITH moved AS (
    SELECT * FROM subjects_movedrow WHERE change_id = %(undoes)s AND what = 'name'
), gone AS (
    DELETE FROM subjects_name n USING moved m WHERE NOT m.absorbed AND n.subject_id = m.to_subject_id
        AND n.name = m.before ->> 'name' AND n.came_from_id = m.from_subject_id RETURNING n.*, m.id AS moved_id
), noted AS (
    INSERT INTO subjects_movedrow (change_id, what, from_subject_id, to_subject_id, before, absorbed, kept, at)
    SELECT %(change)s, 'name', m.to_subject_id, m.from_subject_id, coalesce(to_jsonb(g) - 'moved_id', m.before), false,
        m.absorbed OR g.id IS NULL, %(now)s
    FROM moved m LEFT JOIN gone g ON g.moved_id = m.id WHERE NOT m.kept ORDER BY m.id
)
INSERT INTO subjects_name
SELECT (jsonb_populate_record(NULL::subjects_name, m.before)).* FROM moved m WHERE NOT m.kept ORDER BY m.id
ON CONFLICT (subject_id, kind, name) DO NOTHING
"""

_TAKE_BACK_OTHERS = """
DELETE FROM subjects_relation r USING subjects_movedrow m
WHERE m.change_id = %(undoes)s AND m.what = 'relation' AND r.id = (m.before ->> 'id')::bigint;
INSERT INTO subjects_relation SELECT (jsonb_populate_record(NULL::subjects_relation, before)).*
FROM subjects_movedrow WHERE change_id = %(undoes)s AND what = 'relation' ORDER BY id ON CONFLICT DO NOTHING;
DELETE FROM subjects_refusedcode f USING subjects_movedrow m
WHERE m.change_id = %(undoes)s AND m.what = 'refused_code' AND NOT m.absorbed AND f.subject_id = m.to_subject_id
    AND f.kind = m.before ->> 'kind' AND f.value = m.before ->> 'value';
INSERT INTO subjects_refusedcode SELECT (jsonb_populate_record(NULL::subjects_refusedcode, before)).*
FROM subjects_movedrow WHERE change_id = %(undoes)s AND what = 'refused_code' ORDER BY id ON CONFLICT DO NOTHING;
DELETE FROM subjects_refusedcode WHERE change_id = %(undoes)s;
"""

_COPY_NAME = """
WITH made AS (
    INSERT INTO subjects_name (subject_id, kind, name, folded, first_seen_at, last_seen_at)
    VALUES (%(target)s, 'current', %(name)s, %(folded)s, %(now)s, %(now)s) RETURNING *
)
INSERT INTO subjects_movedrow (change_id, what, from_subject_id, to_subject_id, before, absorbed, kept, at)
SELECT %(change)s, 'name', %(source)s, %(target)s, to_jsonb(m), false, true, %(now)s FROM made m
"""


def move_everything(change_id: int, source: int, target: int, current: str, now: datetime, today: date) -> None:
    """Move every code, name, relation and refused code of ``source`` to ``target``.

    A credit code of ``source`` ends when ``target`` has another one, ``current``; former and current names become
    former ones. What the two bodies were said to be to each other goes.
    """
    _move(
        (_CODES, _NAMES, _RELATIONS, _REFUSED, _LIFTED),
        change_id,
        source,
        target,
        now,
        today=today,
        current=current,
        codes=None,
        names=None,
    )


def move_some(
    change_id: int, source: int, target: int, codes: Sequence[str], names: Sequence[str], now: datetime
) -> None:
    """Move ``codes`` (``kind:value``) and ``names`` from ``source`` to ``target``, as they stand."""
    _move(
        (_CODES, _NAMES), change_id, source, target, now, today=None, current="", codes=list(codes), names=list(names)
    )


def copy_name(change_id: int, source: int, target: int, name: str, folded: str, now: datetime) -> None:
    """Give ``target`` the current name ``name``; ``source`` keeps its own rows."""
    _move((_COPY_NAME,), change_id, source, target, now, name=name, folded=folded)


def take_back(change_id: int, undoes: int, now: datetime) -> None:
    """Put every row that the change ``undoes`` moved back as it was, and note that."""
    values: dict[str, Any] = {"change": change_id, "undoes": undoes, "now": now}
    with connection.cursor() as cursor:
        for statement in (_TAKE_BACK_CODES, _TAKE_BACK_NAMES, _TAKE_BACK_OTHERS):
            cursor.execute(statement, values)


def _move(
    statements: Sequence[str],
    change_id: int,
    source: int,
    target: int,
    now: datetime,
    **more: Any,  # noqa: ANN401 - parameters of the statements
) -> None:
    values: dict[str, Any] = {"change": change_id, "source": source, "target": target, "now": now} | more
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)
