"""Where keys come from: a setting, the service manager, the data folder; what was handed over is only read."""

from __future__ import annotations

import pickle
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.crypto.conftest import MADE

from chengxin.crypto import PURPOSES, KeysUnsafe, load_keyring
from chengxin.crypto.keyfiles import NAME, as_text, key_name, read_key
from chengxin.crypto.keyring import new_key
from chengxin.crypto.places import (
    KeyPlace,
    encrypt_command,
    key_place,
    load_line,
    require_every_purpose,
)

if TYPE_CHECKING:
    from pathlib import Path

LEGAL = re.compile(r"[!-9;-~]{1,255}")
"""Names a credential may have: printable ASCII without the colon, and no slash (systemd.exec(5), systemd-creds(1))."""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CHENGXIN_KEYS", raising=False)
    monkeypatch.setenv("CHENGXIN_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def handed(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return credentials that hold a key for every purpose, as the service manager leaves them: 0500, files 0400."""
    load_keyring(tmp_path / "made", clock=lambda: MADE)
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    for purpose in PURPOSES:
        shutil.copyfile(tmp_path / "made" / f"{purpose}.1.key", folder / f"{purpose}.1.key")
        (folder / f"{purpose}.1.key").chmod(0o400)
    folder.chmod(0o500)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert not data.exists()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_the_setting_goes_before_credentials_and_credentials_before_the_data_folder(
    data: Path, handed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert key_place() == KeyPlace(handed, "CREDENTIALS_DIRECTORY")
    assert key_place().handed_over
    monkeypatch.setenv("CHENGXIN_KEYS", str(tmp_path / "named"))
    assert key_place() == KeyPlace(tmp_path / "named", "CHENGXIN_KEYS")
    monkeypatch.delenv("CHENGXIN_KEYS")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert key_place() == KeyPlace(data / "keys", "CHENGXIN_DATA")
    assert not key_place().handed_over


def test_keys_that_were_handed_over_sign_and_open_and_nothing_is_made(data: Path, handed: Path) -> None:
    before = names(handed)
    held = load_keyring()
    sealed = held.seal("backup", b"plain", b"context")
    assert load_keyring().open("backup", sealed, b"context") == b"plain"
    assert {one.purpose for one in held.facts()} == PURPOSES.keys()
    assert pickle.loads(pickle.dumps(held)).blind("blind-index", "1") == held.blind("blind-index", "1")  # noqa: S301
    require_every_purpose(key_place())
    assert names(handed) == before
    assert not data.exists()


def test_a_purpose_that_was_not_handed_over_is_named_and_no_key_is_made_for_it(data: Path, handed: Path) -> None:
    handed.chmod(0o700)
    (handed / "receipt.1.key").unlink()
    (handed / "mfa.1.key").unlink()
    held = load_keyring()
    with pytest.raises(KeysUnsafe) as caught:
        held.sign("receipt", b"m")
    assert (caught.value.code, caught.value.where) == ("keys_not_handed_over", "receipt")
    assert "LoadCredentialEncrypted=receipt.1.key:/etc/credstore.encrypted/receipt.1.key" in caught.value.message_zh
    with pytest.raises(KeysUnsafe) as caught:
        require_every_purpose(key_place())
    assert caught.value.where == "receipt, mfa"
    assert "receipt、mfa" in caught.value.message_zh
    assert not data.exists()
    assert not (handed / "receipt.1.key").exists()


def test_credentials_without_any_key_are_a_mistake_where_there_are_no_other_keys(data: Path, handed: Path) -> None:
    handed.chmod(0o700)
    for path in handed.glob("*.key"):
        path.unlink()
    assert key_place().setting == "CHENGXIN_DATA", "credentials of another kind are nobody's here"
    (handed / "CHENGXIN_DATABASE_URL").write_text("postgresql://…", encoding="utf-8")
    with pytest.raises(KeysUnsafe) as caught:
        load_keyring()
    assert caught.value.code == "keys_not_handed_over"
    assert not data.exists()
    (data / "keys").mkdir(mode=0o700, parents=True)
    assert load_keyring().facts(), "an address may be a credential while keys stay in the data folder"


def test_a_rotation_names_the_commands_and_changes_nothing(handed: Path) -> None:
    held = load_keyring()
    with pytest.raises(KeysUnsafe) as caught:
        held.rotate("checkpoint", MADE)
    said = caught.value
    assert said.code == "keys_are_credentials"
    lines = [line.strip() for line in said.message_zh.splitlines()]
    assert lines[1] == (
        "chengxin keys make checkpoint 2 | systemd-creds encrypt --name=checkpoint.2.key - "
        "/etc/credstore.encrypted/checkpoint.2.key"
    )
    assert "LoadCredentialEncrypted=checkpoint.2.key:/etc/credstore.encrypted/checkpoint.2.key" in lines[2]
    assert lines[3] == "systemctl restart chengxin.target"
    assert "run the commands above" in said.message_en
    assert "checkpoint.2.key" not in names(handed)


def test_the_next_version_that_is_handed_over_is_the_current_key(handed: Path) -> None:
    old = load_keyring().seal("mfa", b"x", b"c")
    made = new_key("mfa", 2, MADE)
    handed.chmod(0o700)
    (handed / key_name("mfa", 2)).write_text(as_text(made), encoding="utf-8")
    (handed / key_name("mfa", 2)).chmod(0o400)
    assert read_key(handed / "mfa.2.key") == made
    held = load_keyring()
    assert held.open("mfa", old, b"c") == b"x"
    assert not held.is_current("mfa", old)
    with pytest.raises(KeysUnsafe) as caught:
        held.rotate("mfa", MADE)
    assert "keys make mfa 3" in caught.value.message_zh


@pytest.mark.parametrize("mode", [0o404, 0o440, 0o444])
def test_a_credential_that_others_can_read_stops_the_start(handed: Path, mode: int) -> None:
    (handed / "backup.1.key").chmod(mode)
    with pytest.raises(KeysUnsafe) as caught:
        load_keyring()
    assert (caught.value.code, caught.value.where) == ("keys_exposed", str(handed / "backup.1.key"))


def test_a_folder_that_only_calls_itself_one_of_credentials_is_found_out(handed: Path) -> None:
    handed.chmod(0o755)
    with pytest.raises(KeysUnsafe) as caught:
        load_keyring()
    assert (caught.value.code, caught.value.where) == ("keys_exposed", str(handed))
    assert "systemd" in caught.value.message_zh


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_name_of_a_key_is_a_name_a_credential_may_have(purpose: str) -> None:
    name = key_name(purpose, 999_999_999)
    assert LEGAL.fullmatch(name)
    assert "/" not in name
    assert NAME.fullmatch(name)
    assert encrypt_command(name).startswith(f"systemd-creds encrypt --name={name} - ")
    assert load_line(name).startswith(f"LoadCredentialEncrypted={name}:")
