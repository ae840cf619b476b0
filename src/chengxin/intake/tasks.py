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
PROPOSE_TASK = "intake.propose_links"
HAND_IN_TASK = "intake.hand_in_row"
QUEUE = "intake"

TRIES = 5
"""How often an import that failed for a passing reason (a lost connection, a full disk) is tried again."""

EVERY_MINUTE = "* * * * *"
EVERY_HOUR = "7 * * * *"
EVERY_NIGHT = "20 2 * * *"


@app.task(name=IMPORT_TASK, queue=QUEUE, retry=RetryStrategy(max_attempts=TRIES, exponential_wait=4))
def import_batch(batch_id: int) -> None:
    """Import a received batch. A refusal or a hold is an answer and ends the job; another error is tried again."""
    from chengxin.intake.actions.import_batch import BatchHeld, BatchRefused, ImportBatch  # noqa: PLC0415 - see the module

    try:
        ImportBatch(batch_id, system_now).execute()
    except BatchRefused as refusal:
        log.info("batch %s refused: %s", batch_id, refusal.code)
    except BatchHeld:
        log.info("batch %s waits for a second person", batch_id)


@app.periodic(cron=EVERY_HOUR)
@app.task(name="intake.end_holds", queue=QUEUE, queueing_lock="intake.end_holds")
def end_holds(timestamp: int) -> None:  # noqa: ARG001 - the minute it was due is not needed
    """Refuse the held batches that nobody decided about in time: their files go."""
    from chengxin.intake.actions.release_batch import hold_is_over  # noqa: PLC0415 - see the module
    from chengxin.intake.models import Batch  # noqa: PLC0415

    now = system_now()
    for batch in Batch.objects.filter(state=Batch.State.HELD, decision=None).order_by("pk"):
        if hold_is_over(batch, now):
            import_batch.func(batch_id=batch.pk)


@app.periodic(cron=EVERY_HOUR)
@app.task(name="intake.sweep_leftovers", queue=QUEUE, queueing_lock="intake.sweep_leftovers")
def sweep_leftovers(timestamp: int) -> None:  # noqa: ARG001 - the minute it was due is not needed
    """Remove what killed processes left: files in the inbox that no batch waits for, and scratch folders of imports.

    The next file handed in and the next import do so too; where none comes for weeks, what a department wrote would lie
    about for as long.
    """
    from chengxin.intake.actions.receive import sweep_inbox  # noqa: PLC0415 - see the module
    from chengxin.intake.workspace import sweep  # noqa: PLC0415 - see the module

    sweep_inbox()
    sweep()


def propose_later(batch_id: int) -> None:
    """Queue the proposals for what a batch left tied to nobody, in the caller's transaction."""
    app.configure_task(PROPOSE_TASK, queue=QUEUE).defer(batch_id=batch_id)


def hand_in_later(decision_id: int, proposal_id: int) -> None:
    """Queue the handing in of a decided row, in the caller's transaction, before what is decided about it later."""
    app.configure_task(HAND_IN_TASK, queue=QUEUE, lock=f"link:{proposal_id}").defer(decision_id=decision_id)


@app.task(name=PROPOSE_TASK, queue=QUEUE, retry=RetryStrategy(max_attempts=TRIES, exponential_wait=4))
def propose_links(batch_id: int) -> None:
    """Propose bodies for the facts and rows of a batch that are tied to nobody."""
    from chengxin.intake.review.gather import propose_links as propose  # noqa: PLC0415 - see the module

    log.info("batch %s: %s proposals", batch_id, propose(batch_id, system_now()))


@app.periodic(cron=EVERY_NIGHT)
@app.task(name="intake.propose_missing", queue=QUEUE, queueing_lock="intake.propose_missing")
def propose_missing(timestamp: int) -> None:  # noqa: ARG001 - the minute it was due is not needed
    """Propose what no batch's own job did: facts from before there were proposals, and jobs that failed for good."""
    from chengxin.intake.review.gather import propose_links as propose  # noqa: PLC0415 - see the module

    log.info("%s proposals made up for", propose(None, system_now()))


@app.task(name=HAND_IN_TASK, queue=QUEUE, retry=RetryStrategy(max_attempts=TRIES, exponential_wait=4))
def hand_in_row(decision_id: int) -> None:
    """Make a fact of a row whose body a person decided."""
    from chengxin.intake.review.hand_in import HandInRow  # noqa: PLC0415 - see the module

    HandInRow(decision_id, system_now).execute()


@app.periodic(cron=EVERY_MINUTE)
@app.task(name="intake.resume_stalled", queue=QUEUE, queueing_lock="intake.resume_stalled", pass_context=True)
async def resume_stalled(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the minute it was due is not needed
    """Give the jobs of a worker that died back to the queue: what was acknowledged is imported, by another worker.

    Jobs of every room: each is one transaction, or begins by looking at what it did before, so what a killed worker
    had begun does no harm.
    """
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs():
        log.warning("job %s of a worker that died is tried again", job.id)
        await jobs.retry_job(job)
