"""Facts whose code names nobody, or two: bodies are proposed, people decide, and their decisions are remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.publication.queries import facts_of_body
from chengxin.records.models import LinkDecision, LinkEffect, LinkProposal, Record
from chengxin.records.review import refresh
from chengxin.subjects.models import Identifier, Subject
from chengxin.testing.city import registration_number, row, uscc

if TYPE_CHECKING:
    from .conftest import Review


def latest() -> Record:
    return Record.objects.filter(item="penalty").latest("pk")


def body(number: int) -> Subject:
    return Subject.objects.get(uscc=uscc(number))


def test_a_fact_under_an_unknown_code_is_proposed_by_its_name(review: Review) -> None:
    review.register(1)
    receipt = review.penalty(7, subject_name=review.name(1))
    assert (receipt.accepted, receipt.unlinked) == (1, 1)
    proposal = LinkProposal.objects.get()
    assert (proposal.cause, proposal.identifier, proposal.state) == ("code_unknown", f"uscc:{uscc(7)}", "open")
    assert proposal.candidates == [body(1).pk]
    assert latest().subject_id is None


def test_without_a_candidate_a_proposal_waits_for_the_register(review: Review) -> None:
    review.penalty(7, subject_name="昆山等候登记有限公司")
    assert LinkProposal.objects.get().state == "waiting"
    review.register(1, subject_name="昆山等候登记有限公司")
    refresh(review.now)
    assert (LinkProposal.objects.get().state, LinkProposal.objects.get().candidates) == ("open", [body(1).pk])


def test_a_decided_fact_is_tied_published_and_stays_tied_when_it_is_corrected(review: Review) -> None:
    review.register(1)
    review.penalty(7, subject_name=review.name(1))
    review.decide("link", body(1).pk)
    assert (latest().subject_id, latest().link, latest().version, latest().kind) == (
        body(1).pk,
        "decision",
        2,
        "relinked",
    )
    assert len(facts_of_body(body(1).pk, "penalty", review.now.date()).rows) == 1
    rows = [row("penalty", "G3", 7, subject_name=review.name(1)), row("penalty", "G3", 1)]
    same = review.import_rows("penalty", "G3", rows)
    assert (same.duplicate, same.accepted) == (1, 1)
    review.penalty(7, subject_name=review.name(1), penalty_content="罚款一万六千元", fine_amount="1.6")
    assert (latest().kind, latest().subject_id, latest().link) == ("corrected", body(1).pk, "decision")
    assert len(facts_of_body(body(1).pk, "penalty", review.now.date()).rows) == 2


def test_undoing_unties_by_a_version_and_takes_the_fact_off_the_page(review: Review) -> None:
    review.register(1)
    review.penalty(7, subject_name=review.name(1))
    review.undo(review.decide("link", body(1).pk))
    assert [(one.version, one.subject_id) for one in Record.objects.filter(item="penalty").order_by("version")] == [
        (1, None),
        (2, body(1).pk),
        (3, None),
    ]
    assert facts_of_body(body(1).pk, "penalty", review.now.date()).rows == ()
    assert LinkProposal.objects.get().state == "open"
    undo = LinkDecision.objects.get(outcome="undo")
    assert (undo.note, LinkEffect.objects.get(decision=undo).outcome) == ("选错了主体", "untied")


def test_not_the_same_is_never_proposed_again(review: Review) -> None:
    review.register(1)
    review.penalty(7, subject_name=review.name(1), document_number="昆市监罚〔2026〕71号")
    review.decide("not_same", body(1).pk)
    assert LinkProposal.objects.get().state == "waiting"
    review.penalty(7, subject_name=review.name(1), document_number="昆市监罚〔2026〕72号")
    second = LinkProposal.objects.latest("pk")
    assert (second.state, second.refused) == ("waiting", [body(1).pk])
    refresh(review.now)
    assert set(LinkProposal.objects.values_list("state", flat=True)) == {"waiting"}


def test_not_the_same_holds_at_once_for_every_open_proposal_about_the_code(review: Review) -> None:
    review.register(1)
    for number in (71, 72):
        review.penalty(7, subject_name=review.name(1), document_number=f"昆市监罚〔2026〕{number}号")
    assert set(LinkProposal.objects.values_list("state", flat=True)) == {"open"}
    decision = review.decide("not_same", body(1).pk)
    assert set(LinkProposal.objects.values_list("state", flat=True)) == {"waiting"}
    review.undo(decision)
    assert set(LinkProposal.objects.values_list("state", flat=True)) == {"open"}


def test_not_the_same_stops_the_tie_by_itself_and_a_new_code_brings_the_question_back(review: Review) -> None:
    review.register(1)
    review.penalty(7, subject_name=review.name(1))
    review.decide("not_same", body(1).pk)
    other = body(1)
    # The very code turns up at the body that a person had ruled out: nobody ties, a person is asked again.
    Identifier.objects.create(subject=other, kind="uscc", value=uscc(7), first_seen_at=review.now)
    review.penalty(7, subject_name=review.name(1), document_number="昆市监罚〔2026〕99号")
    assert latest().subject_id is None
    asked = LinkProposal.objects.latest("pk")
    assert (asked.cause, asked.state, asked.refused) == ("refused_before", "open", [])
    review.decide("link", other.pk)
    assert latest().subject_id == other.pk
    review.penalty(7, subject_name=review.name(1), document_number="昆市监罚〔2026〕100号")
    assert (latest().subject_id, latest().link) == (other.pk, "uscc")


def test_a_code_that_turns_up_elsewhere_reopens_what_a_person_had_tied(review: Review) -> None:
    review.register(1)
    review.penalty(7, subject_name=review.name(1))
    review.decide("link", body(1).pk)
    review.register(7, subject_name="昆山另一家有限公司")
    proposal = LinkProposal.objects.get()
    assert (proposal.state, proposal.cause) == ("open", "code_now_borne")
    assert latest().subject_id == body(1).pk
    refresh(review.now)
    assert body(7).pk in LinkProposal.objects.get().candidates
    review.decide("link", body(7).pk)
    assert (latest().subject_id, latest().link) == (body(7).pk, "decision")


def test_a_code_that_becomes_known_ties_by_itself_and_closes_the_proposal(review: Review) -> None:
    review.register(1)
    review.penalty(7, subject_name=review.name(1))
    review.register(7, subject_name=review.name(1))
    assert (latest().subject_id, latest().link) == (body(7).pk, "uscc")
    assert LinkProposal.objects.get().state == "closed"


def test_a_code_at_two_bodies_shows_both(review: Review) -> None:
    review.register(1, 2)
    shared = registration_number(55)
    for number in (1, 2):
        Identifier.objects.create(
            subject=body(number), kind="registration_number", value=shared, first_seen_at=review.now
        )
    review.penalty(3, uscc="", registration_number=shared, subject_name="昆山第三方有限公司")
    proposal = LinkProposal.objects.get()
    assert (proposal.cause, sorted(proposal.candidates)) == ("code_at_two_bodies", [body(1).pk, body(2).pk])
    reasons = [one["reasons"][0]["code"] for one in proposal.evidence["candidates"]]
    assert reasons == ["code_at_two_bodies"] * 2
    review.decide("link", body(2).pk)
    assert latest().subject_id == body(2).pk


def test_none_of_these_comes_back_only_with_a_body_that_was_not_shown(review: Review) -> None:
    review.register(1)
    review.penalty(7, subject_name=review.name(1))
    review.decide("none")
    refresh(review.now)
    assert LinkProposal.objects.get().state == "decided"
    review.register(2, subject_name=review.name(1))
    refresh(review.now)
    assert LinkProposal.objects.get().state == "open"
    assert set(LinkProposal.objects.get().candidates) == {body(1).pk, body(2).pk}


def test_a_damaged_code_one_slip_away_finds_its_body_whatever_the_name(review: Review) -> None:
    review.register(1)
    code = uscc(1)
    swapped = code[:8] + code[9] + code[8] + code[10:]
    assert swapped != code
    review.penalty(1, uscc=swapped, subject_name="完全不同的名字有限公司")
    proposal = LinkProposal.objects.get()
    assert proposal.cause == "code_unusable"
    assert next(one["code"] for one in proposal.evidence["candidates"][0]["reasons"]) == "code_one_slip"
    assert proposal.candidates == [body(1).pk]
