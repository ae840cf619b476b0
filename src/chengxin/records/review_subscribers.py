"""What the register and the facts tell about proposals: some are settled by themselves, some come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from chengxin.base.events import subscribe
from chengxin.records.events import LinkDecided, RecordsAdded
from chengxin.records.tasks import apply_later, refresh_later
from chengxin.subjects.events import BodiesChanged, IdentifiersAdded

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

_CLOSE = """
UPDATE records_linkproposal p SET state = 'closed', revision = p.revision + 1, changed_at = r.recorded_at
FROM records_record r
WHERE r.id BETWEEN %(first)s AND %(last)s AND p.fact_key = r.key AND p.state IN ('open', 'deferred', 'waiting')
    AND (r.kind = 'withdrawn' OR (r.subject_id IS NOT NULL AND r.link <> 'decision'))
"""

_RETURN = """
UPDATE records_linkproposal p SET state = 'open', revision = p.revision + 1, changed_at = %(now)s,
    refused = array_remove(p.refused, n.subject_id),
    cause = CASE WHEN n.subject_id = ANY(p.refused) THEN 'refused_before' ELSE 'code_now_borne' END
FROM new_identifier n JOIN records_linkproposal held ON held.identifier = n.kind || ':' || n.value
WHERE p.id = held.id AND p.fact_key IS NOT NULL AND p.state <> 'closed'
    AND EXISTS (SELECT 1 FROM records_record r WHERE r.key = p.fact_key AND r.kind <> 'withdrawn'
        AND r.subject_id IS DISTINCT FROM n.subject_id
        AND NOT EXISTS (SELECT 1 FROM records_record l WHERE l.key = r.key AND l.version > r.version))
"""


def close_settled(event: RecordsAdded) -> None:
    """Close the proposals about facts that an identifier has tied meanwhile, and about those withdrawn."""
    if not event.replacing:
        return
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, {"first": event.first_id, "last": event.last_id})


def look_again(event: IdentifiersAdded) -> None:
    """Bring back what a new code speaks about although a person had decided, and look for bodies again.

    A fact that was tied by a decision, or found not to be a body's, is never tied anew by itself: when its very code
    turns up at another body, the proposal is open again, with what was decided before beside it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RETURN, {"now": event.now})
        if _anything_waits(cursor):
            refresh_later()


def _anything_waits(cursor: CursorWrapper) -> bool:
    """Tell whether a new body could change any proposal; a city's first registrations change none."""
    cursor.execute(
        """SELECT EXISTS (SELECT 1 FROM new_identifier) AND EXISTS (SELECT 1 FROM records_linkproposal
        WHERE state IN ('open', 'deferred', 'waiting') OR (state = 'decided' AND outcome = 'none'))"""
    )
    return bool(cursor.fetchone()[0])


def follow_bodies(event: BodiesChanged) -> None:
    """Let undecided proposals show the bodies as they are after a merge, a split or a re-issued code.

    In the transaction of the change: an officer who saw the bodies as they were is told that the case has changed, and
    nobody ties a fact to a body that is no longer there.
    """
    from chengxin.records.review import refresh  # noqa: PLC0415 - every process reads the subscribers

    refresh(event.now, event.subjects)


def carry_out(event: LinkDecided) -> None:
    """Hand the decision to the worker where it changes a fact: no end may write facts itself."""
    if event.outcome == "link" and event.fact:
        apply_later(event.decision_id, event.proposal_id)
    if event.outcome == "undo" and event.undone == "link":
        apply_later(event.decision_id, event.proposal_id)


def listen() -> None:
    """Subscribe; after those who tie, so that what was tied at once is closed already."""
    subscribe(RecordsAdded, close_settled)
    subscribe(IdentifiersAdded, look_again)
    subscribe(BodiesChanged, follow_bodies)
    subscribe(LinkDecided, carry_out)
