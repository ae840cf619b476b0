"""Jobs of this room, run by the worker."""

from __future__ import annotations

import logging

from procrastinate.contrib.django import app

from chengxin.base.clock import system_now

log = logging.getLogger(__name__)

CARRY_OUT_TASK = "subjects.carry_out"
QUEUE = "subjects"

EVERY_NIGHT = "50 2 * * *"
"""After the files of the day and before anybody is at work."""


@app.task(name=CARRY_OUT_TASK, queue=QUEUE)
def carry_out(change_id: int) -> None:
    """Carry out a change of bodies that was agreed to; a refusal is an answer, kept with the change."""
    from chengxin.base.errors import ChengxinError  # noqa: PLC0415 - every process reads the names of the jobs
    from chengxin.subjects.actions.change_carry_out import CarryOutChange  # noqa: PLC0415 - see above
    from chengxin.subjects.models import Change  # noqa: PLC0415 - see above

    try:
        CarryOutChange(change_id, system_now()).execute()
    except ChengxinError as refusal:
        log.warning("change %s refused: %s", change_id, refusal.code)
        Change.objects.filter(pk=change_id).update(trouble=refusal.as_dict())


@app.periodic(cron=EVERY_NIGHT)
@app.task(name="subjects.propose_branches", queue=QUEUE, queueing_lock="subjects.propose_branches")
def propose_branches(timestamp: int) -> None:  # noqa: ARG001 - the minute it was due is not needed
    """Propose parents for bodies whose names read as a branch's; people confirm or refuse them."""
    from chengxin.subjects.relations import propose_branches as propose  # noqa: PLC0415 - see above

    log.info("%s relations proposed from names", propose(system_now()))
