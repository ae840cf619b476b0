"""Senders of every kind, and the requests that try every entrance."""

from __future__ import annotations

import io
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from chengxin.accounts.actor import OPERATIONS
from chengxin.accounts.signing import content_digest, sign
from chengxin.audit.actions import record_event
from chengxin.ends.office.session_store import SessionStore
from chengxin.ends.office.sessions import BEGAN, DEVICE, DEVICE_SINCE, EPOCH, NETWORK, SEEN, SITTING, STRONG
from chengxin.testing.making import (
    NOW,
    SigningClient,
    make_batch,
    make_officer,
    make_organisation,
    make_record,
    make_signing_client,
    make_subject,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

    from chengxin.accounts.entrances import Entrance
    from chengxin.accounts.models import Officer, Organisation

USCC = "91320583187588026H"
ASKED = json.dumps({"code": USCC, "purpose": "政府采购"}, ensure_ascii=False).encode()
FORM = "multipart/form-data; boundary=edge"
UPLOAD = (
    b'--edge\r\nContent-Disposition: form-data; name="item"\r\n\r\nlicence\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
    b"Content-Type: text/csv\r\n\r\na,b\r\n--edge--\r\n"
)
CODES = json.dumps({"codes": [{"kind": "uscc", "value": USCC}]}).encode()
BODIES = {
    "submit_batch": (UPLOAD, FORM),
    "check_one": (ASKED, "application/json"),
    "convert_codes": (CODES, "application/json"),
}
"""What the operations of the API that read a body get."""
QUERIES = {"links_more": "?after=0"}
"""What an address needs to be understood at all."""


@dataclass
class World:
    """Two organisations with a batch each, a body and a fact; what addresses are filled with."""

    own: Organisation = field(default_factory=make_organisation)

    def __post_init__(self) -> None:
        self.other = make_organisation("tax")
        self.batch = make_batch(self.own)
        self.hidden = make_batch(self.other, pk=123456789)
        self.record = make_record(1, make_subject())
        self.client = make_signing_client(self.other)
        with transaction.atomic():
            self.event = record_event(
                at=NOW, actor=("operator", "cli", ""), action="batch.received", object_kind="batch", object_id="1"
            )

    def values(self) -> dict[str, object]:
        """Return what stands for each part of an address."""
        return {
            "batch_id": self.batch.pk,
            "uscc": USCC,
            "code": USCC,
            "item": "licence",
            "form": "csv",
            "record_id": self.record.pk,
            "username": "nobody-of-this-name",
            "client_id": self.client.id,
            "event_id": self.event,
        }


@dataclass(frozen=True)
class Sender:
    """Somebody who sends requests: an officer with duties, a client with grants, or neither."""

    name: str
    officer: Officer | None = None
    roles: tuple[str, ...] = ()
    client: SigningClient | None = None
    grants: tuple[str, ...] = ()

    def may(self, entrance: Entrance) -> bool:
        """Return whether the matrix lets this sender in."""
        return (
            entrance.needs == "public"
            or (bool(self.roles) and entrance.opens_to_officer(self.roles))
            or (self.client is not None and entrance.opens_to_client(self.grants))
        )


def officer_senders(own: Organisation, roles: tuple[str, ...]) -> Iterator[Sender]:
    """Yield an officer for each duty, and one with every right whose account was closed while logged in."""
    for role in roles:
        yield Sender(role, make_officer(own, f"officer-{role}", role), (role,))
    yield Sender("withdrawn officer", make_officer(own, "gone", "centre"), ())


def client_senders(own: Organisation, operation: str) -> Iterator[Sender]:
    """Yield clients that were granted everything but ``operation``, everything, and everything until yesterday."""
    others = tuple(one for one in OPERATIONS if one != operation)
    yield Sender("client without the grant", client=make_signing_client(own, *others), grants=others)
    yield Sender("client with the grant", client=make_signing_client(own, *OPERATIONS), grants=OPERATIONS)
    yield Sender("client whose grants ended", client=make_signing_client(own, *OPERATIONS, grants_end=NOW))


def session_of(officer: Officer) -> str:
    """Return the key of a session in which the officer has just shown two factors, on a device known for long."""
    officer.refresh_from_db()  # what was tried before may have ended every session of the officer
    session = SessionStore()
    now = datetime.now(UTC).isoformat()
    long_known = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    session.update(
        {
            "_auth_user_id": str(officer.pk),
            "_auth_user_backend": import_module("chengxin.settings.office").AUTHENTICATION_BACKENDS[0],
            "_auth_user_hash": officer.get_session_auth_hash(),
            BEGAN: now,
            SEEN: now,
            EPOCH: officer.session_epoch,
            STRONG: True,
            NETWORK: "127.0.0.0/24",
            SITTING: secrets.token_hex(8),
            DEVICE: 0,
            DEVICE_SINCE: long_known,
        }
    )
    session.create()
    return str(session.session_key)


def send(browser: Client, entrance: Entrance, address: str, sender: Sender) -> Any:
    """Send one request as ``sender``; an officer brings a session, a client signs."""
    body, kind = BODIES.get(entrance.name, (b"", ""))
    body = body if entrance.method == "POST" else b""
    headers: dict[str, str] = {}
    browser.cookies.clear()
    if sender.officer is not None:
        browser.cookies[import_module("chengxin.settings.office").SESSION_COOKIE_NAME] = session_of(sender.officer)
        if sender.name == "withdrawn officer":
            type(sender.officer).objects.filter(pk=sender.officer.pk).update(is_active=False)
    if sender.client is not None:
        headers = sign(
            entrance.method,
            f"http://testserver{address}",
            sender.client.key,
            sender.client.key_id,
            now=datetime.now(UTC),
            digest=content_digest(io.BytesIO(body)) if body else "",
            content_type=kind if body else "",
        )
        headers.pop("Content-Type", None)
    response = browser.generic(entrance.method, address, body, content_type=kind or "text/plain", headers=headers)
    response.close()
    return response


def let_in(response: Any) -> bool:
    """Return whether a response shows that the sender was let in: no 401, no 403, not sent to log in."""
    where = str(response.headers.get("Location", ""))
    to_log_in = response.status_code == 302 and where.startswith("/log-in/") and ("next=" in where or "ended=" in where)
    return response.status_code not in {401, 403} and not to_log_in


def names_in(end: str) -> dict[str, list[URLPattern]]:
    """Return the end's addresses by name, or by route where one has no name."""
    found: dict[str, list[URLPattern]] = {}

    def walk(held: list[Any]) -> None:
        for one in held:
            if isinstance(one, URLResolver):
                walk(one.url_patterns)
            else:
                found.setdefault(one.name or str(one.pattern), []).append(one)

    walk(get_resolver(f"chengxin.ends.{end}.urls").url_patterns)
    return found


def address_of(end: str, pattern: URLPattern, values: dict[str, object]) -> str:
    """Return an address of the pattern, its parts filled from ``values`` or by a number nothing has."""
    if pattern.name is None:
        return f"/{pattern.pattern}"
    parts = {name: values.get(name, 987654321) for name in pattern.pattern.converters}
    address = reverse(f"api:{pattern.name}" if end == "api" else pattern.name, kwargs=parts)
    return address + QUERIES.get(pattern.name, "")
