"""Keys as systemd's credentials, with systemd's own tool: encrypted on the way, opened, listed, replaced."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chengxin.base.clock import system_now
from chengxin.cli.frame import REFUSED
from chengxin.cli.main import run
from chengxin.cli.programs import Ports, programs
from chengxin.crypto import PURPOSES, KeysUnsafe, load_keyring
from chengxin.crypto.places import STORE

if TYPE_CHECKING:
    from pathlib import Path

TOOL = shutil.which("systemd-creds")
needs_tool = pytest.mark.skipif(TOOL is None or os.geteuid() != 0, reason="needs systemd-creds and root")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHENGXIN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CHENGXIN_KEYS", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setenv("SYSTEMD_CREDENTIAL_SECRET", str(tmp_path / "host.secret"))
    monkeypatch.setenv("CHENGXIN_NOW", "2026-03-02T10:00:00+08:00")
    (tmp_path / "store").mkdir()
    return tmp_path / "data"


def encrypted(command: str, store: Path) -> Path:
    """Run a command the platform printed, with the store of this test and the machine's own key; return the file."""
    ours = command.replace(STORE, str(store)).replace("systemd-creds encrypt", "systemd-creds encrypt --with-key=host")
    ours = ours.replace("chengxin keys", f"{shlex.quote(sys.executable)} -m chengxin.cli.main keys")
    done = subprocess.run(["sh", "-c", ours], capture_output=True, text=True, check=False)
    if done.returncode != 0 and "credential" in done.stderr.lower() and "host" in done.stderr.lower():
        pytest.skip(f"this machine encrypts no credentials: {done.stderr}")
    assert done.returncode == 0, done.stderr
    return store / shlex.split(command.rpartition("--name=")[2])[0]


def hand_over(store: Path, into: Path) -> None:
    """Decrypt the store into a folder as the service manager does: files 0400, the folder 0500."""
    into.mkdir(mode=0o700)
    for path in store.iterdir():
        done = subprocess.run(
            ["systemd-creds", "decrypt", f"--name={path.name}", str(path), "-"], capture_output=True, check=True
        )
        (into / path.name).write_bytes(done.stdout)
        (into / path.name).chmod(0o400)
    into.chmod(0o500)


@needs_tool
def test_keys_move_into_credentials_and_are_replaced_there_by_the_printed_commands(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_keyring()
    sealed = before.seal("sealed-number", b"x", b"c")
    assert run(["keys", "credentials"]) == 0
    printed = capsys.readouterr()
    commands = [line for line in printed.out.splitlines() if line.startswith("systemd-creds")]
    assert len(commands) == len(PURPOSES)
    store = tmp_path / "store"
    for command in commands:
        path = encrypted(command, store)
        clear = (data / "keys" / path.name).read_bytes()
        assert clear not in path.read_bytes(), "encrypted at rest"
    lines = [line for line in printed.out.splitlines() if line.startswith("LoadCredentialEncrypted=")]
    assert {line.partition("=")[2].partition(":")[0] for line in lines} == {path.name for path in store.iterdir()}
    shutil.rmtree(data / "keys")
    hand_over(store, tmp_path / "first")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "first"))
    assert load_keyring().open("sealed-number", sealed, b"c") == b"x"
    with pytest.raises(KeysUnsafe) as caught:
        load_keyring().rotate("sealed-number", system_now())
    made = encrypted(caught.value.message_zh.splitlines()[1].strip(), store)
    assert made.name == "sealed-number.2.key"
    hand_over(store, tmp_path / "second")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "second"))
    after = load_keyring()
    assert after.open("sealed-number", sealed, b"c") == b"x"
    assert not after.is_current("sealed-number", sealed)
    assert not (data / "keys").exists()
    assert run(["keys", "list"]) == 0
    said = capsys.readouterr().out
    assert "systemd 凭据" in said
    assert str(tmp_path / "second") in said
    assert "sealed-number.2." in said


@needs_tool
def test_a_credential_under_another_name_is_refused_by_the_tool_itself(data: Path, tmp_path: Path) -> None:
    load_keyring()
    path = encrypted(
        f"systemd-creds encrypt --name=mfa.1.key {data}/keys/mfa.1.key {STORE}/mfa.1.key", tmp_path / "store"
    )
    done = subprocess.run(
        ["systemd-creds", "decrypt", "--name=receipt.1.key", str(path), "-"], capture_output=True, check=False
    )
    assert done.returncode != 0


def test_the_list_says_where_keys_come_from_and_which_purposes_have_none(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["keys", "list"]) == 0
    assert f"数据目录 the data folder {data / 'keys'}" in capsys.readouterr().out
    handed = tmp_path / "handed"
    shutil.copytree(data / "keys", handed)
    (handed / "mfa.1.key").unlink()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert run(["keys", "list"]) == 0
    said = capsys.readouterr().out
    assert "systemd 凭据" in said
    assert "purposes without a key: mfa" in said
    monkeypatch.setenv("CHENGXIN_KEYS", str(data / "keys"))
    assert run(["keys", "list"]) == 0
    assert "设置 CHENGXIN_KEYS" in capsys.readouterr().out


def test_a_rotation_of_credentials_is_refused_with_what_to_run(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_keyring()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(data / "keys"))
    assert run(["keys", "rotate", "receipt"]) == REFUSED
    said = capsys.readouterr()
    assert "chengxin keys make receipt 2 | systemd-creds encrypt --name=receipt.2.key" in said.err
    assert said.out == ""
    assert run(["keys", "credentials"]) == REFUSED
    assert "已经由 systemd 凭据提供" in capsys.readouterr().err


def test_a_key_that_is_made_for_the_tool_is_kept_nowhere(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "make", "backup", "7"]) == 0
    text = capsys.readouterr().out
    assert '"version": 7' in text
    assert not data.exists()
    assert run(["keys", "make", "everything", "1"]) == REFUSED
    assert "没有密钥用途" in capsys.readouterr().err


def test_a_key_is_not_shown_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert run(["keys", "make", "backup", "2"]) == REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert "不能显示在终端上" in said.err


def test_serve_does_not_begin_without_a_key_it_was_to_be_handed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_keyring()
    handed = tmp_path / "handed"
    shutil.copytree(data / "keys", handed)
    (handed / "checkpoint.1.key").unlink()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert run(["serve"]) == REFUSED
    said = capsys.readouterr().err
    assert "没有用途 checkpoint 的密钥" in said
    assert "LoadCredentialEncrypted=checkpoint.1.key" in said
    assert not (data / "postgres").exists()


def test_there_is_nothing_to_convert_before_there_are_keys(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "credentials"]) == REFUSED
    assert "密钥目录" in capsys.readouterr().err
    assert not data.exists()


def test_the_public_end_is_not_told_of_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    made = {
        one.name: one.environment for one in programs(tmp_path, lambda role: f"postgresql://{role}@x/y", Ports(1, 2, 3))
    }
    assert "CREDENTIALS_DIRECTORY" not in made["public"]
    assert all(made[name]["CREDENTIALS_DIRECTORY"] == str(tmp_path) for name in ("office", "api", "worker", "keeper"))
