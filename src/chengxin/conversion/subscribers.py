"""New codes on file are looked at for conflicts, once they are committed."""

from __future__ import annotations

from django.db import connection

from chengxin.base.events import subscribe
from chengxin.conversion.tasks import find_later
from chengxin.subjects.events import IdentifiersAdded


def look_for_conflicts(event: IdentifiersAdded) -> None:  # noqa: ARG001 - a subscriber takes its event
    """Queue a look over all codes where any was added; a register that says nothing new queues none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM new_identifier)")
        if cursor.fetchone() == (True,):
            find_later()


def listen() -> None:
    """Subscribe to what the floors below tell."""
    subscribe(IdentifiersAdded, look_for_conflicts)
