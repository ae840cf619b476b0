"""A check leaves its event in the same transaction: no event, no answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import DatabaseError, connection

from chengxin.accounts.actor import CHECK, READ_SUBJECTS, Actor
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.audit.models import Event
from chengxin.base.context import acting
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.checks.actions.check_one import CheckOne
from chengxin.checks.answer import WrongCode
from chengxin.testing.ends import as_role
from chengxin.testing.making import NOW, make_record, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable

USCC = "91320583187588026H"
ACTOR = Actor("client", "7", "market", frozenset({CHECK}))
ASKED = CheckOne(ACTOR, USCC, "政府采购投标资格审查", None, NOW)


@pytest.mark.django_db
def test_the_event_says_who_asked_for_what_and_what_was_answered() -> None:
    subject = make_subject()
    make_record(1, subject)
    answer = ASKED.execute()
    assert answer.result == "found"
    event = Event.objects.get()
    assert (event.subject_id, event.purpose) == (subject.pk, "政府采购投标资格审查")
    assert (event.actor_kind, event.actor, event.organisation) == ("client", "7", "market")
    assert (event.action, event.object_kind, event.object) == ("check.answered", "subject", str(subject.pk))
    assert event.at == NOW
    assert event.detail == {
        "code": USCC,
        "purpose": "政府采购投标资格审查",
        "on": "2026-03-02",
        "result": "found",
        "records": [1],
    }


@pytest.mark.django_db
def test_asking_about_a_body_nobody_knows_is_on_file_too() -> None:
    assert ASKED.execute().result == "not_found"
    assert Event.objects.get().detail["result"] == "not_found"


@pytest.mark.django_db
def test_without_the_grant_nothing_is_looked_up() -> None:
    with pytest.raises(NotPermitted):
        replace(ASKED, actor=Actor("client", "7", "market", frozenset({READ_SUBJECTS}))).execute()
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("purpose", ["", " ", "x", "  x  ", "a\nb", "a\x00b", "x" * 201])
def test_a_purpose_has_to_say_something_on_one_line(purpose: str) -> None:
    with pytest.raises(ChengxinError) as raised:
        replace(ASKED, purpose=purpose).execute()
    assert raised.value.code == "purpose_missing"
    assert raised.value.where == "purpose"


@pytest.mark.django_db
def test_the_day_asked_about_is_today_in_shanghai_or_an_earlier_one() -> None:
    assert ASKED.execute().on == date(2026, 3, 2)
    assert replace(ASKED, on_day=date(2025, 1, 1)).execute().on == date(2025, 1, 1)
    with pytest.raises(ChengxinError) as raised:
        replace(ASKED, on_day=date(2026, 3, 3)).execute()
    assert raised.value.code == "day_to_come"


@pytest.mark.django_db
def test_a_personal_number_leaves_neither_an_answer_nor_a_trace_of_the_number() -> None:
    with pytest.raises(WrongCode):
        replace(ASKED, code="362322198709086409").execute()
    assert not Event.objects.exists()


def test_without_the_right_to_write_the_event_there_is_no_answer(own_database: str) -> None:
    assert own_database
    make_record(1, make_subject())
    with connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON audit_event FROM chengxin_api")
    with as_role("api"), acting("client", "7"), pytest.raises(EvidenceUnavailable) as caught:
        ASKED.execute()
    assert isinstance(caught.value.__cause__, DatabaseError)


def test_the_api_role_can_check_and_its_event_stays(
    own_database: str, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    assert own_database
    make_record(1, make_subject())
    with as_role("api"), acting("client", "7"):
        assert [fact.record_id for fact in ASKED.execute().facts] == [1]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as("api").execute("SELECT detail FROM audit_event")
    assert Event.objects.count() == 1
