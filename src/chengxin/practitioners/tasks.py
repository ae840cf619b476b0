"""Jobs of this room, run by the worker."""

from __future__ import annotations

import logging

from procrastinate.contrib.django import app

from chengxin.base.clock import system_now

log = logging.getLogger(__name__)

EVERY_NIGHT = "40 2 * * *"
SYSTEM = ("system", "practitioners", "")


@app.periodic(cron=EVERY_NIGHT)
@app.task(name="practitioners.rotate_numbers", queue="practitioners", queueing_lock="practitioners.rotate_numbers")
def rotate_numbers(timestamp: int) -> None:  # noqa: ARG001 - the minute it was due is not needed
    """Renew what is sealed under older keys, report what was tampered with, and forget old attempts."""
    from chengxin.practitioners.actions.rotate_numbers import RotateNumbers  # noqa: PLC0415 - every process reads jobs
    from chengxin.practitioners.attempts import forget_old  # noqa: PLC0415 - see above

    now = system_now()
    done = RotateNumbers(SYSTEM, now).execute()
    log.info("sealed rows: %s seen, %s renewed, %s wrong", done.seen, done.renewed, len(done.wrong))
    forget_old(now)
