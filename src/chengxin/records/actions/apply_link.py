"""Carry out what a person decided: a version of the fact that is tied, or untied again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from chengxin.audit.actions import record_event
from chengxin.base.errors import NotFound
from chengxin.base.events import publish
from chengxin.kernel.calendar import legal_day
from chengxin.records.actions.add import hold_item, reserve_ids
from chengxin.records.events import RecordsAdded
from chengxin.records.models import LinkDecision, LinkEffect, Record
from chengxin.subjects.actions.register import hold_register
from chengxin.subjects.history import survivor

if TYPE_CHECKING:
    from datetime import datetime

BY_DECISION = "decision"
"""``link`` of a version that a person tied."""


@dataclass(frozen=True)
class ApplyLink:
    """Carry out the decision ``decision_id`` about a fact, or the undoing of one; a second time changes nothing.

    Tying adds a version with ``link`` = ``decision``; undoing adds one that is tied to nobody, and the public page
    loses the fact in the same transaction. What cannot be done any more (withdrawn, tied by its own code meanwhile) is
    kept as the decision's effect, with the reason. Raises ``NotFound`` for a decision that is not there.
    """

    decision_id: int
    now: datetime

    def execute(self) -> LinkEffect:
        """Add the version and the effect, and tell the floors above."""
        with transaction.atomic():
            decision = LinkDecision.objects.select_related("undoes").filter(pk=self.decision_id).first()
            if decision is None:
                raise NotFound(
                    "unknown_decision",
                    f"没有编号为 {self.decision_id} 的关联决定",
                    f"there is no decision {self.decision_id}",
                )
            hold_register()
            hold_item(decision.item)
            done = LinkEffect.objects.filter(decision=decision).first()
            if done is not None:
                return done
            if decision.undoes is not None:
                return untie(decision, decision.undoes, self.now)
            return tie(decision, _latest(decision.fact_key), self.now)


def tie(decision: LinkDecision, fact: Record | None, now: datetime, *, batch_id: int | None = None) -> LinkEffect:
    """Tie ``fact`` (its latest version) to the decision's body, or to the body that one was merged into meanwhile.

    The caller holds register and item.
    ``batch_id`` is the batch by which a row became the fact. A fact that its own code has tied meanwhile stays.
    """
    if fact is None or fact.kind == "withdrawn":
        return keep_effect(
            decision, now, "gone", "该记录已被撤销，没有关联", "the fact was withdrawn; nothing was tied"
        )
    subject_id = survivor(int(decision.subject_id or 0))
    if fact.subject_id == subject_id:
        told = "该记录已经归属这一主体", "the fact is tied to this body already"
        return keep_effect(decision, now, "there_already", *told, record_id=fact.pk, batch_id=batch_id)
    if fact.subject_id is not None and fact.link != BY_DECISION:
        told = (
            "该记录已凭自身代码归属另一主体，没有改动",
            "its own code has tied it to another body; left as it is",
        )
        return keep_effect(decision, now, "tied_meanwhile", *told, record_id=fact.pk)
    made = _add(fact, now, subject_id=subject_id, link=BY_DECISION)
    return keep_effect(decision, now, "tied", record_id=made.pk, batch_id=batch_id)


def untie(undo: LinkDecision, undone: LinkDecision, now: datetime) -> LinkEffect:
    """Untie the fact that ``undone`` tied; the caller holds the item."""
    effect = LinkEffect.objects.filter(decision=undone).first()
    made = Record.objects.filter(pk=effect.record_id).first() if effect and effect.record_id else None
    fact = _latest(made.key) if made else None
    if effect is None or fact is None or effect.outcome == "there_already":
        return keep_effect(undo, now, "nothing", "该决定没有改动过记录", "the decision had changed no fact")
    tied_to = survivor(int(undone.subject_id or 0))
    if fact.kind == "withdrawn" or fact.subject_id != tied_to or fact.link != BY_DECISION:
        told = "该记录此后已另有变动，没有改动", "the fact has changed since and was left as it is"
        return keep_effect(undo, now, "changed_since", *told, record_id=fact.pk)
    made = _add(fact, now, subject_id=None, link=None)
    return keep_effect(undo, now, "untied", record_id=made.pk)


def keep_effect(
    decision: LinkDecision,
    now: datetime,
    outcome: str,
    message: str = "",
    message_en: str = "",
    *,
    record_id: int | None = None,
    batch_id: int | None = None,
) -> LinkEffect:
    """Keep what came of the decision, with an audit event in the name of the officer who decided."""
    effect = LinkEffect.objects.create(
        decision=decision,
        outcome=outcome,
        record_id=record_id,
        batch_id=batch_id,
        message=message,
        message_en=message_en,
        at=now,
    )
    record_event(
        at=now,
        actor=(decision.actor_kind, decision.officer, decision.organisation),
        action="link.applied",
        object_kind="link_proposal",
        object_id=str(decision.proposal_id),
        detail={"decision": decision.pk, "outcome": outcome, "record": record_id, "batch": batch_id},
    )
    return effect


def _latest(key: Any) -> Record | None:  # noqa: ANN401 - a UUID, or None for a row
    return Record.objects.filter(key=key).order_by("-version").first() if key else None


def _add(fact: Record, now: datetime, *, subject_id: int | None, link: str | None) -> Record:
    """Add the version that differs from ``fact`` in its body only, and publish it."""
    values = Record.objects.values().get(pk=fact.pk)
    made = Record(
        **values
        | {
            "id": reserve_ids(1),
            "version": fact.version + 1,
            "kind": "relinked",
            "replaces": fact.pk,
            "subject_id": subject_id,
            "link": link,
            "recorded_at": now,
        }
    )
    made.save(force_insert=True)
    publish(RecordsAdded(made.item, made.pk, made.pk, (), replacing=True, today=legal_day(now)))
    return made
