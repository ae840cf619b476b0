"""An importer that is killed leaves all of a batch or nothing of it, and the next run finishes the work."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.db import connection

from chengxin.intake.models import Batch, QuarantinedRow, Timeliness
from chengxin.records.models import Record
from chengxin.testing.city import NOW, import_rows, row, write_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KILLS = int(os.environ.get("CHENGXIN_KILLS", "12"))
PATIENCE = 120
"""Seconds an import of a few rows may take on a busy machine."""

CHILD = """
import json, sys, django
from datetime import datetime
from pathlib import Path
django.setup()
from chengxin.accounts.actor import operator
from chengxin.intake.actions.import_file import ImportFile
print("ready", flush=True)
sys.stdin.readline()
now = datetime.fromisoformat(sys.argv[2])
receipt = ImportFile(operator(), "ks-scjg", "penalty", Path(sys.argv[1]), lambda: now).execute()
print(json.dumps(receipt.as_dict()), flush=True)
"""


@pytest.fixture
def start(city: Path, tmp_path: Path, database_url: Callable[[str], str]) -> Callable[[Path], subprocess.Popen[str]]:
    """Return a function that starts a process as the worker's role; it imports once it is sent a line."""
    folder = tmp_path / "child"
    folder.mkdir()
    environment = os.environ | {
        "CHENGXIN_DATABASE_URL": database_url("worker"),
        "DJANGO_SETTINGS_MODULE": "chengxin.settings.worker",
        "CHENGXIN_DATA": str(city),
        "CHENGXIN_WEB_KEY": "key of a test",
        "TMPDIR": str(folder),
    }

    def begin(path: Path) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), NOW.isoformat()],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child

    return begin


def go(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def finish(child: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0
    receipt: dict[str, Any] = json.loads(out)
    return receipt


def make_file(folder: Path, turn: int) -> Path:
    """Write a file of its own for a turn: facts about known and unknown bodies, a repetition, a fault."""
    rows = [row("penalty", "G3", number, document_number=f"昆罚〔2026〕{turn}{number:02}号") for number in range(1, 9)]
    rows += [rows[0], rows[1] | {"facts": "更正"}, rows[2] | {"facts": ""}]
    return write_file(folder / f"{turn}.csv", "penalty", "G3", rows)


TOTALS = {"lines": 11, "accepted": 8, "updated": 1, "duplicate": 1, "quarantined": 1, "linked": 4, "unlinked": 5}


def traces(batch: int) -> dict[str, int]:
    """Count what a batch has left in the tables its import fills."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM publication.fact f JOIN records_record r ON r.id = f.record_id
            WHERE r.batch_id = %s""",
            [batch],
        )
        shown = cursor.fetchone()[0]
    return {
        "facts": Record.objects.filter(batch_id=batch).count(),
        "returned": QuarantinedRow.objects.filter(batch_id=batch).count(),
        "months": Timeliness.objects.filter(batch_id=batch).count(),
        "shown": shown,
    }


NOTHING = {"facts": 0, "returned": 0, "months": 0, "shown": 0}
EVERYTHING = {"facts": 9, "returned": 1, "months": 1, "shown": 3}


def wait_until_alone(url: str) -> None:
    """Wait until the database has ended what the killed process had begun."""
    until = time.monotonic() + PATIENCE
    with psycopg.connect(url, autocommit=True) as watcher:
        while time.monotonic() < until:
            others = watcher.execute(
                """SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND usename = 'chengxin_worker'"""
            ).fetchone()
            if others == (0,):
                return
            time.sleep(0.02)
    raise TimeoutError("the killed importer's sessions do not end")


@pytest.mark.timeout(300 + 30 * KILLS)
def test_a_killed_import_is_all_or_nothing_and_finishes_later(
    city: Path, tmp_path: Path, start: Callable[[Path], subprocess.Popen[str]], database_url: Callable[[str], str]
) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", number) for number in (1, 2, 3)])
    whole = start(make_file(tmp_path, 100))
    began = time.monotonic()
    go(whole)
    finish(whole)
    lasts = time.monotonic() - began
    chance = random.Random(2026)  # noqa: S311 - moments to kill at, nothing secret
    for turn in range(KILLS):
        path = make_file(tmp_path, 200 + turn)
        child = start(path)
        go(child)
        time.sleep(lasts * (turn + chance.random()) / KILLS)
        child.kill()
        child.communicate()
        wait_until_alone(database_url("owner"))
        batch = Batch.objects.filter(filename=path.name).first()
        if batch is not None:
            assert traces(batch.pk) == (NOTHING if batch.receipt is None else EVERYTHING)
        assert Record.objects.filter(item="penalty").count() == 9 * (
            turn + 1 + (batch is not None and batch.receipt is not None)
        )
        again = start(path)
        go(again)
        receipt = finish(again)
        assert {name: receipt[name] for name in TOTALS} == TOTALS
        assert batch is None or receipt["batch_id"] == batch.pk
        assert traces(receipt["batch_id"]) == EVERYTHING
        assert [entry.name for entry in (city / "inbox").iterdir()] == []
    # What cannot be tidied up by a killed process is tidied up by the next one.
    assert [entry.name for entry in (tmp_path / "child").glob("chengxin-batch-*")] == []


def test_two_processes_with_the_same_file_have_one_effect_and_the_same_receipt(
    city: Path, tmp_path: Path, start: Callable[[Path], subprocess.Popen[str]]
) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", number) for number in (1, 2, 3)])
    path = make_file(tmp_path, 100)
    children = [start(path) for _ in range(3)]
    for child in children:
        go(child)
    receipts = [finish(child) for child in children]
    assert receipts[0] == receipts[1] == receipts[2]
    assert {name: receipts[0][name] for name in TOTALS} == TOTALS
    assert traces(receipts[0]["batch_id"]) == EVERYTHING
    assert Batch.objects.filter(item="penalty").count() == 1
    assert list((city / "inbox").iterdir()) == []


def test_two_processes_with_the_same_rows_in_two_files_add_them_once(
    city: Path, tmp_path: Path, start: Callable[[Path], subprocess.Popen[str]]
) -> None:
    rows = [row("penalty", "G3", number) for number in range(1, 9)]
    paths = [
        write_file(tmp_path / "a.csv", "penalty", "G3", rows),
        write_file(tmp_path / "b.csv", "penalty", "G3", reversed(rows)),
    ]
    children = [start(path) for path in paths]
    for child in children:
        go(child)
    receipts = [finish(child) for child in children]
    assert sorted((one["accepted"], one["duplicate"]) for one in receipts) == [(0, 8), (8, 0)]
    assert Record.objects.count() == 8
    assert list((city / "inbox").iterdir()) == []


def test_the_workers_role_can_refuse_a_file_and_leave_nothing(
    city: Path, tmp_path: Path, start: Callable[[Path], subprocess.Popen[str]]
) -> None:
    path = write_file(tmp_path / "a.csv", "licence", "G3", [row("licence", "G3")])
    child = start(path)
    go(child)
    child.communicate(timeout=PATIENCE)
    assert child.returncode == 1
    assert Batch.objects.count() == 0
    assert list((city / "inbox").iterdir()) == []
