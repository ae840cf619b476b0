"""The archive runs beside the installation: it survives what goes wrong, says so, and loses nothing."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from chengxin.base.clock import system_now
from chengxin.operations.archive import Archive, digest_of, note_state, run_archive
from chengxin.operations.places import BackupFolder, remember_folder
from chengxin.operations.server import SLOT, archive_url, mark, prepare_archive, slot_state, system_of
from chengxin.operations.verifying import verify_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.operations.conftest import City


@contextmanager
def running(city: City) -> Iterator[None]:
    """Run the archive of the city for the block."""
    stop = threading.Event()
    thread = threading.Thread(target=run_archive, args=(city.data, lambda: city.keyring, system_now, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()
        (city.data / "archive.json").unlink(missing_ok=True)


def wait(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Return once ``what`` is true."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.2)


def noted(city: City) -> dict[str, object]:
    """Return how the archive says it stands."""
    path = city.data / "archive.json"
    held: dict[str, object] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return held


def test_a_piece_that_was_closed_is_sealed_at_once_and_leaves_the_data_folder(city: City) -> None:
    with running(city), psycopg.connect(archive_url(city.data), autocommit=True) as connection:
        wait(lambda: noted(city).get("error") == "")
        segment = mark(connection, "test-archive")
        wait((city.backups.wal / f"{segment}.json").exists)
        wait(lambda: not (city.data / "wal" / segment).exists())
        state = slot_state(connection)
    assert state is not None
    assert state.kept
    assert verify_folder(city.backups, city.keyring).findings == ()


def test_a_backup_waits_for_the_archive_that_runs(city: City) -> None:
    with running(city), psycopg.connect(archive_url(city.data), autocommit=True) as connection:
        wait(lambda: (state := slot_state(connection)) is not None and state.active)
        segment = mark(connection, "test-beside")
        archive = Archive(city.data, city.backups, city.keyring, system_of(connection).number, system_now)
        archive.catch_up(segment, 60)
    assert (city.backups.wal / f"{segment}.cxs").exists()


def test_nothing_is_lost_while_the_archive_is_away(city: City) -> None:
    with psycopg.connect(archive_url(city.data), autocommit=True) as connection:
        first = mark(connection, "test-away-1")
        second = mark(connection, "test-away-2")
        archive = Archive(city.data, city.backups, city.keyring, system_of(connection).number, system_now)
        archive.catch_up(second, 60)
    assert all((city.backups.wal / f"{one}.json").exists() for one in (first, second))
    assert verify_folder(city.backups, city.keyring).findings == ()


def test_a_folder_that_is_away_is_noted_and_tried_again(city: City, tmp_path: Path) -> None:
    remember_folder(city.data, tmp_path / "unmounted")
    try:
        with running(city):
            wait(lambda: noted(city).get("error") == "no_backup_folder")
    finally:
        remember_folder(city.data, city.backups.root)


def test_without_a_folder_it_waits_and_says_nothing(city: City) -> None:
    kept = (city.data / "backups.json").rename(city.data / "backups.away")
    try:
        with running(city):
            time.sleep(1.5)
            assert noted(city) == {}
    finally:
        kept.rename(city.data / "backups.json")


def test_a_piece_sealed_before_a_crash_is_not_sealed_twice(city: City, tmp_path: Path) -> None:
    (tmp_path / "wal").mkdir()
    folder = BackupFolder(tmp_path / "backups")
    folder.claim("1")
    archive = Archive(tmp_path, folder, city.keyring, "1", system_now)
    name = "0" * 23 + "1"
    (tmp_path / "wal" / name).write_bytes(b"log")
    assert archive.seal_whole() == [name]
    sealed = (folder.wal / f"{name}.cxs").read_bytes()
    (tmp_path / "wal" / name).write_bytes(b"log")
    assert archive.seal_whole() == []
    assert (folder.wal / f"{name}.cxs").read_bytes() == sealed
    assert not (tmp_path / "wal" / name).exists()


def test_a_piece_that_is_still_being_received_stays(city: City, tmp_path: Path) -> None:
    (tmp_path / "wal").mkdir()
    part = tmp_path / "wal" / f"{'0' * 23}1.partial"
    part.write_bytes(b"half")
    folder = BackupFolder(tmp_path / "backups")
    folder.claim("1")
    assert Archive(tmp_path, folder, city.keyring, "1", system_now).seal_whole() == []
    assert part.exists()


def test_a_history_of_timelines_is_archived_and_stays_for_the_receiver(city: City, tmp_path: Path) -> None:
    (tmp_path / "wal").mkdir()
    history = tmp_path / "wal" / "00000002.history"
    history.write_text("1\t0/3000000\tbefore 2026\n", encoding="utf-8")
    folder = BackupFolder(tmp_path / "backups")
    folder.claim("1")
    archive = Archive(tmp_path, folder, city.keyring, "1", system_now)
    assert archive.seal_whole() == ["00000002.history"]
    assert archive.seal_whole() == []
    assert history.exists()


def test_preparing_twice_changes_nothing(city: City) -> None:
    prepare_archive(city.data)
    with psycopg.connect(archive_url(city.data), autocommit=True) as connection:
        slots = connection.execute("SELECT slot_name FROM pg_replication_slots").fetchall()
    assert slots == [(SLOT,)]


def test_a_note_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    note_state(tmp_path / "missing", system_now())
    assert not (tmp_path / "missing").exists()


def test_a_digest_is_of_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert digest_of(tmp_path / "a").startswith("e3b0c44298fc1c14")


@pytest.mark.parametrize("text", ["", "{}", '{"form": "another/1", "system": "1"}', "[]"])
def test_a_folder_that_is_not_ours_has_no_system(tmp_path: Path, text: str) -> None:
    from chengxin.base.errors import ChengxinError  # noqa: PLC0415 - only here

    (tmp_path / "installation.json").write_text(text, encoding="utf-8")
    with pytest.raises(ChengxinError) as caught:
        BackupFolder(tmp_path).system()
    assert caught.value.code == "no_backup_folder"
