"""What bodies are to each other: read, and proposed from names. A relation never carries a fact over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Q

from chengxin.kernel.names import fold_name, parse_name
from chengxin.subjects.models import Relation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

RUN = 20_000
"""Names read at a time while proposals are looked for."""

_BRANCH_NAMES = """
SELECT n.subject_id, n.name FROM subjects_name n JOIN subjects_subject s ON s.id = n.subject_id
WHERE n.kind = 'current' AND s.merged_into_id IS NULL AND n.subject_id > %(after)s
ORDER BY n.subject_id LIMIT %(run)s
"""

_PROPOSE = """
WITH asked AS (
    SELECT * FROM unnest(%(branches)s::bigint[], %(parents)s::text[], %(names)s::text[]) AS a (branch, folded, name)
), parent AS (
    SELECT a.branch, a.name, min(n.subject_id) AS parent FROM asked a JOIN subjects_name n ON n.folded = a.folded
        JOIN subjects_subject s ON s.id = n.subject_id AND s.merged_into_id IS NULL
    WHERE n.kind = 'current' AND n.subject_id <> a.branch
    -- A name that two bodies bear names neither.
    GROUP BY a.branch, a.name HAVING count(DISTINCT n.subject_id) = 1
)
INSERT INTO subjects_relation (kind, from_subject_id, to_subject_id, manner, state, document, evidence, made_at,
    decided_by)
SELECT 'branch_of', branch, parent, '', 'proposed', '', name, %(now)s, '' FROM parent
WHERE NOT EXISTS (SELECT 1 FROM subjects_relation o WHERE o.kind = 'branch_of' AND o.from_subject_id = branch
    AND o.state = 'established' AND o.until_day IS NULL)
ON CONFLICT (kind, from_subject_id, to_subject_id) DO NOTHING
"""


@dataclass(frozen=True)
class RelationView:
    """A relation as seen from one of its bodies: ``other`` is the body at the other end.

    ``role`` is what ``other`` is: ``branch`` or ``parent``, ``successor`` or ``predecessor``. Only ``established``
    relations say something; a ``proposed`` one waits for a person.
    """

    id: int
    role: str
    other: int
    other_name: str
    other_uscc: str
    state: str
    manner: str
    from_day: date | None
    until_day: date | None
    document: str
    evidence: str


def relations_of(subject_id: int, on_day: date | None = None) -> tuple[RelationView, ...]:
    """Return the body's relations, established ones first; with ``on_day`` only those that held on that day."""
    rows = Relation.objects.filter(Q(from_subject=subject_id) | Q(to_subject=subject_id)).exclude(
        state=Relation.State.REFUSED
    )
    if on_day is not None:
        rows = rows.filter(Q(from_day=None) | Q(from_day__lte=on_day), Q(until_day=None) | Q(until_day__gte=on_day))
    return tuple(
        _view(one, subject_id) for one in rows.select_related("from_subject", "to_subject").order_by("state", "pk")
    )


def propose_branches(now: datetime) -> int:
    """Propose the parent of every body whose name reads as a branch's, where exactly one body bears that name.

    A name proposes and nothing more: the proposals wait for a person or for registration data. A pair that was proposed
    or refused before is not proposed again. Returns the number of new proposals. Names are read in runs; the cost is
    one pass over the current names.
    """
    made = 0
    for found in _branches():
        values: dict[str, Any] = {
            "branches": [subject for subject, _parent, _name in found],
            "parents": [parent for _subject, parent, _name in found],
            "names": [name for _subject, _parent, name in found],
            "now": now,
        }
        with connection.cursor() as cursor:
            cursor.execute(_PROPOSE, values)
            made += cursor.rowcount
    return made


def parent_name(name: str) -> str:
    """Return the folded name of the body that ``name`` is a branch of, or nothing for what is no branch's name.

    >>> parent_name("昆山市禾映科技有限公司玉山分公司")
    '昆山市禾映科技有限公司'
    >>> parent_name("昆山市禾映科技有限公司")
    ''
    """
    parsed = parse_name(name)
    if not parsed.branch:
        return ""
    folded = parsed.folded
    return folded[: folded.rfind(parsed.branch)].strip() if parsed.branch in folded else ""


def _branches() -> Iterator[list[tuple[int, str, str]]]:
    """Yield (body, folded name of its parent, its own name) of bodies whose name reads as a branch's, run by run."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_BRANCH_NAMES, {"after": after, "run": RUN})
            rows = cursor.fetchall()
        if not rows:
            return
        after = rows[-1][0]
        parents = [(subject, parent_name(name), name) for subject, name in rows]
        yield [(subject, fold_name(parent), name) for subject, parent, name in parents if parent]


def _view(relation: Relation, subject_id: int) -> RelationView:
    from_here = relation.from_subject_id == subject_id
    other = relation.to_subject if from_here else relation.from_subject
    roles = {"branch_of": ("parent", "branch"), "successor_of": ("predecessor", "successor")}[relation.kind]
    return RelationView(
        id=relation.pk,
        role=roles[0] if from_here else roles[1],
        other=other.pk,
        other_name=other.name,
        other_uscc=other.uscc,
        state=relation.state,
        manner=relation.manner,
        from_day=relation.from_day,
        until_day=relation.until_day,
        document=relation.document,
        evidence=relation.evidence,
    )
