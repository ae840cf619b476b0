"""What the floor below tells this room: a row's body was decided."""

from __future__ import annotations

from chengxin.base.events import subscribe
from chengxin.intake.tasks import hand_in_later
from chengxin.records.events import LinkDecided


def carry_out(event: LinkDecided) -> None:
    """Queue the handing in of a row that a person found to be about a body."""
    if event.outcome == "link" and not event.fact:
        hand_in_later(event.decision_id, event.proposal_id)


def listen() -> None:
    """Subscribe to what the floor below tells."""
    subscribe(LinkDecided, carry_out)
