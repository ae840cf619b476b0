"""Facts go from one body to another by new versions, in bulk, and back the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.base.events import publish, subscribe
from chengxin.catalogue import load_catalogue
from chengxin.records.actions.add import hold_item
from chengxin.records.events import RecordsAdded
from chengxin.subjects.events import BodiesMoved, MoveAsked, Moving

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

    from chengxin.subjects.events import BodyMove

_HELD = """
SELECT r.* FROM (SELECT DISTINCT key FROM records_record WHERE subject_id = %(source)s) AS about
CROSS JOIN LATERAL (
    SELECT v.id, v.key, v.kind, v.item, v.subject_id, v.link, v.identifier, v.public, v.document_number
    FROM records_record v WHERE v.key = about.key ORDER BY v.version DESC LIMIT 1
) AS r WHERE r.subject_id = %(source)s
"""
"""The facts at a body: of each the latest version, if that is about it."""

_OWN_ENTRY = f"""EXISTS (SELECT 1 FROM ({_HELD.replace("%(source)s", "%(target)s")}) AS own
    WHERE own.item = 'registration' AND own.public AND own.kind <> 'withdrawn')"""

# A body has one register entry that speaks for it; one that comes along is held and shown to nobody.
_SPEAKS = f"public AND NOT (item = 'registration' AND {_OWN_ENTRY})"

_BEFORE = """LEFT JOIN LATERAL (
    SELECT r.link, r.public FROM records_move m JOIN records_record v ON v.id = m.record_id
        JOIN records_record r ON r.id = m.replaced_id
    WHERE m.change_id = %(undoes)s AND v.key = h.key AND NOT EXISTS (SELECT 1 FROM records_record w
        WHERE w.key = h.key AND w.version > v.version AND w.kind <> 'moved')
) AS b ON true"""
"""Link and publicity before the change that is undone, of facts that have done nothing but move since."""

_MOVING = {
    "merge": f"SELECT id, item, link, {_SPEAKS} AS public FROM held",
    "split": """SELECT id, item, link, public FROM held
        WHERE identifier = ANY(%(codes)s::text[]) OR (key = ANY(%(facts)s::uuid[])
            AND NOT EXISTS (SELECT 1 FROM subjects_identifier i
                WHERE i.subject_id = %(source)s AND i.kind || ':' || i.value = held.identifier))""",
    "undo merge": f"""SELECT h.id, h.item, coalesce(b.link, h.link) AS link, coalesce(b.public, h.public) AS public
        FROM held h {_BEFORE}
        WHERE h.key IN (SELECT v.key FROM records_move x JOIN records_record v ON v.id = x.record_id
                WHERE x.change_id = %(undoes)s)
            OR (h.identifier = ANY(%(codes)s::text[]) AND h.item <> 'registration')""",
    "undo split": f"""SELECT h.id, h.item, coalesce(b.link, h.link) AS link,
            coalesce(b.public, h.{_SPEAKS.replace("(item", "(h.item")}) AS public
        FROM held h {_BEFORE}""",
}
"""What goes over, for each kind of move: the version, and the link and publicity of the version to be made."""

_MOVE = """
WITH made AS (
    INSERT INTO records_record (id, key, version, kind, replaces, item, generation, subject_id, link, identifier,
        organisation_id, batch_id, line, document_number, decided_on, valid_from, valid_until, rule, due_on,
        due_provisional, public, recorded_at, digest, content)
    SELECT nextval('record_ids'), r.key, r.version + 1, CASE r.kind WHEN 'withdrawn' THEN r.kind ELSE 'moved' END, r.id,
        r.item, r.generation, %(target)s, m.link, r.identifier, r.organisation_id, r.batch_id, r.line,
        r.document_number, r.decided_on, r.valid_from, r.valid_until, r.rule, r.due_on, r.due_provisional, m.public,
        %(now)s, r.digest, r.content
    FROM moving_fact m JOIN records_record r USING (id) WHERE m.item = %(item)s ORDER BY r.id
    RETURNING id, replaces
), noted AS (
    INSERT INTO records_move (record_id, replaced_id, change_id, from_subject_id)
    SELECT id, replaces, %(change)s, %(source)s FROM made
)
SELECT min(id), max(id) FROM made
"""


def say_what_moves(asked: MoveAsked) -> None:
    """Add to a preview the facts that would move: how many of each item, and exactly which versions.

    The digest also names the facts of the receiver, which they would stand beside. A document that both bodies hold a
    fact of is told: it may have been handed in twice.
    """
    move = asked.move
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT item, id FROM ({_moving(move)}) AS moving ORDER BY id", _values(move))
        rows = cursor.fetchall()
        counts: dict[str, int] = {}
        for item, _id in rows:
            counts[item] = counts.get(item, 0) + 1
        numbers = ",".join(str(number) for _item, number in rows)
        cursor.execute(
            f"""SELECT md5(%(moving)s
                || ';' || coalesce((SELECT string_agg(id::text, ',' ORDER BY id) FROM ({_HELD}) h), '')
                || ';' || coalesce((SELECT string_agg(id::text, ',' ORDER BY id)
                    FROM ({_HELD.replace("%(source)s", "%(target)s")}) h), ''))""",
            _values(move) | {"moving": numbers},
        )
        (digest,) = cursor.fetchone()
        twice = _handed_in_twice(cursor, move)
    asked.found.append(
        Moving("records", "信用记录", "facts", dict(sorted(counts.items())), str(digest), _notices(twice))
    )


def moving_facts(move: BodyMove) -> list[int]:
    """Return the versions of facts that the move would replace, by number."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM ({_moving(move)}) AS moving ORDER BY id", _values(move))
        return [int(row[0]) for row in cursor.fetchall()]


def move_facts(event: BodiesMoved) -> None:
    """Give every fact that the change moves a version at the receiving body, and tell the floors above.

    Nothing is updated and nothing deleted: of a fact, the version says where it is and when that was known. Versions of
    one item get their numbers in one run. A withdrawn fact stays withdrawn.
    """
    with connection.cursor() as cursor:
        # Every item's lock before the look and before the lock on the numbers, as everybody who adds takes them.
        for item in sorted(one.key for one in load_catalogue().items):
            hold_item(item)
        cursor.execute(
            f"CREATE TEMP TABLE moving_fact ON COMMIT DROP AS SELECT * FROM ({_moving(event.move)}) AS moving",
            _values(event.move),
        )
        cursor.execute("ANALYZE moving_fact")
        cursor.execute("SELECT DISTINCT item FROM moving_fact ORDER BY item")
        items = [row[0] for row in cursor.fetchall()]
    for item in items:
        first, last = _move(item, event)
        publish(RecordsAdded(item, first, last, (), replacing=True, today=event.today, moved=True))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE moving_fact")


def listen() -> None:
    """Subscribe to what the floor below tells."""
    subscribe(MoveAsked, say_what_moves)
    subscribe(BodiesMoved, move_facts)


def _moving(move: BodyMove) -> str:
    kind = f"undo {move.undone}" if move.kind == "undo" else move.kind
    return f"WITH held AS ({_HELD}) {_MOVING[kind]}"


def _values(move: BodyMove) -> dict[str, Any]:
    return {
        "source": move.source,
        "target": move.target,
        "codes": list(move.codes),
        "facts": list(move.facts),
        "undoes": move.undoes,
    }


def _move(item: str, event: BodiesMoved) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('records.ids'), 0)")
        cursor.execute(_MOVE, _values(event.move) | {"item": item, "now": event.now, "change": event.change_id})
        first, last = cursor.fetchone()
    return int(first), int(last)


def _handed_in_twice(cursor: CursorWrapper, move: BodyMove) -> int:
    """Return how many documents both bodies hold a fact of; only a merge brings them side by side."""
    if move.kind != "merge":
        return 0
    cursor.execute(
        f"""SELECT count(DISTINCT (a.item, a.document_number)) FROM ({_HELD}) a
        JOIN ({_HELD.replace("%(source)s", "%(target)s")}) b USING (item, document_number)
        WHERE a.document_number <> '' AND a.kind <> 'withdrawn' AND b.kind <> 'withdrawn'""",
        _values(move),
    )
    return int(cursor.fetchone()[0])


def _notices(twice: int) -> tuple[tuple[str, str], ...]:
    if not twice:
        return ()
    return (
        (
            f"有 {twice} 个文书号在两个主体名下都有记录，合并后会并列显示，请与报送单位核实是否重复报送",
            (
                f"{twice} documents have facts at both bodies: after the merge both stand side by side; ask whether "
                "one was handed in twice"
            ),
        ),
    )
