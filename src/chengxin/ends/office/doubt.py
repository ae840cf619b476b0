"""The situation decides in a running session, before what gives or uses power (OWASP ASVS 5.0, 8.2.4 and 8.4.2).

A session in doubt, used from another network or browser than it began with or on a new device, shows its factors again;
administration happens from the city's networks only, where it named any. Ordinary work goes on as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache, wraps
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from chengxin.accounts.entrances import OFFICER, PUBLIC, load_entrances
from chengxin.accounts.models import Officer
from chengxin.audit.actions import record_event
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.base.clock import system_now
from chengxin.ends.office.access import load_access
from chengxin.ends.office.log_in import client_address
from chengxin.ends.office.pages import officer_of
from chengxin.ends.office.refusals import refused_pages
from chengxin.ends.office.sessions import BEGAN, MOVED, STRONG, doubt_of, moment
from chengxin.operations.watching.decisions import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from chengxin.accounts.entrances import Entrance

View = Callable[..., HttpResponse]


class Doubts:
    """Asks again, or refuses, before a page with power is reached."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Return what comes before the page; None when nothing does."""
        officer, match = request.user, request.resolver_match
        if not isinstance(officer, Officer) or match is None or not match.url_name:
            return None
        now = system_now()
        try:
            return _out_of_place(request, officer, match.url_name, now) or _in_doubt(
                request, officer, match.url_name, now
            )
        except EvidenceUnavailable as error:
            from chengxin.ends.office.views import errors  # noqa: PLC0415 - views need the settings

            return errors.no_evidence(request, error)


def ask_again(request: HttpRequest, officer: Officer, reason: str, wanted: str, now: datetime) -> HttpResponse:
    """End the session and lead to the log-in and from there back to ``wanted``; ``reason`` is told and on file."""
    match = request.resolver_match
    with transaction.atomic():
        record_event(
            at=now,
            actor=("officer", officer.username, officer.organisation.code),
            action="officer.asked_again",
            object_kind="officer",
            object_id=officer.username,
            detail={
                "reason": reason,
                "page": (match.url_name or match.route) if match else "",
                "address": client_address(request),
            },
        )
    logout(request)
    address = f"{reverse('log_in')}?{urlencode({'next': wanted, 'again': reason})}"
    response: HttpResponse = redirect(address)
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204, headers={"HX-Redirect": address})
    refuse(response, "asked_again")
    return response


def freshly_logged_in(view: View) -> View:
    """Ask for a new log-in before ``view`` when the last one is long ago, or the session moved since.

    An open session is not the officer.
    """

    @wraps(view)
    def asked(request: HttpRequest, *args: object, **more: object) -> HttpResponse:
        now, session = system_now(), request.session
        began = moment(session, BEGAN)
        reason = str(session.get(MOVED, "")) if session.get(STRONG) else ""
        if reason:
            return ask_again(request, officer_of(request), reason, reverse("account"), now)
        if began is None or now - began > timedelta(minutes=load_access().sensitive_minutes):
            logout(request)
            return redirect(f"{reverse('log_in')}?{urlencode({'next': reverse('account'), 'again': 1})}")
        return view(request, *args, **more)

    return asked


def _out_of_place(request: HttpRequest, officer: Officer, page: str, now: datetime) -> HttpResponse | None:
    """Refuse what an administrator does from elsewhere than the networks of administration."""
    access = load_access()
    held = _rows().get((page, _method(request)))
    bound = held is not None and (held.needs not in {OFFICER, PUBLIC} or page in _careful_pages())
    administers = not set(access.administration_duties).isdisjoint(officer.roles)
    if not bound or not administers or access.may_administer_from(client_address(request)):
        return None
    refused_pages.note(officer, page, str(request.method), now, network=client_address(request))
    from chengxin.ends.office.views import errors  # noqa: PLC0415 - views need the settings

    response = errors.elsewhere(request)
    refuse(response, "outside_network")
    return response


def _in_doubt(request: HttpRequest, officer: Officer, page: str, now: datetime) -> HttpResponse | None:
    """Ask for the second factor again where the session is in doubt and the page gives or uses power."""
    held = _rows().get((page, _method(request)))
    reason = doubt_of(request, now) if held is not None and held.careful else ""
    return ask_again(request, officer, reason, _page_before(request), now) if reason else None


def _page_before(request: HttpRequest) -> str:
    """Return the page to come back to: this one where it can be looked at, else the one it belongs to.

    The addresses are built so: what is done to a thing stands below the thing's own address.
    """
    match = request.resolver_match
    rows = _rows()
    if match is not None and (str(match.url_name), "GET") in rows:
        return request.path
    return request.path.rstrip("/").rpartition("/")[0] + "/"


def _method(request: HttpRequest) -> str:
    return "GET" if request.method == "HEAD" else str(request.method)


@cache
def _rows() -> Mapping[tuple[str, str], Entrance]:
    return {(one.name, one.method): one for one in load_entrances() if one.end == "office"}


@cache
def _careful_pages() -> frozenset[str]:
    return frozenset(name for (name, _), one in _rows().items() if one.careful)
