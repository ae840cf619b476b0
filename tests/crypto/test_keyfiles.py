"""Keys in files: private, whole or absent, never replaced by chance."""

from __future__ import annotations

import base64
import json
import os
import stat
from typing import TYPE_CHECKING

import pytest
from tests.crypto.conftest import MADE, ring

from chengxin.crypto import PURPOSES, KeysUnsafe, load_keyring
from chengxin.crypto.keyfiles import MADE as MADE_FILE
from chengxin.crypto.keyfiles import read_key, write_key

if TYPE_CHECKING:
    from pathlib import Path


def refusal(folder: Path) -> KeysUnsafe:
    with pytest.raises(KeysUnsafe) as refused:
        load_keyring(folder)
    return refused.value


def test_the_first_start_makes_one_private_key_for_each_purpose(suite_name: str, folder: Path) -> None:
    made = load_keyring(folder, clock=lambda: MADE)
    assert [(one.purpose, one.version, one.suite, one.state, one.made_at) for one in made.facts()] == [
        (purpose, 1, suite_name, "current", MADE) for purpose in PURPOSES
    ]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
    assert sorted(one.name for one in folder.glob("*.key")) == sorted(f"{purpose}.1.key" for purpose in PURPOSES)


def test_a_careless_umask_opens_nothing_to_others(folder: Path) -> None:
    before = os.umask(0)
    try:
        load_keyring(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}


def test_a_second_start_changes_nothing(folder: Path) -> None:
    load_keyring(folder)
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    assert len(load_keyring(folder).facts()) == len(PURPOSES)
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before


def test_the_folder_is_the_given_one_else_the_setting_else_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CHENGXIN_KEYS", raising=False)
    load_keyring()
    assert (tmp_path / "data" / "keys" / "receipt.1.key").exists()
    monkeypatch.setenv("CHENGXIN_KEYS", str(tmp_path / "elsewhere"))
    load_keyring()
    assert (tmp_path / "elsewhere" / "receipt.1.key").exists()
    load_keyring(tmp_path / "given")
    assert (tmp_path / "given" / "receipt.1.key").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666])
def test_a_key_file_others_can_reach_stops_the_start(folder: Path, mode: int) -> None:
    load_keyring(folder)
    exposed = folder / "sealed-number.1.key"
    exposed.chmod(mode)
    refused = refusal(folder)
    assert refused.code == "keys_exposed"
    assert refused.where == str(exposed)
    assert f"chmod 600 {exposed}" in refused.message_zh
    assert f"chmod 600 {exposed}" in refused.message_en
    assert "chengxin keys rotate" in refused.message_zh
    exposed.chmod(0o400)
    assert load_keyring(folder).facts()


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o711, 0o777])
def test_a_key_folder_others_can_enter_stops_the_start(folder: Path, mode: int) -> None:
    load_keyring(folder)
    folder.chmod(mode)
    refused = refusal(folder)
    assert (refused.code, refused.where) == ("keys_exposed", str(folder))
    assert f"chmod 700 {folder}" in refused.message_zh


def test_a_link_to_an_exposed_file_is_seen_through(folder: Path, tmp_path: Path) -> None:
    load_keyring(folder)
    outside = tmp_path / "outside"
    (folder / "receipt.1.key").rename(outside)
    outside.chmod(0o644)
    (folder / "receipt.1.key").symlink_to(outside)
    assert refusal(folder).code == "keys_exposed"


def test_files_of_another_user_stop_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_keyring(folder)
    somebody = os.geteuid() + 1
    monkeypatch.setattr("os.geteuid", lambda: somebody)
    refused = refusal(folder)
    assert (refused.code, refused.where) == ("keys_foreign", str(folder))


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused = refusal(tmp_path / "file" / "keys")
    assert refused.code == "keys_unreadable"
    assert "CHENGXIN_KEYS" in refused.message_zh


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "receipt"},
        {"version": 2},
        {"version": "one"},
        {"key_id": "backup.1.zzzzzzzz"},
        {"key_id": "backup.2.01234567"},
        {"made_at": "yesterday"},
        {"made_at": "2026-03-02T10:00:00"},
        {"key": "***"},
        {"key": base64.b64encode(b"short").decode()},
        {"key": None},
    ],
    ids=str,
)
def test_a_damaged_key_file_is_named_and_none_of_its_content_is(folder: Path, change: dict[str, object]) -> None:
    load_keyring(folder)
    path = folder / "backup.1.key"
    held = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(held | change), encoding="utf-8")
    refused = refusal(folder)
    assert (refused.code, refused.where) == ("key_damaged", str(path))
    assert held["key"] not in str(refused.as_dict())


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"{" * 100_000])
def test_a_file_that_is_no_key_is_named(folder: Path, content: bytes) -> None:
    load_keyring(folder)
    (folder / "backup.1.key").write_bytes(content)
    assert refusal(folder).code == "key_damaged"


def test_a_key_copied_under_another_name_is_refused(folder: Path) -> None:
    load_keyring(folder)
    copied = folder / "receipt.2.key"
    copied.write_bytes((folder / "receipt.1.key").read_bytes())
    copied.chmod(0o600)
    assert refusal(folder).where == str(copied)


def test_a_lost_key_is_reported_and_never_replaced(folder: Path) -> None:
    load_keyring(folder)
    lost = folder / "blind-index.1.key"
    kept = lost.read_bytes()
    lost.unlink()
    refused = refusal(folder)
    assert refused.code == "key_lost"
    assert "blind-index" in refused.message_zh
    assert "备份" in refused.message_zh
    assert not lost.exists()
    lost.write_bytes(kept)
    lost.chmod(0o600)
    assert load_keyring(folder).facts()


def test_a_purpose_a_newer_version_brings_gets_its_key(folder: Path) -> None:
    load_keyring(folder)
    (folder / "mapping.1.key").unlink()
    older = [*sorted(set(PURPOSES) - {"mapping"}), "something-of-a-later-version"]
    (folder / MADE_FILE).write_text(json.dumps(older), encoding="utf-8")
    assert load_keyring(folder).has(read_key(folder / "mapping.1.key").key_id)
    assert set(json.loads((folder / MADE_FILE).read_text(encoding="utf-8"))) == {*older, "mapping"}


@pytest.mark.parametrize("content", ["", "{}", "3"])
def test_a_damaged_list_of_purposes_stops_the_start(folder: Path, content: str) -> None:
    load_keyring(folder)
    (folder / MADE_FILE).write_text(content, encoding="utf-8")
    assert refusal(folder).where == str(folder / MADE_FILE)


def test_a_key_that_exists_is_never_written_over(folder: Path) -> None:
    load_keyring(folder)
    path = folder / "backup.1.key"
    before = path.read_bytes()
    assert write_key(folder, read_key(path)) is False
    assert path.read_bytes() == before
    assert not list(folder.glob(".draft-*"))


def test_what_a_killed_process_left_is_removed_by_the_next_that_writes(folder: Path) -> None:
    made = ring(folder, "international")
    left = folder / ".draft-0123456789abcdef"
    left.write_text("half a key", encoding="utf-8")
    made.rotate("backup", MADE)
    assert not left.exists()


def test_a_rotation_that_finds_its_file_taken_writes_over_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ring(folder, "international")
    monkeypatch.setattr("chengxin.crypto.keyfiles.write_key", lambda *_: False)
    with pytest.raises(KeysUnsafe) as refused:
        made.rotate("backup", MADE)
    assert refused.value.code == "key_exists"
    assert len([one for one in made.facts() if one.purpose == "backup"]) == 1
