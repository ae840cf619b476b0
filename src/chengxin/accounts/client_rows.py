"""API clients as those see them who manage them: what each may do, how much of it was used today, and its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.accounts.actor import MANAGE_CLIENTS
from chengxin.accounts.clients import ApiClient, ClientGrant, ClientKey
from chengxin.base.errors import NotFound
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor


@dataclass(frozen=True)
class GrantRow:
    """A live grant: quotas are requests a minute and a legal day, ``used_today`` those of this legal day.

    ``approval`` is the number of the approval it rests on, None for a grant by the operator of the machine.
    """

    operation: str
    items: tuple[str, ...]
    purposes: tuple[str, ...]
    per_minute: int
    per_day: int
    used_today: int
    ends_at: datetime
    approval: int | None


@dataclass(frozen=True)
class KeyRow:
    """A live key: the name that signatures use, its suite, and the fingerprint to compare with its owner."""

    key_id: str
    suite: str
    fingerprint: str
    ends_at: datetime
    approval: int | None


@dataclass(frozen=True)
class ClientRow:
    """One client. ``state`` is ``live``, ``closed``, ``expired``, or ``organisation_closed``."""

    id: int
    name: str
    organisation: str
    organisation_name: str
    state: str
    made_at: datetime
    expires_at: datetime
    allow_bearer: bool
    grants: tuple[GrantRow, ...]
    keys: tuple[KeyRow, ...]


def client_rows(actor: Actor, now: datetime, client_id: int | None = None) -> tuple[ClientRow, ...]:
    """Return every client, or the one of this number, by number; three queries. Raises ``NotPermitted``."""
    actor.require(MANAGE_CLIENTS)
    found = ApiClient.objects.select_related("organisation").order_by("pk")
    which = {} if client_id is None else {"client_id": client_id}
    if client_id is not None:
        found = found.filter(pk=client_id)
    today = legal_day(now)
    grants: dict[int, list[GrantRow]] = {}
    live = {"revoked_at": None, "ends_at__gt": now} | which
    for grant in ClientGrant.objects.filter(**live).select_related("use").order_by("operation"):
        use = getattr(grant, "use", None)
        row = GrantRow(
            grant.operation,
            tuple(grant.items),
            tuple(grant.purposes),
            grant.per_minute,
            grant.per_day,
            use.day_count if use is not None and use.day == today else 0,
            grant.ends_at,
            grant.approval,
        )
        grants.setdefault(grant.client_id, []).append(row)
    keys: dict[int, list[KeyRow]] = {}
    for key in ClientKey.objects.filter(**live).order_by("made_at", "pk"):
        shown = KeyRow(key.key_id, key.suite, key.fingerprint, key.ends_at, key.approval)
        keys.setdefault(key.client_id, []).append(shown)
    return tuple(
        ClientRow(
            one.pk,
            one.name,
            one.organisation.code,
            one.organisation.name,
            _state(one, now),
            one.made_at,
            one.expires_at,
            one.allow_bearer,
            tuple(grants.get(one.pk, ())),
            tuple(keys.get(one.pk, ())),
        )
        for one in found
    )


def client_row(actor: Actor, client_id: int, now: datetime) -> ClientRow:
    """Return one client; raise ``NotPermitted`` or ``NotFound``."""
    found = client_rows(actor, now, client_id)
    if not found:
        raise NotFound(
            "unknown_client",
            f"没有编号为 {client_id} 的接口调用方",
            f"there is no client {client_id}",
            where=str(client_id),
        )
    return found[0]


def _state(client: ApiClient, now: datetime) -> str:
    if client.revoked_at is not None:
        return "closed"
    if client.expires_at <= now:
        return "expired"
    return "live" if client.organisation.is_active else "organisation_closed"
