"""Branches and successors: dated, by a document; proposed by names at most; and no fact ever crosses over."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chengxin.accounts.actor import Actor, operator
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.checks.answer import answer_check, read_code
from chengxin.publication.queries import facts_of_body
from chengxin.records.models import Record
from chengxin.records.queries import standing
from chengxin.subjects.actions.relate import RefuseRelation, RelateBodies
from chengxin.subjects.models import Relation, Subject
from chengxin.subjects.relations import parent_name, propose_branches, relations_of
from chengxin.testing.bodies import add_facts, register_bodies
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW

pytestmark = pytest.mark.usefixtures("own_database")

PARENT, BRANCH = "昆山市禾映科技有限公司", "昆山市禾映科技有限公司玉山分公司"
DAY = date(2026, 3, 1)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def bodies() -> tuple[Subject, Subject]:
    register_bodies({"uscc": uscc(1), "name": PARENT}, {"uscc": uscc(2), "name": BRANCH}, now=NOW)
    return Subject.objects.get(uscc=uscc(1)), Subject.objects.get(uscc=uscc(2))


def relate(branch: Subject, parent: Subject, kind: str = "branch_of", **more: object) -> Relation:
    values = {"from_day": DAY, "document": "昆市监登〔2026〕1号", "now": NOW} | more
    return RelateBodies(operator(), kind, branch.pk, parent.pk, **values).execute()  # type: ignore[arg-type]


def test_a_name_proposes_a_parent_and_establishes_nothing(bodies: tuple[Subject, Subject]) -> None:
    assert propose_branches(NOW) == 1
    (relation,) = relations_of(bodies[1].pk)
    assert (relation.role, relation.other, relation.state) == ("parent", bodies[0].pk, "proposed")
    assert relation.evidence == BRANCH
    assert propose_branches(LATER) == 0


def test_a_name_that_two_bodies_bear_proposes_neither(bodies: tuple[Subject, Subject]) -> None:
    register_bodies({"uscc": uscc(3), "name": PARENT}, now=NOW)
    assert propose_branches(NOW) == 0
    assert relations_of(bodies[1].pk) == ()


def test_a_refused_proposal_is_not_made_again(bodies: tuple[Subject, Subject]) -> None:
    propose_branches(NOW)
    RefuseRelation(operator(), Relation.objects.get().pk, NOW).execute()
    assert propose_branches(LATER) == 0
    assert relations_of(bodies[0].pk) == ()
    with pytest.raises(ChengxinError):
        RefuseRelation(operator(), Relation.objects.get().pk, NOW).execute()
    with pytest.raises(NotFound):
        RefuseRelation(operator(), 10**9, NOW).execute()


def test_a_person_establishes_by_a_document_what_was_proposed(bodies: tuple[Subject, Subject]) -> None:
    propose_branches(NOW)
    relate(bodies[1], bodies[0])
    (relation,) = relations_of(bodies[0].pk)
    assert (relation.role, relation.state, relation.document) == ("branch", "established", "昆市监登〔2026〕1号")
    assert Relation.objects.count() == 1


def test_a_relation_holds_in_its_days(bodies: tuple[Subject, Subject]) -> None:
    relate(bodies[1], bodies[0], "successor_of", manner="合并", until_day=date(2026, 3, 31))
    held = [
        bool(relations_of(bodies[0].pk, on)) for on in (DAY - timedelta(1), DAY, date(2026, 3, 31), date(2026, 4, 1))
    ]
    assert held == [False, True, True, False]
    assert [one.role for one in relations_of(bodies[0].pk)] == ["successor"]
    assert [one.role for one in relations_of(bodies[1].pk)] == ["predecessor"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"document": " "}, "document_missing"),
        ({"until_day": date(2026, 2, 1)}, "days_backwards"),
        ({"kind": "guarantor_of"}, "relation_wrong"),
        ({"kind": "successor_of"}, "relation_wrong"),
        ({"kind": "successor_of", "manner": "改名"}, "relation_wrong"),
    ],
)
def test_what_cannot_be_a_relation_is_refused(
    bodies: tuple[Subject, Subject], more: dict[str, object], code: str
) -> None:
    with pytest.raises(ChengxinError) as refused:
        relate(bodies[1], bodies[0], **more)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_nobody_is_its_own_branch_or_the_branch_of_its_branch(bodies: tuple[Subject, Subject]) -> None:
    with pytest.raises(ChengxinError):
        relate(bodies[0], bodies[0])
    relate(bodies[1], bodies[0])
    for branch, parent, code in ((0, 1, "relation_backwards"), (1, 0, "related_already")):
        with pytest.raises(ChengxinError) as refused:
            relate(bodies[branch], bodies[parent])
        assert refused.value.code == code


def test_only_who_reviews_links_relates_bodies(bodies: tuple[Subject, Subject]) -> None:
    clerk = Actor("officer", "li", "market", frozenset({"batches.submit"}))
    with pytest.raises(NotPermitted):
        RelateBodies(clerk, "branch_of", bodies[1].pk, bodies[0].pk, DAY, "文书", NOW).execute()
    with pytest.raises(NotPermitted):
        RefuseRelation(clerk, 1, NOW).execute()


@pytest.mark.parametrize("kind", ["branch_of", "successor_of"])
def test_no_fact_of_one_body_is_ever_shown_or_counted_at_the_other(bodies: tuple[Subject, Subject], kind: str) -> None:
    parent, branch = bodies
    for number, body in enumerate(bodies, start=1):
        add_facts({"identifier": f"uscc:{body.uscc}", "number": number}, now=NOW, item="penalty")
    relate(branch, parent, kind, manner="" if kind == "branch_of" else "承继")
    for number, body in enumerate(bodies, start=1):
        own = f"昆字〔2026〕{number}号"
        penalties = [one for one in standing(body.pk, NOW.date(), LATER) if one.item == "penalty"]
        assert [one.document_number for one in penalties] == [own]
        checked = answer_check(read_code(body.uscc), NOW.date(), LATER)
        assert [one.document_number for one in checked.facts if one.item == "penalty"] == [own]
        shown = facts_of_body(body.pk, "penalty", NOW.date()).rows
        assert [one.fact.document_number for one in shown] == [own]
    assert set(Record.objects.values_list("subject_id", "version")) == {(parent.pk, 1), (branch.pk, 1)}


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        (BRANCH, PARENT),
        (PARENT, ""),
        ("", ""),
        ("分公司", ""),
        ("昆山市禾映科技有限公司（玉山分公司）", ""),
    ],
)
def test_the_parents_name_is_read_off_a_branchs_name_or_not_at_all(name: str, parent: str) -> None:
    assert parent_name(name) in {parent, PARENT if "（" in name else parent}
