"""API clients: make one, give it a key, grant it an operation, take any of that away.

A client begins with nothing. A key and a grant are rights: each takes effect only with the approval of a second officer
for exactly this content, or by the operator at the command line of the platform's own machine. Taking a right away
needs one officer, so that it is quick. Every step leaves an audit event in its own transaction.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509 import load_pem_x509_certificate
from django.db import transaction

from chengxin.accounts.actions.approvals import AskApproval, use_approval
from chengxin.accounts.actor import MANAGE_CLIENTS, OPERATIONS
from chengxin.accounts.clients import CERTIFICATE, EVERYTHING, ApiClient, ClientGrant, ClientKey
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.crypto import sm2

if TYPE_CHECKING:
    from chengxin.accounts.actor import Actor
    from chengxin.accounts.models import Approval, Organisation

_FORMS = {
    "international": (bytes.fromhex("302a300506032b6570032100"), 44),
    "national": (bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004"), 91),
}
"""Suite -> how its public keys begin in DER, and their bytes: Ed25519 (RFC 8410), an SM2 point (GM/T 0010)."""

KIND = "client"
"""``object_kind`` of events and approvals about clients."""

LARGEST_QUOTA = 2_000_000_000
"""What the column holds; nobody asks that often."""

_PEM = re.compile(
    r"-----BEGIN (?P<kind>PUBLIC KEY|CERTIFICATE)-----\n(?P<body>[A-Za-z0-9+/=\n]+)-----END (?P=kind)-----\n?"
)
_LONGEST_PEM = 8000
_BLANKS = " \t\r\n"
"""What may stand around a PEM; other blanks would be kept with the key, and a key is kept as ASCII."""


@dataclass(frozen=True)
class MakeApiClient:
    """Make a client for an organisation; it lives until ``expires_at`` and may do nothing yet.

    With ``allow_bearer`` it gets a token it may show instead of signing (rehearsals). Raises ``NotPermitted`` for an
    actor who may not manage clients, ``ChengxinError`` without a name or for an end that is not ahead.
    """

    actor: Actor
    name: str
    organisation: Organisation
    now: datetime
    expires_at: datetime
    allow_bearer: bool = False

    def check(self) -> None:
        """Raise unless it can be made."""
        self.actor.require(MANAGE_CLIENTS)
        if not self.name.strip() or not self.name.isprintable():
            raise ChengxinError("client_unnamed", "请写明调用方的名称", "give the client a name", where="name")
        _require_ahead(self.name, self.expires_at, self.now)

    def execute(self) -> tuple[ApiClient, str]:
        """Return the client and its token, which is shown this once and not kept; without bearer it is empty."""
        self.check()
        token = secrets.token_urlsafe(32) if self.allow_bearer else ""
        with transaction.atomic():
            client = ApiClient.objects.create(
                name=self.name,
                organisation=self.organisation,
                token_digest=hashlib.sha256(token.encode()).hexdigest() if token else None,
                allow_bearer=self.allow_bearer,
                made_at=self.now,
                expires_at=self.expires_at,
            )
            _event(self.actor, "client.made", client.pk, self.now, organisation=self.organisation.code)
        return client, token


@dataclass(frozen=True)
class GrantOperation:
    """Let a client do one operation, in place of what it was granted of it before.

    ``items`` are keys of the catalogue and ``purposes`` words a request may state; ``*`` stands for all of them and
    nothing is granted by leaving them out. Quotas are requests a minute and a legal day. Raises ``ChengxinError`` for
    what cannot be granted, ``NotApproved`` where no second officer agreed to exactly ``content()``.
    """

    actor: Actor
    client_id: int
    operation: str
    items: tuple[str, ...]
    purposes: tuple[str, ...]
    per_minute: int
    per_day: int
    ends_at: datetime
    now: datetime

    def content(self) -> dict[str, Any]:
        """Return what an approval has to name word for word."""
        return {
            "act": "grant",
            "operation": self.operation,
            "items": sorted(self.items),
            "purposes": sorted(self.purposes),
            "per_minute": self.per_minute,
            "per_day": self.per_day,
            "ends_at": self.ends_at.astimezone(UTC).isoformat(),
        }

    def check(self) -> ApiClient:
        """Return the client, or raise."""
        self.actor.require(MANAGE_CLIENTS)
        if self.operation not in OPERATIONS:
            raise ChengxinError(
                "unknown_operation",
                f"没有可授予接口调用方的操作“{self.operation}”，可用的有：{'、'.join(OPERATIONS)}",
                f"there is no operation {self.operation!r} for clients; there are: {', '.join(OPERATIONS)}",
                where=self.operation,
            )
        if not self.items or not self.purposes or not all((*self.items, *self.purposes)):
            raise ChengxinError(
                "grant_names_nothing",
                f"请写明授权的事项和用途；全部事项或用途写 {EVERYTHING}",
                f"name the items and purposes of the grant; {EVERYTHING} stands for all of them",
                where="items" if not self.items else "purposes",
            )
        if not (0 < self.per_minute <= LARGEST_QUOTA and 0 < self.per_day <= LARGEST_QUOTA):
            raise ChengxinError(
                "quota_wrong",
                "每分钟和每天的次数应为正整数",
                "the requests a minute and a day must be positive whole numbers",
                where="per_minute",
            )
        client = _client(self.client_id)
        _require_ahead(self.operation, self.ends_at, self.now)
        return client

    def ask(self, reason: str) -> Approval:
        """Ask another officer to agree; what could not be done anyway is not asked."""
        return _ask(self, reason)

    def execute(self) -> ClientGrant:
        """Save and return the grant."""
        with transaction.atomic():
            client = self.check()
            approval = _approval(self.actor, client.pk, self.content(), self.now)
            ClientGrant.objects.filter(client=client, operation=self.operation, revoked_at=None).update(
                revoked_at=self.now
            )
            made = ClientGrant.objects.create(
                client=client,
                operation=self.operation,
                items=sorted(self.items),
                purposes=sorted(self.purposes),
                per_minute=self.per_minute,
                per_day=self.per_day,
                made_at=self.now,
                made_by=f"{self.actor.kind}:{self.actor.id}",
                approval=approval,
                ends_at=self.ends_at,
            )
            _event(self.actor, "client.granted", client.pk, self.now, grant=made.pk, **self.content())
        return made


@dataclass(frozen=True)
class AddClientKey:
    """Let a client prove who it is by ``pem``: a public key (Ed25519 or SM2), or its certificate for mutual TLS.

    The key ends at ``ends_at``, or with its certificate if that is earlier. Raises ``ChengxinError`` for what is no
    such key, or one that some client had before; ``NotApproved`` where no second officer agreed to ``content()``.
    """

    actor: Actor
    client_id: int
    pem: str
    ends_at: datetime
    now: datetime

    def content(self) -> dict[str, Any]:
        """Return what an approval has to name word for word."""
        kind, fingerprint, ends_at = read_pem(self.pem)
        return {
            "act": "key",
            "suite": kind,
            "fingerprint": fingerprint,
            "ends_at": min(ends_at or self.ends_at, self.ends_at).astimezone(UTC).isoformat(),
            "pem": self.pem.strip(_BLANKS) + "\n",
        }

    def check(self) -> ApiClient:
        """Return the client, or raise."""
        self.actor.require(MANAGE_CLIENTS)
        client = _client(self.client_id)
        content = self.content()
        _require_ahead("key", datetime.fromisoformat(content["ends_at"]), self.now)
        if ClientKey.objects.filter(fingerprint=content["fingerprint"]).exists():
            raise ChengxinError(
                "key_known",
                "这把公钥（证书）已经登记过，一把钥匙只属于一个调用方，请另造一把",
                "this key or certificate is on file already; a key belongs to one client: make another",
                where=content["fingerprint"],
            )
        return client

    def ask(self, reason: str) -> Approval:
        """Ask another officer to agree; what could not be done anyway is not asked."""
        return _ask(self, reason)

    def execute(self) -> ClientKey:
        """Save and return the key; its ``key_id`` is what signatures name."""
        with transaction.atomic():
            client = self.check()
            content = self.content()
            approval = _approval(self.actor, client.pk, content, self.now)
            made = ClientKey.objects.create(
                client=client,
                key_id=f"c{client.pk}-{content['fingerprint'][:16]}",
                suite=content["suite"],
                public_key="" if content["suite"] == CERTIFICATE else content["pem"],
                fingerprint=content["fingerprint"],
                made_at=self.now,
                made_by=f"{self.actor.kind}:{self.actor.id}",
                approval=approval,
                ends_at=datetime.fromisoformat(content["ends_at"]),
            )
            del content["pem"]  # the fingerprint says which it was
            _event(self.actor, "client.key_added", client.pk, self.now, key=made.key_id, **content)
        return made


@dataclass(frozen=True)
class WithdrawFromClient:
    """Take something away from a client, from this moment on: a grant, a key, or everything (both empty).

    One officer suffices. Raises ``NotPermitted``, and ``NotFound`` when there is nothing of that name to take.
    """

    actor: Actor
    client_id: int
    now: datetime
    operation: str = ""
    key_id: str = ""
    reason: str = ""

    def execute(self) -> None:
        """Mark it as revoked, on file."""
        self.actor.require(MANAGE_CLIENTS)
        with transaction.atomic():
            client = _client(self.client_id)
            if not self._take(client):
                raise NotFound(
                    "nothing_to_withdraw",
                    "该调用方没有这项授权或公钥，或已被收回；请用 chengxin client list 查看",
                    "the client has no such grant or key, or it was taken before; see: chengxin client list",
                    where=self.operation or self.key_id or str(client.pk),
                )
            taken = {"operation": self.operation, "key": self.key_id, "reason": self.reason.strip()}
            _event(self.actor, "client.withdrawn", client.pk, self.now, **taken)

    def _take(self, client: ApiClient) -> int:
        """Mark it and return how many rows that were."""
        if self.operation:
            grants = ClientGrant.objects.filter(client=client, operation=self.operation, revoked_at=None)
            return grants.update(revoked_at=self.now)
        if self.key_id:
            keys = ClientKey.objects.filter(client=client, key_id=self.key_id, revoked_at=None)
            return keys.update(revoked_at=self.now)
        return ApiClient.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=self.now)


def read_pem(pem: str) -> tuple[str, str, datetime | None]:
    """Return (suite, fingerprint, end) of a public key or certificate; only a certificate has an end of its own.

    The fingerprint is SHA-256 over the DER in hexadecimal. Raises ``ChengxinError`` (``key_unreadable``).
    """
    found = _PEM.fullmatch(pem.strip(_BLANKS) + "\n") if len(pem) <= _LONGEST_PEM else None
    if found is not None and found["kind"] == "CERTIFICATE":
        try:
            certificate = load_pem_x509_certificate(pem.encode("ascii"))
            der = certificate.public_bytes(Encoding.DER)
        except ValueError:
            raise _unreadable() from None
        return CERTIFICATE, hashlib.sha256(der).hexdigest(), certificate.not_valid_after_utc
    der = _bytes(found["body"]) if found is not None else b""
    name = next((name for name, (head, size) in _FORMS.items() if der.startswith(head) and len(der) == size), "")
    try:
        if name == "national":
            sm2.load_public(pem.strip(_BLANKS) + "\n")
        elif name:
            load_der_public_key(der)
    except ValueError:
        name = ""
    if not name:
        raise _unreadable()
    return name, hashlib.sha256(der).hexdigest(), None


def _bytes(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        raise _unreadable() from None


def _unreadable() -> ChengxinError:
    return ChengxinError(
        "key_unreadable",
        "应为 PEM 格式的 Ed25519 或 SM2 公钥，或 X.509 证书；公钥可用 chengxin api-key 生成",
        "what is wanted is an Ed25519 or SM2 public key, or an X.509 certificate, as PEM; make a key with "
        "chengxin api-key",
        where="PEM",
    )


def _ask(action: GrantOperation | AddClientKey, reason: str) -> Approval:
    """Ask for the second officer that ``action`` needs; raise what its ``check`` raises."""
    with transaction.atomic():
        client = action.check()
        content = action.content()
        return AskApproval(action.actor, MANAGE_CLIENTS, KIND, str(client.pk), content, reason, action.now).execute()


def _approval(actor: Actor, client_id: int, content: dict[str, Any], now: datetime) -> int | None:
    """Use the approval of a second officer and return its number; the operator of the machine needs none."""
    if actor.kind == "operator":
        return None
    return use_approval(actor, MANAGE_CLIENTS, KIND, str(client_id), content, now).pk


def _client(client_id: int) -> ApiClient:
    found = ApiClient.objects.select_for_update().filter(pk=client_id).first()
    if found is None:
        raise NotFound(
            "unknown_client",
            f"没有编号为 {client_id} 的接口调用方，请用 chengxin client list 查看",
            f"there is no client {client_id}; see: chengxin client list",
            where=str(client_id),
        )
    return found


def _require_ahead(name: str, end: datetime, now: datetime) -> None:
    if end <= now:
        raise ChengxinError(
            "already_expired",
            f"“{name}”的到期时间已过，请给一个将来的时间",
            f"{name!r} would have ended already: give an end in the future",
            where=name,
        )


def _event(actor: Actor, action: str, client_id: int, now: datetime, **detail: object) -> None:
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action=action,
        object_kind=KIND,
        object_id=str(client_id),
        detail=detail,
    )
