"""The doctor at a machine without a database: each thing broken by itself, and the words that say how to mend it."""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.crypto import load_keyring
from chengxin.operations.doctor import Complaint, Patient, Severity
from chengxin.operations.doctor import machine as checks
from chengxin.operations.doctor.machine import (
    breached_list_wrong,
    database_passwords_old,
    dependencies_differ,
    disk_full,
    files_open,
    folder_not_writable,
    keys_unusable,
    locked,
    python_old,
    time_wrong,
)
from chengxin.operations.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
HAN = re.compile("[\u4e00-\u9fff]")


def patient(room: Path, **more: object) -> Patient:
    """Return an installation without a database in ``room``, with what the test changes about it."""
    held: dict[str, object] = {
        "data": room, "keys": room / "keys", "urls": {}, "now": NOW, "environment": {}, "free": lambda _path: 80.0,
    }  # fmt: skip
    return Patient(**held | more)  # type: ignore[arg-type]


def require_told_well(found: Complaint) -> None:
    """Assert that what is wrong stands there in Chinese and in English, and how to mend it."""
    assert HAN.search(found.zh), found
    assert not HAN.search(found.en), found
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", found.code)
    assert found.mend_zh
    assert found.mend_en
    assert not found.zh.endswith("。")


def only(found: list[Complaint]) -> Complaint:
    (one,) = found
    require_told_well(one)
    return one


@pytest.mark.parametrize("held", [(2, 7), (3, 0), (3, 10)])
def test_a_python_before_3_11_is_named_with_the_one_that_is_needed(tmp_path: Path, held: tuple[int, int]) -> None:
    found = only(list(python_old(patient(tmp_path, python=held))))
    assert found.severity is Severity.WRONG
    assert f"Python 版本是 {held[0]}.{held[1]}，需要 3.11 或更高" == found.zh
    assert "make demo PYTHON=" in found.mend_en


@pytest.mark.parametrize("held", [(3, 11), (3, 12), (3, 14), (4, 0)])
def test_a_python_from_3_11_on_is_right(tmp_path: Path, held: tuple[int, int]) -> None:
    assert list(python_old(patient(tmp_path, python=held))) == []


def test_the_python_that_runs_these_tests_is_right(tmp_path: Path) -> None:
    assert patient(tmp_path).python == sys.version_info[:2]
    assert list(python_old(patient(tmp_path))) == []


def lock_of(room: Path, text: str) -> Path:
    path = room / "runtime.lock"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_package_with_the_locked_version_is_right(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, f"click=={version('click')} \\\n    --hash=sha256:00\n")
    assert list(dependencies_differ(patient(tmp_path, lock=lock))) == []


def test_a_package_may_be_locked_at_two_versions_for_two_pythons(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, f"click=={version('click')} ; python_version < '4'\nclick==99 ; python_version >= '4'\n")
    assert list(dependencies_differ(patient(tmp_path, lock=lock))) == []


def test_a_package_of_neither_locked_version_is_told_with_both(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "click==0.1 ; python_version < '4'\nclick==0.2 ; python_version >= '4'\n")
    found = only(list(dependencies_differ(patient(tmp_path, lock=lock))))
    assert f"click {version('click')} ≠ 0.1 / 0.2" in found.zh
    assert found.where == str(lock)


def test_a_package_only_another_system_needs_may_be_missing(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "no-such-package-here==1 ; sys_platform == 'win32'\n")
    assert list(dependencies_differ(patient(tmp_path, lock=lock))) == []


def test_of_many_packages_that_differ_five_are_named_and_the_command_for_all(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "".join(f"no-such-package-{number}==1.0\n" for number in range(9)))
    found = only(list(dependencies_differ(patient(tmp_path, lock=lock))))
    assert found.zh.count("≠") == found.en.count("≠") == 5
    assert found.mend_zh == "pip install --require-hashes -r requirements/runtime.lock"


def test_an_installation_without_the_sources_has_no_lock_to_compare_with(tmp_path: Path) -> None:
    assert list(dependencies_differ(patient(tmp_path, lock=tmp_path / "none.lock"))) == []


NAMES = st.text("abz09._-", min_size=1, max_size=8)
VERSIONS = st.text("0123456789.", min_size=1, max_size=6)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(NAMES, VERSIONS, max_size=8))
def test_every_line_of_a_lock_is_read_and_no_hash_is_taken_for_a_package(wanted: dict[str, str]) -> None:
    text = "# a remark\n" + "".join(f"{name}=={one} \\\n    --hash=sha256:00ff==11\n" for name, one in wanted.items())
    assert locked(text) == {name: ({one}, True) for name, one in wanted.items()}


@pytest.mark.parametrize("name", ["secrets.json", "backups.json", "demo-state.json"])
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o602, 0o610])
def test_a_secret_file_with_any_right_for_others_is_told_with_its_command(tmp_path: Path, name: str, mode: int) -> None:
    path = tmp_path / name
    path.touch()
    path.chmod(mode)
    found = only(list(files_open(patient(tmp_path))))
    assert f"{mode:04o}" in found.zh
    assert found.mend_zh == f"chmod 600 {path}"
    assert found.where == str(path)
    path.chmod(0o600)
    assert list(files_open(patient(tmp_path))) == []


@pytest.mark.parametrize("name", ["postgres", "wal"])
def test_an_open_folder_is_closed_with_700(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name).chmod(0o750)
    assert only(list(files_open(patient(tmp_path)))).mend_zh == f"chmod 700 {tmp_path / name}"


def test_what_is_not_there_is_open_to_nobody(tmp_path: Path) -> None:
    assert list(files_open(patient(tmp_path))) == []


def test_a_file_in_the_place_of_the_data_folder_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    found = only(list(folder_not_writable(patient(tmp_path / "var"))))
    assert "--data" in found.mend_zh
    assert found.severity is Severity.WRONG
    assert list(folder_not_writable(patient(tmp_path))) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_data_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert only(list(folder_not_writable(patient(tmp_path)))).code == "data_folder_not_writable"
    finally:
        tmp_path.chmod(0o700)


def test_a_missing_and_an_empty_key_folder_are_told_and_no_key_is_made(tmp_path: Path) -> None:
    found = only(list(keys_unusable(patient(tmp_path))))
    assert (found.code, found.severity) == ("keys_missing", Severity.WRONG)
    assert "从密钥副本恢复" in found.mend_zh
    (tmp_path / "keys").mkdir(mode=0o700)
    assert only(list(keys_unusable(patient(tmp_path)))).code == "keys_missing"
    assert list((tmp_path / "keys").iterdir()) == []


def test_whole_keys_that_are_young_are_nothing_to_speak_of(tmp_path: Path) -> None:
    load_keyring(tmp_path / "keys", clock=lambda: NOW)
    assert list(keys_unusable(patient(tmp_path))) == []


def test_keys_grow_old_on_the_day_after_their_limit(tmp_path: Path) -> None:
    load_keyring(tmp_path / "keys", clock=lambda: NOW)
    last = NOW + timedelta(days=load_settings().key_days)
    assert list(keys_unusable(patient(tmp_path, now=last))) == []
    found = list(keys_unusable(patient(tmp_path, now=last + timedelta(days=1))))
    assert {one.code for one in found} == {"key_old"}
    for one in found:
        require_told_well(one)
        assert one.severity is Severity.WATCH
        assert f"chengxin keys rotate {one.where.partition('.')[0]}" in one.mend_zh


def test_a_key_that_was_replaced_does_not_grow_old(tmp_path: Path) -> None:
    keyring = load_keyring(tmp_path / "keys", clock=lambda: NOW)
    later = NOW + timedelta(days=load_settings().key_days + 1)
    keyring.rotate("receipt", later)
    found = {one.where.partition(".")[0] for one in keys_unusable(patient(tmp_path, now=later))}
    assert "receipt" not in found
    assert "backup" in found


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda keys: (keys / "backup.1.key").unlink(), "key_lost"),
        (lambda keys: (keys / "backup.1.key").chmod(0o640), "keys_exposed"),
        (lambda keys: keys.chmod(0o755), "keys_exposed"),
        (lambda keys: (keys / "backup.1.key").write_text("x", encoding="utf-8"), "key_damaged"),
        (lambda keys: (keys / "purposes.json").write_text("{", encoding="utf-8"), "key_damaged"),
    ],
    ids=["lost", "exposed", "folder exposed", "damaged", "list damaged"],
)
def test_keys_that_cannot_be_used_are_told_in_the_words_of_the_keyring(
    tmp_path: Path, break_it: object, code: str
) -> None:
    load_keyring(tmp_path / "keys", clock=lambda: NOW)
    assert callable(break_it)
    break_it(tmp_path / "keys")
    found = only(list(keys_unusable(patient(tmp_path))))
    assert (found.code, found.severity) == (code, Severity.WRONG)
    assert str(tmp_path / "keys") in found.where


@settings(deadline=None)
@given(free=st.floats(0, 100))
def test_a_disk_is_watched_below_one_limit_and_wrong_below_the_other(
    tmp_path_factory: pytest.TempPathFactory, free: float
) -> None:
    limits = load_settings()
    found = list(disk_full(patient(tmp_path_factory.getbasetemp(), free=lambda _path: free)))
    if free >= limits.disk_warn_percent:
        assert found == []
        return
    wrong = free < limits.disk_fail_percent
    assert [one.severity for one in found] == [Severity.WRONG if wrong else Severity.WATCH]
    assert "不要删除 postgres 目录" in found[0].mend_zh


def test_one_disk_is_told_once_however_much_of_the_platform_lies_on_it(tmp_path: Path) -> None:
    for part in ("postgres", "wal", "backups"):
        (tmp_path / part).mkdir()
    (tmp_path / "backups.json").write_text(json.dumps({"folder": str(tmp_path / "backups")}), encoding="utf-8")
    assert only(list(disk_full(patient(tmp_path, free=lambda _path: 1.0)))).where == str(tmp_path)


def test_the_room_that_is_left_is_what_the_system_says(tmp_path: Path) -> None:
    held = Patient(tmp_path, tmp_path, {}, NOW)
    assert 0 <= held.free(tmp_path) <= 100


def test_a_moment_that_stands_in_is_watched_and_an_empty_setting_is_none(tmp_path: Path) -> None:
    found = only(list(time_wrong(patient(tmp_path, environment={"CHENGXIN_NOW": "2026-03-02T10:00:00+08:00"}))))
    assert (found.code, found.severity, found.where) == ("clock_stands_in", Severity.WATCH, "CHENGXIN_NOW")
    assert list(time_wrong(patient(tmp_path, environment={"CHENGXIN_NOW": ""}))) == []


def test_every_check_of_the_machine_leaves_an_empty_folder_as_it_is(tmp_path: Path) -> None:
    for check in checks.CHECKS:
        for found in check.look(patient(tmp_path)):
            require_told_well(found)
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_breached_passwords_is_examined_where_one_is_named(tmp_path: Path) -> None:
    assert list(breached_list_wrong(patient(tmp_path))) == []
    held = tmp_path / "pwned.txt"
    environment = {"CHENGXIN_BREACHED_PASSWORDS": str(held)}
    found = only(list(breached_list_wrong(patient(tmp_path, environment=environment))))
    assert (found.code, found.severity) == ("breached_list_unusable", Severity.WRONG)
    assert "NTLM" in found.mend_zh
    held.write_text(f"{'F' * 40}:2\n{'0' * 40}:1\n", encoding="ascii")
    assert "没有按摘要排序" in only(list(breached_list_wrong(patient(tmp_path, environment=environment)))).zh
    held.write_text(f"{'0' * 40}:2\n{'F' * 40}:1\n", encoding="ascii")
    assert list(breached_list_wrong(patient(tmp_path, environment=environment))) == []


def test_passwords_of_the_embedded_database_that_nobody_renews_are_told(tmp_path: Path) -> None:
    assert list(database_passwords_old(patient(tmp_path))) == []
    held = tmp_path / "secrets.json"
    held.touch()
    days = load_settings().database_password_days
    os.utime(held, times=((NOW - timedelta(days=days)).timestamp(),) * 2)
    assert list(database_passwords_old(patient(tmp_path))) == []
    os.utime(held, times=((NOW - timedelta(days=days + 1)).timestamp(),) * 2)
    found = only(list(database_passwords_old(patient(tmp_path))))
    assert (found.code, found.severity) == ("database_passwords_old", Severity.WATCH)
    assert f"{days + 1} 天" in found.zh
    assert "chengxin database-passwords" in found.mend_zh
    assert list(database_passwords_old(patient(tmp_path, embedded=False))) == [], "those are their operator's"


@pytest.mark.parametrize("name", ["secrets.coming.json", "passwords"])
def test_passwords_others_can_read_are_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch() if name.endswith("json") else path.mkdir()
    path.chmod(0o755)
    assert only(list(files_open(patient(tmp_path)))).where == str(path)
