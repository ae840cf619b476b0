"""Names what was done to a leaf that is not what its event hashes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.verifier.findings import Finding, Findings
from chengxin.verifier.rows import _RAW, OBJECT, OBJECT_KIND, SUBJECT, Row, leaf_hash, split_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import psycopg

    from chengxin.verifier.merkle import Hash

TRIED = 50_000
"""Subjects that are tried in the place of the one an event names."""


def name_leaves(
    connection: psycopg.Connection,
    make: Hash,
    differing: Sequence[tuple[int, int, bytes, bytes, bool]],
    vouched: Callable[[int], bool],
    found: Findings,
) -> None:
    """Name each differing leaf: (position, event, stored hash, computed hash, whether the event is there).

    ``vouched`` says whether the stored hashes up to a position have the root that was signed: then the event was
    changed, otherwise the leaf.
    """
    subjects: list[bytes] = []
    for position, event, kept, _made, present in differing:
        if not present:
            found.add(Finding("event_deleted", position, event))
        elif not vouched(position):
            found.add(Finding("leaf_changed", position, event))
        else:
            subjects = subjects or _subjects(connection)
            row = _row(connection, position)
            swapped = any(leaf_hash(make, one) == kept for one in _with_other_subjects(row, subjects))
            found.add(Finding("subject_swapped" if swapped else "event_changed", position, event))


def _subjects(connection: psycopg.Connection) -> list[bytes]:
    rows = connection.execute(
        "SELECT DISTINCT subject_id::text FROM core.audit_event WHERE subject_id IS NOT NULL LIMIT %s", [TRIED]
    )
    return [one.encode() for (one,) in rows]


def _row(connection: psycopg.Connection, position: int) -> Row:
    query = (
        f"COPY (SELECT {_RAW} FROM core.audit_leaf l JOIN core.audit_event e ON e.id = l.event_id "  # noqa: S608 - a number of our own
        f"WHERE l.position = {int(position)}) TO STDOUT"
    )
    with connection.cursor() as cursor, cursor.copy(query.encode()) as copy:
        (row,) = [split_row(bytes(line)) for line in copy]
    return row


def _with_other_subjects(row: Row, subjects: Sequence[bytes]) -> Iterator[Row]:
    """Yield the row with every other subject in its place, in the object too where that is a subject."""
    also_object = row[OBJECT_KIND] == b"subject"
    for one in (*subjects, None):
        other = list(row)
        other[SUBJECT] = one
        yield list(other)
        if also_object and one is not None:
            other[OBJECT] = one
            yield other
