"""What every request of the office end goes through: headers, language, size, and the end of a session."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.dateparse import parse_datetime

from chengxin.accounts.models import Officer
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.ends.office.access import load_access, second_factor_required
from chengxin.ends.office.devices import hand_out
from chengxin.ends.office.refusals import refused_pages
from chengxin.ends.office.sessions import SEEN, STRONG, ended, follow, settle_device
from chengxin.operations.watching.decisions import refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    GetResponse = Callable[[HttpRequest], HttpResponseBase]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline and nothing from elsewhere, so text somebody handed in can never run."""

NOTED_EVERY = timedelta(minutes=1)
"""An officer's activity is written down at most once a minute: a write for each request would buy nothing."""


def headers(get_response: GetResponse) -> GetResponse:
    """Add the headers that keep a page's content where it belongs."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store"
        return response

    return middleware


def language(get_response: GetResponse) -> GetResponse:
    """Speak Chinese unless the officer chose English; what the browser would like does not count."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(known):
            response = get_response(request)
        response.headers.setdefault("Content-Language", known)
        return response

    return middleware


def upload_limit(get_response: GetResponse) -> GetResponse:
    """Refuse a request that is too large before anybody reads it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        if not (length.isascii() and length.isdecimal()) or int(length[:20]) > load_access().upload_bytes:
            from chengxin.ends.office.views.errors import too_large  # noqa: PLC0415 - views need the settings

            return too_large(request)
        return get_response(request)

    return middleware


def session_limits(get_response: GetResponse) -> GetResponse:
    """End a session that was idle too long or has lasted too long; note activity, and where it happens.

    A page that asks for a batch's state by itself is not activity: an empty chair must not stay logged in.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if isinstance(request.user, Officer):
            now = system_now()
            if ended(request, request.user, now):
                logout(request)
                return _to_log_in(request)
            by_itself = request.path.endswith("/progress/")
            seen = parse_datetime(request.session[SEEN])
            if not by_itself and (seen is None or now - seen >= NOTED_EVERY):
                request.session[SEEN] = now.isoformat()
            follow(request)
            try:
                settle_device(request, request.user, now)
            except EvidenceUnavailable as missing:
                from chengxin.ends.office.views import errors  # noqa: PLC0415 - views need the settings

                return errors.no_evidence(request, missing)
        response = get_response(request)
        hand_out(request, response)
        return response

    return middleware


class FirstSteps:
    """Sends an officer to what comes before any work: a password of one's own, and a second factor where one is needed.

    A session begun with a password alone reaches nothing but these pages, the way out and the choice of language.
    """

    OPEN = frozenset({"log_in", "log_out", "language", "healthz", "password"})
    ENROL = frozenset({"account", "add_totp", "add_passkey", "recovery_codes"})

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Return a redirect to the step that is missing; None when there is none."""
        match = request.resolver_match
        if match is None or match.url_name in self.OPEN:
            return None
        officer = request.user
        if not isinstance(officer, Officer):
            return None
        weak = second_factor_required() and not request.session.get(STRONG)
        if not officer.must_change_password and (not weak or match.url_name in self.ENROL):
            return None
        response = redirect("password" if officer.must_change_password else "account")
        refuse(response, "first_steps")
        return response


class Refusals:
    """Turns what the rooms refuse into pages: not permitted is 403, and not there or not yours is the same 404."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page for a refusal; None for anything else."""
        from chengxin.ends.office.views import errors  # noqa: PLC0415 - views need the settings

        if isinstance(error, NotPermitted) and isinstance(request.user, Officer):
            match = request.resolver_match
            page, method = (match.url_name or match.route) if match else "", str(request.method)
            try:
                refused_pages.note(request.user, page, method, system_now())
            except EvidenceUnavailable as missing:
                error = missing
        if isinstance(error, EvidenceUnavailable):
            return _because(error, errors.no_evidence(request, error))
        if isinstance(error, NotPermitted):
            return _because(error, errors.forbidden(request))
        return errors.not_found(request) if isinstance(error, NotFound) else None


def _because(error: ChengxinError, response: HttpResponse) -> HttpResponse:
    refuse(response, error.code)
    return response


def _to_log_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204, headers={"HX-Refresh": "true"})
    else:
        response = redirect(settings.LOGIN_URL)
        response["Location"] += "?ended=1"
    refuse(response, "session_ended")
    return response
