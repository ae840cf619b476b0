"""What every answer of the public end has in common: headers, language, reading only, and honesty in failure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import translation

from chengxin.ends.public.errors import database_away, reading_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

    GetResponse = Callable[[HttpRequest], HttpResponseBase]

_LOG = logging.getLogger("chengxin.public")

HEADERS = {
    # No script at all; styles, pictures and forms of this site only; no page may frame it.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # an address may hold the words of a search
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Security headers of every answer, static files and errors included."""

TRANSPORT = "max-age=31536000; includeSubDomains"
"""Strict-Transport-Security, sent over TLS only (RFC 6797, 7.2); its terms are those of OWASP ASVS 5.0, 3.4.1."""


class _Middleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response


class SecurityHeaders(_Middleware):
    """Puts ``HEADERS`` on every answer."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the headers added."""
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", TRANSPORT)
        return response


class AddressLanguage(_Middleware):
    """Takes the language from the address alone (``/en/``): no cookie is set and no browser setting is read.

    One address is one page in one language, so shared caches need no ``Vary``.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the language of the address."""
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", "zh-Hans" if language == "zh-hans" else language)
        return response


class ReadingOnly(_Middleware):
    """Refuses every method but GET and HEAD: this end changes nothing."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or refuse with 405."""
        return self.get_response(request) if request.method in {"GET", "HEAD"} else reading_only(request)


class DatabaseAway(_Middleware):
    """Says "cannot be looked up just now" when the database does not answer: that is never "no record"."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; failures of the database arrive in ``process_exception``."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Return the 503 page when the database did not answer, else leave the error to Django."""
        if not isinstance(exception, (OperationalError, InterfaceError)):
            return None
        _LOG.error("the database did not answer: %s", type(exception.__cause__ or exception).__name__)
        return database_away(request)
