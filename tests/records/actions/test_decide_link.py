"""Decisions of people: who may make them, that they stay for ever, and that no process can both propose and decide."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection, transaction

from chengxin.accounts.actor import READ_BATCHES, REVIEW_LINKS, Actor
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.records.actions.decide_link import AlreadyDecided, DecideLink, UndoLink
from chengxin.records.models import LinkDecision, LinkProposal
from chengxin.records.refusals import refused_bodies
from chengxin.testing.making import NOW, make_organisation, make_record, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from chengxin.accounts.models import Organisation
    from chengxin.subjects.models import Subject

CENTRE = Actor("officer", "li", "centre", frozenset({REVIEW_LINKS}), everywhere=True)
FAR = 10**9
CODE = "uscc:91320583MA1TEST001"


def body(subject: Subject) -> dict[str, Any]:
    return {
        "subject_id": subject.pk,
        "name": subject.name,
        "score": 0.913,
        "verdict": "same",
        "reasons": [{"code": "x"}],
    }


def propose(organisation: Organisation, *subjects: Subject, number: int = 1, **more: Any) -> LinkProposal:
    fact = make_record(FAR + number, None, identifier=CODE, organisation_id=organisation.pk)
    values = {
        "fact_key": fact.key,
        "record_id": fact.pk,
        "batch_id": 1,
        "line": number,
        "item": "licence",
        "organisation_id": organisation.pk,
        "submitted_by": "wang",
        "cause": "code_unknown",
        "name": "昆山甲有限公司",
        "name_key": "昆山甲有限公司",
        "identifier": CODE,
        "evidence": {"row": {"subject_name": "昆山甲有限公司"}, "candidates": [body(one) for one in subjects]},
        "digest": "d" * 64,
        "candidates": [one.pk for one in subjects],
        "state": "open",
        "made_at": NOW,
        "changed_at": NOW,
    }
    return LinkProposal.objects.create(**(values | more))


def decide(proposal: LinkProposal, outcome: str, subject: Subject | None = None, **more: Any) -> DecideLink:
    proposal.refresh_from_db()
    values: dict[str, Any] = {"actor": CENTRE, "revision": proposal.revision, "now": NOW, "note": "须看原件"}
    return DecideLink(
        proposal_id=proposal.pk, outcome=outcome, subject_id=subject.pk if subject else None, **(values | more)
    )


@pytest.fixture
def organisation(db: None) -> Organisation:
    assert db is None
    return make_organisation()


def test_a_decision_keeps_rule_score_reasons_evidence_officer_and_time(organisation: Organisation) -> None:
    subject = make_subject()
    made = decide(propose(organisation, subject), "link", subject).execute()
    kept = LinkDecision.objects.get(pk=made.pk)
    assert (kept.rule, kept.identifier, str(kept.score), kept.verdict) == ("code_unknown", CODE, "0.913", "same")
    assert (kept.reasons, kept.digest) == ([{"code": "x"}], "d" * 64)
    assert (kept.actor_kind, kept.officer, kept.organisation, kept.decided_at) == ("officer", "li", "centre", NOW)
    event = Event.objects.get()
    assert (event.action, event.object, event.detail["outcome"]) == ("link.decided", str(kept.proposal_id), "link")


@pytest.mark.parametrize(
    ("actor", "error"),
    [
        (Actor("officer", "sun", "centre", frozenset({READ_BATCHES}), everywhere=True), NotPermitted),
        (Actor("officer", "wang", "centre", frozenset({REVIEW_LINKS}), everywhere=True), NotPermitted),
        (Actor("officer", "qian", "other", frozenset({REVIEW_LINKS})), NotFound),
    ],
)
def test_who_may_not_decide_changes_nothing(organisation: Organisation, actor: Actor, error: type[Exception]) -> None:
    proposal = propose(organisation, make_subject())
    with pytest.raises(error):
        decide(proposal, "none", actor=actor).execute()
    assert LinkDecision.objects.count() == 0
    proposal.refresh_from_db()
    assert (proposal.state, proposal.revision) == ("open", 1)


def test_a_reviewer_of_the_department_decides_about_its_own_rows(organisation: Organisation) -> None:
    subject = make_subject()
    own = Actor("officer", "zhao", organisation.code, frozenset({REVIEW_LINKS}))
    assert decide(propose(organisation, subject), "link", subject, actor=own).execute().officer == "zhao"


def test_only_what_was_shown_can_be_chosen(organisation: Organisation) -> None:
    shown, other = make_subject(), make_subject(name="昆山乙有限公司", uscc="91320583732569886X")
    proposal = propose(organisation, shown)
    for outcome in ("link", "not_same"):
        with pytest.raises(ChengxinError) as refused:
            decide(proposal, outcome, other).execute()
        assert refused.value.code == "not_a_candidate"
    with pytest.raises(ChengxinError) as refused:
        decide(proposal, "merge", shown).execute()
    assert refused.value.code == "unknown_outcome"
    with pytest.raises(ChengxinError) as refused:
        decide(proposal, "defer", note="  ").execute()
    assert refused.value.message_zh == "请写明暂缓的原因"


def test_a_decision_about_an_older_page_says_who_was_faster(organisation: Organisation) -> None:
    subject = make_subject()
    proposal = propose(organisation, subject)
    late = decide(proposal, "none")
    decide(proposal, "link", subject).execute()
    with pytest.raises(AlreadyDecided) as refused:
        late.execute()
    assert refused.value.message_zh.startswith(f"待关联事项 {proposal.pk} 已由 li 决定（关联到该主体）")


def test_what_is_not_the_same_is_remembered_until_it_is_taken_back(organisation: Organisation) -> None:
    first, second = make_subject(), make_subject(name="昆山乙有限公司", uscc="91320583732569886X")
    here, there = propose(organisation, first, second), propose(organisation, first, number=2)
    kept = decide(here, "not_same", first).execute()
    for one in (here, there):
        one.refresh_from_db()
    assert (here.state, here.refused) == ("open", [first.pk])
    assert (there.state, there.refused, there.revision) == ("waiting", [first.pk], 2)
    assert refused_bodies([(CODE, "")])[(CODE, "")] == {first.pk}
    UndoLink(CENTRE, kept.pk, "看错了", NOW + timedelta(hours=1)).execute()
    there.refresh_from_db()
    assert (there.state, there.refused) == ("open", [])
    assert refused_bodies([(CODE, "")])[(CODE, "")] == frozenset()


def test_without_a_code_the_name_is_what_is_remembered(organisation: Organisation) -> None:
    subject = make_subject()
    row: dict[str, Any] = {"fact_key": None, "record_id": None, "identifier": ""}
    here = propose(organisation, subject, **row)
    there = propose(organisation, subject, number=2, **row)
    other = propose(organisation, subject, number=3, **row | {"name_key": "另一个名字"})
    decide(here, "not_same", subject).execute()
    states = [LinkProposal.objects.get(pk=one.pk).state for one in (here, there, other)]
    assert states == ["waiting", "waiting", "open"]
    pairs = [("", "昆山甲有限公司"), ("", "另一个名字"), (CODE, "昆山甲有限公司")]
    assert [len(refused_bodies(pairs)[one]) for one in pairs] == [1, 0, 0]


def test_a_decision_is_taken_back_once_and_with_a_reason(organisation: Organisation) -> None:
    subject = make_subject()
    proposal = propose(organisation, subject)
    kept = decide(proposal, "link", subject).execute()
    with pytest.raises(ChengxinError) as refused:
        UndoLink(CENTRE, kept.pk, " ", NOW).execute()
    assert refused.value.code == "reason_missing"
    undo = UndoLink(CENTRE, kept.pk, "选错了", NOW).execute()
    assert (undo.undoes_id, undo.outcome, undo.note) == (kept.pk, "undo", "选错了")
    with pytest.raises(AlreadyDecided):
        UndoLink(CENTRE, kept.pk, "再来", NOW).execute()
    with pytest.raises(NotFound):
        UndoLink(CENTRE, undo.pk, "撤销撤销", NOW).execute()
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_a_reason_that_names_a_persons_number_is_masked(organisation: Organisation) -> None:
    kept = decide(propose(organisation, make_subject()), "defer", note="法人 320583199001011234 待核").execute()
    assert "320583199001011234" not in kept.note


def test_decisions_and_effects_are_never_changed_or_deleted(organisation: Organisation) -> None:
    decide(propose(organisation, make_subject()), "none").execute()
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in (
        "UPDATE records_linkdecision SET officer = 'x'",
        "DELETE FROM records_linkdecision",
        "TRUNCATE records_linkdecision CASCADE",
        "TRUNCATE records_linkeffect",
    ):
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            connection.cursor().execute(statement)
    assert LinkDecision.objects.count() == 1


def test_no_process_can_both_propose_and_decide(connect_as: Callable[[str], psycopg.Connection]) -> None:
    allowed = {
        ("worker", "records_linkproposal", "INSERT"): True,
        ("worker", "records_linkdecision", "INSERT"): False,
        ("worker", "records_linkeffect", "INSERT"): True,
        ("office", "records_linkproposal", "INSERT"): False,
        ("office", "records_linkdecision", "INSERT"): True,
        ("office", "records_linkeffect", "INSERT"): False,
        ("office", "records_record", "INSERT"): False,
        ("api", "records_linkproposal", "SELECT"): False,
        ("public", "records_linkdecision", "SELECT"): False,
    }
    owner = connect_as("owner")
    for (role, table, right), expected in allowed.items():
        asked = "SELECT has_table_privilege(%s, %s, %s)"
        answer = owner.execute(asked, [f"chengxin_{role}", f"core.{table}", right]).fetchone()
        assert answer == (expected,), (role, table, right)
