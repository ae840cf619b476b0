"""A machine that goes down in the middle of a backup or of its removal leaves nothing for ever."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chengxin.operations.places import BackupFolder
from chengxin.operations.retention import expire, sweep
from chengxin.operations.sealed import draft_beside
from chengxin.operations.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
IDLE = timedelta(hours=load_settings().backup_hours)
LABEL = "20261101T010000Z"


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    """Return an empty folder of backups."""
    held = BackupFolder(tmp_path)
    for part in (held.root / "base", held.wal, held.rehearsals):
        part.mkdir()
    return held


def written(path: Path, ago: timedelta) -> None:
    moment = (NOW - ago).timestamp()
    for one in [*path.rglob("*"), path]:
        os.utime(one, (moment, moment))


def unfinished(folder: BackupFolder, label: str, ago: timedelta) -> Path:
    base = folder.base(label)
    base.mkdir()
    (base / "cluster.tar.cxs").write_bytes(b"half")
    written(base, ago)
    return base


def test_what_a_crash_left_of_a_backup_goes_at_the_next_run(folder: BackupFolder) -> None:
    base = unfinished(folder, LABEL, IDLE + timedelta(minutes=1))
    gone = expire(folder, (), NOW)
    assert gone.leftovers == (LABEL,)
    assert gone.labels == ()
    assert not base.exists()
    assert expire(folder, (), NOW).leftovers == ()


def test_a_backup_under_way_stays(folder: BackupFolder) -> None:
    base = unfinished(folder, LABEL, 3 * IDLE)
    growing = base / "beside-after.tar.cxs"
    growing.write_bytes(b"new")
    written(growing, timedelta(minutes=5))
    assert sweep(folder, NOW) == ()
    assert base.exists()


def test_a_finished_backup_however_old_is_no_leftover(folder: BackupFolder) -> None:
    base = unfinished(folder, LABEL, 9 * IDLE)
    (base / "manifest.json").write_text("{}", encoding="utf-8")
    written(base, 9 * IDLE)
    assert sweep(folder, NOW) == ()
    assert base.exists()


def test_drafts_that_nobody_finishes_go_and_young_ones_stay(folder: BackupFolder) -> None:
    old = [draft_beside(place / "x.json") for place in (folder.root, folder.wal, folder.rehearsals)]
    young = draft_beside(folder.wal / "y.json")
    for one in (*old, young):
        one.write_bytes(b"x")
    for one in old:
        written(one, IDLE + timedelta(minutes=1))
    written(young, IDLE - timedelta(minutes=1))
    assert sorted(sweep(folder, NOW)) == sorted(one.name for one in old)
    assert list(folder.wal.iterdir()) == [young]


def test_what_is_none_of_ours_stays(folder: BackupFolder, tmp_path: Path) -> None:
    other = folder.root / "base" / "notes-of-the-administrator"
    other.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "keep").write_bytes(b"x")
    link = folder.root / "base" / LABEL
    link.symlink_to(elsewhere)
    file = folder.root / "base" / "20261102T010000Z"
    file.write_bytes(b"x")
    for one in (other, elsewhere, file):
        written(one, 9 * IDLE)
    assert sweep(folder, NOW) == ()
    assert (elsewhere / "keep").exists()
    assert other.exists()
    assert file.exists()


def test_a_folder_that_was_never_used_has_no_leftovers(tmp_path: Path) -> None:
    assert sweep(BackupFolder(tmp_path / "none"), NOW) == ()
