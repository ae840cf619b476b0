"""Reads of assisted linking: the queue of an officer, one proposal, and what was decided."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from chengxin.accounts.actor import REVIEW_LINKS
from chengxin.accounts.models import Organisation
from chengxin.base.errors import NotFound
from chengxin.records.models import LinkDecision, LinkProposal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from django.db.models import QuerySet

    from chengxin.accounts.actor import Actor

PAGE = 10
"""Proposals handed out at a time: enough to be ahead of the officer, few enough to load while one is read."""

RECENT = 10
"""Decisions of their own that officers see beside the queue."""


@dataclass(frozen=True)
class DecisionView:
    """A decision as officers see it: outcome, body, who, when, why; ``undone`` once it was taken back.

    ``score`` and ``reasons`` are what the officer was shown about the body, ``digest`` the SHA-256 of all the evidence
    shown. ``effect`` is what came of it (empty while the worker has not carried it out) and ``message`` what a person
    should know about that.
    """

    id: int
    proposal_id: int
    name: str
    outcome: str
    subject_id: int | None
    subject_name: str
    subject_uscc: str
    score: Decimal | None
    reasons: tuple[Mapping[str, str], ...]
    digest: str
    officer: str
    decided_at: datetime
    note: str
    undone: bool
    effect: str
    message: str
    message_en: str


@dataclass(frozen=True)
class ProposalView:
    """A proposal as officers see it: what was handed in, and the bodies it may be about.

    ``candidates`` leaves out the bodies known not to be it. ``earlier`` are decisions about this proposal and "not the
    same" decisions about its code. ``own`` says that the asking officer handed it in and may not decide.
    """

    id: int
    revision: int
    state: str
    item: str
    organisation: str
    organisation_en: str
    cause: str
    name: str
    identifier: str
    batch_id: int
    line: int
    is_fact: bool
    note: str
    row: Mapping[str, str]
    candidates: tuple[Mapping[str, Any], ...]
    earlier: tuple[DecisionView, ...]
    own: bool


@dataclass(frozen=True)
class QueueFilter:
    """What of the queue is asked for: a text in name, code or document number, an item, a cause, a state."""

    text: str = ""
    item: str = ""
    cause: str = ""
    state: str = "open"


def proposals(
    actor: Actor, wanted: QueueFilter, *, after: int = 0, limit: int = PAGE
) -> tuple[tuple[ProposalView, ...], int | None]:
    """Return the next proposals behind number ``after``, the oldest first, and where the next page goes on.

    Officers of one organisation see its own, the credit centre sees all. Four queries, whatever the page holds.
    """
    found = list(_filtered(actor, wanted).filter(pk__gt=after).order_by("pk")[: limit + 1])
    views = _views(actor, found[:limit])
    return views, found[limit - 1].pk if len(found) > limit else None


def proposal(actor: Actor, proposal_id: int) -> ProposalView:
    """Return one proposal; raise ``NotFound`` alike for one that is not there and one of another organisation."""
    found = _visible(actor).filter(pk=proposal_id).first()
    if found is None:
        raise NotFound(
            "unknown_proposal",
            f"没有编号为 {proposal_id} 的待关联事项",
            f"there is no proposal {proposal_id}",
            where=str(proposal_id),
        )
    return _views(actor, [found])[0]


def queue_counts(actor: Actor) -> Mapping[str, int]:
    """Return how many proposals stand in each state, by state; a state without any is missing."""
    rows = _visible(actor).values_list("state").annotate(count=Count("pk")).order_by("state")
    return dict(rows)


def recent_decisions(actor: Actor, limit: int = RECENT) -> tuple[DecisionView, ...]:
    """Return the officer's own latest decisions, undoings aside, the latest first."""
    actor.require(REVIEW_LINKS)
    return _decisions(Q(officer=actor.id, actor_kind=actor.kind) & ~Q(outcome="undo"), limit)


def decision_view(actor: Actor, decision_id: int) -> DecisionView:
    """Return one decision; ``NotFound`` where there is none that the officer may see."""
    actor.require(REVIEW_LINKS)
    found = _decisions(Q(pk=decision_id), 1)
    if not found:
        raise NotFound(
            "unknown_decision", f"没有编号为 {decision_id} 的关联决定", f"there is no decision {decision_id}"
        )
    return found[0]


def _visible(actor: Actor) -> QuerySet[LinkProposal]:
    actor.require(REVIEW_LINKS)
    found = LinkProposal.objects.all()
    if actor.everywhere:
        return found
    own = Organisation.objects.filter(code=actor.organisation).values("pk")
    return found.filter(organisation_id__in=own)


def _filtered(actor: Actor, wanted: QueueFilter) -> QuerySet[LinkProposal]:
    found = _visible(actor)
    if "\x00" in f"{wanted.text}{wanted.item}{wanted.cause}{wanted.state}":
        return found.none()  # the database knows no text with U+0000 in it
    found = found.filter(state=wanted.state or "open")
    if wanted.item:
        found = found.filter(item=wanted.item)
    if wanted.cause:
        found = found.filter(cause=wanted.cause)
    text = wanted.text.strip()
    if text:
        found = found.filter(
            Q(name__icontains=text) | Q(identifier__icontains=text) | Q(evidence__row__document_number__icontains=text)
        )
    return found


def _views(actor: Actor, found: Sequence[LinkProposal]) -> tuple[ProposalView, ...]:
    organisations = {one.pk: one for one in Organisation.objects.filter(pk__in={one.organisation_id for one in found})}
    codes = {one.identifier for one in found if one.identifier}
    about = Q(proposal__in=[one.pk for one in found]) | Q(outcome="not_same", identifier__in=codes)
    by_proposal: dict[int, list[DecisionView]] = defaultdict(list)
    by_code: dict[str, list[tuple[int, DecisionView]]] = defaultdict(list)
    if found:
        for number, code, view in _told(about, 200):
            by_proposal[number].append(view)
            if view.outcome == "not_same" and code:
                by_code[code].append((number, view))
    return tuple(
        ProposalView(
            id=one.pk,
            revision=one.revision,
            state=one.state,
            item=one.item,
            organisation=organisations[one.organisation_id].name if one.organisation_id in organisations else "",
            organisation_en=organisations[one.organisation_id].name_en if one.organisation_id in organisations else "",
            cause=one.cause,
            name=one.name,
            identifier=one.identifier,
            batch_id=one.batch_id,
            line=one.line,
            is_fact=one.fact_key is not None,
            note=one.note,
            row=one.evidence["row"],
            candidates=tuple(body for body in one.evidence["candidates"] if body["subject_id"] not in one.refused),
            earlier=(
                *by_proposal[one.pk],
                *(view for number, view in by_code[one.identifier] if number != one.pk),
            ),
            own=one.submitted_by == actor.id,
        )
        for one in found
    )


def _decisions(about: Q, limit: int) -> tuple[DecisionView, ...]:
    return tuple(view for _, _, view in _told(about, limit))


def _told(about: Q, limit: int) -> list[tuple[int, str, DecisionView]]:
    """Return decisions with their proposal's number and code, the latest first; one query."""
    rows = LinkDecision.objects.filter(about).select_related("effect", "undone_by", "proposal").order_by("-pk")[:limit]
    return [(one.proposal_id, one.identifier, _decision(one)) for one in rows]


def _decision(one: LinkDecision) -> DecisionView:
    chosen = next((body for body in one.evidence["candidates"] if body["subject_id"] == one.subject_id), None)
    effect = getattr(one, "effect", None)
    return DecisionView(
        id=one.pk,
        proposal_id=one.proposal_id,
        name=one.proposal.name,
        outcome=one.outcome,
        subject_id=one.subject_id,
        subject_name=chosen["name"] if chosen else "",
        subject_uscc=chosen.get("uscc", "") if chosen else "",
        score=one.score,
        reasons=tuple(one.reasons),
        digest=one.digest,
        officer=one.officer,
        decided_at=one.decided_at,
        note=one.note,
        undone=getattr(one, "undone_by", None) is not None,
        effect=effect.outcome if effect else "",
        message=effect.message if effect else "",
        message_en=effect.message_en if effect else "",
    )
