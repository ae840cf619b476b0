"""The queue of an officer: the oldest first, whole page by page, one's own organisation's, with what was decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import READ_BATCHES, REVIEW_LINKS, Actor
from chengxin.base.errors import NotFound, NotPermitted
from chengxin.records.actions.apply_link import keep_effect
from chengxin.records.actions.decide_link import DecideLink, UndoLink
from chengxin.records.models import LinkDecision, LinkProposal
from chengxin.records.review_queries import (
    PAGE,
    RECENT,
    ProposalView,
    QueueFilter,
    decision_view,
    proposal,
    proposals,
    queue_counts,
    recent_decisions,
)
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW, make_organisation, make_subject

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from chengxin.accounts.models import Organisation
    from chengxin.subjects.models import Subject

CENTRE = Actor("officer", "li", "centre", frozenset({REVIEW_LINKS}), everywhere=True)


@pytest.fixture
def market(db: None) -> Organisation:  # noqa: ARG001 - the database
    return make_organisation("market")


def made(organisation: Organisation, line: int, *subjects: Subject, **more: Any) -> LinkProposal:
    bodies = [
        {"subject_id": one.pk, "name": one.name, "score": 0.9, "verdict": "same", "reasons": []} for one in subjects
    ]
    values = {
        "batch_id": 1, "line": line, "item": "licence", "organisation_id": organisation.pk, "submitted_by": "wang",
        "cause": "code_unknown", "name": f"昆山禾映{line}号有限公司", "name_key": f"昆山禾映{line}号有限公司",
        "identifier": f"uscc:{uscc(line)}", "digest": "d" * 64, "candidates": [one.pk for one in subjects],
        "evidence": {"row": {"document_number": f"昆许〔2026〕{line}号"}, "candidates": bodies}, "state": "open",
        "made_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    return LinkProposal.objects.create(**(values | more))


def decide(one: LinkProposal, outcome: str, subject: Subject | None = None, **more: Any) -> LinkDecision:
    one.refresh_from_db()
    values: dict[str, Any] = {"actor": CENTRE, "now": NOW, "note": "须看原件"} | more
    return DecideLink(
        proposal_id=one.pk, revision=one.revision, outcome=outcome, subject_id=subject.pk if subject else None, **values
    ).execute()


def lines(wanted: QueueFilter | None = None, actor: Actor = CENTRE, limit: int = PAGE) -> list[int]:
    found, after = proposals(actor, wanted or QueueFilter(), limit=limit)
    told: list[ProposalView] = list(found)
    while after is not None:
        found, after = proposals(actor, wanted or QueueFilter(), after=after, limit=limit)
        told += found
    return [one.line for one in told]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 8, 100])
def test_the_queue_is_whole_and_the_oldest_first_whatever_the_page_holds(market: Organisation, limit: int) -> None:
    for line in range(1, 8):
        made(market, line)
    assert lines(limit=limit) == list(range(1, 8))


def test_what_is_decided_meanwhile_leaves_the_queue_and_moves_no_page(market: Organisation) -> None:
    subject = make_subject()
    held = [made(market, line, subject) for line in range(1, 6)]
    first, after = proposals(CENTRE, QueueFilter(), limit=2)
    assert [one.line for one in first] == [1, 2]
    decide(held[0], "none")
    decide(held[3], "defer")
    assert after is not None
    rest, _after = proposals(CENTRE, QueueFilter(), after=after, limit=10)
    assert [one.line for one in rest] == [3, 5]
    assert lines(QueueFilter(state="deferred")) == [4]
    assert lines(QueueFilter(state="decided")) == [1]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (QueueFilter(text="禾映2号"), [2]),
        (QueueFilter(text=" 〔2026〕3号 "), [3]),
        (QueueFilter(text=uscc(1)[5:].lower()), [1]),
        (QueueFilter(text="禾映\x00"), []),
        (QueueFilter(item="\x00"), []),
        (QueueFilter(cause="\x00"), []),
        (QueueFilter(state="\x00"), []),
        (QueueFilter(text="%"), []),
        (QueueFilter(text="_"), []),
        (QueueFilter(text="   "), [1, 2, 3]),
        (QueueFilter(item="penalty"), [3]),
        (QueueFilter(cause="code_missing"), [2]),
        (QueueFilter(item="penalty", cause="code_missing"), []),
        (QueueFilter(state=""), [1, 2, 3]),
        (QueueFilter(state="waiting"), []),
        (QueueFilter(state="没有"), []),
    ],
)
def test_the_queue_is_narrowed_by_text_item_cause_and_state(
    market: Organisation, wanted: QueueFilter, expected: list[int]
) -> None:
    made(market, 1)
    made(market, 2, cause="code_missing")
    made(market, 3, item="penalty")
    assert lines(wanted) == expected


def test_an_officer_of_a_department_sees_its_own_and_nothing_of_others(market: Organisation) -> None:
    other = make_organisation("housing")
    own, foreign = made(market, 1), made(other, 2, state="deferred")
    clerk = Actor("officer", "zhao", "market", frozenset({REVIEW_LINKS}))
    assert lines(actor=clerk) == [1]
    assert proposal(clerk, own.pk).line == 1
    assert queue_counts(clerk) == {"open": 1}
    assert queue_counts(CENTRE) == {"open": 1, "deferred": 1}
    for number in (foreign.pk, 10**9):
        with pytest.raises(NotFound) as refused:
            proposal(clerk, number)
        assert refused.value.code == "unknown_proposal"
        assert refused.value.message_zh == f"没有编号为 {number} 的待关联事项"
    assert proposal(CENTRE, foreign.pk).organisation == other.name


def test_who_may_not_review_reads_no_queue_and_no_decision(market: Organisation) -> None:
    held = made(market, 1)
    clerk = replace(CENTRE, operations=frozenset({READ_BATCHES}))
    for look in (
        lambda: proposals(clerk, QueueFilter()),
        lambda: proposal(clerk, held.pk),
        lambda: queue_counts(clerk),
        lambda: recent_decisions(clerk),
        lambda: decision_view(clerk, 1),
    ):
        with pytest.raises(NotPermitted) as refused:
            look()
        assert refused.value.code == "operation_not_granted"


def test_who_handed_it_in_is_told_that_another_has_to_decide(market: Organisation) -> None:
    held = made(market, 1, submitted_by="li")
    assert proposal(CENTRE, held.pk).own is True
    assert proposal(replace(CENTRE, id="sun"), held.pk).own is False


def test_a_proposal_shows_what_was_handed_in_and_the_bodies_left_to_choose(market: Organisation) -> None:
    first, second = make_subject(), make_subject("昆山乙有限公司", uscc(9))
    held = made(market, 1, first, second)
    decide(held, "not_same", first)
    view = proposal(CENTRE, held.pk)
    assert [one["subject_id"] for one in view.candidates] == [second.pk]
    assert (view.revision, view.state, view.is_fact) == (2, "open", False)
    assert (view.organisation, view.organisation_en) == ("昆山市market局", "Kunshan market bureau")
    assert view.row == {"document_number": "昆许〔2026〕1号"}
    (earlier,) = view.earlier
    assert (earlier.outcome, earlier.subject_id, earlier.subject_name) == ("not_same", first.pk, first.name)


def test_what_was_found_about_the_same_code_stands_beside_every_proposal_of_it(market: Organisation) -> None:
    subject = make_subject()
    here = made(market, 1, subject)
    same_code = made(market, 2, subject, identifier=here.identifier)
    other_code = made(market, 3, subject)
    kept = decide(here, "not_same", subject)
    assert [one.id for one in proposal(CENTRE, same_code.pk).earlier] == [kept.pk]
    assert proposal(CENTRE, other_code.pk).earlier == ()


def test_a_row_without_a_code_borrows_no_decision_of_other_rows_without_one(market: Organisation) -> None:
    subject = make_subject()
    here, there = (made(market, line, subject, identifier="") for line in (1, 2))
    decide(here, "not_same", subject)
    assert len(proposal(CENTRE, here.pk).earlier) == 1
    assert proposal(CENTRE, there.pk).earlier == ()


def test_a_page_takes_three_queries_whatever_it_holds(
    market: Organisation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    subject = make_subject()
    for line in range(1, 7):
        decide(made(market, line, subject), "defer")
    for limit in (1, 6):
        with django_assert_num_queries(3):
            found, _after = proposals(CENTRE, QueueFilter(state="deferred"), limit=limit)
        assert len(found) == limit
    with django_assert_num_queries(1):
        assert proposals(CENTRE, QueueFilter()) == ((), None)


def test_officers_see_their_own_latest_decisions_and_no_undoing(market: Organisation) -> None:
    subject = make_subject()
    kept = [decide(made(market, line, subject), "link", subject).pk for line in range(1, RECENT + 3)]
    decide(made(market, 99, subject), "none", actor=replace(CENTRE, id="sun"))
    UndoLink(CENTRE, kept[-1], "选错了", NOW + timedelta(hours=1)).execute()
    told = recent_decisions(CENTRE)
    assert [one.id for one in told] == kept[: -RECENT - 1 : -1]
    assert [one.undone for one in told] == [True] + [False] * (RECENT - 1)
    assert {one.officer for one in told} == {"li"}
    assert len(recent_decisions(CENTRE, 2)) == 2
    assert recent_decisions(replace(CENTRE, kind="client")) == ()


def test_a_decision_tells_what_came_of_it_once_it_was_carried_out(market: Organisation) -> None:
    subject = make_subject()
    kept = decide(made(market, 1, subject), "link", subject)
    before = decision_view(CENTRE, kept.pk)
    assert (before.effect, before.message, before.subject_name) == ("", "", subject.name)
    keep_effect(kept, NOW, "gone", "该记录已被撤销，没有关联", "the fact was withdrawn; nothing was tied")
    after = decision_view(CENTRE, kept.pk)
    assert (after.effect, after.message) == ("gone", "该记录已被撤销，没有关联")
    assert after.message_en == "the fact was withdrawn; nothing was tied"
    with pytest.raises(NotFound) as refused:
        decision_view(CENTRE, 10**9)
    assert refused.value.message_zh == f"没有编号为 {10**9} 的关联决定"
