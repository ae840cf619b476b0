"""What a restore refuses before it writes a byte, and what it takes away when it fails."""

from __future__ import annotations

import io
import os
import tarfile
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.crypto import Keyring, load_keyring
from chengxin.operations.places import BackupFolder
from chengxin.operations.restoring import (
    Target,
    _not_reached,
    _set_target,
    empty_folder,
    rebuild,
    require_empty,
    require_two,
    unpack,
)
from chengxin.operations.sealed import BackupDamaged, seal_file
from chengxin.operations.taking import Manifest

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text("abc甲 \t", max_size=4)


@pytest.mark.parametrize(
    "names", [(), ("a",), ("a", "a"), ("a", " a "), ("a", ""), ("a", "b", "c"), ("  ", "\t")], ids=repr
)
def test_fewer_or_more_than_two_officers_restore_nothing(names: tuple[str, ...]) -> None:
    with pytest.raises(ChengxinError) as caught:
        require_two(names)
    assert (caught.value.code, caught.value.where) == ("two_approvers_needed", "--approved-by")
    assert caught.value.message_zh.startswith("恢复系统须由两名不同的经办人同意")


@given(st.lists(NAMES, max_size=5))
def test_two_names_are_two_whatever_blanks_stand_around_them(names: list[str]) -> None:
    different = list(dict.fromkeys(one.strip() for one in names if one.strip()))
    if len(different) == 2:
        assert list(require_two(names)) == different
    else:
        with pytest.raises(ChengxinError):
            require_two(names)


def test_a_new_or_empty_folder_may_be_restored_into(tmp_path: Path) -> None:
    require_empty(tmp_path / "new")
    require_empty(tmp_path)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["secrets.json", ".hidden", "postgres/"])
def test_a_folder_with_anything_in_it_is_not_restored_into(tmp_path: Path, name: str) -> None:
    if name.endswith("/"):
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).touch()
    with pytest.raises(ChengxinError) as caught:
        require_empty(tmp_path)
    assert (caught.value.code, caught.value.where) == ("restore_target_not_empty", str(tmp_path))
    assert "恢复不会覆盖任何数据" in caught.value.message_zh


def test_a_file_is_no_folder_to_restore_into(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(ChengxinError):
        require_empty(tmp_path / "var")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target(), {}),
        (Target(point="20260302T013000Z"), {"recovery_target_name": "20260302T013000Z"}),
        (
            Target(moment=datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=8)))),
            {"recovery_target_time": "2026-03-02 09:00:00+08:00"},
        ),
        (
            Target(moment=datetime(2026, 3, 2, 1, tzinfo=UTC), point="x"),
            {"recovery_target_time": "2026-03-02 01:00:00+00:00"},
        ),
    ],
)
def test_the_database_is_told_how_far_to_go_and_to_begin_its_own_history_there(
    target: Target, expected: dict[str, str]
) -> None:
    held = target.settings()
    assert held.pop("recovery_target_action", "promote") == "promote"
    assert held == expected


def test_the_log_is_read_from_the_clusters_own_folder_and_old_settings_stay(tmp_path: Path) -> None:
    _set_target(tmp_path, "work_mem = '8MB'\n", Target(point="20260302T013000Z"))
    lines = (tmp_path / "postgresql.auto.conf").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "work_mem = '8MB'"
    assert 'restore_command = \'cp "restore_wal/%f" "%p"\'' in lines
    assert "recovery_target_name = '20260302T013000Z'" in lines
    assert (tmp_path / "recovery.signal").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("said", "zh"),
    [
        ("", "数据库说：—"),
        (
            "LOG: x\nFATAL:  recovery ended before configured recovery target was reached\nLOG: y",
            "数据库说：FATAL:  recovery ended",
        ),
        (
            "LOG: last completed transaction was at log time 2026-03-02 08:59:58.1+08\nFATAL: z",
            "备份里最后一笔变更在 2026-03-02 08:59:58.1+08",
        ),
    ],
)
def test_a_moment_that_is_not_reached_is_told_with_the_last_one_there_is(said: str, zh: str) -> None:
    error = _not_reached(said)
    assert (error.code, error.where) == ("target_not_reached", "--to-time")
    assert zh in error.message_zh
    assert "请换一个更早的时间" in error.message_zh
    assert "choose an earlier one" in error.message_en


def test_what_half_a_restore_left_goes_and_what_links_point_to_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    into = tmp_path / "into"
    (into / "postgres" / "deep").mkdir(parents=True)
    (into / "secrets.json").touch()
    (into / "link").symlink_to(outside)
    (into / "dangling").symlink_to(tmp_path / "nowhere")
    empty_folder(into)
    assert list(into.iterdir()) == []
    assert (outside / "kept").exists()


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return load_keyring(tmp_path_factory.mktemp("keys") / "keys")


def packed(**members: bytes | tuple[bytes, str]) -> io.BytesIO:
    """Return an archive of files, and of links given as (type, target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, held in members.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("UP", ".."))
            if isinstance(held, tuple):
                member.type, member.linkname = held
                tar.addfile(member)
            else:
                member.size = len(held)
                tar.addfile(member, io.BytesIO(held))
    out.seek(0)
    return out


def test_a_sealed_archive_comes_back_as_files_and_no_clear_copy_stays(tmp_path: Path, keyring: Keyring) -> None:
    sealed = seal_file(keyring, packed(inbox__a=b"1", log__b=b"22"), tmp_path, "a.cxs", "1")
    target = tmp_path / "into"
    target.mkdir()
    unpack(keyring, tmp_path, sealed, "1", target)
    files = {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert files == {"inbox/a": b"1", "log/b": b"22"}


@pytest.mark.parametrize(
    "member",
    [
        {"UP__escaped": b"x"},
        {"a": (tarfile.SYMTYPE, "/etc/passwd")},
        {"a": (tarfile.SYMTYPE, "../../outside")},
        {"a": (tarfile.LNKTYPE, "../outside")},
        {"a": (tarfile.CHRTYPE, "")},
        {"a": (tarfile.FIFOTYPE, "")},
    ],
    ids=["above", "absolute link", "link above", "hard link above", "device", "pipe"],
)
def test_no_member_of_an_archive_leaves_the_folder(
    tmp_path: Path, keyring: Keyring, member: dict[str, bytes | tuple[bytes, str]]
) -> None:
    sealed = seal_file(keyring, packed(**member), tmp_path, "a.cxs", "1")
    target = tmp_path / "into"
    target.mkdir()
    with pytest.raises(tarfile.FilterError):
        unpack(keyring, tmp_path, sealed, "1", target)
    assert sorted(os.listdir(tmp_path)) == ["a.cxs", "into"]  # noqa: PTH208 - names are compared
    assert list(target.iterdir()) == []


def test_a_damaged_backup_leaves_the_new_folder_empty(tmp_path: Path, keyring: Keyring) -> None:
    folder = BackupFolder(tmp_path / "backups")
    folder.claim("1")
    label = "20260302T013000Z"
    folder.base(label).mkdir()
    cluster = seal_file(keyring, packed(base=b"x"), folder.base(label), "cluster.tar.cxs", "1")
    manifest = Manifest(
        label=label, system="1", timeline=1, postgres=1, chengxin="1", began_at="", ended_at="", first_segment="0" * 24,
        point=label, last_segment="0" * 24, files=(cluster,), counts_before={}, counts_after={}, key_ids=(),
    )  # fmt: skip
    (folder.base(label) / "cluster.tar.cxs").write_bytes(b"not what was sealed")
    with pytest.raises(BackupDamaged):
        rebuild(folder, manifest, keyring, tmp_path / "new", Target())
    assert list((tmp_path / "new").iterdir()) == []
