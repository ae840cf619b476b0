"""Live and ready: whether a process runs, and whether it can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.http import JsonResponse

if TYPE_CHECKING:
    from django.http import HttpResponse

LIVE = "/health/live"
READY = "/health/ready"
PATIENCE = "2s"
"""How long the database may take to say that it is there."""


def live() -> HttpResponse:
    """Say that the process answers; nothing else is asked, so that a slow database starts no restart."""
    return _answer(200, {"status": "live"})


def ready() -> HttpResponse:
    """Say whether the database answers and, where personal data is read, whether evidence is being kept.

    The answer names no version, address or figure: whoever can reach it learns yes or no.
    """
    parts = {"database": database_answers()}
    if parts["database"] and "chengxin.audit" in settings.INSTALLED_APPS:
        parts["evidence"] = evidence_kept()
    good = all(parts.values())
    held = {
        "status": "ready" if good else "not ready",
        **{name: "ok" if one else "away" for name, one in parts.items()},
    }
    return _answer(200 if good else 503, held)


def database_answers() -> bool:
    """Return whether the database answers in time."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
    except (DatabaseError, InterfaceError):
        connection.close()
        return False
    return True


def evidence_kept() -> bool:
    """Return whether a witness had a checkpoint in time; before the first one there is nothing to miss."""
    from chengxin.audit.settings import load_settings  # noqa: PLC0415 - not where the audit trail is not installed
    from chengxin.base.clock import system_now  # noqa: PLC0415 - the same

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT covered_at FROM audit_tree")
            row = cursor.fetchone()
    except (DatabaseError, InterfaceError):
        return False
    return row is None or row[0] is None or system_now() - row[0] <= load_settings().refuse_after


def _answer(status: int, held: dict[str, str]) -> HttpResponse:
    response = JsonResponse(held, status=status)
    response["Cache-Control"] = "no-store"
    return response
