"""Jobs of this room, run by the worker."""

from __future__ import annotations

import logging

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from chengxin.base.clock import system_now
from chengxin.intake.actions.import_batch import BatchRefused, ImportBatch
from chengxin.intake.actions.receive import IMPORT_TASK, QUEUE

log = logging.getLogger(__name__)

TRIES = 5
"""How often an import that failed for a passing reason (a lost connection, a full disk) is tried again."""


@app.task(name=IMPORT_TASK, queue=QUEUE, retry=RetryStrategy(max_attempts=TRIES, exponential_wait=4))
def import_batch(batch_id: int) -> None:
    """Import a received batch. A refusal is an answer and ends the job; any other error is tried again."""
    try:
        ImportBatch(batch_id, system_now).execute()
    except BatchRefused as refusal:
        log.info("batch %s refused: %s", batch_id, refusal.code)
