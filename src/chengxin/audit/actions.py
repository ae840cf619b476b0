"""Write an event. The caller's transaction carries it: no event, no change; no event, no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from datetime import datetime


def record_event(
    *,
    at: datetime,
    actor: tuple[str, str, str],
    action: str,
    object_kind: str,
    object_id: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add an event: ``actor`` is (kind, id, organisation code).

    Raises ``ChengxinError`` outside a transaction, where an event could stay although its change did not.
    """
    if not connection.in_atomic_block:
        raise ChengxinError(
            "event_outside_transaction",
            "审计事件必须与业务在同一事务中，请在事务内记录",
            "an event belongs in the transaction it witnesses: record it inside one",
        )
    kind, who, organisation = actor
    Event.objects.create(
        at=at,
        actor_kind=kind,
        actor=who,
        organisation=organisation,
        action=action,
        object_kind=object_kind,
        object=object_id,
        detail=detail or {},
    )
