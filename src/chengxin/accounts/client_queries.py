"""Who calls the API, with which grant, and whether the grant has some left: one statement each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F

from chengxin.accounts.actor import Actor
from chengxin.accounts.clients import CERTIFICATE, EVERYTHING, ApiClient, ClientGrant, ClientKey
from chengxin.base.errors import NotPermitted
from chengxin.kernel.calendar import LEGAL_ZONE, legal_day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

SEPARATORS = "：:"
"""What may follow a granted purpose: the case number or the matter it is for."""


@dataclass(frozen=True)
class Grant:
    """A live grant: the operation, the items and purposes it is for, and its quota (requests)."""

    id: int
    operation: str
    items: frozenset[str]
    purposes: frozenset[str]
    per_minute: int
    per_day: int

    def allows_item(self, item: str) -> bool:
        """Return whether the grant is for this catalogue item."""
        return EVERYTHING in self.items or item in self.items

    def item_filter(self) -> frozenset[str] | None:
        """Return the items the grant is for, or None when it is for all of them."""
        return None if EVERYTHING in self.items else self.items

    def require_item(self, item: str) -> None:
        """Raise ``NotPermitted`` unless the grant is for ``item``."""
        if not self.allows_item(item):
            raise NotPermitted(
                "item_not_granted",
                f"该调用方的授权不包括事项“{item}”，请联系信用中心",
                f"the client's grant does not include the item {item!r}; ask the credit centre",
                where="item",
            )

    def require_purpose(self, purpose: str) -> None:
        """Raise ``NotPermitted`` unless the grant is for ``purpose``: a granted one, or one followed by its matter.

        “政府采购” allows “政府采购” and “政府采购：昆采〔2026〕12号”, not “政府采购等事项”.
        """
        said = purpose.strip()
        heads = {said, *(said.partition(sign)[0].rstrip() for sign in SEPARATORS)}
        if EVERYTHING not in self.purposes and not heads & self.purposes:
            raise NotPermitted(
                "purpose_not_granted",
                f"该调用方未获准用于这一用途，可用：{'、'.join(sorted(self.purposes))}（其后可加冒号和案号）",
                f"the grant is not for this purpose; it is for: {', '.join(sorted(self.purposes))} "
                "(a colon and the case number may follow)",
                where="purpose",
            )


@dataclass(frozen=True)
class Caller:
    """A client as a request presents it.

    ``live`` says that client and organisation are active; ``key_live`` that its key is. ``grant`` is the live grant of
    the operation asked for, or None; ``operations`` are those of all live grants.
    """

    client_id: int
    organisation_pk: int
    organisation: str
    live: bool
    allow_bearer: bool
    operations: frozenset[str]
    grant: Grant | None
    key_pk: int | None = None
    key_live: bool = True
    suite: str = ""
    public_key: str = ""

    def actor(self) -> Actor:
        """Return the client as an actor with exactly its live grants; one that has ended may do nothing."""
        allowed = self.operations if self.live else frozenset()
        return Actor("client", str(self.client_id), self.organisation, allowed)


@dataclass(frozen=True)
class Use:
    """What a grant has left after a request was counted, or that it was not: ``replayed``, or ``over`` its quota.

    ``minute_left`` and ``day_left`` are requests, ``minute_ends`` and ``day_ends`` seconds until the count begins anew.
    """

    replayed: bool
    over: bool
    minute_left: int
    day_left: int
    minute_ends: int
    day_ends: int

    @property
    def wait(self) -> int:
        """Return the seconds after which another request can be counted, 0 when it can be at once."""
        if not self.day_left:
            return self.day_ends
        return self.minute_ends if not self.minute_left else 0


_CALLER = """
SELECT client.id, organisation.id, organisation.code, client.revoked_at, client.expires_at, organisation.is_active,
       client.allow_bearer,
       ARRAY(SELECT live.operation FROM accounts_clientgrant live
             WHERE live.client_id = client.id AND live.revoked_at IS NULL AND live.ends_at > %(now)s),
       held.id, held.items, held.purposes, held.per_minute, held.per_day, {key}
FROM {source}
JOIN accounts_organisation organisation ON organisation.id = client.organisation_id
LEFT JOIN accounts_clientgrant held ON held.client_id = client.id AND held.operation = %(operation)s
      AND held.revoked_at IS NULL AND held.ends_at > %(now)s
WHERE {which}
"""
_BY_TOKEN = _CALLER.format(
    key="NULL, NULL, NULL, NULL, NULL", source="accounts_apiclient client", which="client.token_digest = %(wanted)s"
)
_BY_KEY = _CALLER.format(
    key="key.id, key.revoked_at, key.ends_at, key.suite, key.public_key",
    source="accounts_clientkey key JOIN accounts_apiclient client ON client.id = key.client_id",
    which="{which}",
)


def caller_by_token(token: str, operation: str, now: datetime) -> Caller | None:
    """Return the client whose token this is, live or not, or None."""
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    return _caller(_BY_TOKEN, operation, now, wanted=digest)


def caller_by_key(key_id: str, operation: str, now: datetime) -> Caller | None:
    """Return the client whose signing key has this name, live or not, or None."""
    sql = _BY_KEY.format(which="key.key_id = %(wanted)s AND key.suite <> %(certificate)s")
    return _caller(sql, operation, now, wanted=key_id, certificate=CERTIFICATE)


def caller_by_certificate(fingerprint: str, operation: str, now: datetime) -> Caller | None:
    """Return the client whose certificate has this SHA-256 fingerprint (64 hexadecimal digits), or None."""
    sql = _BY_KEY.format(which="key.fingerprint = %(wanted)s AND key.suite = %(certificate)s")
    return _caller(sql, operation, now, wanted=fingerprint, certificate=CERTIFICATE)


def _caller(sql: str, operation: str, now: datetime, **wanted: str) -> Caller | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, wanted | {"operation": operation, "now": now})
        row = cursor.fetchone()
    if row is None:
        return None
    client, organisation_pk, organisation, revoked, expires, active, bearer, operations = row[:8]
    grant, items, purposes, per_minute, per_day, key, key_revoked, key_ends, suite, public_key = row[8:]
    return Caller(
        client_id=client,
        organisation_pk=organisation_pk,
        organisation=organisation,
        live=revoked is None and expires > now and active,
        allow_bearer=bearer,
        operations=frozenset(operations),
        grant=None
        if grant is None
        else Grant(grant, operation, frozenset(items), frozenset(purposes), per_minute, per_day),
        key_pk=key,
        key_live=key is None or (key_revoked is None and key_ends > now),
        suite=suite or "",
        public_key=public_key or "",
    )


_COUNT = """
WITH swept AS (
    DELETE FROM accounts_clientnonce WHERE (key_id, nonce) IN (
        SELECT key_id, nonce FROM accounts_clientnonce WHERE forget_at < %(now)s
        ORDER BY forget_at LIMIT 20 FOR UPDATE SKIP LOCKED)
), fresh AS (
    INSERT INTO accounts_clientnonce (key_id, nonce, forget_at)
    SELECT %(key)s::bigint, %(nonce)s::text, %(forget_at)s::timestamptz WHERE %(key)s::bigint IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING 1
), counted AS (
    INSERT INTO accounts_clientuse AS held (grant_id, day, day_count, minute, minute_count)
    SELECT %(grant)s, %(day)s::date, 1, %(minute)s::timestamptz, 1
    WHERE %(key)s::bigint IS NULL OR EXISTS (SELECT FROM fresh)
    ON CONFLICT (grant_id) DO UPDATE SET
        day_count = CASE WHEN held.day = excluded.day THEN held.day_count ELSE 0 END + 1,
        minute_count = CASE WHEN held.minute = excluded.minute THEN held.minute_count ELSE 0 END + 1,
        day = excluded.day, minute = excluded.minute
    WHERE (held.day <> excluded.day OR held.day_count < %(per_day)s)
      AND (held.minute <> excluded.minute OR held.minute_count < %(per_minute)s)
    RETURNING day_count, minute_count
)
SELECT EXISTS (SELECT FROM fresh), (SELECT day_count FROM counted), (SELECT minute_count FROM counted),
       (SELECT day_count FROM accounts_clientuse WHERE grant_id = %(grant)s AND day = %(day)s),
       (SELECT minute_count FROM accounts_clientuse WHERE grant_id = %(grant)s AND minute = %(minute)s)
"""


def count_use(
    grant: Grant, now: datetime, *, key_pk: int | None = None, nonce: str = "", kept: timedelta = timedelta()
) -> Use:
    """Count one request against the grant and remember its nonce, in one statement that commits by itself.

    With ``key_pk`` the request was signed: a nonce that this key used before is ``replayed`` and counts nothing. A
    nonce is remembered for ``kept``; twenty that were remembered long enough are forgotten on the way, so the table
    stays as large as what happens in that time. Counts begin anew with each minute and each legal day.
    """
    day, minute = legal_day(now), now.replace(second=0, microsecond=0)
    given: dict[str, Any] = {
        "now": now,
        "key": key_pk,
        "nonce": nonce,
        "forget_at": now + kept,
        "grant": grant.id,
        "day": day,
        "minute": minute,
        "per_day": grant.per_day,
        "per_minute": grant.per_minute,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, given)
        fresh, day_count, minute_count, day_before, minute_before = cursor.fetchone()
    replayed = key_pk is not None and not fresh
    return Use(
        replayed=replayed,
        over=day_count is None and not replayed,
        minute_left=max(grant.per_minute - (minute_count or minute_before or 0), 0),
        day_left=max(grant.per_day - (day_count or day_before or 0), 0),
        minute_ends=60 - now.second,
        day_ends=_seconds_to_midnight(day, now),
    )


def _seconds_to_midnight(day: date, now: datetime) -> int:
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), LEGAL_ZONE)
    return max(int((midnight - now).total_seconds()), 1)


@dataclass(frozen=True)
class ClientView:
    """A client as the operator sees it: its organisation, its end, its live grants and its live keys."""

    id: int
    name: str
    organisation: str
    expires_at: datetime
    ended: bool
    allow_bearer: bool
    grants: Sequence[ClientGrant]
    keys: Sequence[ClientKey]


def clients(now: datetime) -> tuple[ClientView, ...]:
    """Return every client, the newest last, with what it may do now."""
    found = ApiClient.objects.select_related("organisation").order_by("pk")
    live = {"revoked_at": None, "ends_at__gt": now}
    grants: dict[int, list[ClientGrant]] = {}
    for grant in ClientGrant.objects.filter(**live).order_by("operation"):
        grants.setdefault(grant.client_id, []).append(grant)
    keys: dict[int, list[ClientKey]] = {}
    for key in ClientKey.objects.filter(**live).order_by(F("made_at")):
        keys.setdefault(key.client_id, []).append(key)
    return tuple(
        ClientView(
            id=one.pk,
            name=one.name,
            organisation=one.organisation.code,
            expires_at=one.expires_at,
            ended=one.revoked_at is not None or one.expires_at <= now,
            allow_bearer=one.allow_bearer,
            grants=grants.get(one.pk, []),
            keys=keys.get(one.pk, []),
        )
        for one in found
    )
