"""What an auditor reads of the audit trail: every look is an event itself, and a person's text needs a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from chengxin.accounts.actor import READ_AUDIT
from chengxin.audit.actions import record_event
from chengxin.audit.proofs import EventProof, inclusion_proof
from chengxin.audit.queries import Evidence, evidence
from chengxin.audit.trail import (
    DayOfEvents,
    EventPage,
    EventRow,
    TrailQuestion,
    event_by_number,
    events,
    events_by_day,
    text_of,
)
from chengxin.base.errors import NotFound
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.masking import mask_persons

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.purpose import Purpose


@dataclass(frozen=True)
class Trail:
    """A page of events, the days of the period with its first page, and whether evidence of them is kept."""

    page: EventPage
    days: tuple[DayOfEvents, ...]
    evidence: Evidence


@dataclass(frozen=True)
class ReadTrail:
    """Read one page of the trail; what was asked is on file, with numbers of persons masked.

    Raises ``NotPermitted`` without ``audit.read`` and ``ChengxinError`` for a wrong period.
    """

    actor: Actor
    question: TrailQuestion
    now: datetime
    after: tuple[datetime, int] | None = None

    def check(self) -> None:
        """Raise unless it may be read."""
        self.actor.require(READ_AUDIT)
        self.question.check()

    def execute(self) -> Trail:
        """Return the page. Its own event is written last: the page shows what was there before."""
        self.check()
        asked = self.question
        words = {"actor": asked.actor, "organisation": asked.organisation, "action": asked.action}
        with transaction.atomic():
            days = events_by_day(asked) if self.after is None else ()
            found = Trail(events(asked, after=self.after), days, evidence(self.now))
            _note(
                self.actor,
                "audit.viewed",
                "",
                self.now,
                detail={
                    "since": asked.since.isoformat(),
                    "until": asked.until.isoformat(),
                    "shown": len(found.page.rows),
                    **{key: mask_persons(word) for key, word in words.items() if word},
                },
                case_number=mask_persons(asked.case_number),
                subject_id=asked.subject_id,
            )
        return found


@dataclass(frozen=True)
class ReadEvent:
    """Read one event, without the text beside it. Raises ``NotPermitted`` and ``NotFound``."""

    actor: Actor
    number: int
    now: datetime

    def execute(self) -> EventRow:
        """Return the event; its subject sees that an auditor looked."""
        self.actor.require(READ_AUDIT)
        with transaction.atomic():
            found = event_by_number(self.number)
            _note(self.actor, "audit.event_viewed", str(self.number), self.now, subject_id=found.subject_id)
        return found


@dataclass(frozen=True)
class ReadEventText:
    """Read the text beside one event, which is about a person: for a purpose, and under a case number.

    Raises ``NotPermitted``, ``PurposeWrong``, and ``NotFound`` where no text is, or the law had it erased.
    """

    actor: Actor
    number: int
    purpose: Purpose
    now: datetime

    def check(self) -> str:
        """Return the purpose as the event keeps it, or raise."""
        self.actor.require(READ_AUDIT)
        reason = self.purpose.check(legal_day(self.now))
        return f"{reason.name}：{mask_persons(self.purpose.text.strip())}"

    def execute(self) -> tuple[EventRow, str]:
        """Return the event and its text; the look is on file whether a text was there or not."""
        purpose = self.check()
        with transaction.atomic():
            found = event_by_number(self.number)
            text = text_of(self.number)
            _note(
                self.actor,
                "audit.text_viewed",
                str(self.number),
                self.now,
                detail={"answered": text is not None},
                purpose=purpose,
                case_number=self.purpose.case_number,
                subject_id=found.subject_id,
            )
        if text is None:
            raise NotFound(
                "no_text",
                f"审计事件 {self.number} 没有附带文字，或已依法删除",
                f"the audit event {self.number} has no text, or the law had it erased",
                where=str(self.number),
            )
        return found, text


@dataclass(frozen=True)
class FetchProof:
    """Fetch the proof that an event is in the log, for verifying it elsewhere (``chengxin audit check-proof``).

    Raises ``NotPermitted``, ``NotFound``, and ``NotYetProvable`` within the minute before its checkpoint.
    """

    actor: Actor
    number: int
    now: datetime

    def execute(self) -> EventProof:
        """Return the proof, on file."""
        self.actor.require(READ_AUDIT)
        with transaction.atomic():
            found = event_by_number(self.number)
            proof = inclusion_proof(self.number)
            _note(self.actor, "audit.proof_fetched", str(self.number), self.now, subject_id=found.subject_id)
        return proof


def _note(actor: Actor, action: str, number: str, now: datetime, **more: Any) -> None:  # noqa: ANN401 - of an event
    """Write the event of a look at the trail, or at the event ``number`` of it."""
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action=action,
        object_kind="event" if number else "audit",
        object_id=number,
        **more,
    )
