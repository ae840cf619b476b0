"""Conflicts are found over all codes at once, once each; they settle when gone and come back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from chengxin.conversion.actions.find_conflicts import FindConflicts
from chengxin.conversion.models import Conflict
from chengxin.conversion.tasks import FIND_TASK
from chengxin.subjects.models import Identifier
from chengxin.testing.bodies import register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_subject

if TYPE_CHECKING:
    from datetime import datetime

WRONG = uscc(1)[:17] + ("0" if uscc(1)[17] != "0" else "1")


@pytest.fixture(autouse=True)
def _database(own_database: str) -> None:
    assert own_database


def find(now: datetime = NOW) -> list[tuple[str, str, str]]:
    FindConflicts(now).execute()
    return sorted(Conflict.objects.exclude(state="settled").values_list("kind", "code_kind", "value"))


def test_a_sound_register_has_none() -> None:
    register_bodies(
        {"uscc": uscc(1), "registration_number": registration_number(1)}, {"uscc": uscc(2)}, now=NOW, entries=False
    )
    assert find() == []


def test_one_code_at_two_bodies() -> None:
    number = registration_number(1)
    one = make_subject(uscc=uscc(1), registration_number=number)
    two = make_subject("昆山乙有限公司", uscc(2), registration_number=number)
    assert find() == [("two_bodies", "registration_number", number)]
    found = Conflict.objects.get()
    assert found.subjects == [one.pk, two.pk]
    assert {(each["uscc"], each["name"]) for each in found.evidence} == {
        (uscc(1), one.name),
        (uscc(2), "昆山乙有限公司"),
    }


def test_two_codes_of_one_kind_at_one_body() -> None:
    body = make_subject(uscc=uscc(1), registration_number=registration_number(1))
    Identifier.objects.create(subject=body, kind="registration_number", value=registration_number(2), first_seen_at=NOW)
    assert find() == [("two_codes", "registration_number", "")]


def test_a_code_that_was_replaced_or_came_by_a_merge_is_no_second_one() -> None:
    register_bodies({"uscc": uscc(1)}, now=NOW, entries=False)
    register_bodies({"uscc": uscc(2), "former_uscc": uscc(1)}, now=NOW, entries=False)
    body = Identifier.objects.get(kind="uscc", value=uscc(2)).subject
    other = make_subject(uscc="", registration_number=registration_number(1))
    Identifier.objects.filter(subject=other).update(subject=body, came_from=other)
    Identifier.objects.create(subject=body, kind="registration_number", value=registration_number(2), first_seen_at=NOW)
    assert find() == []


def test_an_organisation_code_that_is_not_the_credit_codes() -> None:
    make_subject(uscc=uscc(1), organisation_code=uscc(2)[8:17])
    assert find() == [("segment_differs", "organisation_code", uscc(2)[8:17])]


def test_codes_on_file_that_fail_their_standard_are_one_mistake_each() -> None:
    make_subject(uscc=WRONG, organisation_code=WRONG[8:17])
    make_subject("昆山乙有限公司", "", registration_number="320583000000001", organisation_code="187588020")
    assert find() == [
        ("wrong_check", "organisation_code", "187588020"),
        ("wrong_check", "registration_number", "320583000000001"),
        ("wrong_check", "uscc", WRONG),
    ]


def test_looking_again_changes_nothing() -> None:
    make_subject(uscc=WRONG)
    first = FindConflicts(NOW).execute()
    before = list(Conflict.objects.values("pk", "key", "state", "found_at", "returned"))
    again = FindConflicts(NOW + timedelta(days=1)).execute()
    assert ((first.standing, first.opened, first.gone), (again.standing, again.opened, again.gone)) == (
        (1, 1, 0),
        (1, 0, 0),
    )
    assert list(Conflict.objects.values("pk", "key", "state", "found_at", "returned")) == before


def test_a_conflict_that_is_gone_is_settled_and_comes_back_when_it_returns() -> None:
    number = registration_number(1)
    make_subject(uscc=uscc(1), registration_number=number)
    other = make_subject("昆山乙有限公司", uscc(2), registration_number=number)
    second = Identifier.objects.get(subject=other, value=number)
    find()
    second.delete()
    assert find(NOW + timedelta(days=1)) == []
    settled = Conflict.objects.get()
    assert (settled.state, settled.how, settled.settled_at) == ("settled", "gone", NOW + timedelta(days=1))
    Identifier.objects.create(subject=second.subject, kind=second.kind, value=number, first_seen_at=NOW)
    assert find(NOW + timedelta(days=2)) == [("two_bodies", "registration_number", number)]
    assert Conflict.objects.get().returned == 1


def test_what_was_confirmed_stays_settled_until_it_changes() -> None:
    number = registration_number(1)
    make_subject(uscc=uscc(1), registration_number=number)
    make_subject("昆山乙有限公司", uscc(2), registration_number=number)
    find()
    Conflict.objects.update(state="settled", how="stays", settled_at=NOW)
    assert find() == []
    make_subject("昆山丙有限公司", uscc(3), registration_number=number)
    assert find() == [("two_bodies", "registration_number", number)]


def test_a_registration_that_says_something_new_queues_one_look() -> None:
    register_bodies({"uscc": uscc(1)}, now=NOW, entries=False)
    register_bodies({"uscc": uscc(2)}, now=NOW, entries=False)
    register_bodies({"uscc": uscc(2)}, now=NOW + timedelta(days=1), entries=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [FIND_TASK])
        assert cursor.fetchone() == (1,)
