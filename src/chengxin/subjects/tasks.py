"""Jobs of this room, run by the worker."""

from __future__ import annotations

import logging

from procrastinate.contrib.django import app

from chengxin.base.clock import system_now

log = logging.getLogger(__name__)

CARRY_OUT_TASK = "subjects.carry_out"
QUEUE = "subjects"


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
