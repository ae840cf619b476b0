"""What people found not to be the same is remembered: such a pair is not proposed again and not tied by itself.

A pair is the code a fact came under (or, for a row without a code, its folded name) and a body. It is remembered while
its decision stands, that is, until a person takes the decision back.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STANDING = """d.outcome = 'not_same'
    AND NOT EXISTS (SELECT 1 FROM records_linkdecision undo WHERE undo.undoes_id = d.id)
    AND NOT EXISTS (SELECT 1 FROM records_linkdecision later
        WHERE later.outcome = 'link' AND later.identifier <> '' AND later.identifier = d.identifier
            AND later.id > d.id AND later.subject_id IN (
                WITH RECURSIVE onward (id) AS (SELECT d.subject_id UNION
                    SELECT s.merged_into_id FROM subjects_subject s JOIN onward USING (id)
                    WHERE s.merged_into_id IS NOT NULL)
                SELECT id FROM onward)
            AND NOT EXISTS (SELECT 1 FROM records_linkdecision undo WHERE undo.undoes_id = later.id))"""
"""SQL: decision ``d`` says "not the same"; nobody has taken it back or tied the pair since."""

BLOCKED = f"""EXISTS (SELECT 1 FROM records_linkdecision d
    WHERE d.identifier = {{identifier}} AND {STANDING} AND d.subject_id IN (
        WITH RECURSIVE same (id) AS (SELECT {{subject}} UNION
            SELECT s.id FROM subjects_subject s JOIN same ON s.merged_into_id = same.id)
        SELECT id FROM same))"""
"""SQL with two places to fill: a person found that the fact of this code is not this body's.

A decision about a body that was merged into this one speaks about this one; it speaks for itself again once the merge
is undone.
"""


def refused_bodies(pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], frozenset[int]]:
    """Return for each (identifier, name key) the bodies that are known not to be meant.

    With an identifier only decisions about that identifier count; without one, decisions about rows that had none and
    bore the same name. A body that was merged since is followed: both it and the one it is now part of are returned,
    and the latter no more once the merge is undone. One query.
    """
    asked = set(pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH RECURSIVE same (identifier, name_key, subject_id) AS (
                SELECT d.identifier, d.name_key, d.subject_id FROM records_linkdecision d
                WHERE {STANDING} AND (d.identifier = ANY(%s) OR (d.identifier = '' AND d.name_key = ANY(%s)))
                UNION SELECT same.identifier, same.name_key, s.merged_into_id
                FROM same JOIN subjects_subject s ON s.id = same.subject_id WHERE s.merged_into_id IS NOT NULL)
            SELECT identifier, name_key, subject_id FROM same""",
            [[one for one, _ in asked if one], [name for one, name in asked if not one]],
        )
        rows = cursor.fetchall()
    by_key: dict[tuple[str, str], set[int]] = defaultdict(set)
    for identifier, name_key, subject in rows:
        by_key[(identifier, "" if identifier else name_key)].add(subject)
    return {
        (identifier, name): frozenset(by_key.get((identifier, "" if identifier else name), ()))
        for identifier, name in asked
    }


def with_survivors(named: Iterable[int]) -> frozenset[int]:
    """Return the bodies and every one that they were merged into; one query."""
    numbers = sorted(set(named))
    if not numbers:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH RECURSIVE same (id) AS (SELECT unnest(%s::bigint[]) UNION
                SELECT s.merged_into_id FROM subjects_subject s JOIN same USING (id) WHERE s.merged_into_id IS NOT NULL)
            SELECT id FROM same""",
            [numbers],
        )
        return frozenset(int(row[0]) for row in cursor.fetchall())
