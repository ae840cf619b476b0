"""Every page an officer was refused leaves an event: who asked for which page, and nothing of what was sent.

An officer gets a bounded number of events a minute in each process; the next one says how many were not told. Source:
OWASP ASVS 5.0, 16.3.2; GB/T 22239-2019 8.1.4.3 a).
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.audit.actions import record_event

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.models import Officer

A_MINUTE = 60
TOLD = 20
"""Events of one officer within a minute, as at the API (``refusals_per_minute`` of its limits); the rest is counted."""


class RefusedPages:
    """Writes the events; remembers the officers of the present minute and how much was not told."""

    def __init__(self) -> None:
        self._minute = 0
        self._told: dict[str, int] = {}
        self._untold: dict[str, int] = {}
        self._lock = Lock()

    def note(self, officer: Officer, page: str, method: str, now: datetime, network: str = "") -> None:
        """Write the event in a transaction of its own, or count the refusal for the next one.

        ``page`` is the name of the address in the URL configuration; ``network`` is the address that was the reason,
        where it was one. Raises ``EvidenceUnavailable`` when the event
        cannot be written.
        """
        who, minute = officer.username, int(now.timestamp()) // A_MINUTE
        with self._lock:
            if minute != self._minute:
                self._minute, self._told = minute, {}
            self._told[who] = self._told.get(who, 0) + 1
            if self._told[who] > TOLD:
                self._untold[who] = self._untold.get(who, 0) + 1
                return
            untold = self._untold.pop(who, 0)
        with transaction.atomic():
            record_event(
                at=now,
                actor=("officer", who, officer.organisation.code),
                action="access.refused",
                object_kind="page",
                object_id=page,
                detail={"method": method}
                | ({"not_told": untold} if untold else {})
                | ({"reason": "network", "address": network} if network else {}),
            )


refused_pages = RefusedPages()
"""This process's."""
