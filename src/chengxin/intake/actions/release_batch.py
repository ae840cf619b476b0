"""A second person decides about a batch that the gate held: it goes on its way, or back to its organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from procrastinate.contrib.django import app

from chengxin.accounts.actor import RELEASE
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.base.events import publish
from chengxin.intake.events import HoldDecided
from chengxin.intake.models import Batch, HoldDecision
from chengxin.intake.queries import unknown_batch
from chengxin.intake.tasks import IMPORT_TASK, QUEUE
from chengxin.kernel.masking import mask_persons

if TYPE_CHECKING:
    from chengxin.accounts.actor import Actor

EVENTS = {True: "batch.released", False: "batch.sent_back"}
"""How a decision is called in the audit trail."""


class NotHeld(ChengxinError):
    """The batch does not wait for a decision: never held, decided already, or its time is over."""


@dataclass(frozen=True)
class ReleaseBatch:
    """Release a held batch for loading, or with ``release`` false send it back; either with a reason.

    The decision is kept, on file, and the worker carries it out (with ``queue``; otherwise the caller does).

    Raises ``NotFound`` alike for a batch that is not there and one of an organisation the actor does not act for;
    ``NotPermitted`` when the actor lacks the duty or handed the batch in; ``NotHeld``; ``ChengxinError`` without a
    reason. The operator at the platform's own machine, where nobody else can stand, may release what the operator
    handed in: the event says so.
    """

    actor: Actor
    batch_id: int
    release: bool
    reason: str
    now: datetime
    queue: bool = True

    def check(self) -> Batch:
        """Return the batch, or raise."""
        self.actor.require(RELEASE)
        found = Batch.objects.select_related("organisation", "decision").filter(pk=self.batch_id)
        if not self.actor.everywhere:
            found = found.filter(organisation__code=self.actor.organisation)
        batch = found.first()
        if batch is None:
            raise unknown_batch(self.batch_id)
        if self.actor.kind != "operator" and batch.submitted_by == self.actor.id:
            raise NotPermitted(
                "own_batch",
                "自己报送的批次要由另一位经办人复核",
                "a batch one handed in is released by another officer",
                where=str(batch.pk),
            )
        if batch.state != Batch.State.HELD or hasattr(batch, "decision"):
            raise NotHeld(
                "batch_not_held",
                f"批次 {batch.pk} 不在待复核状态，可能已由他人办理，请刷新页面",
                f"batch {batch.pk} does not wait for a decision; perhaps somebody else decided: look again",
                where=str(batch.pk),
            )
        if hold_is_over(batch, self.now):
            raise NotHeld(
                "hold_is_over",
                f"批次 {batch.pk} 的复核期限已过，文件不再保存，请报送单位重新报送",
                f"the time to decide about batch {batch.pk} is over and its file goes: it has to be handed in again",
                where=str(batch.pk),
            )
        if not self.reason.strip():
            raise ChengxinError("reason_missing", "请写明复核理由", "state the reason of the decision", where="reason")
        return batch

    def execute(self) -> HoldDecision:
        """Keep the decision and return it."""
        with transaction.atomic():
            _alone(self.batch_id)
            batch = self.check()
            made = HoldDecision.objects.create(
                batch=batch,
                outcome=HoldDecision.Outcome.RELEASE if self.release else HoldDecision.Outcome.SEND_BACK,
                reason=mask_persons(self.reason.strip()),
                decided_by=self.actor.id,
                decided_by_kind=self.actor.kind,
                decided_for=self.actor.organisation,
                decided_at=self.now,
            )
            if self.queue:
                app.configure_task(IMPORT_TASK, queue=QUEUE, lock=f"batch:{batch.pk}").defer(batch_id=batch.pk)
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action=EVENTS[self.release],
                object_kind="batch",
                object_id=str(batch.pk),
                detail={
                    "submitted_by": batch.submitted_by,
                    "organisation": batch.organisation.code,
                    "off": [one["code"] for one in (batch.hold or {}).get("figures", ()) if one["off"]],
                },
            )
            publish(HoldDecided(made.outcome, self.now - batch.state_at))
        return made


def hold_is_over(batch: Batch, now: datetime) -> bool:
    """Return whether the days for which a held batch's file waits have passed."""
    return batch.hold is not None and now >= datetime.fromisoformat(batch.hold["until"])


def _alone(batch_id: int) -> None:
    """Hold the lock that imports hold, until the transaction ends; raise where an import or a decision has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('intake.batch'), %s)", [batch_id])
        if cursor.fetchone() != (True,):
            raise NotHeld(
                "batch_under_way",
                f"批次 {batch_id} 正在处理，请稍后刷新页面",
                f"batch {batch_id} is being worked on: look again in a moment",
                where=str(batch_id),
            )
