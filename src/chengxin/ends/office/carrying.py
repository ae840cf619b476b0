"""Agreed approvals that their asker carries out on the page of approvals; others are used where they belong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse

from chengxin.accounts.actions.clients import KIND as CLIENT
from chengxin.accounts.actions.clients import AddClientKey, GrantOperation
from chengxin.accounts.actions.grants import BindIdentity, GrantDuties, ResetLogIn
from chengxin.accounts.actions.organisations import ReopenOrganisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.officers import ApprovalRow


@dataclass(frozen=True)
class CarriedOut:
    """What came of it: the address to go on to, and a first password to show once, where there is one."""

    onward: str
    first: str = ""


def _duties(row: ApprovalRow, actor: Actor, now: datetime) -> CarriedOut:
    GrantDuties(actor, row.object_id, now, tuple(row.content["roles"])).execute()
    return CarriedOut(reverse("officer", args=[row.object_id]))


def _reset(row: ApprovalRow, actor: Actor, now: datetime) -> CarriedOut:
    first = ResetLogIn(actor, row.object_id, now).execute()[1]
    return CarriedOut(reverse("officer", args=[row.object_id]), first)


def _identity(row: ApprovalRow, actor: Actor, now: datetime) -> CarriedOut:
    BindIdentity(actor, row.object_id, now, row.content["issuer"], row.content["subject"]).execute()
    return CarriedOut(reverse("officer", args=[row.object_id]))


def _reopen(row: ApprovalRow, actor: Actor, now: datetime) -> CarriedOut:
    ReopenOrganisation(actor, row.object_id, now).execute()
    return CarriedOut(reverse("organisation", args=[row.object_id]))


def _client(row: ApprovalRow, actor: Actor, now: datetime) -> CarriedOut:
    held, number = row.content, int(row.object_id)
    ends_at = datetime.fromisoformat(held["ends_at"])
    if held["act"] == "key":
        AddClientKey(actor, number, held["pem"], ends_at, now).execute()
    else:
        GrantOperation(
            actor,
            number,
            held["operation"],
            tuple(held["items"]),
            tuple(held["purposes"]),
            held["per_minute"],
            held["per_day"],
            ends_at,
            now,
        ).execute()
    return CarriedOut(reverse("client", args=[number]))


CARRIED_OUT_HERE: dict[str, Callable[[ApprovalRow, Actor, datetime], CarriedOut]] = {
    GrantDuties.kind: _duties,
    ResetLogIn.kind: _reset,
    BindIdentity.kind: _identity,
    ReopenOrganisation.kind: _reopen,
    CLIENT: _client,
}
"""Kind of object -> what carries its agreed approval out."""


def is_ready(row: ApprovalRow, actor: Actor) -> bool:
    """Return whether ``actor`` asked for it, another agreed, and it is carried out here."""
    return row.asked_by == actor.id and row.state == "agreed" and row.object_kind in CARRIED_OUT_HERE
