"""Every refused request leaves an audit event: what was refused, why, and from which network; nothing of its content.

So that a flood of refusals is no flood of events, one sender gets a bounded number of them a minute; the rest are
counted and told in the sender's next event.
"""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.audit.actions import record_event
from chengxin.ends.api.limits import load_limits
from chengxin.ends.api.proxies import client_address, network_seen
from chengxin.ends.api.rates import MINUTE, Counts

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from chengxin.accounts.client_queries import Caller

_LOG = logging.getLogger("chengxin.api")


class Refusals:
    """Writes events about refusals, a bounded number for each sender and minute."""

    def __init__(self) -> None:
        self._counts = Counts(load_limits().addresses_remembered)
        self._untold: dict[str, int] = {}
        self._lock = Lock()

    def note(self, request: HttpRequest, operation: str, code: str, caller: Caller | None, now: datetime) -> None:
        """Write the event in a transaction of its own, or count the refusal for the next one.

        ``operation`` is the operation key or empty, ``code`` the refusal's. An event that cannot be written is an
        error: a refusal without evidence is not given as if all were well.
        """
        network = network_seen(client_address(request))
        who = f"client {caller.client_id}" if caller else network
        number = self._counts.count(who, int(now.timestamp()) // MINUTE)
        allowed = load_limits().refusals_per_minute
        with self._lock:
            if number > allowed:
                if len(self._untold) < load_limits().addresses_remembered:
                    self._untold[who] = self._untold.get(who, 0) + 1
                return
            untold = self._untold.pop(who, 0)
        if number == allowed:
            _LOG.warning("many refused requests: code=%s operation=%s network=%s", code, operation or "-", network)
        with transaction.atomic():
            record_event(
                at=now,
                actor=("client", str(caller.client_id) if caller else "", caller.organisation if caller else ""),
                action="api.refused",
                object_kind="client",
                object_id=str(caller.client_id) if caller else "",
                detail={"operation": operation, "code": code, "network": network}
                | ({"not_told": untold} if untold else {}),
            )


refusals = Refusals()
"""This process's."""
