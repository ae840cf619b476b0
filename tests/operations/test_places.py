"""Folders of backups: whose they are, what is refused, and what is noted about them."""

from __future__ import annotations

import json
import stat
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.crypto import load_keyring
from chengxin.operations.archive import note_state, run_archive
from chengxin.operations.places import LABEL, BackupFolder, known_folder, remember_folder, write_json

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_folder_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHENGXIN_BACKUPS", raising=False)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_empty_folder_becomes_ours_and_nobody_elses(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path / "a" / "backups")
    folder.claim("1")
    assert folder.system() == "1"
    assert {path.name for path in folder.root.iterdir()} == {"installation.json", "base", "wal", "rehearsals"}
    assert {mode(path) for path in (folder.root, folder.root / "base", folder.wal, folder.rehearsals)} == {0o700}
    assert mode(folder.root / "installation.json") == 0o600


def test_claiming_again_changes_nothing(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path / "backups")
    folder.claim("1")
    before = (folder.root / "installation.json").read_bytes()
    folder.claim("1")
    assert (folder.root / "installation.json").read_bytes() == before


def test_a_folder_open_to_others_is_closed_when_it_becomes_ours(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir(mode=0o755)
    BackupFolder(tmp_path / "backups").claim("1")
    assert mode(tmp_path / "backups") == 0o700


def test_a_folder_with_anything_else_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(ChengxinError) as caught:
        BackupFolder(tmp_path).claim("1")
    assert (caught.value.code, caught.value.where) == ("backup_folder_taken", str(tmp_path))
    assert "请换一个空目录" in caught.value.message_zh
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_another_installations_backups_are_not_mixed_with_ours(tmp_path: Path) -> None:
    BackupFolder(tmp_path / "backups").claim("1")
    with pytest.raises(ChengxinError) as caught:
        BackupFolder(tmp_path / "backups").claim("2")
    assert caught.value.code == "backup_folder_taken"
    assert BackupFolder(tmp_path / "backups").system() == "1"


def test_a_file_in_the_folders_place_is_told_with_what_the_system_said(tmp_path: Path) -> None:
    (tmp_path / "backups").touch()
    with pytest.raises(ChengxinError) as caught:
        BackupFolder(tmp_path / "backups").claim("1")
    assert caught.value.code == "backup_folder_not_writable"
    assert "请检查目录权限和磁盘" in caught.value.message_zh


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("20260302T013000Z", True),
        ("20260302T013000", False),
        ("20260302T013000Z ", False),
        ("20260302t013000z", False),
        ("２０２６０３０２T013000Z", False),
        (".draft-20260302T013000Z", False),
        ("", False),
    ],
)
def test_a_backups_name_is_a_moment_in_utc(name: str, is_one: bool) -> None:  # noqa: FBT001 - one of a table's columns
    assert (LABEL.fullmatch(name) is not None) is is_one


def test_finished_backups_are_listed_oldest_first(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path)
    assert folder.labels() == ()
    for label in ("20260303T013000Z", "20251231T013000Z", "20260302T013000Z", "unfinished", "20260304T013000Z"):
        folder.base(label).mkdir(parents=True)
        if label != "20260304T013000Z":
            (folder.base(label) / "manifest.json").touch()
    assert folder.labels() == ("20251231T013000Z", "20260302T013000Z", "20260303T013000Z")


def test_where_backups_go_is_remembered_and_the_environment_goes_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known_folder(tmp_path) is None
    remember_folder(tmp_path, tmp_path / "one")
    remember_folder(tmp_path, tmp_path / "two")
    assert known_folder(tmp_path) == BackupFolder(tmp_path / "two")
    assert mode(tmp_path / "backups.json") == 0o600
    monkeypatch.setenv("CHENGXIN_BACKUPS", str(tmp_path / "three" / ".." / "four"))
    assert known_folder(tmp_path) == BackupFolder(tmp_path / "four")


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"folder": null}', '{"folder": ["a"]}', '{"folder": "a"'])
def test_a_note_that_cannot_be_read_is_told_with_the_command_that_renews_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "backups.json").write_text(text, encoding="utf-8")
    with pytest.raises(ChengxinError) as caught:
        known_folder(tmp_path)
    assert (caught.value.code, caught.value.where) == ("backup_note_unreadable", str(tmp_path / "backups.json"))
    assert "chengxin backup --to 目录" in caught.value.message_zh
    assert "chengxin backup --to FOLDER" in caught.value.message_en


def test_a_note_that_cannot_be_read_is_noted_by_the_archive_which_goes_on(tmp_path: Path) -> None:
    (tmp_path / "backups.json").write_text("{", encoding="utf-8")
    stop = threading.Event()
    keys = tmp_path / "keys"
    thread = threading.Thread(target=run_archive, args=(tmp_path, lambda: load_keyring(keys), system_now, stop))
    thread.start()
    try:
        for _ in range(100):
            if (tmp_path / "archive.json").exists():
                break
            stop.wait(0.05)
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(20)
    held = json.loads((tmp_path / "archive.json").read_text(encoding="utf-8"))
    assert held["error"] == "backup_note_unreadable"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('甲a\n"\\', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("甲b", max_size=3), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(held=JSON)
def test_whatever_is_noted_comes_back_and_only_we_can_read_it(
    tmp_path_factory: pytest.TempPathFactory, held: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "note.json"
    write_json(path, held)
    assert json.loads(path.read_text(encoding="utf-8")) == held
    assert mode(path) == 0o600


def test_a_note_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    write_json(tmp_path / "note.json", {"a": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "note.json", {"a": object()})
    assert json.loads((tmp_path / "note.json").read_text(encoding="utf-8")) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["note.json"]


def test_notes_of_the_archive_that_cannot_be_put_in_place_do_not_fill_the_folder(tmp_path: Path) -> None:
    (tmp_path / "archive.json").mkdir()
    for _ in range(5):
        note_state(tmp_path, system_now(), error="x")
    assert [path.name for path in tmp_path.iterdir()] == ["archive.json"]
