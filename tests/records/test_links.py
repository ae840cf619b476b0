"""Why a fact is a body's: the list is whole on every page, at every moment of the same second, and tells who acted."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.records.links import PAGE, HeldFact, LinkView, facts_held, links_of_subject
from chengxin.records.models import LinkDecision, LinkEffect, LinkProposal, Record
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_record, make_subject

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from chengxin.subjects.models import Subject

pytestmark = pytest.mark.django_db

FAR = 10**9
DAY = date(2026, 3, 2)


def every_link(subject: int, limit: int) -> list[LinkView]:
    page = links_of_subject(subject, limit=limit)
    rows = list(page.rows)
    while page.after is not None:
        assert len(page.rows) == limit
        page = links_of_subject(subject, after=page.after, limit=limit)
        rows += page.rows
    return rows


def every_fact(subject: int, limit: int) -> list[HeldFact]:
    page = facts_held(subject, limit=limit)
    rows = list(page.rows)
    while page.after is not None:
        assert len(page.rows) == limit
        page = facts_held(subject, after=page.after, limit=limit)
        rows += page.rows
    return rows


def decision(subject: Subject, number: int, outcome: str = "not_same") -> LinkDecision:
    proposal = LinkProposal.objects.create(
        batch_id=7, line=number, item="penalty", organisation_id=1, submitted_by="wang", cause="code_missing",
        name="x", name_key="x", evidence={"row": {"document_number": f"昆罚{number}号"}, "candidates": []},
        digest="d", candidates=[subject.pk], state="open", made_at=NOW, changed_at=NOW,
    )  # fmt: skip
    return LinkDecision.objects.create(
        proposal=proposal, revision=1, outcome=outcome, batch_id=7, line=number, item="penalty",
        subject_id=subject.pk, rule="code_missing", name_key="x", evidence=proposal.evidence, digest="d",
        note="不是", actor_kind="officer", officer="li", organisation="centre", decided_at=NOW,
    )  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    facts=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([None, DAY, DAY - timedelta(1)])), max_size=9),
    limit=st.integers(1, 5),
)
def test_pages_of_any_length_give_each_link_and_fact_once_and_in_order(
    facts: list[tuple[int, date | None]], limit: int
) -> None:
    subject = make_subject()
    base = (Record.objects.order_by("-pk").values_list("pk", flat=True).first() or FAR) + 1
    for place, (minute, decided) in enumerate(facts):
        make_record(
            base + place, subject, key=uuid.uuid4(), decided_on=decided, recorded_at=NOW + timedelta(minutes=minute)
        )
    links = every_link(subject.pk, limit)
    assert [(one.at, one.id) for one in links] == sorted(
        ((NOW + timedelta(minutes=minute), base + place) for place, (minute, _day) in enumerate(facts)), reverse=True
    )
    held = every_fact(subject.pk, limit)
    expected = sorted(
        ((decided or date.min, base + place) for place, (_minute, decided) in enumerate(facts)), reverse=True
    )
    assert [(one.decided_on or date.min, one.record_id) for one in held] == expected


def test_ties_by_code_and_decisions_of_the_same_moment_stand_on_one_page_or_on_many() -> None:
    subject = make_subject()
    for number in range(1, 5):
        make_record(FAR + number, subject)
        decision(subject, number)
    whole = every_link(subject.pk, PAGE)
    assert [one.act for one in whole] == ["not_same"] * 4 + ["tied"] * 4
    for limit in (1, 2, 3, 7, 8):
        assert every_link(subject.pk, limit) == whole


def test_a_page_that_ends_exactly_with_the_list_has_no_next_one() -> None:
    subject = make_subject()
    for number in range(1, 4):
        make_record(FAR + number, subject)
    assert links_of_subject(subject.pk, limit=3).after is None
    assert facts_held(subject.pk, limit=3).after is None
    assert links_of_subject(subject.pk, limit=2).after is not None
    assert links_of_subject(404).rows == ()
    assert facts_held(404).rows == ()


def test_a_decision_is_told_with_rule_evidence_officer_and_what_came_of_it() -> None:
    subject = make_subject()
    made = decision(subject, 3)
    LinkEffect.objects.create(decision=made, outcome="gone", at=NOW)
    (one,) = links_of_subject(subject.pk).rows
    assert (one.act, one.rule, one.item, one.document_number) == ("not_same", "code_missing", "penalty", "昆罚3号")
    assert (one.actor_kind, one.officer, one.organisation) == ("officer", "li", "centre")
    assert (one.batch_id, one.line, one.note, one.effect) == (7, 3, "不是", "gone")
    assert (one.fact_key, one.record_id, one.score, one.undone) == (None, None, None, False)


def test_a_correction_under_the_same_code_is_no_new_link() -> None:
    subject = make_subject()
    make_record(FAR + 1, subject)
    make_record(FAR + 2, subject, key=uuid.UUID(int=FAR + 1), version=2, kind="corrected", replaces=FAR + 1)
    (one,) = links_of_subject(subject.pk).rows
    assert (one.act, one.record_id, one.version) == ("tied", FAR + 1, 1)
    (held,) = facts_held(subject.pk).rows
    assert (held.record_id, held.version, held.tied_at) == (FAR + 2, 2, NOW)


def test_a_fact_that_goes_to_another_body_leaves_one_and_comes_to_the_other() -> None:
    first, second = make_subject(), make_subject("昆山乙有限公司", uscc(2))
    later = NOW + timedelta(hours=1)
    make_record(FAR + 1, first)
    make_record(
        FAR + 2, second, key=uuid.UUID(int=FAR + 1), version=2, kind="relinked", replaces=FAR + 1, recorded_at=later
    )
    assert [(one.act, one.at, one.record_id) for one in links_of_subject(first.pk).rows] == [
        ("left", later, FAR + 2),
        ("tied", NOW, FAR + 1),
    ]
    assert [(one.act, one.at) for one in links_of_subject(second.pk).rows] == [("tied", later)]
    assert facts_held(first.pk).rows == ()
    assert [one.tied_at for one in facts_held(second.pk).rows] == [later]


def test_a_fact_that_left_and_came_back_is_held_since_it_came_back() -> None:
    subject = make_subject()
    key = uuid.UUID(int=FAR + 1)
    times = [NOW + timedelta(hours=hour) for hour in (0, 1, 2)]
    make_record(FAR + 1, subject)
    make_record(FAR + 2, None, key=key, version=2, kind="relinked", replaces=FAR + 1, recorded_at=times[1])
    make_record(FAR + 3, subject, key=key, version=3, kind="relinked", replaces=FAR + 2, recorded_at=times[2])
    assert [one.act for one in links_of_subject(subject.pk).rows] == ["tied", "left", "tied"]
    assert [one.tied_at for one in facts_held(subject.pk).rows] == [times[2]]


def test_facts_that_a_merge_brought_are_told_as_moved_and_those_it_took_as_left() -> None:
    register_bodies({"uscc": uscc(1), "registration_number": registration_number(1)}, {"uscc": uscc(2)}, now=NOW)
    add_facts({"identifier": f"uscc:{uscc(1)}", "number": 1}, now=NOW)
    officers = TwoOfficers(NOW + timedelta(hours=1))
    source, target = (Record.objects.filter(identifier=f"uscc:{uscc(n)}").first() for n in (1, 2))
    assert source is not None
    assert target is not None
    change = officers.merge(source.subject_id or 0, target.subject_id or 0)
    there = [one for one in links_of_subject(target.subject_id or 0).rows if one.item == "licence"]
    assert [(one.act, one.rule, one.at) for one in there] == [("moved", "uscc", change.done_at)]
    here = [one.act for one in links_of_subject(source.subject_id or 0).rows if one.item == "licence"]
    assert here == ["left", "tied"]


def test_withdrawn_facts_and_register_entries_are_not_among_the_facts_held() -> None:
    subject = make_subject()
    make_record(FAR + 1, subject, item="registration")
    make_record(FAR + 2, subject)
    make_record(FAR + 3, subject, key=uuid.UUID(int=FAR + 2), version=2, kind="withdrawn", public=False)
    make_record(FAR + 4, subject, public=False)
    (held,) = facts_held(subject.pk).rows
    assert (held.record_id, held.public, held.link, held.decision_id) == (FAR + 4, False, "uscc", None)


def test_each_list_is_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    subject = make_subject()
    for number in range(1, 20):
        make_record(FAR + number, subject)
        decision(subject, number)
    with django_assert_num_queries(1):
        links_of_subject(subject.pk)
    with django_assert_num_queries(1):
        facts_held(subject.pk)
