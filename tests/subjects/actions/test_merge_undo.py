"""What was merged or split is undone in the order in which it was done, and never over what rests on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.records.models import Record
from chengxin.records.queries import standing
from chengxin.subjects.actions.merge import AskMerge
from chengxin.subjects.actions.merge_undo import AskUndo
from chengxin.subjects.history import merged_into_at, survivor
from chengxin.subjects.models import Change, Identifier, Name, RefusedCode, Relation, Subject
from chengxin.subjects.queries import subject_by_identifier
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW

pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 1)
LATE = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def officers() -> TwoOfficers:
    return TwoOfficers(NOW + timedelta(hours=1))


@pytest.fixture
def three() -> tuple[int, int, int]:
    """Three bodies with a credit code and a fact each."""
    register_bodies(*({"uscc": uscc(one)} for one in (1, 2, 3)), now=NOW)
    add_facts(*({"identifier": f"uscc:{uscc(one)}", "number": one} for one in (1, 2, 3)), now=NOW)
    first, second, third = Subject.objects.order_by("pk").values_list("pk", flat=True)
    return first, second, third


def register() -> tuple[Any, ...]:
    return (
        sorted(Identifier.objects.values_list("subject", "kind", "value", "replaced_by", "came_from"), key=str),
        sorted(Name.objects.values_list("subject", "kind", "name")),
        sorted(RefusedCode.objects.values_list("subject", "kind", "value")),
        sorted(Relation.objects.values_list("kind", "from_subject", "to_subject", "state")),
    )


def facts_at(subject: int, known_at: datetime = LATE) -> list[str]:
    return sorted(fact.document_number for fact in standing(subject, DAY, known_at) if fact.document_number)


def numbers(*given: int) -> list[str]:
    return [f"昆字〔2026〕{one}号" for one in given]


def refusal(officers: TwoOfficers, change: Change) -> ChengxinError:
    with pytest.raises(ChengxinError) as refused:
        AskUndo(officers.asker, change.pk, "有误", officers.later()).check()
    return refused.value


def test_two_merges_into_one_body_are_undone_the_last_one_first(
    officers: TwoOfficers, three: tuple[int, int, int]
) -> None:
    before = register()
    one = officers.merge(three[0], three[2])
    between = register()
    two = officers.merge(three[1], three[2])
    told = refusal(officers, one)
    assert told.code == "later_change"
    assert told.message_zh == f"之后的变更 {two.pk} 涉及同一主体，请先撤销它；不能撤销的改用拆分"
    assert told.where == str(two.pk)
    officers.undo(two.pk)
    assert register() == between
    officers.undo(one.pk)
    assert register() == before
    assert [facts_at(body) for body in three] == [numbers(1), numbers(2), numbers(3)]


def test_merges_of_other_bodies_do_not_stand_in_the_way(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    register_bodies({"uscc": uscc(4)}, now=NOW)
    fourth = Subject.objects.get(uscc=uscc(4)).pk
    one = officers.merge(three[0], three[1])
    officers.merge(three[2], fourth)
    assert officers.undo(one.pk).state == "done"
    assert (survivor(three[0]), survivor(three[2])) == (three[0], fourth)


def test_what_was_undone_can_be_done_and_undone_again(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    before = register()
    for _ in range(2):
        officers.undo(officers.merge(three[0], three[1]).pk)
        assert register() == before
    assert list(Change.objects.order_by("pk").values_list("kind", "state")) == [
        ("merge", "undone"),
        ("undo", "done"),
        ("merge", "undone"),
        ("undo", "done"),
    ]
    assert facts_at(three[0]) == numbers(1)


def test_a_change_is_undone_once(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    change = officers.merge(three[0], three[1])
    first = AskUndo(officers.asker, change.pk, "认定有误", officers.later()).execute()
    second = AskUndo(officers.asker, change.pk, "也认为有误", officers.later()).execute()
    assert officers.carry_out(first).state == "done"
    assert officers.carry_out(second).state == "outdated"
    assert refusal(officers, change).code == "not_to_be_undone"
    undo = Change.objects.filter(kind="undo").earliest("pk")
    assert refusal(officers, undo).code == "not_to_be_undone"


def test_the_merged_body_can_be_merged_the_other_way_after_an_undo(
    officers: TwoOfficers, three: tuple[int, int, int]
) -> None:
    officers.undo(officers.merge(three[0], three[1]).pk)
    assert officers.merge(three[1], three[0]).state == "done"
    assert facts_at(three[0]) == numbers(1, 2)
    assert merged_into_at(three[1], officers.now) == three[0]
    assert merged_into_at(three[0], officers.now) is None
    kept = Identifier.objects.get(kind="uscc", value=uscc(2))
    assert (kept.subject_id, kept.replaced_by) == (three[0], uscc(1))


def test_a_re_issue_since_by_a_register_entry_bars_the_undoing(
    officers: TwoOfficers, three: tuple[int, int, int]
) -> None:
    register_bodies({"registration_number": registration_number(7)}, now=NOW)
    codeless = Subject.objects.get(uscc="").pk
    register_bodies({"uscc": uscc(5), "registration_number": registration_number(8)}, now=NOW)
    old = Subject.objects.get(uscc=uscc(5)).pk
    Subject.objects.filter(pk=three[0]).update(uscc="")
    change = officers.merge(codeless, old)
    assert officers.undo(change.pk).state == "done"
    again = officers.merge(codeless, old)
    Identifier.objects.filter(came_from=codeless).update(
        ended_at=officers.later(), ended_on=DAY, replaced_by=registration_number(9)
    )
    told = refusal(officers, again)
    assert told.code == "reissued_since"
    assert (
        told.message_zh
        == f"合并后 {registration_number(7)} 已换发为 {registration_number(9)}，不能撤销合并，请改用拆分"
    )
    assert told.where == registration_number(7)


def test_a_re_issue_at_the_survivor_has_to_stay_and_bars_the_undoing(
    officers: TwoOfficers, three: tuple[int, int, int]
) -> None:
    change = officers.merge(three[0], three[1])
    reissue = officers.reissue(three[1], uscc(2), uscc(9))
    told = refusal(officers, change)
    assert (told.code, told.where) == ("later_change", str(reissue.pk))
    chain = dict(Identifier.objects.filter(kind="uscc", subject=three[1]).values_list("value", "replaced_by"))
    assert chain == {uscc(1): uscc(2), uscc(2): uscc(9), uscc(9): ""}
    for code in (uscc(1), uscc(2), uscc(9)):
        found = subject_by_identifier("uscc", code)
        assert found is not None
        assert (found.id, found.uscc) == (three[1], uscc(9))


def test_a_split_off_the_survivor_is_undone_before_the_merge(
    officers: TwoOfficers, three: tuple[int, int, int]
) -> None:
    before = register()
    merged = officers.merge(three[0], three[1])
    own = [("uscc", uscc(1)), ("organisation_code", uscc(1)[8:17])]
    divided = officers.split(three[1], own, Subject.objects.get(pk=three[0]).name)
    assert refusal(officers, merged).where == str(divided.pk)
    officers.undo(divided.pk)
    assert facts_at(three[1]) == numbers(1, 2)
    assert officers.undo(merged.pk).state == "done"
    assert register() == before
    assert [facts_at(body) for body in three] == [numbers(1), numbers(2), numbers(3)]


def test_a_fact_arriving_between_asking_and_agreeing_makes_the_undoing_be_asked_again(
    officers: TwoOfficers, three: tuple[int, int, int]
) -> None:
    change = officers.merge(three[0], three[1])
    asked = AskUndo(officers.asker, change.pk, "有误", officers.later()).execute()
    add_facts({"identifier": f"uscc:{uscc(1)}", "number": 9}, now=officers.later())
    assert officers.carry_out(asked).state == "outdated"
    change.refresh_from_db()
    assert change.state == "done"
    assert facts_at(three[1]) == numbers(1, 2, 9)
    officers.undo(change.pk)
    assert (facts_at(three[0]), facts_at(three[1])) == (numbers(1, 9), numbers(2))


def test_a_merge_whose_body_was_merged_elsewhere_meanwhile_is_outdated(
    officers: TwoOfficers, three: tuple[int, int, int]
) -> None:
    waiting = AskMerge(officers.asker, three[0], three[1], "同一主体", officers.later()).execute()
    officers.merge(three[0], three[2])
    assert officers.carry_out(waiting).state == "outdated"
    assert survivor(three[0]) == three[2]
    assert facts_at(three[1]) == numbers(2)


def test_every_version_of_a_fact_says_where_it_was_and_when(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    change = officers.merge(three[0], three[1])
    undo = officers.undo(change.pk)
    told = [
        (one.version, one.kind, one.subject_id, one.recorded_at)
        for one in Record.objects.filter(document_number=numbers(1)[0]).order_by("version")
    ]
    assert told == [
        (1, "new", three[0], NOW),
        (2, "moved", three[1], change.done_at),
        (3, "moved", three[0], undo.done_at),
    ]


def test_asking_agreeing_and_undoing_are_each_witnessed(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    change = officers.merge(three[0], three[1])
    officers.undo(change.pk)
    told = list(Event.objects.filter(action__startswith="body_change.").order_by("pk").values_list("action", "object"))
    undo = Change.objects.get(kind="undo").pk
    assert told == [
        ("body_change.asked", str(change.pk)),
        ("body_change.done", str(change.pk)),
        ("body_change.asked", str(undo)),
        ("body_change.done", str(undo)),
    ]
    done = Event.objects.filter(action="body_change.done").earliest("pk")
    assert done.detail["subjects"] == [three[0], three[1]]
    assert done.detail["digest"] == change.digest
