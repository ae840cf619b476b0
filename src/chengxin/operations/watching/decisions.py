"""Every decision about access leaves one line: who asked for which entrance, and whether it was opened.

Allowed looks too, at lists, forms and public facts. A line holds names out of closed lists (the entrance, the operation
it needs, a code) and the pseudonym of an officer or the number of a client; nothing of the request itself: no address,
no query, no body, no header. The public end knows nobody, so its lines name the page and the class of the status only.

Source: OWASP ASVS 5.0, 16.3.2 (level 3); GB/T 22239-2019 8.1.4.3 a).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from django.urls import Resolver404, resolve

from chengxin.accounts.entrances import PUBLIC, load_entrances
from chengxin.operations.settings import load_settings
from chengxin.operations.watching.metrics import METHODS, UNMATCHED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

LOG = logging.getLogger("chengxin.access")

ALLOWED, REFUSED, FAILED = "allowed", "refused", "failed"
REDIRECTION, SERVER_ERROR = 300, 500

FILE_STATUSES = frozenset({200, 206, 304})
"""Statuses of a static file; whatever else is answered before an address is looked up is a decision."""

REFUSALS = {
    401: "not_authenticated",
    403: "not_permitted",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "wrong_media_type",
    429: "too_many_requests",
}
"""Statuses that refuse, with the code where nobody gave a more exact one. 404 is what is not there or not the asker's;
400, 409 and 422 are answers to somebody who was let in."""

AGES = ((1, "under 1 h"), (4, "1-4 h"))
LONGER = "over 4 h"
A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """Who a request was recognised as: an officer's user name or a client's number, with the organisation's code.

    ``session`` is the class of the session's age; empty where there is no session.
    """

    kind: str
    actor: str
    organisation: str
    session: str = ""


def recognise(request: HttpRequest, seen: Seen) -> None:
    """Note who sends ``request``, for the line about its decision. The end calls it once that is proved."""
    request.seen = seen  # type: ignore[attr-defined]


def refuse(response: HttpResponseBase, code: str) -> None:
    """Note why ``response`` refuses, where its status does not say; ``code`` is one of the platform's own codes."""
    response.refusal = code  # type: ignore[attr-defined]


def age_class(age: timedelta) -> str:
    """Return the class of a session's age.

    >>> from datetime import timedelta
    >>> age_class(timedelta(minutes=59)), age_class(timedelta(hours=5))
    ('under 1 h', 'over 4 h')
    """
    hours = age.total_seconds() / 3600
    return next((name for limit, name in AGES if hours < limit), LONGER)


def entrance_of(request: HttpRequest) -> str:
    """Return the name of the address in the URL configuration, or its route; ``unmatched`` where there is none.

    A middleware that answers by itself does so before Django looks the address up.
    """
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return UNMATCHED
    return str(match.url_name or match.route or "/")


@cache
def needs_of(end: str, name: str, method: str) -> str:
    """Return what an entrance needs by the list of entrances; empty where it is not one."""
    wanted = "GET" if method == "HEAD" else method
    held = ((one.end, one.name, one.method, one.needs) for one in load_entrances())
    return next((needs for *where, needs in held if where == [end, name, wanted]), "")


def decision(needs: str, seen: Seen | None, status: int, refusal: str) -> tuple[str, str]:
    """Return what was decided and why.

    Args:
        needs: what the entrance needs: ``public``, ``officer``, an operation, or empty where there is no entrance.
        seen: who was recognised, or None.
        status: the answer's status.
        refusal: the code that whoever refused gave, or empty.

    Returns:
        ``allowed`` without a code, ``refused`` with one, or ``failed`` with one: a server error decides nothing.
    """
    if status >= SERVER_ERROR:
        return FAILED, refusal or "internal_error"
    if status in REFUSALS:
        return REFUSED, refusal or REFUSALS[status]
    if status < 400 and refusal:  # noqa: PLR2004 - on the way to another page, as those not logged in are
        return REFUSED, refusal
    if seen is None and needs not in {PUBLIC, ""} and REDIRECTION <= status < 400:  # noqa: PLR2004 - the same
        return REFUSED, "not_logged_in"
    return ALLOWED, ""


class Told:
    """Writes the lines; those of strangers up to a number a minute, so that a flood of requests fills no disk.

    Who was recognised has a session or a quota, so each of their lines is written. Of strangers the first
    ``stranger_lines`` of a minute are, and the next line written says how many were not. The figures count all.
    """

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._minute = -1
        self._count = self._untold = 0
        self._lock = Lock()

    def write(self, end: str, request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        """Write the line about ``request``; a static file needs no decision and has none."""
        match = request.resolver_match
        status = response.status_code
        if match is None and status in FILE_STATUSES and not hasattr(response, "refusal"):
            return
        seen: Seen | None = getattr(request, "seen", None)
        untold = 0
        if seen is None:
            allowed, untold = self._may_tell()
            if not allowed:
                return
        name = entrance_of(request)
        if end == "public":
            fields: dict[str, str | int] = {"entrance": name, "status": f"{status // 100}xx"}
        else:
            fields = self._fields(end, name, request, response) | {"ms": round(seconds * 1000)}
        if untold:
            fields["not_told"] = untold
        if LOG.isEnabledFor(logging.INFO):  # a record of our own: looking for who called costs a third of the line
            message = f"access {fields.get('decision', 'public')}"
            record = logging.LogRecord(LOG.name, logging.INFO, __file__, 0, message, None, None)
            record.fields = fields
            LOG.handle(record)

    def _fields(self, end: str, name: str, request: HttpRequest, response: HttpResponseBase) -> dict[str, str | int]:
        seen: Seen | None = getattr(request, "seen", None)
        method = str(request.method)
        needs = needs_of(end, name, method) if method in METHODS else ""
        decided, code = decision(needs, seen, response.status_code, getattr(response, "refusal", ""))
        return {
            "entrance": name,
            "operation": needs,
            "method": method if method in METHODS else "other",
            "actor_kind": seen.kind if seen else "",
            "actor": seen.actor if seen else "",
            "organisation": seen.organisation if seen else "",
            "session": seen.session if seen else "",
            "decision": decided,
            "code": code,
            "status": response.status_code,
        }

    def _may_tell(self) -> tuple[bool, int]:
        """Return whether a stranger's line is written, and how many were not since the last one that was."""
        minute = int(self._ticks()) // A_MINUTE
        with self._lock:
            if minute != self._minute:
                self._minute, self._count = minute, 0
            self._count += 1
            if self._count > load_settings().stranger_lines:
                self._untold += 1
                return False, 0
            untold, self._untold = self._untold, 0
            return True, untold
