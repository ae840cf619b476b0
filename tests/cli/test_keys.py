"""The operator lists keys, replaces one, and hands public keys out; no key ever shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chengxin.cli.main import run
from chengxin.crypto import PURPOSES, load_keyring, read_public_keys, verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data folder of the commands, which has no keys yet."""
    monkeypatch.setenv("CHENGXIN_DATA", str(tmp_path))
    monkeypatch.delenv("CHENGXIN_KEYS", raising=False)
    monkeypatch.setenv("CHENGXIN_NOW", "2026-03-02T10:00:00+08:00")
    return tmp_path


def test_the_list_names_every_key_and_shows_none(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "list"]) == 0
    said = capsys.readouterr().out
    made = load_keyring(data / "keys")
    for one in made.facts():
        assert one.key_id in said
    assert "证件号码加密" in said
    assert "2026-03-02T10:00:00+08:00" in said
    for path in (data / "keys").glob("*.key"):
        assert json.loads(path.read_text(encoding="utf-8"))["key"] not in said


def test_a_rotation_prints_the_new_id_and_asks_for_a_backup(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = load_keyring(data / "keys")
    sealed = before.seal("sealed-number", b"x", b"c")
    assert run(["keys", "rotate", "sealed-number"]) == 0
    said = capsys.readouterr()
    assert said.out.strip().startswith("sealed-number.2.")
    assert "备份" in said.err
    assert "back the key folder up" in said.err
    assert not before.is_current("sealed-number", sealed)
    assert run(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert listed.index("sealed-number.2.") < listed.index("sealed-number.1.")
    assert "停用，仍可解密验签" in listed


def test_exported_public_keys_verify(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = load_keyring(data / "keys")
    assert run(["keys", "public", "receipt"]) == 0
    verify(read_public_keys(capsys.readouterr().out), b"m", made.sign("receipt", b"m"))
    out = data / "receipt.pem"
    assert run(["keys", "public", "receipt", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert str(out) in said.err
    assert read_public_keys(out.read_text(encoding="ascii")) == made.public_keys("receipt")


def test_an_existing_file_is_not_written_over(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = data / "receipt.pem"
    out.write_text("mine", encoding="ascii")
    assert run(["keys", "public", "receipt", "--out", str(out)]) == 2
    assert "没有写入" in capsys.readouterr().err
    assert out.read_text(encoding="ascii") == "mine"


@pytest.mark.parametrize("command", ["rotate", "public"])
def test_an_unknown_purpose_is_answered_with_those_there_are(
    data: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(["keys", command, "everything"]) == 2
    said = capsys.readouterr().err
    assert "没有密钥用途“everything”" in said
    assert " ".join(PURPOSES) in said
    assert not (data / "keys").exists()


def test_a_secret_key_has_no_public_half(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "public", "backup"]) == 2
    assert "backup" in capsys.readouterr().err
    assert (data / "keys" / "backup.1.key").exists()


def test_an_exposed_key_is_a_sentence_with_the_command_that_mends_it(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_keyring(data / "keys")
    exposed = data / "keys" / "receipt.1.key"
    exposed.chmod(0o644)
    assert run(["keys", "list"]) == 2
    said = capsys.readouterr().err
    assert f"chmod 600 {exposed}" in said
    assert "Traceback" not in said
