"""Say what one body is to another, by a document; decide on what a name proposed; end what is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.accounts.actor import REVIEW_LINKS
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.kernel.masking import mask_persons
from chengxin.subjects.actions.change import standing_subject
from chengxin.subjects.models import Relation
from chengxin.subjects.relations import unknown_relation

if TYPE_CHECKING:
    from datetime import date, datetime

    from chengxin.accounts.actor import Actor

MANNERS = ("合并", "分立", "承继")
"""How a body can succeed another one (公司法 art. 218, 222; 承继 by another document)."""


@dataclass(frozen=True)
class RelateBodies:
    """Establish that ``from_id`` is a branch or a successor of ``to_id`` from a day on, by a source document.

    A relation that was proposed or refused before is established in its place. Raises ``NotPermitted``, ``NotFound``,
    and ``ChengxinError`` for one body twice, an unknown kind or manner, a missing document, days that run backwards, a
    branch of its own branch, or a relation established already.
    """

    actor: Actor
    kind: str
    from_id: int
    to_id: int
    from_day: date
    document: str
    now: datetime
    manner: str = ""
    until_day: date | None = None

    def check(self) -> None:
        """Raise unless it can be established."""
        self.actor.require(REVIEW_LINKS)
        _check_ends(self.kind, self.from_id, self.to_id, self.manner)
        if not self.document.strip():
            raise ChengxinError(
                "document_missing", "请写明依据的文书", "name the document it rests on", where="document"
            )
        if self.until_day is not None and self.until_day < self.from_day:
            raise ChengxinError("days_backwards", "结束日期早于开始日期", "it ends before it begins", where="until_day")
        _check_direction(self.kind, self.from_id, self.to_id)

    def execute(self) -> Relation:
        """Establish it, on file, and return it."""
        with transaction.atomic():
            self.check()
            values = {
                "manner": self.manner,
                "state": Relation.State.ESTABLISHED,
                "from_day": self.from_day,
                "until_day": self.until_day,
                "document": self.document.strip(),
                "decided_by": self.actor.id,
                "decided_at": self.now,
            }
            found = (
                Relation.objects.select_for_update()
                .filter(kind=self.kind, from_subject=self.from_id, to_subject=self.to_id)
                .first()
            )
            if found is None:
                found = Relation.objects.create(
                    kind=self.kind,
                    from_subject_id=self.from_id,
                    to_subject_id=self.to_id,
                    evidence=self.document.strip(),
                    made_at=self.now,
                    **values,
                )
            elif found.state == Relation.State.ESTABLISHED and found.until_day is None and self.until_day is None:
                raise ChengxinError(
                    "related_already", "这一关系已经确认", "this relation is established already", where=str(found.pk)
                )
            else:
                for name, value in values.items():
                    setattr(found, name, value)
                found.save(update_fields=list(values))
            _note(found, "established", self.actor, self.now)
        return found


@dataclass(frozen=True)
class ProposeRelation:
    """Propose that ``from_id`` is a branch or a successor of ``to_id``, by what an officer knows without a document.

    It says nothing until it is established by a document. Raises ``NotPermitted``, ``NotFound``, and ``ChengxinError``
    for what ``RelateBodies`` refuses too, for a missing ``evidence``, and for a pair that was proposed, established or
    refused before: with a document it can be established at any time.
    """

    actor: Actor
    kind: str
    from_id: int
    to_id: int
    evidence: str
    now: datetime
    manner: str = ""

    def check(self) -> None:
        """Raise unless it can be proposed."""
        self.actor.require(REVIEW_LINKS)
        _check_ends(self.kind, self.from_id, self.to_id, self.manner)
        if not self.evidence.strip():
            raise ChengxinError("reason_missing", "请写明依据或来源", "say what it is known by", where="evidence")
        _check_direction(self.kind, self.from_id, self.to_id)
        held = Relation.objects.filter(kind=self.kind, from_subject=self.from_id, to_subject=self.to_id).first()
        if held is not None:
            raise ChengxinError(
                "related_before",
                f"这一关系已在库中（{Relation.State(held.state).label}），有文书时请直接确认",
                f"this relation is on file already ({held.state}): with a document, establish it",
                where=str(held.pk),
            )

    def execute(self) -> Relation:
        """Keep the proposal, on file, and return it."""
        with transaction.atomic():
            self.check()
            made = Relation.objects.create(
                kind=self.kind,
                from_subject_id=self.from_id,
                to_subject_id=self.to_id,
                manner=self.manner,
                state=Relation.State.PROPOSED,
                evidence=mask_persons(self.evidence.strip()),
                made_at=self.now,
            )
            _note(made, "proposed", self.actor, self.now)
        return made


@dataclass(frozen=True)
class RefuseRelation:
    """Say that a proposed relation does not hold; the pair is remembered and not proposed again.

    Raises ``NotPermitted``, ``NotFound``, and ``ChengxinError`` for a relation that is no proposal.
    """

    actor: Actor
    relation_id: int
    now: datetime

    def execute(self) -> Relation:
        """Refuse it, on file, and return it."""
        self.actor.require(REVIEW_LINKS)
        with transaction.atomic():
            found = Relation.objects.select_for_update().filter(pk=self.relation_id).first()
            if found is None:
                raise unknown_relation(self.relation_id)
            if found.state != Relation.State.PROPOSED:
                raise ChengxinError(
                    "no_proposal", "这一关系不是待确认的建议", "this relation is no proposal", where=str(found.pk)
                )
            found.state, found.decided_by, found.decided_at = Relation.State.REFUSED, self.actor.id, self.now
            found.save(update_fields=["state", "decided_by", "decided_at"])
            _note(found, "refused", self.actor, self.now)
        return found


def _check_ends(kind: str, from_id: int, to_id: int, manner: str) -> None:
    """Raise unless both bodies stand, are two, and the kind of relation is one that can be, said in full."""
    for subject in (from_id, to_id):
        standing_subject(subject)
    manners = MANNERS if kind == Relation.Kind.SUCCESSOR_OF else ("",)
    if kind not in Relation.Kind.values or manner not in manners or from_id == to_id:
        raise ChengxinError(
            "relation_wrong",
            "请选择两个不同的主体和关系种类；承继须注明合并、分立或承继",
            "choose two bodies and a kind of relation; a succession names its manner",
            where="kind",
        )


def _check_direction(kind: str, from_id: int, to_id: int) -> None:
    """Raise where the same relation is established the other way round."""
    if Relation.objects.filter(
        kind=kind, from_subject=to_id, to_subject=from_id, state=Relation.State.ESTABLISHED
    ).exists():
        raise ChengxinError(
            "relation_backwards",
            "相反方向的同种关系已经确认，请先更正",
            "the same relation is established the other way round: mend that first",
            where="kind",
        )


def _note(relation: Relation, step: str, actor: Actor, now: datetime) -> None:
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action=f"relation.{step}",
        object_kind="relation",
        object_id=str(relation.pk),
        detail={
            "kind": relation.kind,
            "from": relation.from_subject_id,
            "to": relation.to_subject_id,
            "document": relation.document,
        },
    )
