"""Put on file who restored what, and that a restore was practised; through the audit trail like everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from chengxin.accounts.actions.approvals import AskApproval, use_approval
from chengxin.accounts.actor import RESTORE, officer_actor, operator
from chengxin.accounts.models import Officer
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

OPERATOR = ("operator", "cli", "")


def record(action: str, object_id: str, detail: dict[str, Any], now: datetime) -> int:
    """Write an event about a backup in the database Django is connected to; return its number."""
    with transaction.atomic():
        return record_event(
            at=now, actor=OPERATOR, action=action, object_kind="backup", object_id=object_id, detail=detail
        )


def require_may_restore(names: Sequence[str]) -> None:
    """Raise ``ChengxinError`` unless every name is an active officer whose duty allows a restore.

    Asked of the database that was restored (and of the live one where it answers): a name typed at a command line is
    not an officer because it was typed.
    """
    for name in names:
        officer = Officer.objects.select_related("organisation").filter(username=name).first()
        if officer is None or RESTORE not in officer_actor(officer).operations:
            raise ChengxinError(
                "approver_unknown",
                f"“{name}”不是有权同意恢复系统的经办人（系统管理员或安全管理员），请核对用户名",
                f"{name} is no officer whose duty allows a restore (administrator or security officer)",
                where=name,
            )


def ask_approval(label: str, moment: str, into: str, reason: str, now: datetime) -> int:
    """Ask, as the operator, for the approval of exactly this restore; return its number for the officer who decides."""
    content = approval_content(moment, into)
    return int(AskApproval(operator(), RESTORE, "backup", label, content, reason, now).execute().pk)


def consume_approval(label: str, moment: str, into: str, names: Sequence[str], now: datetime) -> int:
    """Use the approval for exactly this restore and return its number.

    Raises ``NotApproved`` where there is none, and ``ChengxinError`` when whoever gave it is not one of ``names``.
    """
    content = approval_content(moment, into)
    with transaction.atomic():
        used = use_approval(operator(), RESTORE, "backup", label, content, now)
        if used.decided_by not in names:
            raise ChengxinError(
                "approver_differs",
                f"审批由“{used.decided_by}”作出，但 --approved-by 没有写这个人",
                f"{used.decided_by} gave the approval, and is not named by --approved-by",
                where=used.decided_by,
            )
    return int(used.pk)


def approval_content(moment: str, into: str) -> dict[str, Any]:
    """Return what an approval of a restore is about: up to which moment (empty: all there is), into which folder."""
    return {"to_time": moment, "into": into}
