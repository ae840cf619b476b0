"""The commands about backups refuse what would mislead, each with a sentence that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from chengxin.base.errors import ChengxinError
from chengxin.cli.backup import choose_label, copy_keys, existing_keys, keys_folder, parse_moment
from chengxin.cli.main import run
from chengxin.crypto import load_keyring
from chengxin.operations.places import BackupFolder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the commands a data folder without an installation."""
    for name in ("CHENGXIN_DATABASE_URL", "CHENGXIN_KEYS", "CHENGXIN_BACKUPS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHENGXIN_DATA", str(tmp_path / "var"))
    return tmp_path / "var"


def code_of(caught: pytest.ExceptionInfo[ChengxinError]) -> str:
    return caught.value.code


def folder_with(root: Path, *labels: str) -> BackupFolder:
    held = BackupFolder(root / "backups")
    held.claim("1")
    for label in labels:
        held.base(label).mkdir()
        (held.base(label) / "manifest.json").touch()
    return held


def test_a_moment_carries_its_offset() -> None:
    assert parse_moment("") is None
    moment = parse_moment("2026-03-02T10:00:00+08:00")
    assert moment is not None
    assert moment.astimezone(UTC) == datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-03-02T10:00:00", "yesterday", "2026-02-30T10:00:00+08:00"])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ChengxinError) as caught:
        parse_moment(text)
    assert code_of(caught) == "moment_wrong"


def test_the_newest_backup_before_the_moment_is_taken(tmp_path: Path) -> None:
    held = folder_with(tmp_path, "20260101T000000Z", "20260201T000000Z", "20260301T000000Z")
    assert choose_label(held, None) == "20260301T000000Z"
    assert choose_label(held, datetime(2026, 2, 15, tzinfo=UTC)) == "20260201T000000Z"


def test_a_moment_before_the_first_backup_is_refused_and_the_first_one_named(tmp_path: Path) -> None:
    held = folder_with(tmp_path, "20260101T000000Z")
    with pytest.raises(ChengxinError) as caught:
        choose_label(held, datetime(2025, 1, 1, tzinfo=UTC))
    assert code_of(caught) == "no_backup_before"
    assert "20260101T000000Z" in caught.value.message_zh


def test_a_folder_that_holds_no_backups_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChengxinError) as caught:
        choose_label(BackupFolder(tmp_path), None)
    assert code_of(caught) == "no_backup_folder"


def test_keys_are_copied_whole_and_closed_to_others(tmp_path: Path) -> None:
    ring = load_keyring(tmp_path / "keys")
    copy_keys(tmp_path / "keys", tmp_path / "copy")
    assert load_keyring(tmp_path / "copy").facts() == ring.facts()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "copy", *(tmp_path / "copy").iterdir()))


def test_keys_are_not_copied_over_anything(tmp_path: Path) -> None:
    load_keyring(tmp_path / "keys")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x").touch()
    with pytest.raises(ChengxinError) as caught:
        copy_keys(tmp_path / "keys", tmp_path / "there")
    assert code_of(caught) == "keys_target_not_empty"


def test_no_new_keys_are_made_to_open_a_backup(tmp_path: Path) -> None:
    with pytest.raises(ChengxinError) as caught:
        existing_keys(None)
    assert code_of(caught) == "keys_missing"
    assert not keys_folder().exists()
    load_keyring(tmp_path / "keys")
    assert existing_keys(tmp_path / "keys")[0] == tmp_path / "keys"


def test_where_nothing_is_installed_there_is_nothing_to_back_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["backup", "--to", str(tmp_path / "backups")]) == 2
    assert "还没有安装平台" in capsys.readouterr().err
    assert not (tmp_path / "backups").exists()


@pytest.mark.parametrize("approvers", [[], ["--approved-by", "a"], ["--approved-by", "a", "--approved-by", "a"]])
def test_a_restore_with_fewer_than_two_officers_is_refused(
    tmp_path: Path, approvers: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["restore", "--from", str(tmp_path), "--into", str(tmp_path / "new"), *approvers]) == 2
    assert "两名不同的经办人" in capsys.readouterr().err


def test_a_restore_into_a_folder_with_data_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").touch()
    two = ["--approved-by", "a", "--approved-by", "b"]
    assert run(["restore", "--from", str(tmp_path / "none"), "--into", str(tmp_path / "data"), *two]) == 2
    assert "恢复不会覆盖任何数据" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["x"]


@pytest.mark.parametrize("command", [["backup", "--to", "x"], ["archive"]])
def test_an_outside_database_is_backed_up_by_its_own_tools(terminal: Terminal, command: list[str]) -> None:
    done = terminal.run(*command)
    assert done.returncode == 2
    assert "pgBackRest" in done.stderr
