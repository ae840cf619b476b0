"""Every version of a fact gets into exactly one seal, whoever commits when, gives up, or is killed."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.audit import keeping
from chengxin.audit.keeping import Keeper
from chengxin.audit.models import Event
from chengxin.records.sealing import SealTable, seal_facts
from chengxin.records.sealing_settings import SealedTable, sealing_settings
from chengxin.testing.ends import as_role
from chengxin.testing.evidence import Installation, codes
from chengxin.testing.making import make_record, make_subject
from chengxin.testing.sealed import next_minute, seal_two_minutes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

RECORDS = sealing_settings().tables[0]

INSERT = """INSERT INTO core.records_record (id, key, version, kind, item, generation, identifier, organisation_id,
    batch_id, line, document_number, valid_from, due_provisional, public, recorded_at, digest, content)
SELECT n, gen_random_uuid(), 1, 'new', 'licence', 'G3', 'uscc:' || n, 1, 1, n, '昆许' || n || '号', '2026-01-05', false,
    true, '2026-03-02 10:00:00.123456+08', gen_random_uuid(), '{"a": "b\\\\c\\td"}' """

ONE = INSERT + "FROM (SELECT %s::bigint) AS one (n)"
MANY = INSERT + "FROM generate_series(%s::bigint, %s::bigint) AS many (n)"


@pytest.fixture
def installation(tmp_path: Path, database_url: Callable[[str], str]) -> Installation:
    return Installation(tmp_path, database_url("owner"), database_url("superuser"))


def sealed_rows(installation: Installation) -> list[int]:
    found = installation.rows(
        """SELECT n FROM records_sealpiece p, unnest(p.ids) r, generate_series(lower(r), upper(r) - 1) n
        WHERE p.sealed = 'records_record' ORDER BY n"""
    )
    return [row[0] for row in found]


def standing(installation: Installation) -> tuple[int, int, int, int]:
    """Return seals, rows, settled and told of the records."""
    (row,) = installation.rows("SELECT seals, rows, settled, told FROM records_sealing WHERE sealed = 'records_record'")
    return (row[0], row[1], row[2], row[3])


def test_what_is_sealed_is_every_column_of_tables_that_only_grow() -> None:
    models = {one._meta.db_table: one for one in apps.get_models()}
    for table in sealing_settings().tables:
        columns = {one.column for one in models[table.name]._meta.concrete_fields}
        assert {table.key, *table.columns} == columns
        assert len(columns) == 1 + len(table.columns)
        assert models[table.name]._meta.pk is not None
        assert models[table.name]._meta.pk.column == table.key


def test_every_table_that_refuses_changes_is_sealed(installation: Installation) -> None:
    """A table whose rows no trigger protects may change by law of the platform, and cannot be sealed."""
    guarded = installation.rows(
        """SELECT DISTINCT c.relname
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE p.proname IN ('refuse_change', 'refuse_history_change') ORDER BY 1"""
    )
    sealed = {one.name for one in sealing_settings().tables}
    # Decisions about batches lie a floor above; what they come to are the facts themselves.
    assert {row[0] for row in guarded} - {"records_sealpiece", "intake_holddecision"} == sealed


def test_a_minute_without_new_facts_writes_nothing(installation: Installation) -> None:
    assert installation.build(1) == [1]
    assert Event.objects.filter(action="records.sealed").count() == 0
    seal_two_minutes(installation)
    before = Event.objects.count()
    assert next_minute(installation) == 0
    assert Event.objects.count() == before


def test_an_event_says_what_was_sealed_and_how_to_read_it(installation: Installation) -> None:
    seal_two_minutes(installation)
    event = Event.objects.get(action="records.sealed", object="records_record", detail__seal=2)
    assert (event.actor_kind, event.object_kind) == ("keeper", "facts")
    told = dict(event.detail)
    assert len(told.pop("digest")) == 64
    assert told.pop("columns") == ["id", *RECORDS.columns]
    assert told == {
        "version": 1, "table": "records_record", "seal": 2, "from": 41, "to": 60, "rows": 20, "pieces": 1,
        "settled": 60, "hash": "sha256",
    }  # fmt: skip
    assert installation.rows("SELECT DISTINCT sealed_at FROM records_sealing") == [(installation.clock(),)]


def test_the_keeper_seals_with_the_rights_of_the_worker(installation: Installation) -> None:
    with as_role("worker"):
        connection.close()
    subject = make_subject()
    make_record(1, subject)
    with as_role("worker"):
        installation.build(1)
    report = installation.verify()
    assert (codes(report), report.facts, report.unsealed) == ([], 1, 0)


def test_a_suite_with_sm3_seals_with_sm3(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_CRYPTO_SUITE", "national")
    seal_two_minutes(installation)
    hashes = set(Event.objects.filter(action="records.sealed").values_list("detail__hash", flat=True))
    report = installation.verify()
    assert codes(report) == []
    assert (hashes, report.facts) == ({"sm3"}, 54)


def test_more_than_one_seal_takes_is_sealed_piece_by_piece(installation: Installation) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY, [1, 1000])
    more = [SealTable(RECORDS, installation.clock(), rows=400).execute() for _ in range(3)]
    assert more == [True, True, False]
    assert sealed_rows(installation) == list(range(1, 1001))
    assert installation.rows("SELECT seal, piece, rows FROM records_sealpiece ORDER BY 1, 2") == [
        (1, 1, 256), (1, 2, 144), (2, 1, 256), (2, 2, 144), (3, 1, 200),
    ]  # fmt: skip
    settled = Event.objects.filter(action="records.sealed").order_by("id").values_list("detail__settled", flat=True)
    assert list(settled) == [400, 800, 1000]
    report = installation.verify()
    assert (codes(report), report.facts) == ([], 1000)


def test_a_row_that_commits_late_is_sealed_late_and_no_number_is_settled_before(
    installation: Installation, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    slow, quick = connect_as("owner"), connect_as("owner")
    slow.autocommit = False
    slow.execute("SELECT 1")  # under way, and nothing written: it may hold a number all the same
    quick.execute(MANY, [2, 9])
    seal_facts(installation.clock())
    assert standing(installation) == (1, 8, 0, 0)
    slow.execute(ONE, [1])
    quick.execute(ONE, [10])
    seal_facts(installation.clock())
    assert standing(installation) == (2, 9, 0, 0), "it is still waited for"
    slow.commit()
    seal_facts(installation.clock())
    assert sealed_rows(installation) == list(range(1, 11))
    assert standing(installation) == (3, 10, 10, 10)
    report = installation.verify()
    assert (codes(report), report.facts) == ([], 10)


def test_only_transactions_of_this_database_are_waited_for(
    installation: Installation, server_folder: Path, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    from chengxin.base.config import embedded_url, read_secrets  # noqa: PLC0415 - of this test alone

    elsewhere = embedded_url(server_folder, "owner", read_secrets(server_folder), "postgres")
    with psycopg.connect(elsewhere) as other:
        other.execute("SELECT pg_current_xact_id()")
        connect_as("owner").execute(ONE, [1])
        seal_facts(installation.clock())
    assert standing(installation) == (1, 1, 1, 1)


steps = st.lists(
    st.tuples(
        st.sampled_from([*["number", "write and commit"] * 3, "seal", "seal", "write", "commit", "rollback"]),
        st.integers(0, 1),
    ),
    min_size=25,
    max_size=60,
)


@dataclass
class Writer:
    """Takes numbers and writes rows under them later in the same transaction, as whoever adds facts does."""

    held: psycopg.Connection
    numbers: list[int] = field(default_factory=list)

    def take(self, step: str) -> None:
        if step == "number":
            row = self.held.execute("SELECT nextval('core.record_ids')").fetchone()
            self.numbers.append(row[0] if row else 0)
            return
        if step.startswith("write"):
            for number in self.numbers:
                self.held.execute(ONE, [number])
        if step.endswith("commit"):
            self.held.commit()
        if step == "rollback":
            self.held.rollback()
        self.numbers.clear()


def test_every_committed_row_is_in_exactly_one_seal(
    installation: Installation, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    writers = [Writer(connect_as("owner")) for _ in range(2)]
    for one in writers:
        one.held.autocommit = False

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps, st.integers(1, 9))
    def any_order(taken: list[tuple[str, int]], rows: int) -> None:
        for step, who in taken:
            if step == "seal":
                SealTable(RECORDS, installation.clock.go(seconds=1), rows).execute()
            else:
                writers[who].take(step)
        for one in writers:
            one.take("commit")
        while SealTable(RECORDS, installation.clock.go(seconds=1), rows).execute():
            pass

    any_order()
    installation.clock.go(minutes=1)
    installation.keeper.round()
    there = [row[0] for row in installation.rows("SELECT id FROM records_record ORDER BY id")]
    assert sealed_rows(installation) == there
    assert standing(installation)[1:] == (len(there), there[-1], there[-1])
    report = installation.verify()
    assert (codes(report), report.facts) == ([], len(there))


SEALER = """
import sys, time
import django
django.setup()
from chengxin.testing.making import NOW
from chengxin.records.sealing import SealTable
from chengxin.records.sealing_settings import sealing_settings
print("began", flush=True)
while SealTable(sealing_settings().tables[0], NOW, rows=50).execute():
    print("sealed", flush=True)
"""


def test_a_sealer_killed_at_any_moment_leaves_nothing_out_and_nothing_twice(
    installation: Installation, database_url: Callable[[str], str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY, [1, 20_000])
    connection.close()
    held = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "PG"))}
    held |= {
        "CHENGXIN_DATABASE_URL": database_url("worker"),
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
    }
    moment = random.Random(20261123)  # noqa: S311 - a moment, no secret
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", SEALER], env=held, stdout=subprocess.PIPE) as sealer:
            assert sealer.stdout is not None
            for _line in range(moment.randint(2, 12)):
                assert sealer.stdout.readline()
            time.sleep(moment.uniform(0, 0.02))
            sealer.send_signal(signal.SIGKILL)
    assert 0 < len(sealed_rows(installation)) < 20_000
    installation.keeper.round()
    next_minute(installation)
    assert sealed_rows(installation) == list(range(1, 20_001))
    report = installation.verify()
    assert (codes(report), report.facts, report.unsealed) == ([], 20_000, 0)


def test_two_sealers_seal_everything_once(installation: Installation) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY, [1, 600])
    troubles: list[BaseException] = []

    def seal() -> None:
        try:
            for _ in range(15):
                SealTable(RECORDS, installation.clock(), rows=50).execute()
        except BaseException as error:  # noqa: BLE001 - looked at below
            troubles.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=seal) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    next_minute(installation)
    assert troubles == []
    assert sealed_rows(installation) == list(range(1, 601))
    assert codes(installation.verify()) == []


def test_sealing_goes_on_after_the_database_was_set_to_an_earlier_state(installation: Installation) -> None:
    """A restore to a moment brings back rows and their sealing as of then, and transactions of another life."""
    seal_two_minutes(installation)
    installation.operate(
        "UPDATE records_sealing SET settled = 40, asked = 60, waits = '{7/123456,8/99}' WHERE sealed = 'records_record'"
    )
    make_record(70, make_subject("昆山乙有限公司", ""))
    next_minute(installation)
    assert standing(installation)[1:] == (51, 70, 70)
    assert codes(installation.verify()) == []


def test_a_refused_step_keeps_no_checkpoint_from_being_signed(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    installation.build(1)
    installation.operate("ALTER TABLE records_sealing RENAME TO gone")
    make_record(1, make_subject())
    with caplog.at_level(logging.CRITICAL):
        installation.build(2)
    assert "a step before the checkpoint was refused: UndefinedTable" in caplog.text
    assert installation.rows("SELECT size FROM audit_checkpoint ORDER BY number") == [(1,), (3,)]
    installation.operate("ALTER TABLE gone RENAME TO records_sealing")
    next_minute(installation)
    assert installation.verify().facts == 1


def test_what_a_round_left_is_done_before_the_next_minute(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LOOK", 0.01)
    stop = threading.Event()
    calls: list[datetime] = []

    def step(now: datetime) -> bool:
        calls.append(now)
        if len(calls) == 4:
            stop.set()
        return len(calls) < 4

    Keeper(installation.keyring, [], installation.clock, steps=(step,)).run(stop)
    assert len(calls) == 4
    assert installation.rows("SELECT count(*) FROM audit_checkpoint") == [(1,)]


def test_seals_can_be_neither_changed_nor_deleted(
    installation: Installation, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    seal_two_minutes(installation)
    for role in ("owner", "worker"):
        held = connect_as(role)
        for statement in ("UPDATE records_sealpiece SET rows = 1", "DELETE FROM records_sealpiece"):
            with pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)):
                held.execute(statement)
    for role in ("office", "api"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect_as(role).execute("SELECT FROM records_sealpiece")


def test_a_table_is_named_with_its_number_and_columns() -> None:
    assert sealing_settings().tables[1] == SealedTable(
        "records_move", "record_id", ("replaced_id", "change_id", "from_subject_id")
    )
    assert sealing_settings().late_after.total_seconds() == sealing_settings().late_seconds > 0
