"""A row without a usable code attaches to nobody; a person decides, and it becomes a fact by the ordinary way in."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.audit.models import Event
from chengxin.intake.models import Batch, QuarantinedRow
from chengxin.intake.review.gather import header_match
from chengxin.intake.review.hand_in import DECISION_COLUMN, HandInRow, one_row_file
from chengxin.intake.tasks import hand_in_row, propose_missing
from chengxin.publication.queries import facts_of_body
from chengxin.records.actions.decide_link import DecideLink
from chengxin.records.models import LinkDecision, LinkEffect, LinkProposal, Record
from chengxin.subjects.models import Subject
from chengxin.testing.city import headers, uscc

from .conftest import REVIEWER

if TYPE_CHECKING:
    from .conftest import Review


def penalties() -> list[Record]:
    return list(Record.objects.filter(item="penalty").order_by("pk"))


def shown(subject: Subject, review: Review) -> int:
    return len(facts_of_body(subject.pk, "penalty", review.now.date()).rows)


def test_a_row_with_a_name_only_attaches_to_nobody_and_is_proposed(review: Review) -> None:
    review.register(1, 2)
    receipt = review.penalty(1, uscc="")
    assert (receipt.quarantined, receipt.accepted) == (1, 0)
    assert penalties() == []
    proposal = LinkProposal.objects.get()
    body = Subject.objects.get(uscc=uscc(1))
    assert (proposal.cause, proposal.state, proposal.identifier) == ("code_missing", "open", "")
    assert proposal.candidates[0] == body.pk
    best = proposal.evidence["candidates"][0]
    assert (best["verdict"], best["name"], best["uscc"]) == ("same", review.name(1), uscc(1))
    assert proposal.evidence["row"]["subject_name"] == review.name(1)


def test_a_decided_row_becomes_a_fact_that_says_who_tied_it(review: Review) -> None:
    review.register(1, 2)
    review.penalty(1, uscc="")
    body = Subject.objects.get(uscc=uscc(1))
    decision = review.decide("link", body.pk)
    effect = LinkEffect.objects.get(decision=decision)
    fact = penalties()[0]
    assert (effect.outcome, effect.record_id) == ("imported", fact.pk)
    assert (fact.subject_id, fact.link, fact.identifier) == (body.pk, "decision", f"uscc:{uscc(1)}")
    batch = Batch.objects.latest("pk")
    assert batch.pk == effect.batch_id
    assert (batch.channel, batch.submitted_by, batch.organisation.code) == ("review", "li", "ks-scjg")
    assert DECISION_COLUMN in (batch.header or [])
    assert shown(body, review) == 1
    actions = list(Event.objects.filter(object_kind="link_proposal").order_by("pk").values_list("action", flat=True))
    assert actions == ["link.decided", "link.applied"]


def test_an_undone_row_is_untied_off_the_page_and_can_be_decided_again(review: Review) -> None:
    review.register(1, 2)
    review.penalty(1, uscc="")
    first, second = Subject.objects.order_by("pk")
    wrong = review.decide("link", first.pk)
    undo = review.undo(wrong)
    assert LinkEffect.objects.get(decision=undo).outcome == "untied"
    latest = penalties()[-1]
    assert (latest.subject_id, latest.link, latest.kind) == (None, None, "relinked")
    assert shown(first, review) == 0
    proposal = LinkProposal.objects.get()
    assert (proposal.state, proposal.outcome) == ("open", "")
    again = review.decide("link", first.pk)
    assert LinkEffect.objects.get(decision=again).outcome == "tied"
    assert shown(first, review) == 1
    assert LinkDecision.objects.count() == 3
    assert second.pk not in {one.subject_id for one in penalties()}


def test_a_row_that_fails_another_check_is_not_proposed(review: Review) -> None:
    review.register(1)
    review.penalty(1, uscc="", decided_on="2025-02-30")
    assert LinkProposal.objects.count() == 0


def test_a_row_that_may_be_about_a_person_never_comes(review: Review) -> None:
    review.register(1, subject_name="演练示范")
    review.penalty(1, uscc="", subject_name="演某某")
    review.penalty(2, uscc="", subject_name="演练", subject_category="自然人")
    assert LinkProposal.objects.count() == 0


def test_carrying_out_twice_hands_in_once(review: Review) -> None:
    review.register(1)
    review.penalty(1, uscc="")
    decision = review.decide("link", Subject.objects.get().pk)
    again = HandInRow(decision.pk, lambda: review.now).execute()
    assert again == LinkEffect.objects.get()
    assert len(penalties()) == 1


def test_a_decided_row_is_handed_to_the_worker_in_the_transaction_of_the_decision(review: Review) -> None:
    review.register(1)
    receipt = review.penalty(1, uscc="")
    proposal = LinkProposal.objects.get()
    decision = DecideLink(
        REVIEWER, proposal.pk, proposal.revision, "link", review.now, proposal.candidates[0]
    ).execute()
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args::text, lock FROM procrastinate_jobs ORDER BY id")
        jobs = [job for job in cursor.fetchall() if job[0].startswith("intake.")]
    assert jobs[0] == ("intake.propose_links", f'{{"batch_id": {receipt.batch_id}}}', None)
    assert jobs[-1] == ("intake.hand_in_row", f'{{"decision_id": {decision.pk}}}', f"link:{proposal.pk}")
    hand_in_row.func(decision_id=decision.pk)
    assert LinkEffect.objects.get().outcome == "imported"


def test_the_nightly_look_makes_up_for_what_no_job_proposed(review: Review) -> None:
    review.register(1)
    review.penalty(1, uscc="")
    review.penalty(7, subject_name=review.name(1))
    LinkProposal.objects.all().delete()
    propose_missing.func(timestamp=0)
    assert sorted(LinkProposal.objects.values_list("cause", flat=True)) == ["code_missing", "code_unknown"]
    propose_missing.func(timestamp=0)
    assert LinkProposal.objects.count() == 2


def test_a_row_that_still_fails_says_why_and_stays_nobodys(review: Review) -> None:
    review.register(1)
    review.penalty(1, uscc="")
    body = Subject.objects.get()
    row = QuarantinedRow.objects.get()
    # The rules can change between the handing in and the decision; here the stored cells do.
    batch = Batch.objects.get(pk=row.batch_id)
    place = (batch.header or []).index(headers("penalty", "G3")["decided_on"])
    row.cells[place] = "2025-02-30"
    row.save()
    decision = review.decide("link", body.pk)
    effect = LinkEffect.objects.get(decision=decision)
    assert effect.outcome == "sent_back"
    assert effect.message.startswith("填入代码后仍未通过校验：")
    assert penalties() == []


def test_what_was_handed_in_meanwhile_by_its_department_is_not_doubled(review: Review) -> None:
    review.register(1)
    review.penalty(1, uscc="")
    proposal = LinkProposal.objects.get()
    review.penalty(1)
    decision = review.decide("link", Subject.objects.get().pk, proposal.pk)
    effect = LinkEffect.objects.get(decision=decision)
    assert (effect.outcome, effect.message) == ("there_already", "报送单位已另行报送同一记录，没有重复入库")
    assert len(penalties()) == 1


def test_the_file_of_a_decided_row_keeps_the_departments_columns(review: Review) -> None:
    review.register(1, 2)
    wrong = uscc(2)[:8] + uscc(2)[9] + uscc(2)[8] + uscc(2)[10:]
    review.penalty(1, uscc=wrong, organisation_code="12345678X")
    row = QuarantinedRow.objects.get()
    batch = Batch.objects.get(pk=row.batch_id)
    match = header_match(batch)
    assert match is not None
    text = one_row_file(batch, match, row.cells, {"uscc": uscc(1)}, 42).decode("utf-8-sig")
    header, made = list(csv.reader(io.StringIO(text)))
    assert header == [*(batch.header or []), DECISION_COLUMN]
    assert made[match.columns["uscc"]] == uscc(1)
    assert made[match.columns["organisation_code"]] == ""
    assert made[-1] == "42"
    assert wrong not in text
