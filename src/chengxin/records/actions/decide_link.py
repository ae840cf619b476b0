"""Decide what a fact or row belongs to, and take a decision back: by a person, for ever on file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from chengxin.accounts.actor import REVIEW_LINKS
from chengxin.accounts.models import Organisation
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.base.events import publish
from chengxin.kernel.masking import mask_persons
from chengxin.records.events import LinkDecided
from chengxin.records.models import LinkDecision, LinkProposal
from chengxin.records.refusals import refused_bodies, with_survivors
from chengxin.subjects.changes import moving_bodies

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor

State = LinkProposal.State
Outcome = LinkDecision.Outcome

SETTLING = (Outcome.LINK, Outcome.NONE, Outcome.DEFER)
"""Outcomes that end the look at a proposal; "not the same" leaves the other bodies to choose from."""


class AlreadyDecided(ChengxinError):
    """Somebody else decided, or the evidence changed, after the officer's page was made."""


@dataclass(frozen=True)
class DecideLink:
    """Decide about a proposal as the officer saw it (人工辅助关联).

    ``outcome`` is ``link`` or ``not_same`` (with ``subject_id``, one of the candidates), ``none`` or ``defer`` (with a
    reason in ``note``). The decision is kept for ever; the worker carries it out. "Not the same" is remembered for the
    code, or the name of a row without a code, and holds at once for every other proposal.

    Raises ``NotPermitted`` for who may not review, who handed the fact in, or who belongs to another organisation;
    ``NotFound``; ``AlreadyDecided`` when ``revision`` is not the proposal's any more; ``ChengxinError`` for a body that
    is no candidate, a tie to a body that is being merged or split, or a deferral without a reason.
    """

    actor: Actor
    proposal_id: int
    revision: int
    outcome: str
    now: datetime
    subject_id: int | None = None
    note: str = ""

    def check(self) -> LinkProposal:
        """Return the proposal, locked, or raise."""
        proposal = _locked(self.actor, self.proposal_id)
        if proposal.submitted_by == self.actor.id:
            raise NotPermitted(
                "own_submission",
                "本人报送的数据不能由本人决定归属，请交由其他经办人处理",
                "you handed this in yourself: another officer has to decide",
            )
        if proposal.revision != self.revision or proposal.state not in (State.OPEN, State.DEFERRED):
            raise _meanwhile(proposal)
        if self.outcome not in (*SETTLING, Outcome.NOT_SAME):
            raise ChengxinError(
                "unknown_outcome", f"没有“{self.outcome}”这种决定", f"there is no outcome {self.outcome!r}"
            )
        if self.outcome in (Outcome.LINK, Outcome.NOT_SAME):
            self._candidate(proposal)
        if self.outcome == Outcome.LINK:
            self._standing_still()
        if self.outcome == Outcome.DEFER and not self.note.strip():
            raise ChengxinError("reason_missing", "请写明暂缓的原因", "state why this is put off")
        return proposal

    def execute(self) -> LinkDecision:
        """Keep the decision, move the proposal, and tell who carries it out; one transaction."""
        with transaction.atomic():
            proposal = self.check()
            shown = self._candidate(proposal) if self.outcome in (Outcome.LINK, Outcome.NOT_SAME) else {}
            decision = _keep(
                proposal,
                self.actor,
                self.now,
                outcome=self.outcome,
                subject_id=self.subject_id if shown else None,
                score=Decimal(str(shown["score"])) if shown else None,
                verdict=shown.get("verdict", ""),
                reasons=shown.get("reasons", []),
                note=mask_persons(self.note.strip()),
            )
            if self.outcome == Outcome.NOT_SAME:
                _refuse(proposal, int(self.subject_id or 0), self.now)
            else:
                proposal.state = State.DEFERRED if self.outcome == Outcome.DEFER else State.DECIDED
                proposal.outcome = "" if self.outcome == Outcome.DEFER else self.outcome
                proposal.note = decision.note
            _move(proposal, self.now)
            _witness(self.actor, self.now, decision)
            publish(LinkDecided(decision.pk, proposal.pk, proposal.fact_key is not None, self.outcome))
        return decision

    def _standing_still(self) -> None:
        """Raise where two people are about to move the body: a fact more would undo what they agree to."""
        change = moving_bodies([int(self.subject_id or 0)], self.now).get(int(self.subject_id or 0))
        if change is not None:
            raise ChengxinError(
                "body_moving",
                f"所选主体有待办理的主体变更（变更 {change}：合并、拆分或换发），办结之前不能关联；"
                "请暂缓本条，或等变更办结后再决定",
                f"the body is being merged, split or given a new code (change {change}): put this off, or decide once "
                "that has ended",
                where=str(self.subject_id),
            )

    def _candidate(self, proposal: LinkProposal) -> dict[str, Any]:
        """Return the evidence about the body chosen, or raise."""
        found = [one for one in proposal.evidence["candidates"] if one["subject_id"] == self.subject_id]
        if not found or self.subject_id in proposal.refused:
            raise ChengxinError(
                "not_a_candidate",
                "所选主体不在本条的候选之中，请从列出的候选中选择",
                "the body is not among the candidates shown: choose one of them",
                where=str(self.subject_id),
            )
        return dict(found[0])


@dataclass(frozen=True)
class UndoLink:
    """Take a decision back: a decision of its own, with a reason; a fact it tied is untied by a new version.

    Any officer who may review may do it. Raises ``NotPermitted``, ``NotFound``, ``AlreadyDecided`` when it was taken
    back before or a later decision stands on it, and ``ChengxinError`` without a reason.
    """

    actor: Actor
    decision_id: int
    reason: str
    now: datetime

    def check(self) -> tuple[LinkProposal, LinkDecision]:
        """Return the proposal, locked, and the decision, or raise."""
        decision = LinkDecision.objects.filter(pk=self.decision_id).exclude(outcome=Outcome.UNDO).first()
        if decision is None:
            raise NotFound(
                "unknown_decision",
                f"没有编号为 {self.decision_id} 的关联决定",
                f"there is no decision {self.decision_id}",
            )
        proposal = _locked(self.actor, decision.proposal_id)
        if not self.reason.strip():
            raise ChengxinError("reason_missing", "请写明撤销理由", "state why the decision is taken back")
        later = LinkDecision.objects.filter(proposal=proposal, pk__gt=decision.pk, outcome__in=SETTLING)
        standing = later.filter(undone_by__isnull=True).exists() and decision.outcome in SETTLING
        if standing or LinkDecision.objects.filter(undoes=decision).exists():
            raise _meanwhile(proposal)
        return proposal, decision

    def execute(self) -> LinkDecision:
        """Keep the undoing, open the proposal again, and tell who carries it out; one transaction."""
        with transaction.atomic():
            proposal, decision = self.check()
            undo = _keep(
                proposal,
                self.actor,
                self.now,
                outcome=Outcome.UNDO,
                subject_id=decision.subject_id,
                note=mask_persons(self.reason.strip()),
                undoes=decision,
            )
            if decision.outcome == Outcome.NOT_SAME:
                _forget(proposal, decision, self.now)
            else:
                proposal.state, proposal.outcome, proposal.note = State.OPEN, "", ""
            _move(proposal, self.now)
            _witness(self.actor, self.now, undo)
            publish(
                LinkDecided(undo.pk, proposal.pk, proposal.fact_key is not None, Outcome.UNDO, str(decision.outcome))
            )
        return undo


def _locked(actor: Actor, proposal_id: int) -> LinkProposal:
    """Return the proposal, locked until the end of the transaction; another organisation's is not there."""
    proposal = LinkProposal.objects.select_for_update().filter(pk=proposal_id).first()
    actor.require(REVIEW_LINKS)
    organisation = Organisation.objects.filter(pk=proposal.organisation_id).first() if proposal else None
    if proposal is None or not (actor.everywhere or (organisation and organisation.code == actor.organisation)):
        raise NotFound(
            "unknown_proposal",
            f"没有编号为 {proposal_id} 的待关联事项",
            f"there is no proposal {proposal_id}",
            where=str(proposal_id),
        )
    return proposal


def _keep(proposal: LinkProposal, actor: Actor, now: datetime, **decided: Any) -> LinkDecision:  # noqa: ANN401 - columns
    """Add a decision about the proposal as it stands."""
    return LinkDecision.objects.create(
        proposal=proposal,
        revision=proposal.revision,
        fact_key=proposal.fact_key,
        record_id=proposal.record_id,
        batch_id=proposal.batch_id,
        line=proposal.line,
        item=proposal.item,
        rule=proposal.cause,
        identifier=proposal.identifier,
        name_key=proposal.name_key,
        evidence=proposal.evidence,
        digest=proposal.digest,
        actor_kind=actor.kind,
        officer=actor.id,
        organisation=actor.organisation,
        decided_at=now,
        **decided,
    )


def _move(proposal: LinkProposal, now: datetime) -> None:
    """Save the proposal in its new state: whoever saw the old one decides no more."""
    proposal.revision += 1
    proposal.changed_at = now
    proposal.save(update_fields=["state", "outcome", "note", "refused", "revision", "changed_at"])


def _refuse(proposal: LinkProposal, subject: int, now: datetime) -> None:
    """Leave the body out here and in every other proposal about the same code, or the same name without a code."""
    proposal.refused = sorted({*proposal.refused, subject})
    if set(proposal.candidates) <= set(proposal.refused):
        proposal.state = State.WAITING
    _alike(
        proposal,
        """UPDATE records_linkproposal SET refused = array_append(refused, %(subject)s), revision = revision + 1,
            changed_at = %(now)s,
            state = CASE WHEN candidates <@ array_append(refused, %(subject)s) THEN 'waiting' ELSE state END
        WHERE {alike} AND state IN ('open', 'deferred', 'waiting') AND %(subject)s = ANY(candidates)
            AND NOT %(subject)s = ANY(refused)""",
        subject,
        now,
    )


def _forget(proposal: LinkProposal, decision: LinkDecision, now: datetime) -> None:
    """Let the body, and the one it was merged into since, be proposed again wherever the decision had left them out."""
    pair = (proposal.identifier, proposal.name_key)
    gone = sorted(with_survivors([int(decision.subject_id or 0)]) - refused_bodies([pair])[pair])
    proposal.refused = [one for one in proposal.refused if one not in gone]
    if proposal.state == State.WAITING and set(proposal.candidates) - set(proposal.refused):
        proposal.state = State.OPEN
    _alike(
        proposal,
        """UPDATE records_linkproposal SET refused = ARRAY(SELECT unnest(refused) EXCEPT SELECT unnest(%(subject)s)),
            revision = revision + 1, changed_at = %(now)s,
            state = CASE WHEN state = 'waiting' THEN 'open' ELSE state END
        WHERE {alike} AND state IN ('open', 'deferred', 'waiting') AND candidates && %(subject)s::bigint[]
            AND refused && %(subject)s::bigint[]""",
        gone,
        now,
    )


def _alike(proposal: LinkProposal, statement: str, subject: int | list[int], now: datetime) -> None:
    """Run ``statement`` over the other proposals that the memory of this one speaks about."""
    alike = "identifier = %(identifier)s" if proposal.identifier else "identifier = '' AND name_key = %(name)s"
    values: dict[str, Any] = {
        "identifier": proposal.identifier,
        "name": proposal.name_key,
        "subject": subject,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement.format(alike=f"id <> {proposal.pk} AND {alike}"), values)


def _meanwhile(proposal: LinkProposal) -> AlreadyDecided:
    """Return the refusal of a decision that came too late, saying what happened meanwhile."""
    latest = LinkDecision.objects.filter(proposal=proposal).order_by("-pk").first()
    if latest is None or proposal.state in (State.CLOSED, State.OPEN, State.WAITING):
        return AlreadyDecided(
            "proposal_changed",
            f"待关联事项 {proposal.pk} 的情况已经变化（{State(proposal.state).label}），您的操作没有生效，"
            "请看过新的内容再决定",
            f"proposal {proposal.pk} has changed meanwhile; nothing was decided, look at it again",
            where=str(proposal.pk),
        )
    return AlreadyDecided(
        "already_decided",
        f"待关联事项 {proposal.pk} 已由 {latest.officer} 决定（{Outcome(latest.outcome).label}），您的操作没有生效；"
        "如不同意，请先撤销该决定",
        f"{latest.officer} has decided about proposal {proposal.pk} ({latest.outcome}); nothing of yours took effect",
        where=str(proposal.pk),
    )


def _witness(actor: Actor, now: datetime, decision: LinkDecision) -> None:
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action="link.undone" if decision.outcome == Outcome.UNDO else "link.decided",
        object_kind="link_proposal",
        object_id=str(decision.proposal_id),
        detail={
            "decision": decision.pk,
            "outcome": str(decision.outcome),
            "subject": decision.subject_id,
            "evidence": decision.digest,
        },
    )
