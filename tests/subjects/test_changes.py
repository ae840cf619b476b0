"""Every change of a body is read with who asked, who agreed, and where it stands now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chengxin.accounts.models import Approval
from chengxin.subjects import changes as reads
from chengxin.subjects.actions.change import decide
from chengxin.subjects.actions.merge import AskMerge
from chengxin.subjects.changes import change_view, changes
from chengxin.subjects.models import Change, Subject
from chengxin.subjects.tasks import carry_out
from chengxin.testing.bodies import TwoOfficers, register_bodies
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


@pytest.fixture
def officers() -> TwoOfficers:
    return TwoOfficers(NOW + timedelta(hours=1))


@pytest.fixture
def pair() -> tuple[int, int]:
    register_bodies({"uscc": uscc(1), "name": "昆山甲有限公司"}, {"uscc": uscc(2), "name": "昆山乙有限公司"}, now=NOW)
    first, second = Subject.objects.order_by("pk").values_list("pk", flat=True)
    return first, second


def ask(officers: TwoOfficers, pair: tuple[int, int]) -> Change:
    return AskMerge(officers.asker, *pair, " 同一主体 ", officers.later()).execute()


def test_a_change_just_asked_for_names_both_bodies_the_asker_and_the_reason(
    officers: TwoOfficers, pair: tuple[int, int]
) -> None:
    change = ask(officers, pair)
    (view,) = changes()
    assert view == change_view(change)
    assert (view.kind, view.state, view.asked_by, view.reason) == ("merge", "asked", "asker", "同一主体")
    assert (view.source_id, view.source_name) == (pair[0], "昆山甲有限公司")
    assert (view.target_id, view.target_name) == (pair[1], "昆山乙有限公司")
    assert (view.decided_by, view.decided_at, view.decision_reason, view.done_at) == ("", None, "", None)
    assert (view.asked_at, view.undoes, view.trouble) == (officers.now, None, None)
    assert view.digest == change.digest
    assert len(view.digest) == 64


def test_agreed_not_agreed_and_carried_out_are_three_things(officers: TwoOfficers, pair: tuple[int, int]) -> None:
    refused = ask(officers, pair)
    decide(officers.decider, refused.pk, agree=False, reason="并非同一主体", now=officers.later())
    told = change_view(Change.objects.get(pk=refused.pk))
    assert (told.state, told.decided_by, told.decision_reason) == ("not_agreed", "decider", "并非同一主体")
    assert told.decided_at == officers.now
    agreed = ask(officers, pair)
    decide(officers.decider, agreed.pk, agree=True, reason="核实无误", now=officers.later())
    assert change_view(Change.objects.get(pk=agreed.pk)).state == "agreed"
    done = officers.merge(*pair)
    told = change_view(done)
    assert (told.state, told.done_at, told.decided_by) == ("done", officers.now, "decider")


def test_a_split_has_no_other_body_before_it_is_carried_out(officers: TwoOfficers, pair: tuple[int, int]) -> None:
    change = Change.objects.create(
        kind="split", state="asked", source_id=pair[0], plan={}, preview={}, digest="", reason="x",
        asked_by=officers.asker.id, asked_at=NOW,
    )  # fmt: skip
    view = change_view(change)
    assert (view.target_id, view.target_name, view.state) == (None, "", "asked")


def test_an_undone_change_and_what_undid_it_stand_side_by_side(officers: TwoOfficers, pair: tuple[int, int]) -> None:
    merged = officers.merge(*pair)
    undo = officers.undo(merged.pk)
    assert [(one.id, one.kind, one.state, one.undoes) for one in changes()] == [
        (undo.pk, "undo", "done", merged.pk),
        (merged.pk, "merge", "undone", None),
    ]


def test_the_list_takes_two_queries_and_shows_the_latest(
    officers: TwoOfficers,
    pair: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    numbers = [ask(officers, pair).pk for _ in range(4)]
    with django_assert_num_queries(2):
        assert [one.id for one in changes()] == numbers[::-1]
    monkeypatch.setattr(reads, "LATEST", 3)
    assert [one.id for one in changes()] == numbers[:0:-1]


def test_the_worker_carries_out_what_was_agreed(
    officers: TwoOfficers, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    change = ask(officers, pair)
    decide(officers.decider, change.pk, agree=True, reason="核实无误", now=officers.later())
    monkeypatch.setenv("CHENGXIN_NOW", officers.later().isoformat())
    carry_out.func(change.pk)
    assert change_view(Change.objects.get()).state == "done"
    assert Subject.objects.get(pk=pair[0]).merged_into_id == pair[1]


def test_why_the_worker_could_not_is_kept_with_the_change_until_it_could(
    officers: TwoOfficers, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    change = ask(officers, pair)
    monkeypatch.setenv("CHENGXIN_NOW", officers.later().isoformat())
    carry_out.func(change.pk)
    told = change_view(Change.objects.get())
    assert told.state == "asked"
    assert told.trouble is not None
    assert told.trouble["code"] == "not_approved"
    assert told.trouble["message"]
    decide(officers.decider, change.pk, agree=True, reason="核实无误", now=officers.later())
    monkeypatch.setenv("CHENGXIN_NOW", officers.later().isoformat())
    carry_out.func(change.pk)
    told = change_view(Change.objects.get())
    assert (told.state, told.trouble) == ("done", None)


def test_an_asker_who_left_meanwhile_asks_for_nothing_any_more(
    officers: TwoOfficers, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    change = ask(officers, pair)
    decide(officers.decider, change.pk, agree=True, reason="核实无误", now=officers.later())
    Change.objects.update(asked_by="gone")
    monkeypatch.setenv("CHENGXIN_NOW", officers.later().isoformat())
    carry_out.func(change.pk)
    trouble = change_view(Change.objects.get()).trouble
    assert trouble is not None
    assert (trouble["code"], trouble["message"]) == ("unknown_officer", "没有经办人 gone，请重新申请")
    assert Subject.objects.filter(merged_into=None).count() == 2
    assert Approval.objects.get().used_at is None
