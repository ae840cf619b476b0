"""What every change of bodies shares: previewed, asked for, agreed to by another officer, carried out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from django.db import transaction
from procrastinate.contrib.django import app

from chengxin.accounts.actions.approvals import AskApproval, DecideApproval, NotApproved
from chengxin.accounts.actor import MERGE_BODIES, SPLIT_BODIES
from chengxin.accounts.models import Approval
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.subjects.models import Change, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chengxin.accounts.actor import Actor
    from chengxin.subjects.preview import Preview

CARRY_OUT_TASK = "subjects.carry_out"
QUEUE = "subjects"

OBJECT_KIND = "body_change"
"""Kind of object of the approvals of changes."""


class Asking(Protocol):
    """An action that asks for a change: what ``ask`` needs of it."""

    @property
    def reason(self) -> str:
        """Why it is asked for."""

    @property
    def now(self) -> datetime:
        """When it is asked for."""


def operation_of(kind: str, undone: str = "") -> str:
    """Return the operation of the access matrix that a change of this kind is: a split, or else a merge.

    A re-issued code ties a code to a body as a merge does; an undoing is what it undoes.
    """
    return SPLIT_BODIES if "split" in {kind, undone} else MERGE_BODIES


def require_everywhere(actor: Actor, operation: str) -> None:
    """Raise ``NotPermitted`` unless the actor may do it and acts for every organisation.

    A body's facts come from many organisations; who sees only some of them cannot judge what moves.
    """
    actor.require(operation)
    if not actor.everywhere:
        raise NotPermitted(
            "centre_only",
            "合并、拆分和换发涉及多个单位的数据，由信用中心办理",
            "merges, splits and re-issued codes touch facts of many organisations: the credit centre does them",
        )


def standing_subject(subject_id: int) -> Subject:
    """Return the body, or raise: ``NotFound``, or ``ChengxinError`` where it was merged into another one."""
    found = Subject.objects.filter(pk=subject_id).first()
    if found is None:
        raise NotFound(
            "unknown_subject",
            f"没有编号为 {subject_id} 的主体",
            f"there is no body {subject_id}",
            where=str(subject_id),
        )
    if found.merged_into_id is not None:
        raise ChengxinError(
            "merged_already",
            f"主体 {subject_id} 已并入主体 {found.merged_into_id}，请改选后者",
            f"body {subject_id} was merged into body {found.merged_into_id}: choose that one",
            where=str(subject_id),
        )
    return found


def ask(
    actor: Actor,
    kind: str,
    bodies: tuple[Subject, Subject | None],
    plan: dict[str, Any],
    preview: Preview,
    asking: Asking,
    undoes: Change | None = None,
) -> Change:
    """Keep the change that is asked for, ask another officer to agree to exactly its preview, and return it."""
    if not asking.reason.strip():
        raise ChengxinError("reason_missing", "请写明理由和依据", "state the reason and its source", where="reason")
    source, target = bodies
    with transaction.atomic():
        change = Change.objects.create(
            kind=kind,
            state=Change.State.ASKED,
            source=source,
            target=target,
            plan=plan,
            preview=preview.content,
            digest=preview.digest,
            reason=asking.reason.strip(),
            asked_by=actor.id,
            asked_at=asking.now,
            undoes=undoes,
        )
        operation = operation_of(kind, undoes.kind if undoes else "")
        content = approval_content(change)
        approval = AskApproval(
            actor, operation, OBJECT_KIND, str(change.pk), content, asking.reason, asking.now
        ).execute()
        change.approval_id = approval.pk
        change.save(update_fields=["approval_id"])
        note(change, "asked", actor, asking.now)
    return change


def decide(actor: Actor, change_id: int, *, agree: bool, reason: str, now: datetime) -> Change:
    """Agree to the change or refuse it, as another officer than the one who asked; agreed, the worker carries it out.

    Raises ``NotFound`` and what ``DecideApproval`` raises.
    """
    change = change_by_id(actor, change_id)
    if change.approval_id is None:
        raise LookupError(f"change {change_id} has no approval")
    with transaction.atomic():
        DecideApproval(actor, change.approval_id, agree, reason, now).execute()
        if agree:
            queue(change)
    return change


def hand_over(actor: Actor, change_id: int, now: datetime) -> Change:
    """Hand a change to the worker whose approval was given elsewhere; raise ``NotApproved`` where there is none."""
    change = change_by_id(actor, change_id)
    agreed = Approval.objects.filter(
        pk=change.approval_id or 0, agreed=True, used_at__isnull=True, expires_at__gt=now
    ).exists()
    if change.state != Change.State.ASKED or not agreed:
        raise NotApproved(
            "not_approved",
            "这项变更还没有另一位经办人的有效审批，或已经办理",
            "no other officer has agreed to this change in time, or it was carried out already",
            where=str(change_id),
        )
    with transaction.atomic():
        queue(change)
    return change


def queue(change: Change) -> None:
    """Hand the change to the worker, in the caller's transaction; without an agreed approval it does nothing."""
    app.configure_task(CARRY_OUT_TASK, queue=QUEUE, lock=f"change:{change.pk}").defer(change_id=change.pk)


def change_by_id(actor: Actor, change_id: int) -> Change:
    """Return the change, for whoever may ask for one or decide on it; raise ``NotFound`` or ``NotPermitted``."""
    if not actor.operations & {MERGE_BODIES, SPLIT_BODIES}:
        require_everywhere(actor, MERGE_BODIES)
    found = Change.objects.select_related("source", "target", "undoes").filter(pk=change_id).first()
    if found is None:
        raise NotFound(
            "unknown_change",
            f"没有编号为 {change_id} 的变更",
            f"there is no change {change_id}",
            where=str(change_id),
        )
    return found


def approval_content(change: Change) -> dict[str, Any]:
    """Return what two people agree to: this change with exactly this preview."""
    return {"change": change.pk, "kind": change.kind, "digest": change.digest}


def note(change: Change, step: str, actor: Actor, now: datetime, subjects: Sequence[int] = ()) -> None:
    """Write the audit event of a step of a change."""
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action=f"body_change.{step}",
        object_kind=OBJECT_KIND,
        object_id=str(change.pk),
        detail={
            "kind": change.kind,
            "source": change.source_id,
            "target": change.target_id,
            "digest": change.digest,
            "subjects": list(subjects),
        },
    )
