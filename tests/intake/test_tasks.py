"""The worker imports what was queued; a refusal is an answer, anything else is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from chengxin.accounts.actor import operator
from chengxin.base.errors import NotFound
from chengxin.intake.actions.receive import ReceiveFile, inbox, inbox_path
from chengxin.intake.models import Batch
from chengxin.intake.tasks import IMPORT_TASK, QUEUE, TRIES, import_batch, sweep_leftovers
from chengxin.testing.city import NOW, ORGANISATION, row, write_file

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_NOW", NOW.isoformat())


def queue(path: Path, item: str = "penalty") -> int:
    with path.open("rb") as content:
        return (
            ReceiveFile(operator(), ORGANISATION, item, path.name, content, "office", NOW, queue=True)
            .execute()
            .batch_id
        )


def test_a_queued_file_is_imported_by_the_task_its_job_names(tmp_path: Path) -> None:
    batch = queue(write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3")]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, queue_name, status::text FROM procrastinate_jobs")
        assert cursor.fetchall() == [(IMPORT_TASK, QUEUE, "todo")]
    task = app.tasks[IMPORT_TASK]
    assert task is import_batch
    task.func(batch_id=batch)
    held = Batch.objects.get(pk=batch)
    assert (held.state, held.finished_at) == ("published", NOW)
    assert (held.receipt or {})["accepted"] == 1
    assert not inbox_path(batch).exists()


def test_a_refused_file_ends_its_job_and_keeps_the_reason(tmp_path: Path) -> None:
    batch = queue(write_file(tmp_path / "a.csv", "licence", "G3", [row("licence", "G3")]))
    import_batch.func(batch_id=batch)
    import_batch.func(batch_id=batch)
    held = Batch.objects.get(pk=batch)
    assert (held.state, (held.refusal or {})["code"]) == ("refused", "other_item")


def test_any_other_failure_is_raised_so_that_the_job_is_tried_again(tmp_path: Path) -> None:
    batch = queue(write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3")]))
    inbox_path(batch).unlink()
    with pytest.raises(FileNotFoundError):
        import_batch.func(batch_id=batch)
    with pytest.raises(NotFound):
        import_batch.func(batch_id=batch + 1)
    assert isinstance(import_batch.retry_strategy, RetryStrategy)
    assert import_batch.retry_strategy.max_attempts == TRIES
    assert Batch.objects.get(pk=batch).refusal is None


def test_what_killed_processes_left_goes_within_the_hour_and_what_waits_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    (scratch / "chengxin-batch-killed" / "spill").mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    waiting = inbox_path(queue(write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3")])))
    half, nobodys = inbox() / "incoming-killed", inbox() / "999999"
    for one in (half, nobodys):
        one.write_text("张某,320583199001011234", encoding="utf-8")
    sweep_leftovers.func(timestamp=0)
    assert waiting.exists()
    assert not half.exists()
    assert not nobodys.exists()
    assert list(scratch.iterdir()) == []
