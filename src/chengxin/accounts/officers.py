"""Reads of officers and approvals, as the office end and the command line show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actor import DECIDE_APPROVALS, MANAGE_OFFICERS
from chengxin.accounts.models import Approval, Officer, SecondFactor
from chengxin.base.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from chengxin.accounts.actor import Actor


@dataclass(frozen=True)
class OfficerRow:
    """One account; ``factors`` are the kinds of second factors it has, ``subjects`` its outside accounts by issuer."""

    username: str
    name: str
    staff_number: str
    organisation: str
    organisation_name: str
    roles: tuple[str, ...]
    active: bool
    factors: tuple[str, ...]
    subjects: tuple[str, ...]
    last_login: datetime | None


@dataclass(frozen=True)
class ApprovalRow:
    """One approval as a list shows it; ``state`` is asked, agreed, refused, used or expired."""

    id: int
    operation: str
    object_kind: str
    object_id: str
    content: dict[str, Any]
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    state: str
    decided_by: str
    decision_reason: str


def officer_rows(username: str = "", organisation: str = "") -> tuple[OfficerRow, ...]:
    """Return every account, the one of ``username``, or those of the organisation with this code, by user name."""
    found = Officer.objects.select_related("organisation").prefetch_related("second_factors", "outside_identities")
    if username:
        found = found.filter(username=username)
    if organisation:
        found = found.filter(organisation__code=organisation)
    return tuple(
        OfficerRow(
            one.username,
            one.name,
            one.staff_number,
            one.organisation.code,
            one.organisation.name,
            tuple(one.roles),
            one.is_active and one.organisation.is_active,
            tuple(sorted({factor.kind for factor in one.second_factors.all()} - {SecondFactor.Kind.RECOVERY.value})),
            tuple(sorted(f"{held.issuer} {held.subject}" for held in one.outside_identities.all())),
            one.last_login,
        )
        for one in found.order_by("username")
    )


def officer_row(actor: Actor, username: str) -> OfficerRow:
    """Return one account to somebody who manages officers; raise ``NotPermitted`` or ``NotFound``."""
    actor.require(MANAGE_OFFICERS)
    found = officer_rows(username) if username and "\0" not in username else ()
    if not found:
        raise NotFound(
            "unknown_officer", f"没有经办人“{username}”", f"there is no officer {username!r}", where=username
        )
    return found[0]


def approvals_to_decide(actor: Actor, now: datetime) -> tuple[ApprovalRow, ...]:
    """Return what waits for a decision that ``actor`` may take, the oldest first."""
    if DECIDE_APPROVALS not in actor.operations:
        return ()
    waiting = Approval.objects.filter(agreed__isnull=True, expires_at__gt=now, operation__in=actor.operations)
    if not actor.everywhere:
        waiting = waiting.filter(asked_for=actor.organisation)
    return approval_rows(waiting.exclude(asked_by=actor.id).order_by("asked_at", "pk")[:200], now)


def approvals_asked_by(actor: Actor, now: datetime) -> tuple[ApprovalRow, ...]:
    """Return what ``actor`` asked for, the latest first."""
    return approval_rows(Approval.objects.filter(asked_by=actor.id).order_by("-asked_at", "-pk")[:100], now)


def approval_row(actor: Actor, approval_id: int, now: datetime) -> ApprovalRow:
    """Return an approval to its asker and to those who may decide it; to others it is not there."""
    held = Approval.objects.filter(pk=approval_id).first()
    decides = (
        held is not None
        and {DECIDE_APPROVALS, held.operation} <= actor.operations
        and (actor.everywhere or held.asked_for == actor.organisation)
    )
    if held is None or not (decides or held.asked_by == actor.id):
        raise NotFound("unknown_approval", f"没有编号为 {approval_id} 的审批", f"there is no approval {approval_id}")
    return approval_rows([held], now)[0]


def approval_rows(found: Iterable[Approval], now: datetime) -> tuple[ApprovalRow, ...]:
    """Return ``found`` as rows with their state at ``now``."""
    return tuple(
        ApprovalRow(
            one.pk,
            one.operation,
            one.object_kind,
            one.object_id,
            one.content,
            one.reason,
            one.asked_by,
            one.asked_at,
            one.expires_at,
            one.state(now),
            one.decided_by,
            one.decision_reason,
        )
        for one in found
    )


def duty_name(role: str, *, english: bool) -> str:
    """Return a duty in words; one that left the matrix stands for itself."""
    duty = load_matrix().duties.get(role)
    if duty is None:
        return role
    return duty.name_en if english else duty.name


def operation_name(key: str, *, english: bool) -> str:
    """Return an operation in words; one that left the matrix stands for itself."""
    operation = load_matrix().operations.get(key)
    if operation is None:
        return key
    return operation.name_en if english else operation.name
