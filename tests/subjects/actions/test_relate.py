"""A relation is said by a person with a document, ended by a day, and kept with who said it and when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chengxin.accounts.actor import REVIEW_LINKS, Actor
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.kernel.names import fold_name
from chengxin.subjects import relations as reads
from chengxin.subjects.actions.relate import MANNERS, ProposeRelation, RefuseRelation, RelateBodies
from chengxin.subjects.models import Name, Relation, Subject
from chengxin.subjects.relations import propose_branches, proposed_relations, relation_by_id, relations_of
from chengxin.testing.bodies import TwoOfficers, register_bodies
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW, make_subject

pytestmark = pytest.mark.django_db

REVIEWER = Actor("officer", "zhao", "market", frozenset({REVIEW_LINKS}))
DAY = date(2026, 3, 1)
LATER = NOW + timedelta(days=1)
PARENT = "昆山市禾映科技有限公司"
BRANCH = f"{PARENT}玉山分公司"


@pytest.fixture
def bodies() -> tuple[int, int]:
    """A branch and its parent, by their names."""
    register_bodies({"uscc": uscc(1), "name": BRANCH}, {"uscc": uscc(2), "name": PARENT}, now=NOW)
    first, second = Subject.objects.order_by("pk").values_list("pk", flat=True)
    return first, second


def relate(one: int, other: int, kind: str = "branch_of", **more: object) -> Relation:
    values = {"from_day": DAY, "document": " 昆市监登〔2026〕1号 ", "now": NOW} | more
    return RelateBodies(REVIEWER, kind, one, other, **values).execute()  # type: ignore[arg-type]


def test_who_said_it_when_and_by_which_document_is_kept(bodies: tuple[int, int]) -> None:
    made = relate(*bodies)
    held = Relation.objects.get()
    assert held == made
    assert (held.state, held.document, held.evidence) == ("established", "昆市监登〔2026〕1号", "昆市监登〔2026〕1号")
    assert (held.decided_by, held.decided_at, held.made_at) == ("zhao", NOW, NOW)
    event = Event.objects.latest("pk")
    assert (event.action, event.object, event.actor) == ("relation.established", str(held.pk), "zhao")
    assert event.detail == {
        "kind": "branch_of",
        "from": bodies[0],
        "to": bodies[1],
        "document": "昆市监登〔2026〕1号",
    }


def test_what_a_name_proposed_keeps_the_name_as_its_evidence_when_it_is_established(bodies: tuple[int, int]) -> None:
    propose_branches(NOW)
    made = relate(*bodies, now=LATER)
    assert (made.evidence, made.made_at, made.decided_at) == (BRANCH, NOW, LATER)
    assert Relation.objects.count() == 1


def test_what_was_refused_can_be_established_by_a_document(bodies: tuple[int, int]) -> None:
    propose_branches(NOW)
    RefuseRelation(REVIEWER, Relation.objects.get().pk, NOW).execute()
    assert relations_of(bodies[0]) == ()
    relate(*bodies, now=LATER)
    (told,) = relations_of(bodies[0])
    assert (told.role, told.other, told.state) == ("parent", bodies[1], "established")
    actions = list(Event.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["relation.refused", "relation.established"]


def test_a_relation_that_holds_is_ended_by_saying_it_again_with_its_last_day(bodies: tuple[int, int]) -> None:
    made = relate(*bodies)
    ended = relate(*bodies, until_day=date(2026, 3, 31), document="注销通知书", now=LATER)
    assert ended.pk == made.pk
    assert [one.document for one in relations_of(bodies[0], date(2026, 3, 31))] == ["注销通知书"]
    assert relations_of(bodies[0], date(2026, 4, 1)) == ()
    with pytest.raises(ChengxinError) as refused:
        relate(bodies[1], bodies[0])
    assert refused.value.code == "relation_backwards"


@pytest.mark.parametrize("manner", MANNERS)
def test_a_succession_names_its_manner_and_both_ends_read_it_their_way(bodies: tuple[int, int], manner: str) -> None:
    relate(*bodies, kind="successor_of", manner=manner)
    ((here,), (there,)) = (relations_of(one) for one in bodies)
    assert (here.role, here.manner, here.other_name) == ("predecessor", manner, PARENT)
    assert (there.role, there.manner, there.other_uscc) == ("successor", manner, uscc(1))


def test_a_branch_can_be_a_successor_too_and_the_two_are_two_relations(bodies: tuple[int, int]) -> None:
    relate(*bodies)
    relate(*bodies, kind="successor_of", manner="分立")
    assert [one.role for one in relations_of(bodies[1])] == ["branch", "successor"]


def test_established_relations_are_told_before_proposals(bodies: tuple[int, int]) -> None:
    other = make_subject(name="昆山乙有限公司", uscc=uscc(7))
    propose_branches(NOW)
    relate(bodies[0], other.pk, kind="successor_of", manner="承继")
    assert [one.state for one in relations_of(bodies[0])] == ["established", "proposed"]
    # A proposal has no days yet and is shown for every day; it says nothing all the same.
    assert [one.state for one in relations_of(bodies[0], date(1999, 1, 1))] == ["proposed"]


def test_a_branch_with_a_parent_is_proposed_no_second_one_until_that_has_ended(bodies: tuple[int, int]) -> None:
    other = make_subject(name="昆山乙有限公司", uscc=uscc(7))
    relate(bodies[0], other.pk)
    assert propose_branches(NOW) == 0
    relate(bodies[0], other.pk, until_day=date(2026, 3, 31))
    assert propose_branches(LATER) == 1


def test_merged_bodies_propose_nothing_and_are_nobodys_parent(bodies: tuple[int, int]) -> None:
    register_bodies({"uscc": uscc(3), "name": "昆山丙有限公司"}, now=NOW)
    officers = TwoOfficers(NOW)
    third = Subject.objects.get(uscc=uscc(3)).pk
    change = officers.merge(bodies[1], third)
    assert propose_branches(LATER) == 0
    officers.undo(change.pk)
    assert propose_branches(LATER) == 1
    (told,) = relations_of(bodies[0])
    assert (told.other, told.state, told.evidence) == (bodies[1], "proposed", BRANCH)


def test_a_former_name_is_nobodys_parent(bodies: tuple[int, int]) -> None:
    register_bodies({"uscc": uscc(2), "name": "昆山市云舫科技有限公司"}, now=LATER)
    assert propose_branches(LATER) == 0
    assert Name.objects.filter(subject=bodies[1], kind="former", name=PARENT).exists()


@pytest.mark.parametrize("run", [1, 2, 3])
def test_all_names_are_read_however_many_at_a_time(monkeypatch: pytest.MonkeyPatch, run: int) -> None:
    monkeypatch.setattr(reads, "RUN", run)
    for number in range(1, 4):
        parent = f"昆山市禾映{number}号科技有限公司"
        for place, name in enumerate((parent, f"{parent}玉山分公司")):
            made = make_subject(name=name, uscc=uscc(10 * number + place))
            Name.objects.filter(subject=made).update(folded=fold_name(name))
    assert propose_branches(NOW) == 3
    assert propose_branches(NOW) == 0
    assert Relation.objects.filter(state="proposed", kind="branch_of", decided_by="").count() == 3


def propose(one: int, other: int, kind: str = "branch_of", **more: object) -> Relation:
    values = {"evidence": " 登记机关来电 ", "now": NOW} | more
    return ProposeRelation(REVIEWER, kind, one, other, **values).execute()  # type: ignore[arg-type]


def test_an_officer_proposes_what_is_not_written_down_yet(bodies: tuple[int, int]) -> None:
    made = propose(*bodies)
    assert (made.state, made.evidence, made.decided_by, made.made_at) == ("proposed", "登记机关来电", "", NOW)
    event = Event.objects.latest("pk")
    assert (event.action, event.object, event.actor) == ("relation.proposed", str(made.pk), "zhao")
    (queued,), after = proposed_relations(REVIEWER)
    assert (queued.id, queued.one.name, queued.other.name, after) == (made.pk, BRANCH, PARENT, None)
    established = relate(*bodies, now=LATER)
    assert (established.pk, established.evidence, established.state) == (made.pk, "登记机关来电", "established")
    assert proposed_relations(REVIEWER) == ((), None)


def test_the_evidence_of_a_proposal_keeps_no_persons_number(bodies: tuple[int, int]) -> None:
    assert "110101199003070038" not in propose(*bodies, evidence="经办 110101199003070038 来电").evidence


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"evidence": " "}, "reason_missing"),
        ({"kind": "guarantor_of"}, "relation_wrong"),
        ({"kind": "successor_of"}, "relation_wrong"),
        ({"manner": "合并"}, "relation_wrong"),
    ],
)
def test_what_cannot_be_proposed_is_refused(bodies: tuple[int, int], more: dict[str, object], code: str) -> None:
    with pytest.raises(ChengxinError) as refused:
        propose(*bodies, **more)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert not Relation.objects.exists()


def test_a_pair_on_file_is_not_proposed_again_and_neither_is_the_other_way_round(bodies: tuple[int, int]) -> None:
    relate(*bodies)
    for ends, code in ((bodies, "related_before"), (bodies[::-1], "relation_backwards")):
        with pytest.raises(ChengxinError) as refused:
            propose(*ends)
        assert refused.value.code == code


def test_only_who_reviews_links_proposes_or_reads_what_waits(bodies: tuple[int, int]) -> None:
    clerk = Actor("officer", "li", "market", frozenset({"batches.submit"}))
    with pytest.raises(NotPermitted):
        ProposeRelation(clerk, "branch_of", *bodies, "来电", NOW).execute()
    with pytest.raises(NotPermitted):
        proposed_relations(clerk)
    with pytest.raises(NotPermitted):
        relation_by_id(clerk, 1)


def test_a_merged_body_is_proposed_nothing_about(bodies: tuple[int, int]) -> None:
    register_bodies({"uscc": uscc(3), "name": "昆山丙有限公司"}, now=NOW)
    third = Subject.objects.get(uscc=uscc(3)).pk
    TwoOfficers(NOW).merge(third, bodies[1])
    with pytest.raises(ChengxinError) as refused:
        propose(bodies[0], third)
    assert refused.value.code == "merged_already"


def test_one_relation_is_read_whatever_became_of_it_and_an_unknown_one_is_not_found(bodies: tuple[int, int]) -> None:
    made = propose(*bodies, kind="successor_of", manner="承继")
    RefuseRelation(REVIEWER, made.pk, LATER).execute()
    read = relation_by_id(REVIEWER, made.pk)
    assert (read.state, read.manner, read.decided_by, read.decided_at) == ("refused", "承继", "zhao", LATER)
    assert (read.one.code, read.other.code) == (uscc(1), uscc(2))
    with pytest.raises(NotFound):
        relation_by_id(REVIEWER, 10**9)
