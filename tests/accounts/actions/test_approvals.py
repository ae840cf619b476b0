"""Four eyes: asked by one, decided by another, used once, for exactly what was asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actions.approvals import (
    AlreadyDecided,
    AskApproval,
    DecideApproval,
    NotApproved,
    content_digest,
    use_approval,
)
from chengxin.accounts.actor import MERGE_BODIES, Actor, officer_actor, operator
from chengxin.accounts.models import Approval
from chengxin.accounts.officers import approval_row, approvals_asked_by, approvals_to_decide
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.testing.making import NOW, make_officer, make_organisation

pytestmark = pytest.mark.django_db

CONTENT = {"from": 7, "into": 9, "why": "同一代码"}
HOURS = timedelta(hours=load_matrix().approval_hours)


class People:
    """Two reviewers of the same office, one of another, a clerk and the centre."""

    def __init__(self) -> None:
        market, tax = make_organisation("market"), make_organisation("tax")
        self.zhang = officer_actor(make_officer(market, "zhang", "reviewer"))
        self.li = officer_actor(make_officer(market, "li", "reviewer"))
        self.wang = officer_actor(make_officer(tax, "wang", "reviewer"))
        self.clerk = officer_actor(make_officer(market, "clerk", "releaser"))
        self.centre = officer_actor(make_officer(tax, "centre", "centre"))


@pytest.fixture
def people() -> People:
    return People()


def _ask(actor: Actor, **changed: Any) -> Approval:
    values: dict[str, Any] = {
        "operation": MERGE_BODIES, "object_kind": "body", "object_id": "7", "content": CONTENT,
        "reason": "重复", "now": NOW,
    }  # fmt: skip
    return AskApproval(actor, **(values | changed)).execute()


def _agree(actor: Actor, approval: Approval, *, agree: bool = True, after: timedelta = timedelta(0)) -> Approval:
    return DecideApproval(actor, approval.pk, agree, "已核对", NOW + after).execute()


def _use(actor: Actor, content: dict[str, Any] | None = None, after: timedelta = timedelta(0)) -> Approval:
    with transaction.atomic():
        return use_approval(actor, MERGE_BODIES, "body", "7", content or CONTENT, NOW + after)


def test_what_another_officer_agreed_to_is_done_once_and_every_step_is_on_file(people: People) -> None:
    asked = _ask(people.zhang)
    _agree(people.li, asked)
    used = _use(people.zhang)
    assert (used.pk, used.used_by, used.used_at) == (asked.pk, "zhang", NOW)
    with pytest.raises(NotApproved):
        _use(people.zhang)
    steps = list(Event.objects.order_by("id").values_list("action", "actor", "object"))
    number = str(asked.pk)
    assert steps == [
        ("approval.asked", "zhang", number),
        ("approval.agreed", "li", number),
        ("approval.used", "zhang", number),
    ]
    assert Event.objects.latest("id").detail["digest"] == content_digest(CONTENT)


def test_nothing_is_done_without_an_approval_that_was_agreed(people: People) -> None:
    with pytest.raises(NotApproved) as caught:
        _use(people.zhang)
    assert "另一位经办人" in caught.value.message_zh
    asked = _ask(people.zhang)
    with pytest.raises(NotApproved):
        _use(people.zhang)
    _agree(people.li, asked, agree=False)
    with pytest.raises(NotApproved):
        _use(people.zhang)


def test_nobody_decides_on_what_they_asked_for_and_nobody_uses_what_they_decided(people: People) -> None:
    asked = _ask(people.zhang)
    with pytest.raises(NotPermitted) as caught:
        _agree(people.zhang, asked)
    assert caught.value.code == "own_approval"
    _agree(people.li, asked)
    with pytest.raises(NotApproved):
        _use(people.li)


def test_the_decider_holds_the_operation_and_the_right_to_decide_for_that_organisation(people: People) -> None:
    asked = _ask(people.zhang)
    for actor in (people.wang, people.clerk, operator()):
        with pytest.raises(NotPermitted):
            _agree(actor, asked)
    without = Actor("officer", "x", "market", frozenset({MERGE_BODIES}))
    with pytest.raises(NotPermitted):
        _agree(without, asked)
    assert _agree(people.centre, asked).decided_by == "centre"


def test_who_may_not_do_it_may_not_ask_for_it_and_a_client_never(people: People) -> None:
    with pytest.raises(NotPermitted):
        _ask(people.clerk)
    with pytest.raises(NotPermitted) as caught:
        _ask(Actor("client", "1", "market", frozenset({MERGE_BODIES})))
    assert caught.value.code == "officers_only"


@pytest.mark.parametrize("changed", [{"object_id": "8"}, {"object_kind": "record"}, {"operation": "bodies.split"}])
def test_an_approval_fits_its_own_object_and_operation_only(people: People, changed: dict[str, str]) -> None:
    _agree(people.li, _ask(people.zhang))
    place = {"operation": MERGE_BODIES, "object_kind": "body", "object_id": "7"} | changed
    with pytest.raises(NotApproved), transaction.atomic():
        use_approval(people.zhang, content=CONTENT, now=NOW, **place)


@pytest.mark.parametrize("content", [CONTENT | {"into": 10}, {"from": 7, "into": 9}, CONTENT | {"more": None}])
def test_a_content_that_was_altered_afterwards_is_not_approved(people: People, content: dict[str, Any]) -> None:
    _agree(people.li, _ask(people.zhang))
    with pytest.raises(NotApproved):
        _use(people.zhang, content)
    assert _use(people.zhang, dict(reversed(CONTENT.items()))).used_by == "zhang"


def test_an_approval_that_nobody_used_or_decided_in_time_has_ended(people: People) -> None:
    late = _ask(people.zhang)
    with pytest.raises(AlreadyDecided):
        _agree(people.li, late, after=HOURS)
    _agree(people.li, late, after=HOURS - timedelta(seconds=1))
    with pytest.raises(NotApproved):
        _use(people.zhang, after=HOURS)
    assert late.state(NOW + HOURS) == "expired"
    assert _use(people.zhang, after=HOURS - timedelta(seconds=1)).state(NOW) == "used"


def test_a_decision_is_taken_once(people: People) -> None:
    asked = _ask(people.zhang)
    _agree(people.li, asked, agree=False)
    with pytest.raises(AlreadyDecided):
        _agree(people.centre, asked)


def test_the_same_is_not_asked_twice_at_once_but_again_after_a_refusal(people: People) -> None:
    first = _ask(people.zhang)
    with pytest.raises(ChengxinError) as caught:
        _ask(people.li)
    assert caught.value.code == "approval_asked_already"
    _agree(people.li, first, agree=False)
    assert _ask(people.zhang).pk != first.pk


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"reason": "  "}, "reason_missing"),
        ({"operation": "links.review"}, "approval_not_needed"),
        ({"operation": "nothing"}, "unknown_operation"),
        ({"content": {"amount": 1.5}}, "approval_content_wrong"),
        ({"content": {1: "x"}}, "approval_content_wrong"),
    ],
)
def test_a_question_that_cannot_be_decided_is_not_asked(people: People, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(ChengxinError) as caught:
        _ask(people.zhang, **changed)
    assert caught.value.code == code
    assert not Approval.objects.exists()


def test_a_decision_needs_a_reason_and_an_approval_that_exists(people: People) -> None:
    asked = _ask(people.zhang)
    with pytest.raises(ChengxinError) as caught:
        DecideApproval(people.li, asked.pk, True, " ", NOW).execute()
    assert caught.value.code == "reason_missing"
    with pytest.raises(NotFound):
        DecideApproval(people.li, asked.pk + 1, True, "x", NOW).execute()


def test_who_lost_the_right_meanwhile_uses_nothing(people: People) -> None:
    _agree(people.li, _ask(people.zhang))
    with pytest.raises(NotPermitted):
        _use(Actor("officer", "zhang", "market", frozenset()))


def test_lists_show_what_one_may_decide_and_what_one_asked_for(people: People) -> None:
    asked = _ask(people.zhang)
    assert [one.id for one in approvals_to_decide(people.li, NOW)] == [asked.pk]
    assert [one.id for one in approvals_to_decide(people.centre, NOW)] == [asked.pk]
    for actor in (people.zhang, people.wang, people.clerk):
        assert approvals_to_decide(actor, NOW) == ()
    assert [one.state for one in approvals_asked_by(people.zhang, NOW)] == ["asked"]
    assert approval_row(people.li, asked.pk, NOW).content == CONTENT
    for actor in (people.wang, people.clerk):
        with pytest.raises(NotFound):
            approval_row(actor, asked.pk, NOW)
    assert approvals_to_decide(people.li, NOW + HOURS) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.dictionaries(st.text(), JSON, max_size=4))
def test_two_contents_have_one_digest_only_when_they_are_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert content_digest(one) == content_digest(dict(reversed(one.items())))
    same = repr(sorted(one.items())) == repr(sorted(other.items()))
    if not same and one != other:
        assert content_digest(one) != content_digest(other)


def test_true_is_not_one_and_text_is_no_number() -> None:
    assert len({content_digest({"a": value}) for value in (True, 1, "1", [1], {"1": 1}, None)}) == 6
