"""Two people change a body: one asks, another agrees in time, and the worker does it once with the duties of today."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from chengxin.accounts.actions.approvals import NotApproved
from chengxin.accounts.actor import Actor, officer_actor
from chengxin.accounts.models import Approval, Officer
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.subjects.actions.change import CARRY_OUT_TASK, approval_content, decide, hand_over
from chengxin.subjects.actions.change_carry_out import CarryOutChange
from chengxin.subjects.actions.merge import AskMerge
from chengxin.subjects.models import Change, MovedRow, Subject
from chengxin.testing.bodies import TwoOfficers, register_bodies
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW, make_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def officers() -> TwoOfficers:
    return TwoOfficers(NOW + timedelta(hours=1))


@pytest.fixture
def change(officers: TwoOfficers) -> Change:
    """A merge that is asked for."""
    register_bodies({"uscc": uscc(1)}, {"uscc": uscc(2)}, now=NOW)
    first, second = Subject.objects.order_by("pk").values_list("pk", flat=True)
    return AskMerge(officers.asker, first, second, "同一主体", officers.later()).execute()


def queued() -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (args ->> 'change_id')::bigint, lock FROM procrastinate_jobs WHERE task_name = %s ORDER BY id",
            [CARRY_OUT_TASK],
        )
        return list(cursor.fetchall())


def agree(officers: TwoOfficers, change: Change, by: Actor | None = None) -> Change:
    return decide(by or officers.decider, change.pk, agree=True, reason="核实无误", now=officers.later())


def carry_out(change: Change, now: datetime) -> Change:
    return CarryOutChange(change.pk, now).execute()


def test_two_people_agree_to_this_change_with_exactly_this_preview(change: Change) -> None:
    assert approval_content(change) == {"change": change.pk, "kind": "merge", "digest": change.digest}
    approval = Approval.objects.get()
    assert (approval.pk, approval.object_id) == (change.approval_id, str(change.pk))
    assert (approval.agreed, approval.used_at) == (None, None)


def test_agreeing_hands_the_change_to_the_worker_and_refusing_does_not(officers: TwoOfficers, change: Change) -> None:
    assert queued() == []
    agree(officers, change)
    assert queued() == [(change.pk, f"change:{change.pk}")]
    other = AskMerge(officers.asker, change.source_id, change.target_id or 0, "再问", officers.later()).execute()
    decide(officers.decider, other.pk, agree=False, reason="不是同一主体", now=officers.later())
    assert [number for number, _lock in queued()] == [change.pk]


def test_the_one_who_asked_does_not_agree_and_nobody_agrees_twice(officers: TwoOfficers, change: Change) -> None:
    with pytest.raises(NotPermitted) as own:
        agree(officers, change, officers.asker)
    assert (own.value.code, own.value.message_zh) == ("own_approval", "自己的申请要由另一位经办人审批")
    agree(officers, change)
    with pytest.raises(ChengxinError) as twice:
        agree(officers, change)
    assert (twice.value.code, twice.value.message_zh) == (
        "already_decided",
        "这项申请已经审批或已过期，请重新申请",
    )
    assert len(queued()) == 1


def test_an_answer_without_a_reason_or_to_nothing_is_none(officers: TwoOfficers, change: Change) -> None:
    with pytest.raises(ChengxinError) as blank:
        decide(officers.decider, change.pk, agree=True, reason="  ", now=officers.later())
    assert (blank.value.code, blank.value.message_zh) == ("reason_missing", "请写明审批意见")
    with pytest.raises(NotFound):
        decide(officers.decider, 10**9, agree=True, reason="好", now=officers.later())
    Change.objects.update(approval_id=None)
    with pytest.raises(LookupError):
        agree(officers, change)
    assert queued() == []


def test_what_nobody_decided_in_time_is_not_carried_out(officers: TwoOfficers, change: Change) -> None:
    late = Approval.objects.get().expires_at + timedelta(seconds=1)
    with pytest.raises(ChengxinError) as refused:
        decide(officers.decider, change.pk, agree=True, reason="好", now=late)
    assert refused.value.code == "already_decided"
    with pytest.raises(NotApproved):
        carry_out(change, late)
    assert Subject.objects.filter(merged_into=None).count() == 2


def test_an_agreement_that_has_ended_carries_nothing_out(officers: TwoOfficers, change: Change) -> None:
    agree(officers, change)
    with pytest.raises(NotApproved) as refused:
        carry_out(change, Approval.objects.get().expires_at + timedelta(seconds=1))
    assert refused.value.code == "not_approved"
    assert not MovedRow.objects.exists()


def test_an_agreement_is_used_by_what_it_allowed(officers: TwoOfficers, change: Change) -> None:
    agree(officers, change)
    done = carry_out(change, officers.later())
    assert (done.state, done.done_at) == ("done", officers.now)
    assert Approval.objects.get().used_at == officers.now
    with pytest.raises(NotApproved):
        hand_over(officers.asker, change.pk, officers.later())


@pytest.mark.parametrize("left", ["the duty", "the house"])
def test_an_asker_who_may_not_do_it_any_more_has_asked_in_vain(
    officers: TwoOfficers, change: Change, left: str
) -> None:
    agree(officers, change)
    values = {"roles": ["window"]} if left == "the duty" else {"is_active": False}
    Officer.objects.filter(username="asker").update(**values)
    with pytest.raises(ChengxinError) as refused:
        carry_out(change, officers.later())
    assert refused.value.code in {"operation_not_granted", "not_approved"}
    assert Change.objects.get().state == "asked"
    assert not MovedRow.objects.exists()


def test_a_third_officer_of_the_centre_may_agree_as_well(officers: TwoOfficers, change: Change) -> None:
    centre = Officer.objects.get(username="asker").organisation
    third = officer_actor(make_officer(centre, "third", "centre"))
    agree(officers, change, third)
    assert carry_out(change, officers.later()).state == "done"
    assert Approval.objects.get().decided_by == "third"


def test_an_outdated_change_uses_up_no_agreement(officers: TwoOfficers, change: Change) -> None:
    agree(officers, change)
    register_bodies({"uscc": uscc(1), "name": "昆山又一名有限公司"}, now=officers.later())
    assert carry_out(change, officers.later()).state == "outdated"
    assert Approval.objects.get().used_at is None
    assert carry_out(change, officers.later()).state == "outdated"
    assert not MovedRow.objects.exists()
