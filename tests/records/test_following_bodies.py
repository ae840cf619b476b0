"""Assisted linking follows bodies that are merged, split and put back, and stops at those that are being moved."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import REVIEW_LINKS, Actor
from chengxin.base.errors import ChengxinError
from chengxin.kernel.names import fold_name
from chengxin.records.actions.apply_link import ApplyLink
from chengxin.records.actions.decide_link import AlreadyDecided, DecideLink, UndoLink
from chengxin.records.links import links_of_subject
from chengxin.records.models import LinkDecision, LinkProposal, Record
from chengxin.records.refusals import refused_bodies, with_survivors
from chengxin.records.review import Draft, propose, refresh
from chengxin.subjects.actions.change import decide
from chengxin.subjects.actions.merge import AskMerge
from chengxin.subjects.changes import moving_bodies
from chengxin.subjects.models import Identifier
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_organisation

if TYPE_CHECKING:
    from chengxin.subjects.models import Change

pytestmark = pytest.mark.django_db

NAME = "昆山市禾映科技有限公司"
UNKNOWN = registration_number(77)
CODE = f"registration_number:{UNKNOWN}"
REVIEWER = Actor("officer", "li", "centre", frozenset({REVIEW_LINKS}), everywhere=True)


class Case:
    """Two bodies of one name, a fact under a code nobody bears with its proposal, and two officers who merge."""

    def __init__(self) -> None:
        register_bodies({"uscc": uscc(1), "name": NAME}, {"uscc": uscc(2), "name": NAME}, now=NOW)
        numbers = dict(Identifier.objects.filter(kind="uscc").values_list("value", "subject_id"))
        self.one, self.two = numbers[uscc(1)], numbers[uscc(2)]
        self.organisation = make_organisation()
        add_facts({"identifier": CODE, "number": 1}, now=NOW, organisation=self.organisation.pk)
        self.officers = TwoOfficers(NOW + timedelta(hours=1))
        self.propose()

    def propose(self) -> None:
        fact = Record.objects.get(identifier=CODE)
        row = {"subject_name": NAME, "registration_number": UNKNOWN}
        about = (str(fact.key), fact.pk, 1, fact.line, "licence", self.organisation.pk)
        propose([Draft(*about, submitted_by="wang", cause="code_unknown", identifier=CODE, row=row)], NOW)

    @property
    def proposal(self) -> LinkProposal:
        return LinkProposal.objects.get()

    @property
    def shown(self) -> list[int]:
        found = self.proposal
        return [one for one in found.candidates if one not in found.refused]

    def decide(self, outcome: str, subject: int | None = None, revision: int | None = None) -> LinkDecision:
        seen = self.proposal.revision if revision is None else revision
        note = "须看原件"
        return DecideLink(REVIEWER, self.proposal.pk, seen, outcome, self.officers.later(), subject, note).execute()

    def ask_merge(self) -> Change:
        return AskMerge(self.officers.asker, self.one, self.two, "同一主体", self.officers.later()).execute()


@pytest.fixture
def case() -> Case:
    return Case()


def fact() -> Record:
    return Record.objects.filter(identifier=CODE).latest("version")


def test_a_proposal_shows_the_body_that_the_others_became(case: Case) -> None:
    assert set(case.shown) == {case.one, case.two}
    before = case.proposal
    change = case.officers.merge(case.one, case.two)
    after = case.proposal
    assert case.shown == [case.two]
    assert {one["value"] for one in after.evidence["candidates"][0]["codes"]} >= {uscc(1), uscc(2)}
    assert (after.revision, after.changed_at) == (before.revision + 1, change.done_at)
    case.officers.undo(change.pk)
    assert set(case.shown) == {case.one, case.two}


def test_who_saw_the_bodies_before_they_became_one_is_told_to_look_again(case: Case) -> None:
    seen = case.proposal.revision
    case.officers.merge(case.one, case.two)
    with pytest.raises(AlreadyDecided) as late:
        case.decide("link", case.one, revision=seen)
    assert late.value.code == "proposal_changed"
    with pytest.raises(ChengxinError) as gone:
        case.decide("link", case.one)
    assert gone.value.code == "not_a_candidate"
    case.decide("link", case.two)


def test_a_split_shows_both_parts_where_one_body_stood(case: Case) -> None:
    register_bodies({"uscc": uscc(2), "registration_number": registration_number(2), "name": NAME}, now=NOW)
    change = case.officers.split(case.two, [("registration_number", registration_number(2))], NAME)
    assert change.target_id is not None
    assert set(case.shown) == {case.one, case.two, change.target_id}


def test_what_is_not_the_one_is_not_the_body_it_became(case: Case) -> None:
    case.decide("not_same", case.one)
    change = case.officers.merge(case.one, case.two)
    assert (case.shown, case.proposal.state) == ([], "waiting")
    assert refused_bodies([(CODE, "")])[(CODE, "")] == {case.one, case.two}
    refresh(case.officers.later())
    assert case.shown == []
    case.officers.undo(change.pk)
    assert (case.shown, case.proposal.state) == ([case.two], "open")
    assert refused_bodies([(CODE, "")])[(CODE, "")] == {case.one}


def test_a_second_proposal_about_the_code_remembers_it_of_the_body_it_became(case: Case) -> None:
    case.decide("not_same", case.one)
    case.officers.merge(case.one, case.two)
    add_facts({"identifier": CODE, "number": 2}, now=NOW, organisation=case.organisation.pk)
    other = Record.objects.latest("pk")
    row = {"subject_name": NAME, "registration_number": UNKNOWN}
    about = (str(other.key), other.pk, 1, 9, "licence", case.organisation.pk)
    propose([Draft(*about, submitted_by="wang", cause="code_unknown", identifier=CODE, row=row)], NOW)
    assert LinkProposal.objects.latest("pk").state == "waiting"


def test_taking_it_back_after_the_merge_lets_the_body_be_proposed_again(case: Case) -> None:
    decision = case.decide("not_same", case.one)
    case.officers.merge(case.one, case.two)
    UndoLink(REVIEWER, decision.pk, "看错了", case.officers.later()).execute()
    assert (case.shown, case.proposal.state) == ([case.two], "open")


def test_what_two_decisions_left_out_stays_left_out_when_one_is_taken_back(case: Case) -> None:
    decision = case.decide("not_same", case.one)
    case.decide("not_same", case.two)
    case.officers.merge(case.one, case.two)
    UndoLink(REVIEWER, decision.pk, "看错了", case.officers.later()).execute()
    assert (case.shown, case.proposal.state) == ([], "waiting")


def test_a_code_that_turns_up_at_the_merged_body_ties_nothing_a_person_had_refused(case: Case) -> None:
    case.decide("not_same", case.one)
    case.officers.merge(case.one, case.two)
    register_bodies(
        {"uscc": uscc(2), "registration_number": UNKNOWN, "name": NAME}, now=case.officers.later(), entries=False
    )
    assert Identifier.objects.filter(subject=case.two, value=UNKNOWN).exists()
    assert (fact().subject_id, case.proposal.state, case.proposal.cause) == (None, "open", "refused_before")
    refresh(case.officers.later())
    assert case.shown == [case.two]
    decision = case.decide("link", case.two)
    ApplyLink(decision.pk, case.officers.later()).execute()
    assert fact().subject_id == case.two
    # The pair was tied by a person since, so the next fact under the code is tied by the code.
    assert refused_bodies([(CODE, "")])[(CODE, "")] == frozenset()


def test_a_decision_carried_out_after_the_merge_is_told_at_the_body_that_has_the_fact(case: Case) -> None:
    decision = case.decide("link", case.one)
    case.officers.merge(case.one, case.two)
    ApplyLink(decision.pk, case.officers.later()).execute()
    assert (fact().subject_id, fact().link) == (case.two, "decision")
    undo = UndoLink(REVIEWER, decision.pk, "看错了", case.officers.later()).execute()
    ApplyLink(undo.pk, case.officers.later()).execute()
    told = [(one.act, one.decision_id) for one in links_of_subject(case.two).rows if one.decision_id]
    assert told == [("undo", undo.pk), ("link", decision.pk)]


def test_nothing_is_tied_to_a_body_that_two_people_are_about_to_merge(case: Case) -> None:
    change = case.ask_merge()
    for subject in (case.one, case.two):
        with pytest.raises(ChengxinError) as refused:
            case.decide("link", subject)
        assert refused.value.code == "body_moving"
        assert f"变更 {change.pk}" in refused.value.message_zh
        assert "暂缓" in refused.value.message_zh
    assert not LinkDecision.objects.exists()
    case.decide("defer")
    case.decide("not_same", case.one)
    # What they agreed to is still what it was: none of this touched a fact.
    assert case.officers.carry_out(change).state == "done"


@pytest.mark.parametrize("end", ["refused", "over", "done"])
def test_once_the_change_has_ended_facts_are_tied_again(case: Case, end: str) -> None:
    change = case.ask_merge()
    if end == "refused":
        decide(case.officers.decider, change.pk, agree=False, reason="不是同一主体", now=case.officers.later())
    elif end == "over":
        case.officers.later(hours=73)
    else:
        case.officers.carry_out(change)
    assert moving_bodies([case.one, case.two], case.officers.later()) == {}
    case.decide("link", case.two)


def test_bodies_that_move_are_told_with_the_latest_change_and_others_not_at_all(case: Case) -> None:
    first = case.ask_merge()
    now = case.officers.now
    assert moving_bodies([case.one, case.two, 10**9], now) == {case.one: first.pk, case.two: first.pk}
    assert moving_bodies([10**9], now) == moving_bodies([], now) == {}
    second = case.ask_merge()
    assert moving_bodies([case.two], case.officers.now) == {case.two: second.pk}


def test_a_none_of_these_comes_back_only_for_what_is_new(case: Case) -> None:
    case.decide("none")
    assert refresh(case.officers.later()) == 0
    assert case.proposal.state == "decided"


def test_the_chain_of_merges_is_followed_to_its_end(case: Case) -> None:
    register_bodies({"uscc": uscc(3), "name": NAME}, now=NOW)
    three = Identifier.objects.get(value=uscc(3)).subject_id
    case.officers.merge(case.one, case.two)
    case.officers.merge(case.two, three)
    assert with_survivors([case.one]) == {case.one, case.two, three}
    assert with_survivors([]) == frozenset()
    assert case.shown == [three]
    assert case.proposal.name_key == fold_name(NAME)


def test_a_look_at_some_bodies_leaves_other_proposals_alone(case: Case) -> None:
    values: dict[str, Any] = {"candidates": [], "digest": "", "revision": 7}
    LinkProposal.objects.update(**values)
    assert refresh(case.officers.later(), [case.one]) == 0
    assert case.proposal.revision == 7
    assert refresh(case.officers.later()) == 1
