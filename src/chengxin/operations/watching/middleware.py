"""The first middleware of every end: answers the probes, counts and traces every request, tells what was decided."""

from __future__ import annotations

import secrets
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from django.conf import settings
from opentelemetry.trace import format_trace_id

from chengxin.operations.watching.decisions import Told
from chengxin.operations.watching.health import LIVE, READY, live, ready
from chengxin.operations.watching.logs import REQUEST
from chengxin.operations.watching.metrics import METHODS, UNMATCHED, count_request
from chengxin.operations.watching.traces import TRACING

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from opentelemetry.trace import Span


def watch(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer the probes before anything else looks at them; they need no log-in, host name or signature.

    Everything else is counted by the route of the URL configuration, never by its address, and leaves one line about
    what was decided. Lines written meanwhile carry the request's number, which is its trace's where it has one.
    """
    end = str(getattr(settings, "ROOT_URLCONF", "")).removesuffix(".urls").rpartition(".")[2]
    told = Told()

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            if request.path_info == LIVE:
                return live()
            if request.path_info == READY:
                return ready()
        method = request.method if request.method in METHODS else "other"
        began = time.perf_counter()
        with TRACING.request(str(method)) if TRACING.on else nullcontext() as span:
            number = REQUEST.set(number_of(span))
            try:
                response = get_response(request)
                route = route_of(request)
                if span is not None:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
                    span.set_attribute("http.response.status_code", response.status_code)
                seconds = time.perf_counter() - began
                told.write(end, request, response, seconds)
            finally:
                REQUEST.reset(number)
        count_request(route, str(method), response.status_code, seconds)
        return response

    return middleware


def number_of(span: Span | None) -> str:
    """Return a request's number: its trace's, else one drawn by lot; what the sender calls it counts for nothing."""
    return secrets.token_hex(16) if span is None else format_trace_id(span.get_span_context().trace_id)


def route_of(request: HttpRequest) -> str:
    """Return the request's route as the URL configuration writes it: ``body/<code:uscc>/``."""
    match = request.resolver_match
    return str(match.route) if match is not None and match.route else UNMATCHED if match is None else "/"
