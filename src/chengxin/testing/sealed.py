"""What tests of sealed facts share: an installation in which two minutes' worth of facts and decisions are sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.records.models import LinkDecision, LinkEffect, LinkProposal, Move
from chengxin.subjects.models import Registration
from chengxin.testing.making import NOW, make_record, make_subject

if TYPE_CHECKING:
    from chengxin.subjects.models import Subject
    from chengxin.testing.evidence import Installation

FIRST = (*range(1, 21), *range(31, 41))
"""Facts of the first minute; ten numbers between them belong to a transaction that was given up."""

SECOND = tuple(range(41, 61))
"""Facts of the second minute."""


def seal_two_minutes(installation: Installation) -> Subject:
    """Add facts, a decided link and a registration, each minute with its checkpoint, and return the facts' body."""
    subject = make_subject()
    for number in FIRST:
        make_record(number, subject)
    decide(subject, 1)
    Registration.objects.create(
        subject_id=subject.pk, kind="legal_person", name=subject.name, uscc=subject.uscc, status="存续",
        registrar="昆山市行政审批局", valid_from="2010-05-01", recorded_at=NOW, basis="registration",
    )  # fmt: skip
    next_minute(installation)
    for number in SECOND:
        make_record(number, subject, batch_id=2)
    Move.objects.create(record_id=60, replaced_id=59, change_id=1, from_subject_id=subject.pk)
    next_minute(installation)
    return subject


def next_minute(installation: Installation) -> int:
    """Let a minute pass, with the keeper's round at its end; return how many events it built."""
    installation.clock.go(minutes=1)
    return installation.keeper.round()


def decide(subject: Subject, number: int) -> LinkDecision:
    """Decide that proposal ``number`` is about ``subject``, and note that nothing came of it."""
    proposal = LinkProposal.objects.create(
        batch_id=7, line=number, item="penalty", organisation_id=1, submitted_by="wang", cause="code_missing",
        name="x", name_key="x", evidence={"row": {"document_number": f"昆罚{number}号"}, "candidates": []},
        digest="d", candidates=[subject.pk], state="open", made_at=NOW, changed_at=NOW,
    )  # fmt: skip
    decision = LinkDecision.objects.create(
        proposal=proposal, revision=1, outcome="link", batch_id=7, line=number, item="penalty",
        subject_id=subject.pk, rule="code_missing", name_key="x", score="0.875", reasons=[{"zh": "名称相同"}],
        evidence=proposal.evidence, digest="d", note="与登记一致", actor_kind="officer", officer="li",
        organisation="centre", decided_at=NOW,
    )  # fmt: skip
    LinkEffect.objects.create(decision=decision, outcome="gone", at=NOW)
    return decision
