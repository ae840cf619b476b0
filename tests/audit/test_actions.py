"""Every event is written with what it witnesses, and stays as it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from chengxin.audit.actions import digest_text, record_event
from chengxin.audit.models import Event
from chengxin.base.context import acting
from chengxin.base.errors import ChengxinError
from chengxin.testing.ends import as_role
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _record(**more: Any) -> int:
    given: dict[str, Any] = {
        "at": NOW,
        "actor": ("officer", "zhang", "market"),
        "action": "batch.received",
        "object_kind": "batch",
        "object_id": "7",
    }
    return record_event(**(given | more))


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
        "purpose": "",
        "case_number": "",
        "legal_basis": "",
        "channel": "",
        "subject_id": None,
        "personal_digest": None,
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
def test_the_api_adds_events_and_reads_none() -> None:
    with as_role("api"), acting("officer", "api", None):
        with transaction.atomic():
            _record(actor=("officer", "api", "market"), personal="张三")
        with pytest.raises(DatabaseError, match="permission denied"):
            Event.objects.get()
        for table in ("audit_personal", "audit_leaf", "audit_checkpoint", "audit_node", "audit_witnessing"):
            with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute(f"SELECT FROM {table}")
    assert Event.objects.get().actor == "api"


@pytest.mark.usefixtures("own_database")
def test_the_office_adds_events_and_reads_its_officers_own_without_the_text() -> None:
    with transaction.atomic():
        _record(actor=("officer", "li", "market"), personal="李四")
    with as_role("office"), acting("officer", "zhang", None, everywhere=True):
        with transaction.atomic():
            _record(actor=("officer", "zhang", "market"), personal="张三")
        assert Event.objects.get().actor == "zhang"
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(content) FROM audit_personal")
            assert cursor.fetchone() == (0,)
        for statement in (
            "SELECT salt FROM audit_personal",
            "DELETE FROM audit_leaf",
            "UPDATE audit_tree SET size = 0",
        ):
            with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute(statement)
    assert Event.objects.count() == 2


@pytest.mark.usefixtures("own_database")
def test_the_worker_adds_events_and_changes_none() -> None:
    with as_role("worker"):
        with transaction.atomic():
            _record(actor=("worker", "worker", ""))
        for statement in (
            "UPDATE audit_event SET actor = 'x'",
            "DELETE FROM audit_event",
            "TRUNCATE audit_event",
            "DELETE FROM audit_leaf",
            "UPDATE audit_checkpoint SET size = 0",
            "DELETE FROM audit_tree",
            "SELECT content FROM audit_personal",
        ):
            with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute(statement)
    assert Event.objects.get().actor == "worker"


@pytest.mark.usefixtures("own_database")
def test_an_event_says_why_somebody_looked_at_whom() -> None:
    with transaction.atomic():
        _record(
            purpose="资格审查", case_number="昆采〔2026〕3号", subject_id=7, legal_basis="采购法第22条", channel="api"
        )
    event = Event.objects.get()
    assert (event.purpose, event.case_number, event.subject_id) == ("资格审查", "昆采〔2026〕3号", 7)
    assert (event.legal_basis, event.channel) == ("采购法第22条", "api")


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    ("kind", "given", "expected"), [("subject", "7", 7), ("subject", "", None), ("batch", "7", None)]
)
def test_an_event_about_a_subject_is_in_its_view_whether_or_not_the_caller_remembered(
    kind: str, given: str, expected: int | None
) -> None:
    with transaction.atomic():
        _record(object_kind=kind, object_id=given)
    assert Event.objects.get().subject_id == expected


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize("role", ["worker", "office", "api", "owner"])
@pytest.mark.parametrize(
    "verb", ["UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]
)
def test_an_attempt_to_change_events_is_denied_and_stands_in_the_servers_log(
    connect_as: Callable[[str], psycopg.Connection], server_folder: Path, role: str, verb: str
) -> None:
    with transaction.atomic():
        _record()
    log = server_folder / "log" / "postgres.log"
    before = log.stat().st_size
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)):
        connect_as(role).execute(verb.encode())
    said = log.read_bytes()[before:].decode()
    assert "permission denied for table audit_event" in said or "added, never changed or deleted" in said
    assert f" chengxin_{role} ERROR:" in said
    assert verb not in said, "a statement's text can hold values"


@pytest.mark.usefixtures("own_database")
def test_the_events_number_comes_back_and_its_salt_is_its_own() -> None:
    with transaction.atomic():
        numbers = [_record(), _record()]
    assert numbers == list(Event.objects.order_by("id").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT salt), min(length(salt)), max(length(salt)) FROM audit_event")
        assert cursor.fetchone() == (2, 16, 16)


@pytest.mark.usefixtures("own_database")
def test_text_that_may_have_to_be_erased_lies_beside_the_event_under_a_salt_of_its_own() -> None:
    with transaction.atomic():
        number = _record(personal="张三，电话 13900000000")
    event = Event.objects.get(pk=number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT salt, content FROM audit_personal WHERE event_id = %s", [number])
        salt, content = cursor.fetchone()
    assert content == "张三，电话 13900000000"
    assert event.personal_digest == digest_text("sha256", bytes(salt), content)
    assert "张三" not in str(Event.objects.values().get(pk=number))


@pytest.mark.usefixtures("own_database")
def test_the_callers_own_time_limits_stay() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '7s'; SET LOCAL lock_timeout = '3s'")
        _record()
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ("7s", "3s")
    with transaction.atomic(), connection.cursor() as cursor:
        _record()
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ("0", "0")


def test_the_public_process_has_nothing_to_do_with_events(
    connect_as: Callable[[str], psycopg.Connection],
) -> None:
    public = connect_as("public")
    public.execute("SET default_transaction_read_only = off")
    for statement in ("SELECT id FROM core.audit_event", "INSERT INTO core.audit_event (actor) VALUES ('x')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            public.execute(statement)
