"""Four eyes: one officer asks, another decides, and what was agreed is done once, exactly as it was asked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actor import DECIDE_APPROVALS
from chengxin.accounts.models import Approval
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor


class NotApproved(ChengxinError):
    """No other officer has agreed to exactly this, or the agreement was used or has ended."""


class AlreadyDecided(ChengxinError):
    """The approval was decided, or nobody decided in time."""


@dataclass(frozen=True)
class AskApproval:
    """Ask that another officer agrees to ``operation`` on one object with exactly ``content``.

    ``content`` is what will be done, as JSON; it is bound by its SHA-256. Raises ``NotPermitted`` when the asker may
    not do the operation, and ``ChengxinError`` for an operation that needs no second officer, without a reason, or
    when the same is asked already and not decided.
    """

    actor: Actor
    operation: str
    object_kind: str
    object_id: str
    content: dict[str, Any]
    reason: str
    now: datetime

    def check(self) -> None:
        """Raise unless it can be asked."""
        operation = load_matrix().operation(self.operation)
        self.actor.require(self.operation)
        if self.actor.kind == "client":
            raise NotPermitted("officers_only", "接口调用方不能申请审批", "an API client cannot ask for an approval")
        if not operation.four_eyes:
            raise ChengxinError(
                "approval_not_needed",
                f"“{operation.name}”不需要审批，可以直接办理",
                f"{operation.key} needs no approval: do it",
                where=operation.key,
            )
        if not self.reason.strip():
            raise ChengxinError("reason_missing", "请写明申请理由", "state why it is asked for", where="reason")
        waiting = Approval.objects.filter(
            operation=self.operation,
            object_kind=self.object_kind,
            object_id=self.object_id,
            digest=content_digest(self.content),
            used_at__isnull=True,
            expires_at__gt=self.now,
        ).exclude(agreed=False)
        if waiting.exists():
            raise ChengxinError(
                "approval_asked_already",
                "同样的申请已经提出，请等待审批或直接使用已同意的审批",
                "the same was asked for already: wait for the decision, or use the one agreed",
                where=self.object_id,
            )

    def execute(self) -> Approval:
        """Save the question, on file, and return it."""
        self.check()
        with transaction.atomic():
            made = Approval.objects.create(
                operation=self.operation,
                object_kind=self.object_kind,
                object_id=self.object_id,
                content=self.content,
                digest=content_digest(self.content),
                reason=self.reason.strip(),
                asked_by=self.actor.id,
                asked_by_kind=self.actor.kind,
                asked_for=self.actor.organisation,
                asked_at=self.now,
                expires_at=self.now + timedelta(hours=load_matrix().approval_hours),
            )
            _event(made, "asked", self.actor, self.now)
        return made


@dataclass(frozen=True)
class DecideApproval:
    """Agree to what another officer asked for, or refuse it, with a reason.

    Raises ``NotFound``, ``AlreadyDecided``, and ``NotPermitted`` when the decider asked for it, is no officer, or does
    not hold both ``approvals.decide`` and the operation itself for the asker's organisation.
    """

    actor: Actor
    approval_id: int
    agree: bool
    reason: str
    now: datetime

    def check(self) -> Approval:
        """Return the approval, locked, or raise; only inside a transaction."""
        held = Approval.objects.select_for_update().filter(pk=self.approval_id).first()
        if held is None:
            raise NotFound(
                "unknown_approval",
                f"没有编号为 {self.approval_id} 的审批",
                f"there is no approval {self.approval_id}",
                where=str(self.approval_id),
            )
        self.actor.require(DECIDE_APPROVALS)
        self.actor.require(held.operation, held.asked_for)
        if self.actor.kind != "officer" or self.actor.id == held.asked_by:
            raise NotPermitted(
                "own_approval",
                "自己的申请要由另一位经办人审批",
                "what one asked for is decided by another officer",
            )
        if held.state(self.now) != "asked":
            raise AlreadyDecided(
                "already_decided",
                "这项申请已经审批或已过期，请重新申请",
                "this was decided already or has ended: ask again",
                where=str(held.pk),
            )
        if not self.reason.strip():
            raise ChengxinError("reason_missing", "请写明审批意见", "state the reason of the decision", where="reason")
        return held

    def execute(self) -> Approval:
        """Save the decision, on file, and return the approval."""
        with transaction.atomic():
            held = self.check()
            held.agreed, held.decided_by, held.decided_at = self.agree, self.actor.id, self.now
            held.decision_reason = self.reason.strip()
            held.save(update_fields=["agreed", "decided_by", "decided_at", "decision_reason"])
            _event(held, "agreed" if self.agree else "refused", self.actor, self.now)
        return held


def use_approval(
    actor: Actor, operation: str, object_kind: str, object_id: str, content: dict[str, Any], now: datetime
) -> Approval:
    """Mark an approval for exactly this as used by ``actor`` and return it; the caller's transaction carries it.

    Raises ``NotPermitted`` when the actor may not do the operation, ``NotApproved`` unless another officer agreed to
    it, it was not used and has not ended, and ``ChengxinError`` outside a transaction.
    """
    actor.require(operation)
    if not transaction.get_connection().in_atomic_block:
        raise ChengxinError(
            "approval_outside_transaction",
            "使用审批必须与业务在同一事务中",
            "an approval is used in the transaction of what it allows",
        )
    held = (
        Approval.objects.select_for_update()
        .filter(
            operation=operation,
            object_kind=object_kind,
            object_id=object_id,
            digest=content_digest(content),
            agreed=True,
            used_at__isnull=True,
            expires_at__gt=now,
        )
        .exclude(decided_by=actor.id)
        .order_by("decided_at", "pk")
        .first()
    )
    if held is None:
        name = load_matrix().operation(operation).name
        raise NotApproved(
            "not_approved",
            f"“{name}”要由另一位经办人同意后才能办理：请先申请审批，内容有变动须重新申请",
            f"{operation} is done only after another officer agreed to exactly this: ask for approval first",
            where=object_id,
        )
    held.used_by, held.used_at = actor.id, now
    held.save(update_fields=["used_by", "used_at"])
    _event(held, "used", actor, now)
    return held


def content_digest(content: dict[str, Any]) -> str:
    """Return the SHA-256 of ``content`` as canonical JSON (RFC 8785 for text, whole numbers, lists and objects).

    Raises ``ChengxinError`` for a content that is no JSON or holds a number that is not whole.
    """
    try:
        text = json.dumps(_plain(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except TypeError as error:
        raise ChengxinError(
            "approval_content_wrong",
            f"审批内容只能用文字、整数、真假、列表和对象：{error}",
            f"the content of an approval holds text, whole numbers, truth values, lists and objects only: {error}",
        ) from error
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(one) for key, one in value.items()}
    raise TypeError(type(value).__name__)


def _event(approval: Approval, step: str, actor: Actor, now: datetime) -> None:
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action=f"approval.{step}",
        object_kind="approval",
        object_id=str(approval.pk),
        detail={
            "operation": approval.operation,
            "object_kind": approval.object_kind,
            "object": approval.object_id,
            "digest": approval.digest,
        },
    )
