"""Proposals follow what is handed in and what the register learns; what people found is not asked a second time."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.actor import REVIEW_LINKS, Actor
from chengxin.kernel.names import fold_name
from chengxin.records.actions.decide_link import DecideLink, UndoLink
from chengxin.records.models import LinkProposal
from chengxin.records.refusals import refused_bodies
from chengxin.records.review import Draft, evidence_digest, propose, refresh
from chengxin.records.review_settings import ReviewSettings, review_settings
from chengxin.subjects.models import Name, Subject
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_organisation, make_subject

CENTRE = Actor("officer", "li", "centre", frozenset({REVIEW_LINKS}), everywhere=True)
LATER = NOW + timedelta(days=1)
NAME = "昆山禾映科技有限公司"
OLD = registration_number(1)


def body(number: int = 1, name: str = NAME, **codes: str) -> Subject:
    made = make_subject(name=name, uscc=uscc(number), **codes)
    Name.objects.filter(subject=made).update(folded=fold_name(made.name))
    return made


@pytest.fixture
def organisation(db: None) -> int:  # noqa: ARG001 - the database
    return make_organisation().pk


def draft(organisation: int, line: int = 2, **changed: Any) -> Draft:
    values: dict[str, Any] = {
        "fact_key": None, "record_id": None, "batch_id": 1, "line": line, "item": "penalty",
        "organisation_id": organisation, "submitted_by": "wang", "cause": "code_missing", "identifier": "",
        "row": {"subject_name": NAME},
    }  # fmt: skip
    return Draft(**(values | changed))


def decide(outcome: str, subject: Subject | None = None, line: int = 2) -> int:
    held = LinkProposal.objects.get(line=line)
    number = subject.pk if subject else None
    return DecideLink(CENTRE, held.pk, held.revision, outcome, NOW, number, "须看原件").execute().pk


def state(line: int = 2) -> tuple[str, list[int], list[int]]:
    held = LinkProposal.objects.get(line=line)
    return held.state, held.candidates, held.refused


def test_a_repaired_identifier_finds_its_body_and_the_proposal_says_it_anew(organisation: int) -> None:
    made = body(2, "昆山云舫餐饮管理有限公司", registration_number=OLD)
    propose([draft(organisation, identifier=f"registration_number:{OLD[:-1]}", cause="code_damaged")], NOW)
    assert state()[:2] == ("waiting", [])
    row = {"subject_name": NAME, "registration_number": OLD}
    repaired = draft(organisation, identifier=f"registration_number:{OLD}", cause="code_at_two", row=row)
    assert propose([repaired], LATER) == 0
    held = LinkProposal.objects.get()
    assert (held.state, held.candidates) == ("open", [made.pk])
    assert (held.identifier, held.cause, held.revision) == (f"registration_number:{OLD}", "code_at_two", 2)
    assert (held.made_at, held.changed_at) == (NOW, LATER)


def test_a_revision_grows_only_when_something_an_officer_sees_has_changed(organisation: int) -> None:
    body()
    propose([draft(organisation)], NOW)
    for _ in range(2):
        propose([draft(organisation)], LATER)
        assert LinkProposal.objects.get().revision == 1
    propose([draft(organisation, row={"subject_name": NAME, "document_number": "7号"})], LATER)
    held = LinkProposal.objects.get()
    assert (held.revision, held.changed_at) == (2, LATER)
    assert held.evidence["row"]["document_number"] == "7号"


def test_a_fact_and_a_row_of_the_same_line_are_two_proposals(organisation: int) -> None:
    body()
    key = "00000000-0000-0000-0000-000000000007"
    assert propose([draft(organisation), draft(organisation, fact_key=key, record_id=7)], NOW) == 2
    assert propose([draft(organisation, 9, batch_id=3, fact_key=key, record_id=8)], LATER) == 0
    assert set(LinkProposal.objects.values_list("batch_id", "line", "record_id")) == {(1, 2, None), (1, 2, 7)}


def test_a_body_found_not_to_be_it_is_left_out_of_later_proposals_of_the_code(organisation: int) -> None:
    wrong, other = body(1), body(2)
    code: dict[str, Any] = {"identifier": f"registration_number:{OLD}"}
    propose([draft(organisation, **code)], NOW)
    decide("not_same", wrong)
    propose([draft(organisation, 3, **code), draft(organisation, 4)], LATER)
    assert state(3) == ("open", [wrong.pk, other.pk], [wrong.pk])
    assert state(4) == ("open", [wrong.pk, other.pk], [])


def test_where_every_body_was_refused_the_next_proposal_waits(organisation: int) -> None:
    wrong = body()
    propose([draft(organisation)], NOW)
    decide("not_same", wrong)
    assert state() == ("waiting", [wrong.pk], [wrong.pk])
    propose([draft(organisation, 3)], LATER)
    assert state(3) == ("waiting", [wrong.pk], [wrong.pk])


def test_a_refused_body_that_has_come_to_bear_the_very_code_is_asked_about_once_more(organisation: int) -> None:
    wrong = body()
    code: dict[str, Any] = {
        "identifier": f"registration_number:{OLD}",
        "row": {"subject_name": NAME, "registration_number": OLD},
    }
    propose([draft(organisation, **code)], NOW)
    decide("not_same", wrong)
    wrong.identifiers.create(kind="registration_number", value=OLD, first_seen_at=LATER)
    propose([draft(organisation, 3, **code)], LATER)
    held = LinkProposal.objects.get(line=3)
    assert (held.state, held.refused, held.cause) == ("open", [], "refused_before")


def test_a_decision_taken_back_lets_the_body_be_proposed_again(organisation: int) -> None:
    wrong = body()
    propose([draft(organisation)], NOW)
    kept = decide("not_same", wrong)
    UndoLink(CENTRE, kept, "看错了", LATER).execute()
    propose([draft(organisation, 3)], LATER)
    assert state(3) == ("open", [wrong.pk], [])
    assert refused_bodies([("", fold_name(NAME))]) == {("", fold_name(NAME)): frozenset()}


def test_a_later_link_of_the_pair_ends_what_was_remembered_and_its_undoing_brings_it_back(organisation: int) -> None:
    made = body()
    identifier = f"registration_number:{OLD}"
    for line in (2, 3):
        propose([draft(organisation, line, identifier=identifier)], NOW)
    decide("not_same", made)
    LinkProposal.objects.filter(line=3).update(refused=[], state="open")
    assert refused_bodies([(identifier, "")])[(identifier, "")] == {made.pk}
    kept = decide("link", made, 3)
    assert refused_bodies([(identifier, "")])[(identifier, "")] == frozenset()
    UndoLink(CENTRE, kept, "选错了", LATER).execute()
    assert refused_bodies([(identifier, "")])[(identifier, "")] == {made.pk}


def test_what_was_decided_is_not_touched_by_the_same_row_handed_in_again(organisation: int) -> None:
    made = body()
    propose([draft(organisation)], NOW)
    decide("link", made)
    before = LinkProposal.objects.values().get()
    assert propose([draft(organisation, row={"subject_name": "昆山另一家有限公司"})], LATER) == 0
    assert refresh(LATER) == 0
    assert LinkProposal.objects.values().get() == before


def test_none_of_these_comes_back_when_a_body_appears_that_was_not_shown(organisation: int) -> None:
    first = body(1)
    propose([draft(organisation)], NOW)
    decide("none")
    assert refresh(LATER) == 0
    assert state()[0] == "decided"
    second = body(2)
    assert refresh(LATER) == 1
    held = LinkProposal.objects.get()
    assert (held.state, held.outcome, held.candidates) == ("open", "", [first.pk, second.pk])


def test_many_proposals_are_looked_at_piece_by_piece_and_each_once(
    organisation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ReviewSettings(
        **{one.name: getattr(review_settings(), one.name) for one in fields(ReviewSettings)} | {"piece": 2}
    )
    monkeypatch.setattr("chengxin.records.review.review_settings", lambda: small)
    assert propose([draft(organisation, line) for line in range(2, 7)], NOW) == 5
    body()
    assert refresh(LATER) == 5
    assert set(LinkProposal.objects.values_list("state", "revision")) == {("open", 2)}


def test_nothing_drafted_is_nothing_proposed(organisation: int) -> None:
    assert organisation
    assert propose([], NOW) == 0
    assert refresh(NOW) == 0
    assert refused_bodies([]) == {}


def test_a_draft_asks_for_its_name_and_its_codes_and_for_nothing_else_of_its_row() -> None:
    row = {"subject_name": NAME, "uscc": uscc(1), "legal_representative": "演某", "address": "昆山"}
    asked = draft(1, row=row).asked
    assert asked.name == NAME
    assert {kind: code for kind, code in asked.codes.items() if code} == {"uscc": uscc(1)}


def test_the_settings_of_assisted_linking_are_the_packages_and_are_read_once() -> None:
    held = review_settings()
    assert held is review_settings()
    assert (held.candidates, held.piece, held.names_shown) == (5, 500, 12)
    assert len(set(held.row_rules)) == len(held.row_rules)
    assert "identity_missing" in held.row_rules
    with pytest.raises(TypeError):
        ReviewSettings(candidates=1)  # type: ignore[call-arg]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.dictionaries(TEXT, TEXT, max_size=5))
def test_evidence_has_one_digest_in_whatever_order_its_fields_were_read(row: dict[str, str]) -> None:
    turned = dict(reversed(list(row.items())))
    assert evidence_digest({"row": row, "candidates": []}) == evidence_digest({"candidates": [], "row": turned})
    more = row | {"another field": "x"}
    assert evidence_digest({"row": more, "candidates": []}) != evidence_digest({"row": row, "candidates": []})
