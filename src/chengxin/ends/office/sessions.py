"""A session of the office end: begun once the officer is in, half begun while a second factor is asked for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare
from django.utils.dateparse import parse_datetime

from chengxin.accounts.passkeys import Site
from chengxin.base.city import load_city
from chengxin.ends.office.access import load_access, second_factor_required
from chengxin.ends.office.devices import LastLogIn, known_device, settle
from chengxin.ends.office.log_in import client_address, failures_elsewhere, welcome, working_officers
from chengxin.ends.office.models import OfficeSession
from chengxin.ends.office.whereabouts import network_of, words_of_request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.http import HttpRequest

    from chengxin.accounts.models import Officer

BEGAN, SEEN = "began", "seen"
"""Keys of a session: when the officer logged in, and last did something."""

SITTING, DEVICE = "sitting", "device"
"""Keys of a session: its name on the officer's own page, and the number of the device it is used on."""

WORDS, NETWORK = "words", "network"
"""Keys of a session: the browser and system, and the network, of the officer's last request."""

EPOCH, STRONG = "epoch", "strong"
"""Keys of a session: the officer's ``session_epoch`` at log-in, and whether a second factor was shown."""

INTRODUCED, DEVICE_SINCE = "introduced", "device_since"
"""Keys of a session: whether its device was never seen before it, and since when the device is known."""

MOVED = "moved"
"""Key of a session: what changed in its midst, ``network`` or ``browser``."""

BEFORE, FAILED = "before", "failed"
"""Keys of a session: the officer's log-in before this one, and how many failed elsewhere since."""

PENDING, ASKED = "pending", "asked"
"""Keys of a session: the officer whose password was right, and the question a passkey is to answer."""


SITTING_BYTES = 8
"""Random bytes of a session's name on the account page: it opens nothing."""


@dataclass(frozen=True)
class Pending:
    """An officer who still has to show a second factor, and where the officer wanted to go."""

    officer: Officer
    wanted: str


def begin_session(request: HttpRequest, officer: Officer, now: datetime, how: str, *, strong: bool) -> None:
    """Log ``officer`` in under a new session key; ``strong`` says whether two factors were shown.

    Where everything it takes was shown the browser becomes a device of the officer: at once, or with the next request
    where the provider's site led here and the browser kept its cookie back.
    """
    asked = request.session.get(PENDING)
    tried = moment(asked, "at") if asked else None
    failed = failures_elsewhere(officer, tried or now)
    device = known_device(request, officer.username, now) if how != "outside" else None
    welcome(officer, client_address(request), now, how, device)
    for table in (OfficeSession, Session):  # the second are sessions of the version before
        table.objects.filter(expire_date__lt=now).delete()
    for key in (PENDING, ASKED, MOVED, DEVICE, DEVICE_SINCE, INTRODUCED, BEFORE):  # who is in may log in once more
        request.session.pop(key, None)
    login(request, officer, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = request.session
    session[SITTING] = secrets.token_hex(SITTING_BYTES)
    session[BEGAN] = session[SEEN] = now.isoformat()
    session[EPOCH], session[STRONG], session[FAILED] = officer.session_epoch, strong, failed
    session[WORDS], session[NETWORK] = words_of_request(request), network_of(client_address(request))
    if how != "outside":
        settle_device(request, officer, now)


def settle_device(request: HttpRequest, officer: Officer, now: datetime) -> None:
    """Make this browser a device of ``officer``, once in a session and once everything a log-in takes was shown."""
    session = request.session
    if DEVICE in session or (second_factor_required() and not session.get(STRONG)):
        return
    settled = settle(request, officer, now)
    session[DEVICE], session[INTRODUCED] = settled.device.pk, settled.new
    session[DEVICE_SINCE] = settled.device.first_seen.isoformat()
    if settled.before:
        before = settled.before
        session[BEFORE] = {"at": before.at.isoformat(), "words": before.words, "network": before.network}


def follow(request: HttpRequest) -> None:
    """Note where the session is used now; what differs from the log-in stays noted until the next log-in."""
    session = request.session
    here = {NETWORK: network_of(client_address(request)), WORDS: words_of_request(request)}
    for key, reason in ((NETWORK, "network"), (WORDS, "browser")):
        if session.get(key, "") != here[key]:
            session[key] = here[key]
            session[MOVED] = reason


def doubt_of(request: HttpRequest, now: datetime) -> str:
    """Return why power needs the second factor again in this session: ``network``, ``browser``, ``device`` or nothing.

    A session that introduced its device has no power; a later one has it while its log-in is recent, until the device
    is known for ``new_device_hours``. Without a second factor (rehearsals only) there is nothing to show again.
    """
    session, access = request.session, load_access()
    if not session.get(STRONG):
        return ""
    if session.get(MOVED):
        return str(session[MOVED])
    since, began = moment(session, DEVICE_SINCE), moment(session, BEGAN)
    if session.get(INTRODUCED) or since is None or began is None:
        return "device"
    new = now - since < timedelta(hours=access.new_device_hours)
    return "device" if new and now - began > timedelta(minutes=access.sensitive_minutes) else ""


@dataclass(frozen=True)
class Sitting:
    """A running session as its officer sees it; ``own`` is the one that asks."""

    name: str
    began: datetime
    seen: datetime
    words: str
    network: str
    own: bool


def sittings_of(request: HttpRequest, officer: Officer, now: datetime) -> tuple[Sitting, ...]:
    """Return the officer's running sessions: the one that asks, then the others, the one used last first."""
    access, session = load_access(), request.session
    rows = OfficeSession.objects.filter(
        officer=officer,
        seen__gte=now - timedelta(minutes=access.session_idle_minutes),
        began__gte=now - timedelta(hours=access.session_hours),
    ).exclude(session_key=session.session_key)
    listed = [
        Sitting(one.sitting, one.began, one.seen, one.words, one.network, own=False)
        for one in rows.defer("session_data").order_by("-seen", "sitting")
        if one.began and one.seen
    ]
    began, seen = moment(session, BEGAN), moment(session, SEEN)
    if began and seen:  # from the session itself: its row is written after the page
        words, network = str(session.get(WORDS, "")), str(session.get(NETWORK, ""))
        listed.insert(0, Sitting(str(session.get(SITTING, "")), began, seen, words, network, own=True))
    return tuple(listed)


def notice_of(request: HttpRequest, now: datetime) -> Notice | None:
    """Return what the officer is told of the log-in before this one, or None in a session without a log-in."""
    session = request.session
    began, before = moment(session, BEGAN), session.get(BEFORE)
    if began is None:
        return None
    at = moment(before, "at") if before else None
    last = LastLogIn(at, before["words"], before["network"]) if before and at else None
    fresh = now - began < timedelta(minutes=load_access().notice_minutes)
    return Notice(last, bool(session.get(INTRODUCED)), int(session.get(FAILED, 0)), fresh)


@dataclass(frozen=True)
class Notice:
    """The log-in before this one, whether this device is new, how many log-ins failed, and whether to say so now."""

    last: LastLogIn | None
    new_device: bool
    failed: int
    fresh: bool


def begin_pending(request: HttpRequest, officer: Officer, now: datetime, wanted: str) -> None:
    """Remember, under a new session key, that the password of ``officer`` was right."""
    request.session.flush()
    request.session[PENDING] = {
        "officer": officer.pk,
        "at": now.isoformat(),
        "wanted": wanted,
        "hash": officer.get_session_auth_hash(),
    }


def pending(request: HttpRequest, now: datetime) -> Pending | None:
    """Return who still has to show a second factor, or None when nobody has or it took too long."""
    held = request.session.get(PENDING)
    if not held:
        return None
    at = parse_datetime(str(held["at"]))
    officer = working_officers().filter(pk=held["officer"]).first()
    late = at is None or now - at > timedelta(minutes=load_access().second_step_minutes)
    if late or officer is None or not constant_time_compare(held["hash"], officer.get_session_auth_hash()):
        request.session.flush()
        return None
    return Pending(officer, str(held["wanted"]))


def moment(data: Mapping[str, Any], key: str) -> datetime | None:
    """Return the time kept under ``key`` of a session, or None."""
    return parse_datetime(str(data.get(key, "")))


def ended(request: HttpRequest, officer: Officer, now: datetime) -> bool:
    """Return whether the session was idle too long, has lasted too long, or was ended from elsewhere."""
    access, session = load_access(), request.session
    began, seen = moment(session, BEGAN), moment(session, SEEN)
    if began is None or seen is None or session.get(EPOCH) != officer.session_epoch:
        return True
    idle = now - seen > timedelta(minutes=access.session_idle_minutes)
    return idle or now - began > timedelta(hours=access.session_hours)


def ask_passkey(request: HttpRequest, question: tuple[dict[str, Any], dict[str, Any]], now: datetime) -> dict[str, Any]:
    """Keep what the answer is checked against and return what the browser is asked."""
    options, state = question
    request.session[ASKED] = {"state": state, "at": now.isoformat()}
    return options


def take_question(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """Return the question's state, once, or nothing when none was asked or it is too old."""
    held = request.session.pop(ASKED, None)
    at = parse_datetime(str(held["at"])) if held else None
    if held is None or at is None or now - at > timedelta(minutes=load_access().second_step_minutes):
        return {}
    state: dict[str, Any] = held["state"]
    return state


def site_of(request: HttpRequest) -> Site:
    """Return the site passkeys are bound to: the host of this request, which is one of the hosts allowed."""
    host = request.get_host()
    name = load_city(settings.CITY).wording.site_name
    return Site(host.rpartition(":")[0] or host, f"{request.scheme}://{host}", name)
