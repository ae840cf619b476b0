"""Whatever answers, an error leaves this end as problem details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.ends.api.problems import MEDIA_TYPE, problem

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
