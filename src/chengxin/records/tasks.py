"""Jobs of this room, run by the worker: carry decisions out, and look for bodies again."""

from __future__ import annotations

import logging

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from chengxin.base.clock import system_now

log = logging.getLogger(__name__)

QUEUE = "links"
APPLY_TASK = "records.apply_link"
REFRESH_TASK = "records.refresh_proposals"

TRIES = 5
"""How often a job that failed for a passing reason is tried again."""


def apply_later(decision_id: int, proposal_id: int) -> None:
    """Queue the carrying out of a decision, in the caller's transaction.

    Jobs about one proposal share a lock and run in the order in which they were queued: an undo comes after what it
    undoes.
    """
    app.configure_task(APPLY_TASK, queue=QUEUE, lock=f"link:{proposal_id}").defer(decision_id=decision_id)


def refresh_later() -> None:
    """Queue one look for bodies, in the caller's transaction; one that waits already is enough."""
    try:
        with transaction.atomic():
            app.configure_task(REFRESH_TASK, queue=QUEUE, queueing_lock=REFRESH_TASK).defer()
    except AlreadyEnqueued:
        log.debug("a look for bodies is queued already")


@app.task(name=APPLY_TASK, queue=QUEUE, retry=RetryStrategy(max_attempts=TRIES, exponential_wait=4))
def apply_link(decision_id: int) -> None:
    """Carry a decision about a fact, or the undoing of any, out."""
    from chengxin.records.actions.apply_link import ApplyLink  # noqa: PLC0415 - every process reads the jobs' names

    ApplyLink(decision_id, system_now()).execute()


@app.task(name=REFRESH_TASK, queue=QUEUE, retry=RetryStrategy(max_attempts=TRIES, exponential_wait=4))
def refresh_proposals() -> None:
    """Look for bodies again for everything nobody has decided."""
    from chengxin.records.review import refresh  # noqa: PLC0415 - the same

    changed = refresh(system_now())
    log.info("%s proposals changed with the register", changed)
