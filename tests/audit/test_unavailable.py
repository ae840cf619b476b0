"""No event, no answer: where evidence cannot be written, an act that needs it fails within two seconds."""

from __future__ import annotations

import http.client
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from chengxin.audit.actions import record_event
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.audit.models import Event
from chengxin.audit.settings import load_settings
from chengxin.base.context import acting
from chengxin.ends.api.problems import status_of
from chengxin.testing.ends import as_role, served
from chengxin.testing.making import NOW, make_organisation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import psycopg

    from chengxin.testing.evidence import Installation


def _look(at: datetime = NOW, kind: str = "officer") -> int:
    with transaction.atomic():
        return record_event(at=at, actor=(kind, "zhang", "market"), action="x", object_kind="subject", object_id="1")


def _refused(at: datetime = NOW) -> float:
    """Return the seconds until the look was refused."""
    began = time.monotonic()
    with pytest.raises(EvidenceUnavailable) as caught:
        _look(at)
    assert caught.value.code == "evidence_unavailable"
    assert "公示查询不受影响" in caught.value.message_zh
    assert status_of(caught.value) == 503
    return time.monotonic() - began


def test_a_locked_store_answers_within_two_seconds(
    installation: Installation, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    assert installation
    holder = connect_as("owner")
    holder.autocommit = False
    holder.execute("LOCK TABLE audit_event IN ACCESS EXCLUSIVE MODE")
    assert _refused() < 2
    holder.rollback()
    assert _look()


def test_a_slow_store_answers_within_two_seconds(installation: Installation) -> None:
    installation.operate(
        "CREATE FUNCTION core.slow() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$",
        "CREATE TRIGGER slow BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION core.slow()",
    )
    assert _refused() < 2


def test_a_full_store_answers_at_once(installation: Installation) -> None:
    installation.operate(
        "CREATE FUNCTION core.full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION core.full_disk()",
    )
    assert _refused() < 1


def test_what_the_event_would_have_witnessed_is_undone(installation: Installation) -> None:
    installation.operate("ALTER TABLE audit_event ADD CHECK (action <> 'x') NOT VALID")

    def change() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE core.change ()")
            record_event(at=NOW, actor=("officer", "z", ""), action="x", object_kind="a", object_id="")

    with pytest.raises(EvidenceUnavailable):
        change()
    assert installation.rows("SELECT to_regclass('core.change')") == [(None,)]


def test_without_a_witnessed_checkpoint_for_too_long_officers_and_clients_are_refused(
    installation: Installation,
) -> None:
    installation.build(1)
    after = load_settings().refuse_after
    assert _look(installation.clock() + after)
    before = Event.objects.count()
    late = installation.clock() + after + timedelta(seconds=1)
    assert _refused(late) < 2
    assert Event.objects.count() == before
    assert _look(late, kind="operator"), "the operator has to mend it"
    installation.clock.now = late
    installation.keeper.round()
    assert _look(late)


def test_the_ends_learn_of_it_with_their_own_rights(installation: Installation) -> None:
    installation.build(1)
    market = make_organisation().pk
    late = installation.clock() + load_settings().refuse_after * 2
    for role in ("office", "api"):
        with as_role(role), acting("officer", "zhang", market):
            assert _look(installation.clock())
            assert _refused(late) < 2


def test_the_public_end_goes_on(
    installation: Installation, connect_as: Callable[[str], psycopg.Connection], database_url: Callable[[str], str]
) -> None:
    holder = connect_as("owner")
    holder.autocommit = False
    holder.execute("LOCK TABLE audit_event, audit_tree, audit_leaf IN ACCESS EXCLUSIVE MODE")
    assert _refused() < 2
    with served("public", database_url("public"), installation.folder) as (host, port):
        began = time.monotonic()
        asked = http.client.HTTPConnection(host, port, timeout=10)
        asked.request("GET", "/")
        assert asked.getresponse().status == 200
        assert time.monotonic() - began < 2
        asked.close()
    holder.rollback()
