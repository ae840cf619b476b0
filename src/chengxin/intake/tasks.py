"""Jobs of this room, run by the worker.

What imports needs is loaded when the first job runs: every process reads the names of the jobs, and the ends would
otherwise load the whole way of a file at their start.
"""

from __future__ import annotations

import logging

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from chengxin.base.clock import system_now

log = logging.getLogger(__name__)

IMPORT_TASK = "intake.import_batch"
QUEUE = "intake"

TRIES = 5
"""How often an import that failed for a passing reason (a lost connection, a full disk) is tried again."""

EVERY_MINUTE = "* * * * *"


@app.task(name=IMPORT_TASK, queue=QUEUE, retry=RetryStrategy(max_attempts=TRIES, exponential_wait=4))
def import_batch(batch_id: int) -> None:
    """Import a received batch. A refusal is an answer and ends the job; any other error is tried again."""
    from chengxin.intake.actions.import_batch import BatchRefused, ImportBatch  # noqa: PLC0415 - see the module

    try:
        ImportBatch(batch_id, system_now).execute()
    except BatchRefused as refusal:
        log.info("batch %s refused: %s", batch_id, refusal.code)


@app.periodic(cron=EVERY_MINUTE)
@app.task(name="intake.resume_stalled", queue=QUEUE, queueing_lock="intake.resume_stalled", pass_context=True)
async def resume_stalled(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the minute it was due is not needed
    """Give the jobs of a worker that died back to the queue: what was acknowledged is imported, by another worker.

    An import is one transaction, so what a killed worker had begun left nothing behind.
    """
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(queue=QUEUE):
        log.warning("job %s of a worker that died is tried again", job.id)
        await jobs.retry_job(job)
