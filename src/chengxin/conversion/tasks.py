"""Jobs of this room, run by the worker: look for conflicts, and carry out what registrars answered."""

from __future__ import annotations

import logging

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from chengxin.base.clock import system_now

log = logging.getLogger(__name__)

QUEUE = "subjects"
FIND_TASK = "conversion.find_conflicts"
ANSWER_TASK = "conversion.carry_out_answer"
TRIES = 5
"""How often a job that failed for a passing reason is tried again."""


def find_later() -> None:
    """Queue one look for conflicts, in the caller's transaction; one that waits already is enough."""
    try:
        with transaction.atomic():
            app.configure_task(FIND_TASK, queue=QUEUE, queueing_lock=FIND_TASK).defer()
    except AlreadyEnqueued:
        log.debug("a look for conflicts is queued already")


def carry_out_later(request_id: int) -> None:
    """Queue the carrying out of an answer, in the caller's transaction."""
    app.configure_task(ANSWER_TASK, queue=QUEUE, lock=f"code-request:{request_id}").defer(request_id=request_id)


@app.task(name=FIND_TASK, queue=QUEUE, retry=RetryStrategy(max_attempts=TRIES, exponential_wait=4))
def find_conflicts() -> None:
    """Look for conflicts over all codes."""
    from chengxin.conversion.actions.find_conflicts import FindConflicts  # noqa: PLC0415 - every process reads the names

    found = FindConflicts(system_now()).execute()
    log.info("codes: %s conflicts stand, %s new, %s gone", found.standing, found.opened, found.gone)


@app.task(name=ANSWER_TASK, queue=QUEUE, retry=RetryStrategy(max_attempts=TRIES, exponential_wait=4))
def carry_out_answer(request_id: int) -> None:
    """Carry out what a registrar answered."""
    from chengxin.conversion.actions.carry_out import CarryOutAnswer  # noqa: PLC0415 - the same

    CarryOutAnswer(request_id, system_now()).execute()
