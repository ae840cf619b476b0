"""A backup that is good says so; one byte changed, missing or added is named; a restore gives back what was there."""

from __future__ import annotations

import json
import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest

from chengxin.base.clock import system_now
from chengxin.base.config import embedded_url, read_secrets
from chengxin.base.errors import ChengxinError
from chengxin.crypto import load_keyring
from chengxin.operations.archive import Archive
from chengxin.operations.places import BackupFolder, known_folder, remember_folder
from chengxin.operations.restoring import RestoredServer, Target, rebuild, require_empty, require_two
from chengxin.operations.sealed import BackupDamaged
from chengxin.operations.server import SLOT, archive_url, mark, system_of
from chengxin.operations.taking import KIND, Manifest
from chengxin.operations.verifying import rehearsals, verify_folder

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.operations.conftest import City

ONE, OTHER = "ks-xyzx-administrator", "ks-xyzx-security"
"""Two officers of the rehearsal city who may restore."""


@pytest.fixture
def copy(city: City, tmp_path: Path) -> BackupFolder:
    """Return a copy of the city's backups, for damage."""
    shutil.copytree(city.backups.root, tmp_path / "backups")
    return BackupFolder(tmp_path / "backups")


def manifest_of(city: City, folder: BackupFolder | None = None) -> Manifest:
    held = folder or city.backups
    return Manifest.read(held, held.labels()[0], city.keyring.public_keys("receipt"))


def test_a_good_backup_has_no_findings(city: City) -> None:
    verified = verify_folder(city.backups, city.keyring)
    assert verified.findings == ()
    assert verified.labels == city.backups.labels()
    assert verified.files == 3
    assert verified.segments > 0


def test_the_rehearsal_left_a_signed_record_that_says_what_was_found(city: City) -> None:
    """GB/T 22239-2019, 8.1.4.9: local backup and restore, with a record of a recent restore."""
    (record,) = rehearsals(city.backups, city.keyring)[:1]
    manifest = manifest_of(city)
    assert record.passed
    assert record.label == manifest.label
    assert record.tables == len(manifest.counts_before)
    assert record.rows >= sum(manifest.counts_before.values()) > 0
    assert record.audit == "clean"


def test_the_rehearsal_and_the_backup_are_in_the_audit_trail(city: City) -> None:
    with psycopg.connect(city.url("owner")) as connection:
        rows = connection.execute(
            "SELECT action, object, detail FROM core.audit_event WHERE object_kind = 'backup' ORDER BY id"
        ).fetchall()
    label = city.backups.labels()[0]
    assert [row[:2] for row in rows][:2] == [("backup.taken", label), ("backup.rehearsed", label)]
    assert rows[1][2]["passed"] is True


@pytest.mark.parametrize("part", ["base", "wal"])
def test_one_changed_byte_is_named(city: City, copy: BackupFolder, part: str) -> None:
    path = min((copy.root / part).rglob("*.cxs"))
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)
    assert [one.where for one in verify_folder(copy, city.keyring).findings] == [str(path)]


@pytest.mark.parametrize("part", ["base", "wal"])
def test_a_missing_file_is_named(city: City, copy: BackupFolder, part: str) -> None:
    path = min((copy.root / part).rglob("*.cxs"))
    path.unlink()
    assert [one.where for one in verify_folder(copy, city.keyring).findings] == [str(path)]


def test_a_gap_in_the_log_is_named(city: City, copy: BackupFolder) -> None:
    first = manifest_of(city).first_segment
    (copy.wal / f"{first}.json").unlink()
    (copy.wal / f"{first}.cxs").unlink()
    findings = verify_folder(copy, city.keyring).findings
    assert first in findings[0].zh


def test_a_manifest_that_was_edited_is_refused(city: City, copy: BackupFolder) -> None:
    path = copy.base(copy.labels()[0]) / "manifest.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    held["statement"]["counts_before"]["core.records_record"] = 0
    path.write_text(json.dumps(held), encoding="utf-8")
    assert [one.where for one in verify_folder(copy, city.keyring).findings] == [str(path)]


def test_files_of_two_backups_cannot_change_places(city: City, copy: BackupFolder) -> None:
    base = copy.base(copy.labels()[0])
    before, after = base / "beside-before.tar.cxs", base / "beside-after.tar.cxs"
    held = before.read_bytes()
    before.write_bytes(after.read_bytes())
    after.write_bytes(held)
    assert {one.where for one in verify_folder(copy, city.keyring).findings} == {str(before), str(after)}


def test_other_keys_open_nothing(city: City, tmp_path: Path) -> None:
    findings = verify_folder(city.backups, load_keyring(tmp_path / "keys")).findings
    assert len(findings) > 1


def test_no_key_and_no_password_is_in_a_backup(city: City, tmp_path: Path) -> None:
    manifest = manifest_of(city)
    built = tmp_path / "open"
    built.mkdir()
    from chengxin.operations.restoring import unpack  # noqa: PLC0415 - only here

    for one in manifest.files:
        (built / one.name).mkdir()
        unpack(city.keyring, city.backups.base(manifest.label), one, manifest.system, built / one.name)
    names = {path.name for path in built.rglob("*")}
    assert "PG_VERSION" in names
    assert not {"secrets.json", "keys", "backup.1.key", "archive.json"} & names
    key = json.loads((city.data / "keys" / "backup.1.key").read_text(encoding="utf-8"))["key"].encode()
    password = read_secrets(city.data).passwords["owner"].encode()
    for path in built.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert key not in held
            assert password not in held


def test_nothing_in_a_backup_can_be_read_without_the_keys(city: City) -> None:
    with psycopg.connect(city.url("owner")) as connection:
        row = connection.execute("SELECT name FROM core.subjects_name LIMIT 1").fetchone()
    assert row is not None
    for path in city.backups.root.rglob("*"):
        if path.is_file():
            assert str(row[0]).encode() not in path.read_bytes()
            assert path.stat().st_mode & 0o077 == 0


def test_a_restore_to_a_moment_has_what_was_there_then_and_nothing_later(
    city: City, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Rows of every second: the restored database ends between the two that the moment lies between."""
    with psycopg.connect(city.url("superuser"), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.ticks")
        connection.execute("CREATE TABLE public.ticks (number int, at timestamptz)")
        for number in range(3):
            connection.execute("INSERT INTO public.ticks VALUES (%s, clock_timestamp())", [number])
            time.sleep(0.3)
        moments = connection.execute("SELECT at FROM public.ticks ORDER BY number").fetchall()
    keyring = city.keyring
    with psycopg.connect(archive_url(city.data), autocommit=True) as connection:
        archive = Archive(city.data, city.backups, keyring, system_of(connection).number, system_now)
        archive.catch_up(mark(connection, "later"), 60)
    moment = moments[1][0] + (moments[2][0] - moments[1][0]) / 2
    room = city.data.parent / f"restored-{tmp_path_factory.mktemp('r').name}"
    try:
        built = rebuild(city.backups, manifest_of(city), keyring, room, Target(moment=moment))
        built.server.start()
        try:
            url = embedded_url(room, "superuser", read_secrets(room))
            with psycopg.connect(url) as restored:
                rows = restored.execute("SELECT number FROM public.ticks ORDER BY number").fetchall()
        finally:
            built.server.stop()
        assert rows == [(0,), (1,)]
        assert built.last_change
        assert read_secrets(room).passwords != read_secrets(city.data).passwords
    finally:
        shutil.rmtree(room, ignore_errors=True)


def test_a_moment_after_the_last_change_is_refused_and_leaves_nothing(city: City) -> None:
    room = city.data.parent / "too-late"
    with pytest.raises(ChengxinError) as caught:
        rebuild(city.backups, manifest_of(city), city.keyring, room, Target(moment=datetime(2099, 1, 1, tzinfo=UTC)))
    assert caught.value.code == "target_not_reached"
    assert list(room.iterdir()) == []
    room.rmdir()


def test_a_restore_never_overwrites(city: City, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    for into in (tmp_path, city.data):
        with pytest.raises(ChengxinError) as caught:
            require_empty(into)
        assert caught.value.code == "restore_target_not_empty"
    assert (tmp_path / "there").exists()


@pytest.mark.parametrize("names", [(), ("one",), ("one", "one"), ("one", " "), ("a", "b", "c")])
def test_a_restore_needs_two_different_officers(names: tuple[str, ...]) -> None:
    with pytest.raises(ChengxinError) as caught:
        require_two(names)
    assert caught.value.code == "two_approvers_needed"


def test_two_are_two() -> None:
    assert require_two(("甲", "乙")) == ("甲", "乙")


def test_a_restore_while_the_system_answers_needs_an_approval_there(city: City, tmp_path: Path) -> None:
    into = tmp_path / "new"
    done = city.run(
        "restore", "--from", str(city.backups.root), "--into", str(into),
        "--approved-by", ONE, "--approved-by", OTHER,
    )  # fmt: skip
    assert done.returncode == 2
    assert "恢复系统" in done.stderr
    assert not into.exists()


def test_a_name_nobody_has_approves_nothing(city: City, tmp_path: Path) -> None:
    done = city.run(
        "restore", "--from", str(city.backups.root), "--into", str(tmp_path / "new"),
        "--approved-by", ONE, "--approved-by", "nobody",
    )  # fmt: skip
    assert done.returncode == 2
    assert "nobody" in done.stderr


def restore_elsewhere(city: City, room: Path, *approvers: str) -> subprocess.CompletedProcess[str]:
    """Restore the city into ``room``/new as on a machine where nothing else is left of it but keys and backups."""
    named = [word for name in approvers for word in ("--approved-by", name)]
    return city.run(
        "restore", "--from", str(city.backups.root), "--into", str(room / "new"), "--data", str(room / "nothing"),
        "--keys", str(city.data / "keys"), *named,
    )  # fmt: skip


@pytest.fixture
def room(city: City) -> Iterator[Path]:
    """Yield a folder that the database's own account may reach."""
    made = city.data.parent / "elsewhere"
    made.mkdir(mode=0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_a_lost_machine_is_restored_by_two_officers_with_its_record(city: City, room: Path) -> None:
    done = restore_elsewhere(city, room, ONE, OTHER)
    assert done.returncode == 0, done.stderr
    held = json.loads((room / "new" / "restore.json").read_text(encoding="utf-8"))
    assert held["approved_by"] == [ONE, OTHER]
    assert held["approval"] is None
    assert held["event"] > 0
    assert held["lost"]["source"] == "nobody", "all the log there was is replayed, and nobody is left to ask"
    assert held["withdrawn_again"] == []
    assert "无从得知" in done.stderr
    assert load_keyring(room / "new" / "keys").facts() == city.keyring.facts()
    officers = city.run("officer", "list", CHENGXIN_DATA=str(room / "new"))
    assert OTHER in officers.stdout
    audit = city.run("audit", "verify", CHENGXIN_DATA=str(room / "new"))
    assert audit.returncode == 0, audit.stdout


def test_a_restore_that_nobody_may_have_agreed_to_leaves_nothing(city: City, room: Path) -> None:
    done = restore_elsewhere(city, room, ONE, "nobody")
    assert done.returncode == 2
    assert "nobody" in done.stderr
    assert list((room / "new").iterdir()) == []


def test_an_unfinished_backup_is_none(city: City, copy: BackupFolder) -> None:
    (copy.root / "base" / "20991231T000000Z").mkdir()
    assert copy.labels() == city.backups.labels()


def test_a_folder_with_anything_else_in_it_is_not_taken(city: City, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(ChengxinError) as caught:
        BackupFolder(tmp_path).claim(city.backups.system())
    assert caught.value.code == "backup_folder_taken"


def test_the_folder_of_another_installation_is_not_taken(copy: BackupFolder) -> None:
    with pytest.raises(ChengxinError) as caught:
        copy.claim("1234567890")
    assert caught.value.code == "backup_folder_taken"


def test_the_log_of_another_history_is_not_overwritten(city: City, copy: BackupFolder, tmp_path: Path) -> None:
    name = manifest_of(city).first_segment
    data = tmp_path / "data"
    (data / "wal").mkdir(parents=True)
    (data / "wal" / name).write_bytes(b"another history")
    before = (copy.wal / f"{name}.cxs").read_bytes()
    with pytest.raises(BackupDamaged):
        Archive(data, copy, city.keyring, city.backups.system(), system_now).seal_whole()
    assert (copy.wal / f"{name}.cxs").read_bytes() == before


def test_an_installation_remembers_where_its_backups_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert known_folder(tmp_path) is None
    remember_folder(tmp_path, tmp_path / "a")
    assert known_folder(tmp_path) == BackupFolder(tmp_path / "a")
    monkeypatch.setenv("CHENGXIN_BACKUPS", str(tmp_path / "b"))
    assert known_folder(tmp_path) == BackupFolder(tmp_path / "b")


def test_the_archives_role_reads_no_table(city: City) -> None:
    with psycopg.connect(archive_url(city.data), autocommit=True) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolreplication FROM pg_roles WHERE rolname = session_user"
        ).fetchone()
        assert row == (False, True)
        assert connection.execute("SELECT slot_name FROM pg_replication_slots").fetchone() == (SLOT,)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(archive_url(city.data).replace("/postgres", "/chengxin"))


def test_a_manifest_reads_back_as_it_was_written(city: City) -> None:
    manifest = manifest_of(city)
    held = json.loads((city.backups.base(manifest.label) / "manifest.json").read_text(encoding="utf-8"))
    assert held["kind"] == KIND
    assert held["statement"] == json.loads(json.dumps(manifest.statement()))


def test_a_clusters_state_is_read_from_its_control_file(city: City) -> None:
    assert RestoredServer(city.data).state() == "in production"
