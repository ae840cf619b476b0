"""Who bore which code, what it was called and what it had become: answered for any moment, for ever the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chengxin.kernel.calendar import legal_day
from chengxin.subjects.history import (
    bearers_at,
    body_on,
    codes_at,
    merged_into_at,
    moved_since,
    names_at,
    survivor,
    versions,
)
from chengxin.subjects.models import Identifier, Subject
from chengxin.subjects.queries import AmbiguousCode, subject_by_identifier, subject_by_number
from chengxin.testing.bodies import TwoOfficers, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_subject

pytestmark = pytest.mark.django_db

A, B, C = uscc(1), uscc(2), uscc(3)
OLD = registration_number(1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def officers() -> TwoOfficers:
    return TwoOfficers(NOW + HOUR)


@pytest.fixture
def three() -> tuple[int, int, int]:
    register_bodies(
        {"uscc": A, "name": "甲厂", "english": "A Ltd"},
        {"uscc": B, "name": "乙厂"},
        {"uscc": C, "name": "丙厂"},
        now=NOW,
    )
    first, second, third = Subject.objects.order_by("pk").values_list("pk", flat=True)
    return first, second, third


def held(subject: int, known_at: object) -> set[str]:
    return {one.value for one in codes_at(subject, known_at)}  # type: ignore[arg-type]


def named(subject: int, known_at: object) -> set[tuple[str, str]]:
    return {(one.kind, one.name) for one in names_at(subject, known_at)}  # type: ignore[arg-type]


def test_a_chain_of_merges_is_answered_moment_by_moment(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    first, second, third = three
    start = officers.now
    officers.merge(first, second)
    between = officers.now
    officers.merge(second, third)
    end = officers.now
    assert [bearers_at("uscc", A, when) for when in (start, between, end)] == [(first,), (second,), (third,)]
    assert [merged_into_at(first, when) for when in (start, between, end)] == [None, second, second]
    assert [merged_into_at(second, when) for when in (start, between, end)] == [None, None, third]
    assert (survivor(first), survivor(second), survivor(third)) == (third, third, third)
    assert [held(second, when) for when in (start, between, end)] == [
        {B, B[8:17]},
        {A, A[8:17], B, B[8:17]},
        set(),
    ]
    assert named(third, end) == {
        ("current", "丙厂"),
        ("former", "甲厂"),
        ("former", "乙厂"),
        ("english", "A Ltd"),
    }
    assert named(second, between) == {("current", "乙厂"), ("former", "甲厂"), ("english", "A Ltd")}


def test_a_code_that_a_merge_ended_was_in_use_before(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    start = officers.now
    change = officers.merge(three[0], three[1])
    before = {one.value: one.ended_on for one in codes_at(three[0], start)}
    assert before[A] is None
    after = {one.value: (one.ended_on, one.replaced_by, one.came_from) for one in codes_at(three[1], officers.now)}
    assert change.done_at is not None
    assert after[A] == (legal_day(change.done_at), B, three[0])
    assert after[B] == (None, "", None)


def test_a_replaced_code_shows_its_end_only_from_when_it_was_known(
    officers: TwoOfficers, three: tuple[int, int, int]
) -> None:
    start = officers.now
    officers.reissue(three[0], A, uscc(7), on=date(2026, 1, 5))
    then = {one.value: (one.ended_on, one.replaced_by) for one in codes_at(three[0], start)}
    now = {one.value: (one.ended_on, one.replaced_by) for one in codes_at(three[0], officers.now)}
    assert then[A] == (None, "")
    assert now[A] == (date(2026, 1, 5), uscc(7))
    assert uscc(7) not in then


def test_whether_anything_moved_since_is_told_to_the_moment(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    assert not moved_since(NOW - DAY)
    change = officers.merge(three[0], three[1])
    assert change.done_at is not None
    assert moved_since(change.done_at - timedelta(microseconds=1))
    assert not moved_since(change.done_at)


def test_a_look_up_of_the_past_finds_who_bore_the_code_then(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    start = officers.now
    officers.merge(three[0], three[1])
    then, now = subject_by_identifier("uscc", A, start), subject_by_identifier("uscc", A)
    assert then is not None
    assert now is not None
    assert (then.id, then.name, then.uscc) == (three[0], "甲厂", A)
    assert (now.id, now.name, now.uscc) == (three[1], "乙厂", B)
    assert [(one.value, one.merged) for one in now.identifiers if one.kind == "uscc"] == [
        (code, code == A) for code in sorted([A, B])
    ]
    assert subject_by_identifier("uscc", A, NOW - DAY) is None


def test_a_look_up_of_the_past_tells_the_name_and_state_of_then(three: tuple[int, int, int]) -> None:
    register_bodies({"uscc": A, "name": "甲新厂", "status": "注销"}, now=NOW + DAY)
    then = subject_by_identifier("uscc", A, NOW + HOUR)
    assert then is not None
    assert (then.id, then.name, then.status) == (three[0], "甲厂", "存续")
    assert {(one.kind, one.name) for one in then.names} == {("current", "甲厂"), ("english", "A Ltd")}
    now = subject_by_identifier("uscc", A, NOW + 2 * DAY)
    assert now is not None
    assert (now.name, now.status) == ("甲新厂", "注销")
    assert ("former", "甲厂") in {(one.kind, one.name) for one in now.names}


def test_a_code_that_two_bodies_bore_then_named_neither_though_one_bears_it_now(officers: TwoOfficers) -> None:
    register_bodies(*({"uscc": code, "registration_number": OLD} for code in (A, B)), now=NOW)
    first, second = Subject.objects.order_by("pk").values_list("pk", flat=True)
    start = officers.now
    officers.merge(first, second)
    with pytest.raises(AmbiguousCode):
        subject_by_identifier("registration_number", OLD, start)
    found = subject_by_identifier("registration_number", OLD)
    assert found is not None
    assert found.id == second
    assert bearers_at("registration_number", OLD, start) == (first, second)


def test_an_officer_looks_a_merged_body_up_by_its_number(officers: TwoOfficers, three: tuple[int, int, int]) -> None:
    officers.merge(three[0], three[1])
    merged = subject_by_number(three[0])
    assert (merged.id, merged.name, merged.identifiers, merged.names) == (three[0], "甲厂", (), ())
    from chengxin.base.errors import NotFound  # noqa: PLC0415

    with pytest.raises(NotFound) as refused:
        subject_by_number(404)
    assert (refused.value.message_zh, refused.value.where) == ("没有编号为 404 的主体", "404")


def test_what_a_body_was_on_a_day_tells_into_what_it_had_been_merged(
    officers: TwoOfficers, three: tuple[int, int, int]
) -> None:
    start = officers.now
    change = officers.merge(three[0], three[1])
    day = date(2026, 3, 2)
    then, now = body_on(three[0], day, start), body_on(three[0], day, officers.now)
    assert then is not None
    assert now is not None
    assert (then.merged_into, now.merged_into) == (None, three[1])
    assert (then.version, now.version.name) == (now.version, "甲厂")
    assert (len(then.codes), now.codes, now.names) == (2, (), ())
    officers.undo(change.pk)
    again = body_on(three[0], day, officers.now)
    assert again is not None
    assert (again.merged_into, again.codes, again.names) == (None, then.codes, then.names)


def test_an_undone_split_leads_from_the_body_that_was_made_back_to_the_first(officers: TwoOfficers) -> None:
    register_bodies({"registration_number": OLD, "name": "老店"}, now=NOW)
    register_bodies({"uscc": A, "registration_number": OLD, "name": "新店"}, now=NOW + timedelta(minutes=1))
    body = Subject.objects.get().pk
    start = officers.now
    change = officers.split(body, [("registration_number", OLD)], "老店")
    made = change.target_id or 0
    between = officers.now
    officers.undo(change.pk)
    assert [bearers_at("registration_number", OLD, when) for when in (start, between, officers.now)] == [
        (body,),
        (made,),
        (body,),
    ]
    assert [merged_into_at(made, when) for when in (between, officers.now)] == [None, body]
    assert survivor(made) == body
    assert named(made, between) == {("current", "老店")}
    assert [(one.name, one.basis) for one in versions(made, officers.now)] == [("老店", "split")]
    assert codes_at(made, start) == ()


def test_a_body_without_any_version_has_codes_and_no_names() -> None:
    made = make_subject(uscc=A)
    assert held(made.pk, NOW) == {A}
    assert names_at(made.pk, NOW) == ()
    assert versions(made.pk, NOW) == ()
    assert body_on(made.pk, date(2026, 3, 2), NOW) is None


def test_codes_come_in_the_order_of_kind_and_value_whatever_order_they_were_learned_in() -> None:
    made = make_subject(uscc=B, tax_number="320583187588026", organisation_code=B[8:17])
    Identifier.objects.create(subject=made, kind="uscc", value=A, first_seen_at=NOW - DAY)
    told = [(one.kind, one.value) for one in codes_at(made.pk, NOW)]
    assert told == sorted(told)
    assert held(made.pk, NOW - timedelta(seconds=1)) == {A}


@pytest.mark.parametrize("code", ["\x00", f"{A}\x00", "\ud7ff", "'", "\\"])
def test_a_code_that_no_database_takes_is_nobodys_now_and_then(code: str) -> None:
    make_subject(uscc=A)
    assert subject_by_identifier("uscc", code) is None
    assert subject_by_identifier("uscc", code, NOW) is None
