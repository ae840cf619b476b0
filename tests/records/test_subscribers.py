"""Facts that waited are tied when their code becomes known, and only to the one body that bears it."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import connection, transaction

from chengxin.base.events import publish
from chengxin.records.models import Record
from chengxin.subjects.events import IdentifiersAdded
from chengxin.subjects.models import Identifier
from chengxin.testing.making import NOW, make_record, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chengxin.subjects.models import Subject

LATER = datetime(2026, 4, 1, tzinfo=UTC)
CODE = "91320583187588026H"
OTHER = "91320583732569886X"
CHANGED = {"id", "version", "kind", "replaces", "subject_id", "link", "recorded_at"}
FAR = 10**9
"""Numbers of records beyond those that the sequence gives out during the tests."""


def tell(*added: tuple[Subject, str, str]) -> None:
    """Tell the rooms above which codes were added, as a registration does."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE new_identifier (subject_id bigint, kind text, value text) ON COMMIT DROP")
        for subject, kind, value in added:
            cursor.execute("INSERT INTO new_identifier VALUES (%s, %s, %s)", [subject.pk, kind, value])
        publish(IdentifiersAdded(LATER, date(2026, 4, 1)))
        cursor.execute("DROP TABLE new_identifier")


def waiting(number: int, **more: object) -> Record:
    return make_record(FAR + number, None, **({"identifier": f"uscc:{CODE}"} | more))


@pytest.mark.django_db
def test_a_waiting_fact_gets_a_tied_version_and_keeps_the_old_one() -> None:
    fact = waiting(1)
    make_record(FAR + 2, None, identifier=f"uscc:{OTHER}")
    subject = make_subject(uscc=CODE)
    tell((subject, "uscc", CODE))
    tied = Record.objects.get(replaces=fact.pk)
    assert (tied.version, tied.kind, tied.subject_id, tied.link) == (2, "relinked", subject.pk, "uscc")
    assert tied.recorded_at == LATER
    same = [one.attname for one in Record._meta.concrete_fields if getattr(one, "attname", "") not in CHANGED]
    assert [getattr(tied, name) for name in same] == [getattr(fact, name) for name in same]
    assert Record.objects.get(pk=fact.pk).subject_id is None
    assert Record.objects.count() == 3


@pytest.mark.django_db
def test_the_public_store_shows_what_was_tied() -> None:
    waiting(1)
    waiting(2, item="penalty")
    tell((make_subject(uscc=CODE), "uscc", CODE))
    with connection.cursor() as cursor:
        cursor.execute("SELECT item, count(*) FROM publication.fact GROUP BY item ORDER BY item")
        assert cursor.fetchall() == [("licence", 1), ("penalty", 1)]


@pytest.mark.django_db
def test_a_code_that_a_second_body_bears_ties_nothing() -> None:
    waiting(1)
    first = make_subject(uscc=CODE)
    second = make_subject(name="昆山乙有限公司", uscc=OTHER)
    Identifier.objects.create(subject=second, kind="uscc", value=CODE, first_seen_at=NOW)
    tell((first, "uscc", CODE), (second, "uscc", CODE))
    assert Record.objects.count() == 1


@pytest.mark.django_db
def test_a_code_of_another_kind_ties_nothing() -> None:
    waiting(1)
    tell((make_subject(uscc=OTHER, tax_number=CODE), "tax_number", CODE))
    assert Record.objects.count() == 1


@pytest.mark.django_db
def test_what_was_withdrawn_or_corrected_is_not_tied_by_its_old_version() -> None:
    waiting(1, kind="withdrawn")
    old = waiting(2)
    latest = make_record(
        FAR + 3, None, key=old.key, version=2, replaces=old.pk, kind="corrected", identifier=f"uscc:{CODE}"
    )
    tell((make_subject(uscc=CODE), "uscc", CODE))
    tied = Record.objects.get(kind="relinked")
    assert (tied.replaces, tied.version, tied.key) == (latest.pk, 3, old.key)


def test_a_withdrawal_at_the_same_moment_waits_and_is_not_waited_for(
    own_database: str, database_url: Callable[[str], str]
) -> None:
    assert own_database
    waiting(1)
    waiting(2, item="penalty")
    subject = make_subject(uscc=CODE)
    done = threading.Event()

    def withdraw() -> None:
        """Take the locks of a withdrawal in its order: the item's, then the one on the numbers."""
        with psycopg.connect(database_url("owner")) as other:
            other.execute("SELECT pg_advisory_xact_lock(hashtext('records.add'), hashtext('penalty'))")
            started.set()
            done.wait(1)
            other.execute("SELECT pg_advisory_xact_lock(hashtext('records.ids'), 0)")

    started = threading.Event()
    thread = threading.Thread(target=withdraw)
    thread.start()
    started.wait(10)
    with transaction.atomic():
        tell((subject, "uscc", CODE))
    done.set()
    thread.join(20)
    assert not thread.is_alive()
    assert Record.objects.filter(kind="relinked").count() == 2
