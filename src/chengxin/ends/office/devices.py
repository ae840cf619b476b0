"""The devices of officers: browsers in which somebody logged in completely, known again by a cookie.

The cookie holds random secrets, one for each officer of a shared browser; of a secret the database has the SHA-256.
What fails elsewhere does not lock a known device, so nobody outside can keep an officer from the own machine (OWASP,
Slow Down Online Guessing Attacks with Device Cookies; OWASP ASVS 5.0, 6.1.1).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from chengxin.audit.actions import record_event
from chengxin.base.context import arriving
from chengxin.ends.office.access import load_access
from chengxin.ends.office.log_in import client_address
from chengxin.ends.office.models import Device, OfficeSession
from chengxin.ends.office.whereabouts import network_of, words_of_request

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from chengxin.accounts.models import Officer

SECRET_BYTES = 32
"""Random bytes of a secret: 256 bits, so that its plain digest is kept."""

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
"""A secret as it stands in the cookie."""

LONGEST = 2000
"""Characters of a cookie that are read."""

DUE = "chengxin.device_cookie"
"""Key of a request's META: what its answer's cookie is to hold."""


@dataclass(frozen=True)
class LastLogIn:
    """When, in which browser and in which network an officer logged in."""

    at: datetime
    words: str
    network: str


@dataclass(frozen=True)
class Settled:
    """The device of a log-in, whether it was never seen before, and the log-in before this one, where one is known."""

    device: Device
    new: bool
    before: LastLogIn | None


def known_device(request: HttpRequest, username: str, now: datetime) -> int | None:
    """Return the number of the device that this browser is for the officer ``username``, or None for a stranger's.

    Without a name (a passkey names its officer itself) it is the device last seen of any officer of the browser.
    """
    held = Device.objects.filter(digest__in=_digests(request), last_seen__gt=now - _kept())
    if username:
        held = held.filter(officer__username=username)
    found: int | None = held.order_by("-last_seen").values_list("pk", flat=True).first()
    return found


def settle(request: HttpRequest, officer: Officer, now: datetime) -> Settled:
    """Know this browser as a device of ``officer``, who is in with everything it takes; a new one leaves an event.

    Devices not seen for ``device_days`` go, of every officer.
    """
    with transaction.atomic():
        Device.objects.filter(last_seen__lte=now - _kept()).delete()
        carried = _carried(request)
        listed = list(Device.objects.select_for_update().filter(officer=officer).order_by("-last_seen", "-pk"))
        before = LastLogIn(listed[0].last_seen, listed[0].words, listed[0].network) if listed else None
        by_digest = {_digest(one): one for one in carried}
        found = next((one for one in listed if one.digest in by_digest), None)
        own = by_digest[found.digest] if found else secrets.token_urlsafe(SECRET_BYTES)
        device = found or Device(officer=officer, digest=_digest(own), first_seen=now)
        device.words, device.network = words_of_request(request), network_of(client_address(request))
        device.last_seen = now
        device.save(update_fields=["words", "network", "last_seen"] if found else None)
        if found is None:
            surplus = [one.pk for one in listed[load_access().devices_most - 1 :]]
            Device.objects.filter(pk__in=surplus).delete()
            note_device(officer, "officer.device_new", device, now)
    others = [one for one in carried if one != own]
    request.META[DUE] = ".".join([own, *others][: load_access().devices_in_browser])
    return Settled(device, found is None, before)


@dataclass(frozen=True)
class DeviceRow:
    """A device as its officer sees it; ``own`` is the one that asks."""

    id: int
    words: str
    network: str
    first_seen: datetime
    last_seen: datetime
    own: bool


def devices_of(officer: Officer, own: int | None, now: datetime) -> tuple[DeviceRow, ...]:
    """Return the officer's devices, the one used last first; ``own`` is the number of the one that asks."""
    held = Device.objects.filter(officer=officer, last_seen__gt=now - _kept()).order_by("-last_seen", "pk")
    named = held.values_list("pk", "words", "network", "first_seen", "last_seen")
    return tuple(DeviceRow(*row, row[0] == own) for row in named)


def remove_device(officer: Officer, device_id: int, now: datetime) -> bool:
    """Forget a device of ``officer`` and end its sessions, on file; return whether there was one."""
    with transaction.atomic():
        device = Device.objects.select_for_update().filter(officer=officer, pk=device_id).first()
        if device is None:
            return False
        OfficeSession.objects.filter(officer=officer, device=device.pk).delete()
        note_device(officer, "officer.device_removed", device, now)
        device.delete()
    return True


def hand_out(request: HttpRequest, response: HttpResponseBase) -> None:
    """Put the device's cookie into the answer when the request settled one."""
    value = request.META.get(DUE)
    if value:
        response.set_cookie(
            _cookie(),
            value,
            max_age=int(_kept().total_seconds()),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )


def note_device(officer: Officer, action: str, device: Device, now: datetime) -> None:
    """Write an event about a device of ``officer`` done by the officer."""
    with arriving():
        record_event(
            at=now,
            actor=("officer", officer.username, officer.organisation.code),
            action=action,
            object_kind="officer",
            object_id=officer.username,
            detail={"device": device.words, "network": device.network},
        )


def _cookie() -> str:
    """Return the cookie's name; over TLS it is bound to this host."""
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}chengxin-device"


def _kept() -> timedelta:
    return timedelta(days=load_access().device_days)


def _carried(request: HttpRequest) -> list[str]:
    """Return the secrets of the request's cookie; what does not look like one is none."""
    parts = request.COOKIES.get(_cookie(), "")[:LONGEST].split(".")
    return [one for one in parts if SECRET.fullmatch(one)][: load_access().devices_in_browser]


def _digests(request: HttpRequest) -> list[str]:
    return [_digest(one) for one in _carried(request)]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
