"""Reads of batches, of rows sent back and of punctuality; each asks who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Sum

from chengxin.accounts.actor import READ_BATCHES, RELEASE
from chengxin.base.errors import NotFound
from chengxin.intake.models import Batch, QuarantinedRow, Timeliness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from django.db.models import QuerySet

    from chengxin.accounts.actor import Actor

PAGE = 20
"""Batches a page of the list shows."""


@dataclass(frozen=True)
class DecisionView:
    """What a second person decided about a held batch: ``outcome`` is ``release`` or ``send_back``."""

    outcome: str
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True)
class BatchView:
    """A batch as its organisation sees it. ``receipt`` is the receipt's JSON, ``refusal`` an error's JSON, or None.

    ``notices`` are what the organisation should know although the file was taken in: code, message and message_en.
    ``hold`` is why the batch waited or waits for a second person, or None: ``at`` and ``until`` (ISO 8601), ``figures``
    and ``rules``; ``decision`` what that person decided, or None.
    """

    id: int
    item: str
    organisation: str
    organisation_name: str
    filename: str
    bytes: int
    channel: str
    submitted_by: str
    state: str
    state_label: str
    received_at: datetime
    state_at: datetime
    finished_at: datetime | None
    lines: int | None
    receipt: Mapping[str, Any] | None
    refusal: Mapping[str, Any] | None
    notices: tuple[Mapping[str, Any], ...]
    hold: Mapping[str, Any] | None
    decision: DecisionView | None

    @property
    def waits(self) -> bool:
        """Whether the batch waits for a second person's decision."""
        return self.state == Batch.State.HELD and self.decision is None


@dataclass(frozen=True)
class BatchList:
    """One page of batches, the newest first; ``after`` asks for the next page and is None on the last."""

    rows: tuple[BatchView, ...]
    after: int | None


@dataclass(frozen=True)
class Finding:
    """What is wrong with a row: rule, field's label, the value as handed in, what was expected, and how to mend it."""

    rule: str
    field: str
    value: str
    message: str
    expected: str


@dataclass(frozen=True)
class ReturnedRow:
    """A row sent back: its line in the file, its own cells in the order of the header, and its findings."""

    line: int
    cells: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class MonthOfDecisions:
    """How punctual an organisation was with the decisions of one month (双公示时效); counts of facts."""

    item: str
    month: date
    reported: int
    on_time: int
    late: int
    provisional: int


def batches(actor: Actor, *, after: int | None = None, limit: int = PAGE) -> BatchList:
    """Return the batches the actor may see: those of its organisation, or all for the credit centre."""
    actor.require(READ_BATCHES)
    return _page(_seen_by(actor).order_by("-pk"), after, limit)


def held_batches(actor: Actor, *, after: int | None = None, limit: int = PAGE) -> BatchList:
    """Return the batches that wait for a second person, among those of the actor's organisation or of all."""
    actor.require(RELEASE)
    return _page(_seen_by(actor).filter(state=Batch.State.HELD, decision=None).order_by("-pk"), after, limit)


def _page(found: QuerySet[Batch], after: int | None, limit: int) -> BatchList:
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = [_view(row) for row in found[: limit + 1]]
    return BatchList(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)


def batch_by_id(actor: Actor, batch_id: int) -> BatchView:
    """Return one batch; raise ``NotFound`` alike for one that does not exist and one that is another's."""
    return _view(_own_batch(actor, batch_id))


def header_of(actor: Actor, batch_id: int) -> tuple[str, ...]:
    """Return the header of the batch's file, as the department wrote it."""
    return tuple(_own_batch(actor, batch_id).header or ())


def returned_rows(actor: Actor, batch_id: int) -> Iterator[ReturnedRow]:
    """Yield the rows sent back, in the order of the file, without holding them all in memory."""
    batch = _own_batch(actor, batch_id)
    rows = QuarantinedRow.objects.filter(batch=batch).order_by("line").values_list("line", "cells", "findings")
    for line, cells, findings in rows.iterator(chunk_size=2000):
        yield ReturnedRow(line, tuple(cells), tuple(Finding(**finding) for finding in findings))


def punctuality(actor: Actor, organisation: str, *, since: date) -> tuple[MonthOfDecisions, ...]:
    """Return the organisation's punctuality by item and month of decision, the latest month first."""
    actor.require(READ_BATCHES, organisation)
    sums = (
        Timeliness.objects.filter(batch__organisation__code=organisation, month__gte=since)
        .values("item", "month")
        .annotate(
            all_reported=Sum("reported"),
            all_on_time=Sum("on_time"),
            all_late=Sum("late"),
            all_provisional=Sum("provisional"),
        )
        .order_by("-month", "item")
    )
    return tuple(
        MonthOfDecisions(
            row["item"], row["month"], row["all_reported"], row["all_on_time"], row["all_late"], row["all_provisional"]
        )
        for row in sums
    )


def unknown_batch(batch_id: int) -> NotFound:
    """Return the answer to a number that is no batch's, or no batch of the asker's: both read the same."""
    return NotFound(
        "unknown_batch", f"没有编号为 {batch_id} 的批次", f"there is no batch {batch_id}", where=str(batch_id)
    )


def _own_batch(actor: Actor, batch_id: int) -> Batch:
    actor.require(READ_BATCHES)
    batch = _seen_by(actor).filter(pk=batch_id).first()
    if batch is None:
        raise unknown_batch(batch_id)
    return batch


def _seen_by(actor: Actor) -> QuerySet[Batch]:
    """Return the batches of the actor's organisation, or all for who acts everywhere."""
    found = Batch.objects.select_related("organisation", "decision")
    return found if actor.everywhere else found.filter(organisation__code=actor.organisation)


def _view(batch: Batch) -> BatchView:
    decision = getattr(batch, "decision", None)
    return BatchView(
        id=batch.pk,
        item=batch.item,
        organisation=batch.organisation.code,
        organisation_name=batch.organisation.name,
        filename=batch.filename,
        bytes=batch.bytes,
        channel=batch.channel,
        submitted_by=batch.submitted_by,
        state=batch.state,
        state_label=str(batch.get_state_display()),
        received_at=batch.received_at,
        state_at=batch.state_at,
        finished_at=batch.finished_at,
        lines=batch.lines,
        receipt=batch.receipt,
        refusal=batch.refusal,
        notices=tuple(batch.notices),
        hold=batch.hold,
        decision=DecisionView(decision.outcome, decision.reason, decision.decided_by, decision.decided_at)
        if decision
        else None,
    )
