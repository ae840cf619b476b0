"""Two of what should be one: two workers, two of their schedulers, two builders of the tree. One effect, no fork."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from chengxin.accounts.actor import operator
from chengxin.audit.keeping import Keeper
from chengxin.audit.models import Event
from chengxin.audit.witness import FileWitness
from chengxin.intake.actions.receive import ReceiveFile
from chengxin.intake.models import Batch
from chengxin.records.models import Record
from chengxin.testing.city import NOW, ORGANISATION, import_rows, row, uscc, write_file
from chengxin.testing.evidence import Installation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILES = 6
PATIENCE = 240.0


@contextmanager
def workers(count: int, url: str, data: Path, log: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run so many workers on one database, each with its own scheduler of periodic jobs."""
    held = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "DJANGO_", "PG"))}
    held |= {"CHENGXIN_DATABASE_URL": url, "CHENGXIN_DATA": str(data), "CHENGXIN_WEB_KEY": "key-of-a-test"}
    with log.open("wb") as out:
        command = [sys.executable, "-m", "chengxin.cli.main", "worker", "--data", str(data)]
        made = [subprocess.Popen(command, env=held, stdout=out, stderr=out) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.send_signal(signal.SIGTERM)
        for one in made:
            one.wait(60)


def rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


@pytest.mark.timeout(600)
def test_two_workers_and_their_schedulers_have_one_effect(
    city: Path, tmp_path: Path, database_url: Callable[[str], str]
) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    for number in range(1, FILES + 1):
        path = write_file(tmp_path / f"{number}.csv", "licence", "G3", [row("licence", "G3", number, uscc=uscc(1))])
        with path.open("rb") as content:
            ReceiveFile(operator(), ORGANISATION, "licence", path.name, content, "api", NOW, queue=True).execute()
    # The same job once more, as a queue that delivers at least once would.
    rows(
        """INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args)
        SELECT queue_name, task_name, lock || ':again', args FROM procrastinate_jobs
        WHERE task_name = 'intake.import_batch' RETURNING id"""
    )
    with workers(2, database_url("worker"), city, tmp_path / "workers.log") as running:
        until = time.monotonic() + PATIENCE
        waiting = (
            "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'intake.import_batch' AND status IN ('todo', 'doing')"
        )
        # Past a full minute, so that both schedulers have been about to queue the periodic jobs.
        while rows(waiting) or not rows("SELECT 1 FROM procrastinate_periodic_defers"):
            assert time.monotonic() < until, (tmp_path / "workers.log").read_text(encoding="utf-8")
            assert [one.poll() for one in running] == [None, None]
            time.sleep(0.5)
        assert len(rows("SELECT id FROM procrastinate_workers")) == 2
    assert Batch.objects.filter(item="licence", state="published").count() == FILES
    assert Record.objects.filter(item="licence").count() == FILES
    assert Event.objects.filter(action="batch.imported").count() == FILES + 1
    assert len(rows("SELECT * FROM publication.fact")) == FILES
    assert rows("SELECT task_name FROM procrastinate_jobs WHERE status = 'failed'") == []
    twice = (
        "SELECT task_name FROM procrastinate_periodic_defers GROUP BY task_name, defer_timestamp HAVING count(*) > 1"
    )
    assert rows(twice) == []


def test_two_builders_make_one_tree(tmp_path: Path, database_url: Callable[[str], str]) -> None:
    held = Installation(tmp_path, database_url("owner"), database_url("superuser"))
    held.build(5)
    second = Keeper(held.keyring, [FileWitness(held.witness(one)) for one in held.places], held.clock)
    troubles: list[BaseException] = []
    written = threading.Event()

    def keep(keeper: Keeper) -> None:
        try:
            while not written.is_set():
                keeper.round()
            keeper.round()
        except BaseException as error:  # noqa: BLE001 - looked at below
            troubles.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=keep, args=(one,)) for one in (held.keeper, second)]
    for one in threads:
        one.start()
    held.record(200)
    written.set()
    for one in threads:
        one.join()
    held.clock.go(minutes=1)
    held.keeper.round()
    assert troubles == []
    assert held.verify().findings == ()
    ((events, places, last),) = held.rows(
        "SELECT (SELECT count(*) FROM audit_event), count(DISTINCT position), max(position) + 1 FROM audit_leaf"
    )
    assert events == places == last
