"""Every event is written with what it witnesses, and stays as it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from chengxin.audit.actions import record_event
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.testing.ends import as_role
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from collections.abc import Callable


def _record(**more: Any) -> None:
    given: dict[str, Any] = {
        "at": NOW,
        "actor": ("officer", "zhang", "market"),
        "action": "batch.received",
        "object_kind": "batch",
        "object_id": "7",
    }
    record_event(**(given | more))


@pytest.mark.django_db
def test_an_event_says_who_did_what_to_what_when_and_for_whom() -> None:
    _record(detail={"lines": 3})
    assert Event.objects.values().get() == {
        "id": Event.objects.get().pk,
        "at": NOW,
        "actor_kind": "officer",
        "actor": "zhang",
        "organisation": "market",
        "action": "batch.received",
        "object_kind": "batch",
        "object": "7",
        "detail": {"lines": 3},
    }
    assert str(Event.objects.get()) == "2026-03-02 02:00:00 officer:zhang batch.received batch:7"


@pytest.mark.django_db
def test_an_event_without_detail_has_an_empty_one() -> None:
    _record()
    assert Event.objects.get().detail == {}


@pytest.mark.usefixtures("own_database")
def test_outside_a_transaction_there_is_no_event() -> None:
    with pytest.raises(ChengxinError) as caught:
        _record()
    assert caught.value.code == "event_outside_transaction"
    assert caught.value.message_zh == "审计事件必须与业务在同一事务中，请在事务内记录"
    assert not Event.objects.exists()


class Changed(Exception):
    """Somebody changed their mind."""


def _record_and_fail() -> None:
    with transaction.atomic():
        _record()
        raise Changed


@pytest.mark.usefixtures("own_database")
def test_no_change_no_event() -> None:
    with pytest.raises(Changed):
        _record_and_fail()
    assert not Event.objects.exists()
    with transaction.atomic():
        _record()
    assert Event.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core.audit_event SET actor = 'somebody else'",
        "UPDATE core.audit_event SET detail = '{}'",
        "DELETE FROM core.audit_event",
        "TRUNCATE core.audit_event",
        "TRUNCATE core.audit_event CASCADE",
    ],
)
def test_even_the_owner_changes_and_removes_no_event(statement: str) -> None:
    _record()
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="added, never changed or deleted"),
        transaction.atomic(),
    ):
        cursor.execute(statement)
    assert Event.objects.get().actor == "zhang"


@pytest.mark.django_db
def test_nor_does_the_platforms_own_code() -> None:
    _record()
    event = Event.objects.get()
    event.action = "batch.forgotten"
    for change in (event.save, event.delete, Event.objects.all().delete):
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            change()
    assert Event.objects.get().action == "batch.received"


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize("role", ["worker", "office", "api"])
def test_every_process_that_acts_adds_events_and_reads_none(role: str) -> None:
    with as_role(role):
        with transaction.atomic():
            _record(actor=("officer", role, "market"))
        with pytest.raises(DatabaseError, match="permission denied"):
            Event.objects.get()
    assert Event.objects.get().actor == role


def test_the_public_process_has_nothing_to_do_with_events(
    connect_as: Callable[[str], psycopg.Connection],
) -> None:
    public = connect_as("public")
    public.execute("SET default_transaction_read_only = off")
    for statement in ("SELECT id FROM core.audit_event", "INSERT INTO core.audit_event (actor) VALUES ('x')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            public.execute(statement)
