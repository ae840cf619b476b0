"""What bodies are to each other: read, and proposed from names. A relation never carries a fact over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Q

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actor import REVIEW_LINKS
from chengxin.base.errors import NotFound
from chengxin.kernel.names import fold_name, parse_name
from chengxin.subjects.models import Relation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from chengxin.accounts.actor import Actor

RUN = 20_000
"""Names read at a time while proposals are looked for."""

PAGE = 50
"""Proposed relations on a page."""

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
        -- A change that two people agree to shows the relations of both bodies: none may turn up in between.
        AND NOT EXISTS (SELECT 1 FROM subjects_change c WHERE c.state = 'asked' AND c.asked_at > %(moving_since)s
            AND (c.source_id IN (a.branch, n.subject_id) OR c.target_id IN (a.branch, n.subject_id)))
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

    @property
    def other_code(self) -> str:
        """The other body's credit code, or ``#`` and its number where it has none: what officers find it by."""
        return self.other_uscc or f"#{self.other}"


@dataclass(frozen=True)
class RelationEnd:
    """A body at one end of a relation, with what tells it from others."""

    id: int
    name: str
    uscc: str
    status: str
    registrar: str

    @property
    def code(self) -> str:
        """The credit code, or ``#`` and the body's number where it has none: what officers find it by."""
        return self.uscc or f"#{self.id}"


@dataclass(frozen=True)
class ProposedRelation:
    """A relation for a person to decide on: ``one`` is said to be a branch or a successor of ``other``.

    ``evidence`` is what it is said by: the branch's name, or what an officer wrote.
    """

    id: int
    kind: str
    manner: str
    state: str
    evidence: str
    document: str
    from_day: date | None
    until_day: date | None
    made_at: datetime
    decided_by: str
    decided_at: datetime | None
    one: RelationEnd
    other: RelationEnd


def proposed_relations(actor: Actor, *, after: int = 0) -> tuple[tuple[ProposedRelation, ...], int | None]:
    """Return the relations that wait for a person behind number ``after``, the oldest first, and where they go on.

    Raises ``NotPermitted`` for who may not decide on them. One query.
    """
    actor.require(REVIEW_LINKS)
    rows = Relation.objects.filter(state=Relation.State.PROPOSED, pk__gt=after)
    found = list(rows.select_related("from_subject", "to_subject").order_by("pk")[: PAGE + 1])
    return tuple(_proposed(one) for one in found[:PAGE]), found[PAGE - 1].pk if len(found) > PAGE else None


def relation_by_id(actor: Actor, relation_id: int) -> ProposedRelation:
    """Return one relation, whatever became of it; raise ``NotPermitted`` or ``NotFound``."""
    actor.require(REVIEW_LINKS)
    found = Relation.objects.select_related("from_subject", "to_subject").filter(pk=relation_id).first()
    if found is None:
        raise unknown_relation(relation_id)
    return _proposed(found)


def unknown_relation(relation_id: int) -> NotFound:
    """Return the refusal for a relation that is not there."""
    return NotFound(
        "unknown_relation",
        f"没有编号为 {relation_id} 的关系",
        f"there is no relation {relation_id}",
        where=str(relation_id),
    )


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
    or refused before is not proposed again, and nothing is proposed about a body that is being merged or split. Returns
    the number of new proposals. Names are read in runs; the cost is one pass over the current names.
    """
    made = 0
    for found in _branches():
        values: dict[str, Any] = {
            "branches": [subject for subject, _parent, _name in found],
            "parents": [parent for _subject, parent, _name in found],
            "names": [name for _subject, _parent, name in found],
            "now": now,
            "moving_since": now - timedelta(hours=load_matrix().approval_hours),
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


def _proposed(one: Relation) -> ProposedRelation:
    ends = (
        RelationEnd(body.pk, body.name, body.uscc, body.status, body.registrar)
        for body in (one.from_subject, one.to_subject)
    )
    return ProposedRelation(
        one.pk,
        one.kind,
        one.manner,
        one.state,
        one.evidence,
        one.document,
        one.from_day,
        one.until_day,
        one.made_at,
        one.decided_by,
        one.decided_at,
        *ends,
    )


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
