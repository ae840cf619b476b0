"""No space left: nothing half-done stays, the answer is an error and no receipt, and with space it works again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import OperationalError, connection

from chengxin.audit.models import Event
from chengxin.base.embedded import SERVER_USER
from chengxin.intake.models import Batch
from chengxin.records.models import Record
from chengxin.testing.city import import_path, import_rows, row, uscc, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOUNT = shutil.which("mount")

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or MOUNT is None, reason="a small disk can be mounted by root only: run as root on Linux"
)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Return an empty disk of two megabytes."""
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="chengxin-disk-"))
    folder.chmod(0o755)
    done = subprocess.run(
        [str(MOUNT), "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        folder.rmdir()
        pytest.skip(f"this machine mounts nothing, root or not: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(folder: Path) -> Path:
    """Take all the space there is; return what has to go for it to be free again."""
    rubbish = folder / "rubbish"
    with rubbish.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while out.write(b"\0" * 4096):
            continue
    assert shutil.disk_usage(folder).free == 0
    return rubbish


def many() -> list[dict[str, str]]:
    """Return more rows about one body than two pages of a table hold."""
    return [row("licence", "G3", number, uscc=uscc(1)) for number in range(1, 400)]


def traces() -> tuple[int, int, int]:
    """Return how many licences, rows of the public store and imports there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM publication.fact")
        (shown,) = cursor.fetchone()
    imported = Event.objects.filter(action="batch.imported").count()
    return Record.objects.filter(item="licence").count(), shown, imported


@needs_root
def test_a_file_that_finds_no_space_is_not_acknowledged_and_leaves_nothing(
    city: Path, tmp_path: Path, small_disk: Path
) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    before = traces()
    path = write_file(tmp_path / "a.csv", "licence", "G3", [row("licence", "G3", 1)])
    inbox = city / "inbox"
    inbox.rmdir()
    (small_disk / "inbox").mkdir()
    inbox.symlink_to(small_disk / "inbox")
    rubbish = fill(small_disk)
    events = Event.objects.count()
    with pytest.raises(OSError, match="No space left"):
        import_path(path, "licence")
    assert Batch.objects.filter(item="licence").count() == 0
    assert Event.objects.count() == events
    assert traces() == before
    assert list(inbox.iterdir()) == []
    rubbish.unlink()
    assert import_path(path, "licence").accepted == 1
    assert list(inbox.iterdir()) == []
    inbox.unlink()
    inbox.mkdir()


@needs_root
def test_an_import_without_room_to_work_leaves_the_batch_waiting_and_nothing_else(
    city: Path, tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    before = traces()
    path = write_file(tmp_path / "a.csv", "licence", "G3", many())
    rubbish = fill(small_disk)
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with pytest.raises(Exception, match=r"(?i)no space left|OSError 28"):  # of DuckDB or the reader's child
        import_path(path, "licence")
    assert traces() == before
    assert [one.name for one in small_disk.iterdir()] == ["rubbish"]
    rubbish.unlink()
    assert import_path(path, "licence").lines == 399
    assert list((city / "inbox").iterdir()) == []
    assert list(small_disk.iterdir()) == []


@needs_root
def test_a_database_without_space_takes_nothing_half_and_goes_on_when_there_is_some(
    city: Path, tmp_path: Path, small_disk: Path, database_url: Callable[[str], str]
) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    assert list((city / "inbox").iterdir()) == []
    before = traces()
    path = write_file(tmp_path / "a.csv", "licence", "G3", many())
    account = pwd.getpwnam(SERVER_USER)
    os.chown(small_disk, account.pw_uid, account.pw_gid)
    small_disk.chmod(0o700)
    connection.close()
    with psycopg.connect(database_url("superuser"), autocommit=True) as superuser:
        superuser.execute(f"CREATE TABLESPACE full_one LOCATION '{small_disk}'".encode())
        superuser.execute("ALTER TABLE publication.fact SET TABLESPACE full_one")
    rubbish = fill(small_disk)
    try:
        with pytest.raises(OperationalError) as caught:
            import_path(path, "licence")
        assert isinstance(caught.value.__cause__, psycopg.errors.DiskFull)
        assert traces() == before
        held = Batch.objects.get(item="licence")
        assert (held.receipt, held.refusal) == (None, None), "received, and waiting for the next try"
        rubbish.unlink()
        receipt = import_path(path, "licence")
        assert (receipt.batch_id, receipt.accepted) == (held.pk, 399)
        assert Record.objects.filter(item="licence").count() == 399
        assert list((city / "inbox").iterdir()) == []
    finally:
        connection.close()
        with psycopg.connect(database_url("superuser"), autocommit=True) as superuser:
            superuser.execute("ALTER TABLE publication.fact SET TABLESPACE pg_default")
            superuser.execute("DROP TABLESPACE full_one")
