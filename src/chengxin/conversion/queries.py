"""Reads for officers: the queue of conflicts, and requests with their clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from chengxin.accounts.actor import FOLLOW_CODES
from chengxin.base.errors import NotFound
from chengxin.conversion.actions.correct import require_centre, unknown_request
from chengxin.conversion.models import Conflict, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from chengxin.accounts.actor import Actor

PAGE = 50
"""Conflicts on a page, and requests in a list."""


@dataclass(frozen=True)
class Bearer:
    """Who bears a code by a source: a registered body, or (without ``subject_id``) a credit code of a feed."""

    subject_id: int | None
    name: str
    uscc: str
    registrar: str
    code: str
    source: str


@dataclass(frozen=True)
class RequestView:
    """A request as officers read it; ``overdue`` as of the day of the look, ``late`` for an answer after the term."""

    id: int
    conflict: ConflictView
    organisation: str
    organisation_en: str
    state: str
    question: str
    asked_by: str
    asked_at: datetime
    due_on: date
    due_provisional: bool
    overdue: bool
    rule: str
    answer: str
    subject_id: int | None
    code: str
    document: str
    note: str
    answered_by: str
    answered_at: datetime | None
    carried_out_at: datetime | None
    outcome: dict[str, Any] | None


@dataclass(frozen=True)
class ConflictView:
    """A conflict as officers read it, with who bears what."""

    id: int
    kind: str
    code_kind: str
    value: str
    state: str
    how: str
    registrar: str
    found_at: datetime
    settled_at: datetime | None
    returned: int
    bearers: tuple[Bearer, ...]


def conflicts(
    actor: Actor, *, state: str = "", kind: str = "", after: int | None = None
) -> tuple[tuple[ConflictView, ...], int | None]:
    """Return a page of conflicts, the latest first, and the number after which the next page begins.

    ``state`` empty means all that are not settled. Raises ``NotPermitted`` for who does not act for every organisation.
    """
    require_centre(actor)
    chosen = Conflict.objects.filter(state=state) if state else Conflict.objects.exclude(state="settled")
    if kind:
        chosen = chosen.filter(kind=kind)
    if after is not None:
        chosen = chosen.filter(pk__lt=after)
    found = list(chosen.order_by("-pk")[: PAGE + 1])
    return tuple(_conflict(one) for one in found[:PAGE]), found[PAGE - 1].pk if len(found) > PAGE else None


def conflict_counts(actor: Actor) -> dict[tuple[str, str], int]:
    """Return how many conflicts there are by (kind, state)."""
    require_centre(actor)
    rows = Conflict.objects.values_list("kind", "state").annotate(rows=Count("pk"))
    return {(kind, state): rows for kind, state, rows in rows}


def conflict_by_id(actor: Actor, number: int, today: date) -> tuple[ConflictView, tuple[RequestView, ...]]:
    """Return one conflict with the requests about it; raise ``NotFound``."""
    require_centre(actor)
    found = Conflict.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(
            "unknown_conflict", f"没有编号为 {number} 的代码冲突", f"there is no conflict {number}", where=str(number)
        )
    asked = Request.objects.filter(conflict=found).select_related("organisation", "conflict").order_by("-pk")
    return _conflict(found), tuple(_request(one, today) for one in asked)


def requests(actor: Actor, today: date, *, state: str = "open") -> tuple[RequestView, ...]:
    """Return the requests that the actor may see, overdue ones first, then by their term.

    A registrar's officer sees those of the own organisation, the centre all. Raises ``NotPermitted`` for anybody else.
    """
    actor.require(FOLLOW_CODES)
    chosen = Request.objects.filter(state=state).select_related("organisation", "conflict")
    if not actor.everywhere:
        chosen = chosen.filter(organisation__code=actor.organisation)
    ordered = chosen.order_by("due_on", "pk") if state == "open" else chosen.order_by("-answered_at", "-pk")
    return tuple(_request(one, today) for one in ordered[:PAGE])


def overdue_count(actor: Actor, today: date) -> int:
    """Return how many open requests the actor may see are past their term."""
    actor.require(FOLLOW_CODES)
    late = Q(state="open", due_on__lt=today)
    if not actor.everywhere:
        late &= Q(organisation__code=actor.organisation)
    return Request.objects.filter(late).count()


def request_by_id(actor: Actor, number: int, today: date) -> RequestView:
    """Return one request; raise ``NotFound`` for one that is not there and for another registrar's alike."""
    actor.require(FOLLOW_CODES)
    found = Request.objects.filter(pk=number).select_related("organisation", "conflict").first()
    if found is None or not (actor.everywhere or found.organisation.code == actor.organisation):
        raise unknown_request(number)
    return _request(found, today)


def _conflict(one: Conflict) -> ConflictView:
    return ConflictView(
        id=one.pk,
        kind=one.kind,
        code_kind=one.code_kind,
        value=one.value,
        state=one.state,
        how=one.how,
        registrar=one.registrar,
        found_at=one.found_at,
        settled_at=one.settled_at,
        returned=one.returned,
        bearers=tuple(_bearers(one.evidence)),
    )


def _bearers(evidence: Sequence[dict[str, Any]]) -> Iterable[Bearer]:
    for one in evidence:
        yield Bearer(one["subject_id"], one["name"], one["uscc"], one["registrar"], one["code"], one["source"])


def _request(one: Request, today: date) -> RequestView:
    return RequestView(
        id=one.pk,
        conflict=_conflict(one.conflict),
        organisation=one.organisation.name,
        organisation_en=one.organisation.name_en,
        state=one.state,
        question=one.question,
        asked_by=one.asked_by,
        asked_at=one.asked_at,
        due_on=one.due_on,
        due_provisional=one.due_provisional,
        overdue=one.state == "open" and today > one.due_on,
        rule=one.rule,
        answer=one.answer,
        subject_id=one.subject_id,
        code=one.code,
        document=one.document,
        note=one.note,
        answered_by=one.answered_by,
        answered_at=one.answered_at,
        carried_out_at=one.carried_out_at,
        outcome=one.outcome,
    )
