"""Each check, with exactly that broken which it is for; and a healthy city, about which there is nothing to say."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db.migrations.loader import MigrationLoader

import chengxin
from chengxin.crypto import load_keyring
from chengxin.operations.doctor import ALL_CHECKS, Patient, Severity, examine
from chengxin.operations.doctor.database import migrations_on_disk
from chengxin.operations.doctor.machine import locked
from chengxin.operations.places import BackupFolder, remember_folder
from chengxin.operations.sealed import write_signed
from chengxin.operations.server import prepare_archive
from chengxin.operations.verifying import RECORD, rehearsals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.operations.conftest import City


def codes(patient: Patient) -> dict[str, Severity]:
    """Return what the doctor finds, without what every rehearsal city has."""
    usual = {"clock_adrift", "lines_stay", "not_served", "rehearsal_banner", "bearer_allowed"}
    found = examine(patient, ALL_CHECKS)
    for one in found:
        assert one.zh
        assert one.en
        assert one.mend_zh
        assert one.mend_en
    return {one.code: one.severity for one in found if one.code not in usual}


@contextmanager
def changed(city: City, sql: str, back: str, role: str = "superuser") -> Iterator[None]:
    """Run ``sql`` for the block, and ``back`` afterwards."""
    path = "-c search_path=core,publication"
    with psycopg.connect(city.url(role), autocommit=True, options=path) as connection:
        connection.execute(sql.encode())
        try:
            yield
        finally:
            connection.execute(back.encode())


def test_a_healthy_city_has_nothing_wrong(city: City) -> None:
    done = city.run("doctor", "--json")
    said = json.loads(done.stdout)
    assert [one for one in said["found"] if one["severity"] != "note"] == []
    assert (done.returncode, said["healthy"], said["checks"]) == (0, True, len(ALL_CHECKS))


def test_the_sick_city_is_told_in_both_languages_and_by_the_exit_code(city: City) -> None:
    done = city.run("doctor", CHENGXIN_CITY="nowhere")
    assert done.returncode == 1
    assert "办法 mend" in done.stdout
    assert "[city_wrong]" in done.stdout


def test_an_old_python(city: City) -> None:
    assert codes(city.patient(python=(3, 10))) == {"python_old": Severity.WRONG}


def test_a_package_that_is_not_the_locked_one(city: City, tmp_path: Path) -> None:
    lock = tmp_path / "runtime.lock"
    lock.write_text("psycopg==0.0.1 \\\n    --hash=sha256:00\n", encoding="utf-8")
    assert codes(city.patient(lock=lock)) == {"dependencies_differ": Severity.WRONG}


def test_a_package_that_is_missing(city: City, tmp_path: Path) -> None:
    lock = tmp_path / "runtime.lock"
    lock.write_text("no-such-package-here==1.0\n", encoding="utf-8")
    assert codes(city.patient(lock=lock)) == {"dependencies_differ": Severity.WRONG}


def test_a_package_for_another_python_need_not_be_there() -> None:
    text = "a==1 ; python_version < '3.12' \\\n    --hash=x\na==2 ; python_version >= '3.12'\nB==3 \\\n    --hash=y\n"
    assert locked(text) == {"a": ({"1", "2"}, False), "b": ({"3"}, True)}


def test_no_data_folder(city: City, tmp_path: Path) -> None:
    assert "data_folder_not_writable" in codes(city.patient(data=tmp_path / "none"))


@pytest.mark.parametrize("name", ["secrets.json", "postgres"])
def test_a_file_that_others_can_read(city: City, name: str) -> None:
    path = city.data / name
    before = stat.S_IMODE(path.stat().st_mode)
    path.chmod(before | 0o044)
    try:
        assert codes(city.patient()) == {"file_open_to_others": Severity.WRONG}
    finally:
        path.chmod(before)


def test_a_key_that_others_can_read(city: City) -> None:
    path = city.data / "keys" / "receipt.1.key"
    path.chmod(0o644)
    try:
        assert "keys_exposed" in codes(city.patient())
    finally:
        path.chmod(0o600)


def test_no_key_folder(city: City, tmp_path: Path) -> None:
    assert "keys_missing" in codes(city.patient(keys=tmp_path / "none"))


def test_a_key_that_was_at_the_last_backup_and_is_gone(city: City, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    shutil.copytree(city.data / "keys", keys)
    load_keyring(keys)
    (keys / "mfa.1.key").unlink()
    (keys / "purposes.json").write_text(json.dumps([]), encoding="utf-8")  # as if somebody had made new keys
    found = [one for one in examine(city.patient(keys=keys), ALL_CHECKS) if one.code == "key_lost"]
    assert [one.where.rpartition(".")[0] for one in found] == ["mfa.1"]


def test_a_key_that_the_database_names_and_is_not_there(city: City) -> None:
    note = "signature: international:checkpoint.9.00000000:AA\n"
    insert = f"INSERT INTO audit_checkpoint (number, size, at, note) VALUES (999999, 0, now(), '{note}')"  # noqa: S608 - our own text
    back = "SET session_replication_role = replica; DELETE FROM audit_checkpoint WHERE number = 999999"
    with changed(city, insert, back):
        found = [one for one in examine(city.patient(), ALL_CHECKS) if one.code == "key_lost"]
    assert [one.where for one in found] == ["checkpoint.9.00000000"]


def test_a_key_that_is_old(city: City) -> None:
    later = datetime.now(UTC) + timedelta(days=800)
    assert codes(city.patient(now=later))["key_old"] is Severity.WATCH


@pytest.mark.parametrize(("free", "severity"), [(12.0, Severity.WATCH), (2.0, Severity.WRONG)])
def test_a_disk_that_fills(city: City, free: float, severity: Severity) -> None:
    assert codes(city.patient(free=lambda _path: free)) == {"disk_full": severity}


def test_a_moment_that_stands_in_for_the_present(city: City) -> None:
    patient = city.patient(environment={"CHENGXIN_NOW": "2026-03-02T10:00:00+08:00"})
    assert codes(patient) == {"clock_stands_in": Severity.WATCH}


def test_a_process_of_ours_that_listens_to_the_world(city: City) -> None:
    code = "import socket,sys; s=socket.create_server(('0.0.0.0',0)); print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "chengxin.ends.office"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"CHENGXIN_DATA": str(city.data)},
    ) as listening:
        assert listening.stdout is not None
        assert listening.stdout.readline() == "up\n"
        assert codes(city.patient()) == {"port_open": Severity.WRONG}
        listening.communicate("")


def test_a_role_that_cannot_log_in(city: City) -> None:
    with changed(city, "ALTER ROLE chengxin_api NOLOGIN", "ALTER ROLE chengxin_api LOGIN"):
        found = [one for one in examine(city.patient(), ALL_CHECKS) if one.code == "database_away"]
    assert [one.where for one in found] == ["api"]


def test_a_role_above_the_policies(city: City) -> None:
    with changed(city, "ALTER ROLE chengxin_office BYPASSRLS", "ALTER ROLE chengxin_office NOBYPASSRLS"):
        assert codes(city.patient()) == {"role_wrong": Severity.WRONG, "isolation_broken": Severity.WRONG}


def test_a_process_with_another_roles_address(city: City) -> None:
    patient = city.patient()
    patient.urls = {**patient.urls, "public": patient.urls["worker"]}
    assert codes(patient) == {"role_wrong": Severity.WRONG}


def test_the_database_away(city: City) -> None:
    urls = dict.fromkeys(("owner", "worker", "office", "api", "public"), "postgresql://nobody:nothing@127.0.0.1:1/none")
    found = examine(city.patient(urls=urls), ALL_CHECKS)
    assert sum(one.code == "database_away" for one in found) == len(urls)


def test_row_security_that_is_not_forced(city: City) -> None:
    table = "ALTER TABLE records_record"
    with changed(city, f"{table} NO FORCE ROW LEVEL SECURITY", f"{table} FORCE ROW LEVEL SECURITY"):
        assert codes(city.patient()) == {"isolation_broken": Severity.WRONG}


def test_a_migration_that_was_not_applied(city: City) -> None:
    back = "INSERT INTO django_migrations (app, name, applied) VALUES ('records', '0001_initial', now())"
    with changed(city, "DELETE FROM django_migrations WHERE app = 'records' AND name = '0001_initial'", back):
        assert codes(city.patient()) == {"migrations_pending": Severity.WRONG}


def test_a_database_ahead_of_the_program(city: City) -> None:
    insert = "INSERT INTO django_migrations (app, name, applied) VALUES ('records', '9999_later', now())"
    with changed(city, insert, "DELETE FROM django_migrations WHERE name = '9999_later'"):
        assert codes(city.patient()) == {"database_newer": Severity.WRONG}


def test_every_migration_of_the_platform_is_known_to_the_doctor() -> None:
    ours = {
        key for key in MigrationLoader(None).disk_migrations or {} if key[0] in {one[0] for one in migrations_on_disk()}
    }
    assert ours == migrations_on_disk()


def test_clocks_that_differ(city: City) -> None:
    assert codes(city.patient(now=datetime.now(UTC) + timedelta(minutes=2)))["clocks_differ"] is Severity.WRONG


def test_a_database_in_another_zone(city: City) -> None:
    with changed(city, "ALTER DATABASE chengxin SET timezone = 'UTC'", "ALTER DATABASE chengxin RESET timezone"):
        assert codes(city.patient()) == {"zone_wrong": Severity.WATCH}


def worker(seconds_ago: int) -> tuple[str, str]:
    beat = f"now() - interval '{seconds_ago} seconds'"
    insert = f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES ({beat})"  # noqa: S608 - our own text
    return insert, "DELETE FROM procrastinate_workers"


def test_a_worker_that_is_silent(city: City) -> None:
    with changed(city, *worker(600)):
        assert codes(city.patient()) == {"worker_silent": Severity.WRONG}


def test_a_served_city_without_checkpoints_and_archive(city: City) -> None:
    with (
        changed(city, *worker(1)),
        changed(city, "UPDATE audit_tree SET covered_at = now() - interval '1 hour'", "SELECT 1"),
    ):
        assert codes(city.patient()) == {"checkpoint_old": Severity.WRONG, "archive_behind": Severity.WRONG}


def test_an_archive_that_says_what_is_wrong_with_it(city: City) -> None:
    note = city.data / "archive.json"
    now = datetime.now(UTC).isoformat()
    note.write_text(json.dumps({"at": now, "behind": 0, "error": "backup_folder_not_writable"}), encoding="utf-8")
    try:
        with changed(city, *worker(1)):
            found = [one for one in examine(city.patient(), ALL_CHECKS) if one.code == "archive_behind"]
        assert [one.where for one in found] == ["backup_folder_not_writable"]
    finally:
        note.unlink()


def test_an_archive_whose_slot_is_gone(city: City) -> None:
    drop = "SELECT pg_drop_replication_slot('chengxin_archive')"
    with psycopg.connect(city.url("superuser"), autocommit=True) as connection:
        connection.execute(drop)
    try:
        assert codes(city.patient()) == {"archive_slot_lost": Severity.WRONG}
    finally:
        prepare_archive(city.data)


def test_a_batch_that_stands_still(city: City) -> None:
    stands = "UPDATE intake_batch SET state = 'linking', state_at = now() - interval '3 hours' WHERE id = 1"
    with changed(city, stands, "UPDATE intake_batch SET state = 'published' WHERE id = 1"):
        assert codes(city.patient()) == {"batch_stuck": Severity.WRONG}


def test_a_year_without_holidays(city: City) -> None:
    patient = city.patient(now=datetime(2031, 6, 1, tzinfo=UTC))
    assert codes(patient)["calendar_missing"] is Severity.WRONG


def test_no_backup_at_all(city: City) -> None:
    kept = (city.data / "backups.json").read_text(encoding="utf-8")
    (city.data / "backups.json").unlink()
    try:
        assert codes(city.patient()) == {"backup_missing": Severity.WATCH}
    finally:
        (city.data / "backups.json").write_text(kept, encoding="utf-8")
        (city.data / "backups.json").chmod(0o600)


def test_a_backup_and_a_rehearsal_that_are_old(city: City) -> None:
    found = codes(city.patient(now=datetime.now(UTC) + timedelta(days=10)))
    assert found["backup_old"] is Severity.WRONG
    assert found["rehearsal_old"] is Severity.WATCH


def test_a_rehearsal_that_failed(city: City, tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path / "backups")
    shutil.copytree(city.backups.root, folder.root)
    last = rehearsals(folder, city.keyring)[-1]
    held = {**vars(last), "differing": ["core.records_record 1 ≠ 2"], "findings": [], "audit": "clean"}
    write_signed(folder.rehearsals / "99991231T000000Z-x.json", RECORD, held, city.keyring)
    remember_folder(city.data, folder.root)
    try:
        assert codes(city.patient()) == {"rehearsal_failed": Severity.WRONG}
    finally:
        remember_folder(city.data, city.backups.root)


def test_a_rehearsal_that_nobody_signed(city: City) -> None:
    path = city.backups.rehearsals / "99991231T000000Z-x.json"
    path.write_text("{}", encoding="utf-8")
    try:
        assert codes(city.patient()) == {"rehearsal_unreadable": Severity.WRONG}
    finally:
        path.unlink()


def test_officers_with_a_password_alone_are_a_note_in_a_rehearsal_and_wrong_in_earnest(
    city: City, tmp_path: Path
) -> None:
    text = (Path(chengxin.__file__).parent / "base" / "cities" / "kunshan.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "rehearsal_banner" not in line]
    indent = next(line for line in text.splitlines() if "rehearsal_banner:" in line).partition("rehearsal")[0]
    earnest = tmp_path / "earnest.yaml"
    at = next(number for number, line in enumerate(lines) if line.lstrip().startswith("site_name:"))
    lines[at:at] = [f'{indent}rehearsal_banner: ""', f'{indent}rehearsal_banner_en: ""']
    earnest.write_text("\n".join(lines), encoding="utf-8")
    environment = {"CHENGXIN_SECOND_FACTOR": "optional"}
    found = {one.code: one.severity for one in examine(city.patient(environment=environment), ALL_CHECKS)}
    assert found["password_only"] is Severity.NOTE
    environment["CHENGXIN_CITY"] = str(earnest)
    found = {one.code: one.severity for one in examine(city.patient(environment=environment), ALL_CHECKS)}
    assert (found["password_only"], found["bearer_allowed"]) == (Severity.WRONG, Severity.WRONG)
    assert "rehearsal_banner" not in found


def test_every_check_has_a_code_and_a_title_of_its_own() -> None:
    assert len({(one.code, one.zh) for one in ALL_CHECKS}) == len(ALL_CHECKS)
