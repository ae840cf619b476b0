"""The first middleware of every end: answers the probes, counts and traces every request."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from chengxin.operations.watching.health import LIVE, READY, live, ready
from chengxin.operations.watching.metrics import METHODS, UNMATCHED, count_request
from chengxin.operations.watching.traces import TRACING

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

SERVER_ERROR = 500


def watch(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer the probes before anything else looks at them; they need no log-in, host name or signature.

    Everything else is counted by the route of the URL configuration, never by its address.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            if request.path_info == LIVE:
                return live()
            if request.path_info == READY:
                return ready()
        method = request.method if request.method in METHODS else "other"
        began = time.perf_counter()
        with TRACING.request(str(method)) if TRACING.on else nullcontext() as span:
            response = get_response(request)
            route = route_of(request)
            if span is not None:
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", response.status_code)
        count_request(route, str(method), response.status_code, time.perf_counter() - began)
        return response

    return middleware


def route_of(request: HttpRequest) -> str:
    """Return the request's route as the URL configuration writes it: ``body/<code:uscc>/``."""
    match = request.resolver_match
    return str(match.route) if match is not None and match.route else UNMATCHED if match is None else "/"
