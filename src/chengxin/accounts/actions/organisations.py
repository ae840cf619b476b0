"""Organisations are closed by one officer at once; opening one again gives its officers their power back: by two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction

from chengxin.accounts.actions.approvals import AskApproval, use_approval
from chengxin.accounts.actions.officers import require_reason
from chengxin.accounts.actor import GRANT_DUTIES, MANAGE_OFFICERS
from chengxin.accounts.queries import organisation_by_code
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotPermitted

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.models import Approval, Organisation


@dataclass(frozen=True)
class CloseOrganisation:
    """Close an organisation at once: its officers and API clients may do nothing from their next request on.

    What hangs below it goes on. Raises ``NotPermitted`` also for one's own organisation, which would shut the door from
    outside, ``NotFound``, and ``ChengxinError`` without a reason or where it is closed already.
    """

    actor: Actor
    code: str
    reason: str
    now: datetime

    def check(self) -> Organisation:
        """Return the organisation, or raise."""
        self.actor.require(MANAGE_OFFICERS)
        require_reason(self.reason)
        held = organisation_by_code(self.code)
        if held.code == self.actor.organisation:
            raise NotPermitted(
                "own_organisation",
                "不能停用自己所在的单位，请由其他单位的管理员办理",
                "one's own organisation is closed by an administrator of another",
            )
        if not held.is_active:
            raise ChengxinError(
                "organisation_closed",
                f"“{held.name}”已经停用",
                f"{held.name_en} is closed already",
                where=held.code,
            )
        return held

    def execute(self) -> Organisation:
        """Save and return the organisation."""
        with transaction.atomic():
            held = self.check()
            held.is_active = False
            held.save(update_fields=["is_active"])
            _note(self.actor, "organisation.closed", held, self.now, reason=self.reason.strip())
        return held


@dataclass(frozen=True)
class ReopenOrganisation:
    """Open a closed organisation again, with the agreement of a security officer.

    Its officers hold the duties they held when it was closed: that is power given, so it takes two, as every grant of
    duties does. Raises ``NotPermitted``, ``NotFound``, ``NotApproved``, and ``ChengxinError`` for one that is open.
    """

    kind: ClassVar[str] = "organisation.reopen"
    actor: Actor
    code: str
    now: datetime

    def content(self) -> dict[str, Any]:
        """Return what will be done, as the approval binds it."""
        return {"organisation": self.code, "reopen": True}

    def check(self) -> Organisation:
        """Return the organisation, or raise."""
        self.actor.require(GRANT_DUTIES)
        self.actor.require(MANAGE_OFFICERS)
        held = organisation_by_code(self.code)
        if held.is_active:
            raise ChengxinError(
                "organisation_open",
                f"“{held.name}”正在使用，不需要恢复",
                f"{held.name_en} is in use: there is nothing to open",
                where=held.code,
            )
        return held

    def ask(self, reason: str) -> Approval:
        """Ask a security officer to agree; what could not be done anyway is not asked."""
        with transaction.atomic():
            held = self.check()
            return AskApproval(
                self.actor, GRANT_DUTIES, self.kind, held.code, self.content(), reason, self.now
            ).execute()

    def execute(self) -> Organisation:
        """Save and return the organisation."""
        with transaction.atomic():
            held = self.check()
            use_approval(self.actor, GRANT_DUTIES, self.kind, held.code, self.content(), self.now)
            held.is_active = True
            held.save(update_fields=["is_active"])
            _note(self.actor, "organisation.reopened", held, self.now)
        return held


def _note(actor: Actor, action: str, held: Organisation, now: datetime, **detail: object) -> None:
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action=action,
        object_kind="organisation",
        object_id=held.code,
        detail=detail,
    )
