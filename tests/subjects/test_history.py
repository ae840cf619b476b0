"""How a body stood on a day, as known at a moment, has one answer for ever."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from chengxin.subjects.history import body_on, codes_at, names_at, versions
from chengxin.subjects.models import Identifier, Name, Registration, Subject
from chengxin.testing.bodies import register_bodies
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW, make_subject

pytestmark = pytest.mark.usefixtures("own_database")

A, B = uscc(1), uscc(2)


@pytest.fixture
def body() -> int:
    register_bodies({"uscc": A, "name": "甲厂", "established_on": date(2010, 5, 1)}, now=NOW)
    register_bodies({"uscc": A, "name": "乙厂"}, now=NOW + timedelta(days=10))
    register_bodies({"uscc": A, "name": "乙厂"}, now=NOW + timedelta(days=12))
    register_bodies(
        {"uscc": A, "name": "乙厂", "status": "注销", "decided_on": date(2026, 3, 20)}, now=NOW + timedelta(days=30)
    )
    return Subject.objects.get().pk


def test_a_version_is_kept_when_something_changed_and_only_then(body: int) -> None:
    known = versions(body, NOW + timedelta(days=90))
    assert [(one.name, one.status, one.valid_from) for one in known] == [
        ("甲厂", "存续", date(2026, 3, 2)),
        ("乙厂", "存续", date(2026, 3, 12)),
        ("乙厂", "注销", date(2026, 3, 20)),
    ]
    assert known[0].established_on == known[2].established_on == date(2010, 5, 1)
    assert [(one.identifier, one.batch_id, one.line) for one in known] == [(f"uscc:{A}", 1, 2)] * 3


@pytest.mark.parametrize(
    ("day", "known", "name", "status", "certain"),
    [
        (date(2026, 3, 1), 90, "甲厂", "存续", False),
        (date(2026, 3, 2), 90, "甲厂", "存续", True),
        (date(2026, 3, 11), 90, "甲厂", "存续", True),
        (date(2026, 3, 12), 90, "乙厂", "存续", True),
        (date(2026, 3, 19), 90, "乙厂", "存续", True),
        (date(2026, 3, 20), 90, "乙厂", "注销", True),
        (date(2026, 3, 20), 29, "乙厂", "存续", True),
        (date(2026, 3, 20), 5, "甲厂", "存续", True),
    ],
)
def test_the_day_and_the_moment_of_knowing_are_two_things(
    body: int,
    day: date,
    known: int,
    name: str,
    status: str,
    certain: bool,  # noqa: FBT001
) -> None:
    found = body_on(body, day, NOW + timedelta(days=known))
    assert found is not None
    assert (found.version.name, found.version.status, found.certain) == (name, status, certain)


def test_before_the_platform_knew_of_it_there_is_no_answer(body: int) -> None:
    assert body_on(body, date(2026, 6, 1), NOW - timedelta(seconds=1)) is None
    assert names_at(body, NOW - timedelta(seconds=1)) == ()
    assert codes_at(body, NOW - timedelta(seconds=1)) == ()
    assert body_on(make_subject(uscc=B).pk, date(2026, 6, 1), NOW) is None


def test_names_are_current_or_former_as_they_were_then(body: int) -> None:
    register_bodies({"uscc": A, "name": "甲厂"}, now=NOW + timedelta(days=40))
    held = {days: {(one.kind, one.name) for one in names_at(body, NOW + timedelta(days=days))} for days in (5, 15, 45)}
    assert held[5] == {("current", "甲厂")}
    assert held[15] == {("current", "乙厂"), ("former", "甲厂")}
    assert held[45] == {("current", "甲厂"), ("former", "乙厂")}


def test_when_a_code_or_name_was_last_stated_is_noted_to_the_month(body: int) -> None:
    assert set(Identifier.objects.values_list("subject", "last_seen_at")) == {(body, NOW)}
    ended = dict(Name.objects.values_list("name", "ended_at"))
    assert ended == {"甲厂": NOW + timedelta(days=10), "乙厂": None}
    register_bodies({"uscc": A, "name": "乙厂", "status": "注销"}, now=NOW + timedelta(days=31))
    assert set(Identifier.objects.values_list("last_seen_at", flat=True)) == {NOW + timedelta(days=31)}
    assert dict(Name.objects.values_list("name", "last_seen_at")) == {"甲厂": NOW, "乙厂": NOW + timedelta(days=10)}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE subjects_registration SET name = 'x'",
        "DELETE FROM subjects_registration",
        "TRUNCATE subjects_registration",
    ],
)
def test_not_even_the_owner_changes_how_a_body_stood(body: int, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Registration.objects.filter(subject_id=body).count() == 3
