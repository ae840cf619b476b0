"""Reads of changes of bodies: what was asked for, by whom, where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from chengxin.accounts.access import load_matrix
from chengxin.accounts.models import Approval
from chengxin.subjects.models import Change

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

LATEST = 100
"""Changes a list shows."""


@dataclass(frozen=True)
class ChangeView:
    """A change as people read it.

    ``state``: ``asked`` (nobody has decided), ``agreed`` (another officer has, the worker has not carried it out),
    ``not_agreed``, ``expired`` (nobody decided in time), ``done``, ``outdated`` or ``undone``. ``trouble`` is why the
    worker could not carry it out, as ``ChengxinError.as_dict`` gives it.
    """

    id: int
    kind: str
    state: str
    source_id: int
    source_name: str
    target_id: int | None
    target_name: str
    plan: Mapping[str, Any]
    preview: dict[str, Any]
    digest: str
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision_reason: str
    done_at: datetime | None
    undoes: int | None
    trouble: Mapping[str, str] | None


def changes() -> tuple[ChangeView, ...]:
    """Return the latest changes; two queries."""
    found = list(Change.objects.select_related("source", "target").order_by("-pk")[:LATEST])
    return tuple(_views(found))


def change_view(change: Change) -> ChangeView:
    """Return one change as people read it."""
    return next(iter(_views([change])))


def moving_bodies(subject_ids: Collection[int], now: datetime) -> dict[int, int]:
    """Return which of these bodies a change that can still be carried out would touch: its number, by body.

    A change can be carried out from when it is asked for until it was refused or its approval's hours are over; whoever
    may not read the approval goes by the hours alone. One query. The latest such change of a body counts.
    """
    asked = set(subject_ids)
    if not asked:
        return {}
    over = Approval.objects.filter(pk=OuterRef("approval_id")).filter(Q(agreed=False) | Q(expires_at__lte=now))
    since = now - timedelta(hours=load_matrix().approval_hours)
    rows = (
        Change.objects.filter(Q(source__in=asked) | Q(target__in=asked), state=Change.State.ASKED, asked_at__gt=since)
        .exclude(Exists(over))
        .order_by("pk")
        .values_list("pk", "source_id", "target_id")
    )
    return {body: number for number, *bodies in rows for body in bodies if body in asked}


def _views(found: list[Change]) -> Iterable[ChangeView]:
    numbers = [one.approval_id for one in found if one.approval_id is not None]
    approvals = {one.pk: one for one in Approval.objects.filter(pk__in=numbers)}
    for one in found:
        approval = approvals.get(one.approval_id or 0)
        yield ChangeView(
            id=one.pk,
            kind=one.kind,
            state=_state(one, approval),
            source_id=one.source_id,
            source_name=one.source.name,
            target_id=one.target_id,
            target_name=one.target.name if one.target else "",
            plan=one.plan,
            preview=one.preview,
            digest=one.digest,
            reason=one.reason,
            asked_by=one.asked_by,
            asked_at=one.asked_at,
            decided_by=approval.decided_by if approval else "",
            decided_at=approval.decided_at if approval else None,
            decision_reason=approval.decision_reason if approval else "",
            done_at=one.done_at,
            undoes=one.undoes_id,
            trouble=one.trouble,
        )


def _state(change: Change, approval: Approval | None) -> str:
    if change.state != Change.State.ASKED or approval is None or approval.agreed is None:
        return change.state
    return "agreed" if approval.agreed else "not_agreed"
