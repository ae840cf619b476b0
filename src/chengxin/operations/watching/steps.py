"""The worker's own figures and traces: what its imports reach."""

from __future__ import annotations

from chengxin.base.events import subscribe
from chengxin.intake.events import BatchStep
from chengxin.operations.watching.metrics import count_step
from chengxin.operations.watching.traces import TRACING, Steps

_steps = Steps(TRACING)


def follow_imports() -> None:
    """Count and trace the steps of imports in this process; asked twice it does so once."""
    subscribe(BatchStep, _note)


def _note(step: BatchStep) -> None:
    count_step(step.state, step.rows)
    if TRACING.on:
        _steps.reached(step.state, step.rows)
