"""What goes when it is old, and what stays whatever its age."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chengxin.operations.places import BackupFolder
from chengxin.operations.retention import expire, moment_of
from chengxin.operations.sealed import write_signed
from chengxin.operations.settings import load_settings
from chengxin.operations.taking import KIND, Manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.conftest import City


@pytest.fixture
def folder(city: City, tmp_path: Path) -> BackupFolder:
    """Return a folder with four backups, a week apart, each resting on a later piece of the log."""
    held = BackupFolder(tmp_path / "backups")
    shutil.copytree(city.backups.root, held.root)
    (first,) = held.labels()[:1]
    for extra in held.labels()[1:]:
        shutil.rmtree(held.base(extra))
    keys = city.keyring.public_keys("receipt")
    manifest = Manifest.read(held, first, keys)
    for piece in held.wal.iterdir():
        piece.unlink()
    for number in range(1, 9):
        for suffix in (".json", ".cxs"):
            (held.wal / f"00000001{number:016X}{suffix}").touch()
    began = moment_of(first)
    for week in range(4):
        label = (began + timedelta(weeks=week)).strftime("%Y%m%dT%H%M%SZ")
        base = held.base(label)
        if week:
            base.mkdir()
        statement = manifest.statement() | {"label": label, "first_segment": f"00000001{2 * week + 1:016X}"}
        write_signed(base / "manifest.json", KIND, statement, city.keyring)
    return held


def test_nothing_goes_before_its_time(city: City, folder: BackupFolder) -> None:
    now = moment_of(folder.labels()[-1])
    gone = expire(folder, city.keyring.public_keys("receipt"), now)
    assert (gone.labels, gone.segments) == ((), 0)
    assert len(folder.labels()) == 4


def test_old_backups_go_with_the_log_that_only_they_needed(city: City, folder: BackupFolder) -> None:
    labels = folder.labels()
    now = moment_of(labels[0]) + timedelta(days=load_settings().backup_days, hours=1)
    gone = expire(folder, city.keyring.public_keys("receipt"), now)
    assert gone.labels == labels[:1]
    assert gone.segments == 2
    assert folder.labels() == labels[1:]
    assert not folder.base(labels[0]).exists()
    assert min(path.stem for path in folder.wal.glob("*.json")) == f"00000001{3:016X}"
    assert {path.stem for path in folder.wal.glob("*.cxs")} == {path.stem for path in folder.wal.glob("*.json")}


def test_the_last_ones_stay_whatever_their_age(city: City, folder: BackupFolder) -> None:
    labels = folder.labels()
    expire(folder, city.keyring.public_keys("receipt"), moment_of(labels[-1]) + timedelta(days=4000))
    assert folder.labels() == labels[-load_settings().backups_least :]


def test_a_backup_half_removed_is_none(folder: BackupFolder) -> None:
    label = folder.labels()[0]
    (folder.base(label) / "manifest.json").unlink()
    assert label not in folder.labels()
    assert folder.base(label).exists()
