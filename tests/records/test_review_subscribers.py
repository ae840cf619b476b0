"""What the register and the facts tell is followed by the queue: settled by itself, brought back, or left alone."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

from chengxin.accounts.actor import REVIEW_LINKS, SUBMIT, Actor
from chengxin.base.events import publish
from chengxin.records.actions.apply_link import ApplyLink
from chengxin.records.actions.decide_link import DecideLink, UndoLink
from chengxin.records.actions.withdraw import WithdrawRecord
from chengxin.records.events import LinkDecided
from chengxin.records.models import LinkDecision, LinkProposal, Record
from chengxin.records.tasks import APPLY_TASK, REFRESH_TASK, apply_later
from chengxin.testing.bodies import add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_organisation, make_record, make_subject

if TYPE_CHECKING:
    from chengxin.subjects.models import Subject

pytestmark = pytest.mark.django_db

CENTRE = Actor("officer", "li", "centre", frozenset({REVIEW_LINKS, SUBMIT}), everywhere=True)
LATER = NOW + timedelta(hours=1)
OLD = registration_number(1)
CODE = f"registration_number:{OLD}"
FAR = 10**9


@pytest.fixture
def organisation() -> int:
    return make_organisation().pk


@pytest.fixture
def subject() -> Subject:
    return make_subject(uscc=uscc(9))


def propose(organisation: int, subject: Subject, number: int = 1, **more: Any) -> LinkProposal:
    """Make a fact that waits under the code and a proposal about it."""
    fact = make_record(FAR + number, None, identifier=CODE, organisation_id=organisation)
    shown = {"subject_id": subject.pk, "name": subject.name, "score": 0.9, "verdict": "same", "reasons": []}
    values: dict[str, Any] = {
        "fact_key": fact.key, "record_id": fact.pk, "batch_id": 1, "line": number, "item": "licence",
        "organisation_id": organisation, "submitted_by": "wang", "cause": "code_unknown", "name": subject.name,
        "name_key": subject.name, "identifier": CODE, "evidence": {"row": {}, "candidates": [shown]},
        "digest": "d" * 64, "candidates": [subject.pk], "state": "open", "made_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    return LinkProposal.objects.create(**(values | more))


def decide(proposal: LinkProposal, outcome: str, subject: Subject | None = None) -> LinkDecision:
    proposal.refresh_from_db()
    number = subject.pk if subject else None
    return DecideLink(CENTRE, proposal.pk, proposal.revision, outcome, NOW, number, "须看原件").execute()


def latest(proposal: LinkProposal) -> Record:
    assert proposal.fact_key is not None
    return Record.objects.filter(key=proposal.fact_key).latest("version")


def jobs(task: str) -> list[tuple[dict[str, int], str | None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args, lock FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [task])
        return list(cursor.fetchall())


def locks(task: str) -> list[str | None]:
    return [lock for _args, lock in jobs(task)]


@pytest.mark.parametrize("state", ["open", "deferred", "waiting"])
def test_a_fact_that_its_code_has_tied_leaves_the_queue(organisation: int, subject: Subject, state: str) -> None:
    held = propose(organisation, subject, state=state)
    register_bodies({"uscc": uscc(1), "registration_number": OLD}, now=LATER)
    held.refresh_from_db()
    assert held.state == "closed"
    assert held.revision > 1
    assert held.changed_at == LATER
    assert latest(held).link == "registration_number"


def test_a_fact_that_was_withdrawn_leaves_the_queue(organisation: int, subject: Subject) -> None:
    held = propose(organisation, subject)
    WithdrawRecord(CENTRE, FAR + 1, "复议撤销", LATER).execute()
    held.refresh_from_db()
    assert (held.state, held.revision) == ("closed", 2)


def test_a_correction_that_ties_nothing_leaves_the_queue_as_it_is(organisation: int, subject: Subject) -> None:
    add_facts({"identifier": CODE, "number": 1}, now=NOW, organisation=organisation)
    fact = Record.objects.get()
    held = propose(organisation, subject, 2, fact_key=fact.key, record_id=fact.pk)
    add_facts({"identifier": CODE, "number": 1, "text": "更正"}, now=LATER, organisation=organisation)
    held.refresh_from_db()
    assert (held.state, held.revision) == ("open", 1)


def test_carrying_a_decision_out_does_not_close_what_was_decided(organisation: int, subject: Subject) -> None:
    held = propose(organisation, subject)
    ApplyLink(decide(held, "link", subject).pk, LATER).execute()
    held.refresh_from_db()
    assert (held.state, held.outcome) == ("decided", "link")


def test_what_a_person_tied_elsewhere_comes_back_when_its_very_code_turns_up(
    organisation: int, subject: Subject
) -> None:
    held = propose(organisation, subject)
    ApplyLink(decide(held, "link", subject).pk, NOW).execute()
    register_bodies({"uscc": uscc(1), "registration_number": OLD}, now=LATER)
    held.refresh_from_db()
    assert (held.state, held.cause, held.changed_at) == ("open", "code_now_borne", LATER)
    # Nothing is tied anew by itself: a person had decided.
    assert latest(held).subject_id == subject.pk


def test_what_was_refused_comes_back_when_the_refused_body_itself_bears_the_code(
    organisation: int, subject: Subject
) -> None:
    held = propose(organisation, subject)
    decide(held, "not_same", subject)
    register_bodies({"uscc": uscc(9), "registration_number": OLD}, now=LATER)
    held.refresh_from_db()
    assert (held.state, held.cause, held.refused) == ("open", "refused_before", [])
    assert latest(held).subject_id is None


def test_a_fact_that_is_this_bodys_already_is_not_asked_about_again(organisation: int, subject: Subject) -> None:
    held = propose(organisation, subject)
    ApplyLink(decide(held, "link", subject).pk, NOW).execute()
    register_bodies({"uscc": uscc(9), "registration_number": OLD}, now=LATER)
    held.refresh_from_db()
    assert (held.state, held.outcome) == ("decided", "link")


def test_a_row_that_was_sent_back_is_not_brought_back_by_a_code(organisation: int, subject: Subject) -> None:
    held = propose(organisation, subject, fact_key=None, record_id=None)
    decide(held, "none")
    register_bodies({"uscc": uscc(1), "registration_number": OLD}, now=LATER)
    held.refresh_from_db()
    assert (held.state, held.outcome) == ("decided", "none")


def test_new_codes_ask_for_one_look_only_where_something_waits(organisation: int, subject: Subject) -> None:
    register_bodies({"uscc": uscc(1)}, now=NOW)
    assert jobs(REFRESH_TASK) == []
    held = propose(organisation, subject)
    for number in (2, 3):
        register_bodies({"uscc": uscc(number)}, now=LATER)
    assert len(jobs(REFRESH_TASK)) == 1
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    LinkProposal.objects.filter(pk=held.pk).update(state="decided", outcome="link")
    register_bodies({"uscc": uscc(4)}, now=LATER)
    assert jobs(REFRESH_TASK) == []
    LinkProposal.objects.filter(pk=held.pk).update(outcome="none")
    register_bodies({"uscc": uscc(5)}, now=LATER)
    assert len(jobs(REFRESH_TASK)) == 1


def test_a_decision_about_a_fact_is_handed_to_the_worker_and_its_undoing_behind_it(
    organisation: int, subject: Subject
) -> None:
    held = propose(organisation, subject)
    kept = decide(held, "link", subject)
    UndoLink(CENTRE, kept.pk, "选错了", LATER).execute()
    assert locks(APPLY_TASK) == [f"link:{held.pk}"] * 2


@pytest.mark.parametrize("outcome", ["none", "defer", "not_same"])
def test_a_decision_that_changes_no_fact_gives_the_worker_nothing_to_do(
    organisation: int, subject: Subject, outcome: str
) -> None:
    kept = decide(propose(organisation, subject), outcome, subject)
    UndoLink(CENTRE, kept.pk, "看错了", LATER).execute()
    assert jobs(APPLY_TASK) == []


def test_a_link_of_a_row_is_for_those_who_bring_rows_in_and_only_its_undoing_is_carried_out_here(
    organisation: int, subject: Subject
) -> None:
    held = propose(organisation, subject, fact_key=None, record_id=None)
    kept = decide(held, "link", subject)
    assert jobs(APPLY_TASK) == []
    UndoLink(CENTRE, kept.pk, "选错了", LATER).execute()
    assert locks(APPLY_TASK) == [f"link:{held.pk}"]


def test_a_job_that_was_queued_in_a_transaction_given_up_is_not_there() -> None:
    def give_up() -> None:
        with transaction.atomic():
            apply_later(1, 2)
            publish(LinkDecided(1, 2, fact=True, outcome="link"))
            raise KeyError(uuid.UUID(int=0))

    with pytest.raises(KeyError):
        give_up()
    assert jobs(APPLY_TASK) == []
