"""A session of the office end: begun once the officer is in, half begun while a second factor is asked for."""

from __future__ import annotations

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
from chengxin.ends.office.access import load_access
from chengxin.ends.office.log_in import client_address, welcome, working_officers

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from chengxin.accounts.models import Officer

BEGAN, SEEN = "began", "seen"
"""Keys of a session: when the officer logged in, and last did something."""

EPOCH, STRONG = "epoch", "strong"
"""Keys of a session: the officer's ``session_epoch`` at log-in, and whether a second factor was shown."""

PENDING, ASKED = "pending", "asked"
"""Keys of a session: the officer whose password was right, and the question a passkey is to answer."""


@dataclass(frozen=True)
class Pending:
    """An officer who still has to show a second factor, and where the officer wanted to go."""

    officer: Officer
    wanted: str


def begin_session(request: HttpRequest, officer: Officer, now: datetime, how: str, *, strong: bool) -> None:
    """Log ``officer`` in under a new session key; ``strong`` says whether two factors were shown."""
    welcome(officer, client_address(request), now, how)
    Session.objects.filter(expire_date__lt=now).delete()
    for key in (PENDING, ASKED):
        request.session.pop(key, None)
    login(request, officer, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[BEGAN] = request.session[SEEN] = now.isoformat()
    request.session[EPOCH], request.session[STRONG] = officer.session_epoch, strong


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


def ended(request: HttpRequest, officer: Officer, now: datetime) -> bool:
    """Return whether the session was idle too long, has lasted too long, or was ended from elsewhere."""
    access, session = load_access(), request.session
    began, seen = (parse_datetime(str(session.get(key, ""))) for key in (BEGAN, SEEN))
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
