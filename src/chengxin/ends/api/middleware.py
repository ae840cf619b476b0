"""Whatever answers, an error leaves this end as problem details, and nobody knocks too often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.base.clock import system_now
from chengxin.ends.api.limits import load_limits
from chengxin.ends.api.problems import MEDIA_TYPE, problem
from chengxin.ends.api.proxies import client_address, sender
from chengxin.ends.api.rates import MINUTE, Counts, too_many
from chengxin.ends.api.refusals import refusals

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

FIRST_ERROR = 400


def problems(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Turn any other error response into a problem, keep its headers, and forbid caches to hold answers."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code >= FIRST_ERROR and not response.get("Content-Type", "").startswith(MEDIA_TYPE):
            mended = problem(response.status_code)
            for name in ("Allow", "Retry-After", "WWW-Authenticate"):
                if name in response:
                    mended[name] = response[name]
            response = mended
        response["Cache-Control"] = "no-store"
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response

    return middleware


def rates(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse an address that was not let in too often within the minute, and say what a grant has left.

    What is let in is not counted here: it has its grant's quota.
    """
    limits = load_limits()
    counts = Counts(limits.addresses_remembered)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        now = system_now()
        second = int(now.timestamp())
        who = sender(client_address(request))
        if counts.counted(who, second // MINUTE) >= limits.address_per_minute:
            error = too_many(MINUTE - second % MINUTE)
            refusals.note(request, "", "address_limit", None, now)
            return problem(429, error)
        try:
            response = get_response(request)
        finally:
            if not getattr(request, "admitted", False):
                counts.count(who, second // MINUTE)
            if hasattr(request, "kept_body"):
                request.kept_body.close()
        for name, value in getattr(request, "rate_headers", {}).items():
            response[name] = value
        return response

    return middleware
