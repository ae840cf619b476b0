"""Checkpoints and keys are read as the platform writes them, and in no other spelling."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chengxin.audit.checkpoint import Checkpoint
from chengxin.crypto import Keyring, load_keyring
from chengxin.testing.making import NOW
from chengxin.verifier.findings import KINDS, Finding, Findings
from chengxin.verifier.notes import Unreadable, read_keys, read_note, read_witness, signature_trouble

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "5b0f2f0e-0000-4000-8000-000000000001"


@pytest.fixture(params=["international", "national"])
def keyring(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    monkeypatch.setenv("CHENGXIN_CRYPTO_SUITE", request.param)
    return load_keyring(tmp_path / "keys")


def made(keyring: Keyring) -> Checkpoint:
    return Checkpoint(ORIGIN, 2, 17, "sm3", b"r" * 32, NOW, "7" * 64).signed(keyring)


def test_a_checkpoint_of_the_platform_is_read_and_its_signature_holds(keyring: Keyring) -> None:
    checkpoint = made(keyring)
    note = read_note(checkpoint.note())
    assert (note.origin, note.number, note.size, note.hash, note.root) == (ORIGIN, 2, 17, "sm3", b"r" * 32)
    assert (note.at, note.previous) == (NOW, "7" * 64)
    assert note.digest == checkpoint.digest()
    keys = read_keys("".join(key.block() for key in keyring.public_keys("checkpoint")))
    assert signature_trouble(keys, note.signed, note.signature) == ""
    assert signature_trouble(keys, note.signed + b" ", note.signature) == "bad_signature"
    assert signature_trouble(keys, note.signed, note.signature[:-4]) == "bad_signature"
    assert signature_trouble(keys, note.signed, note.signature[:-1] + "%") == "bad_signature"
    assert signature_trouble({}, note.signed, note.signature) == "wrong_key"
    assert signature_trouble(keys, note.signed, "") == "wrong_key"
    suite, key_id, value = note.signature.split(":")
    other = {"international": "national", "national": "international"}[suite]
    assert signature_trouble(keys, note.signed, f"{other}:{key_id}:{value}") == "wrong_key", "no weaker suite is chosen"


def test_a_key_of_another_kind_verifies_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rings = {}
    for suite in ("international", "national"):
        monkeypatch.setenv("CHENGXIN_CRYPTO_SUITE", suite)
        rings[suite] = load_keyring(tmp_path / suite)
    for mine, others in (("international", "national"), ("national", "international")):
        note = read_note(made(rings[mine]).note())
        (key,) = read_keys(rings[mine].public_keys("checkpoint")[0].block()).values()
        pem = rings[others].public_keys("checkpoint")[0].pem
        assert (
            signature_trouble({key.id: type(key)(key.id, key.suite, pem)}, note.signed, note.signature)
            == "bad_signature"
        )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("number: 2", "number: 02"),
        ("number: 2", "number: +2"),
        ("size: 17", "size: 1_7"),
        ("hash: sm3", "hash: md5"),
        ("root: 7", "root: G"),
        ("at: 2026-03", "at: 2026-13"),
        ("\nsize", "\nextra: 1\nsize"),
        ("chengxin", "Chengxin"),
        ("origin", "Origin"),
    ],
)
def test_another_spelling_is_no_checkpoint(tmp_path: Path, old: str, new: str) -> None:
    text = made(load_keyring(tmp_path / "keys")).note()
    assert old in text
    with pytest.raises(Unreadable):
        read_note(text.replace(old, new))


def test_a_witness_with_a_line_that_is_none_is_said(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    note = made(load_keyring(tmp_path / "keys")).note()
    path.write_text(json.dumps({"note": note}) + "\n" + '{"at": "half', encoding="utf-8")
    assert [one.number for one in read_witness(str(path)).notes] == [2]
    path.write_text("[]\n", encoding="utf-8")
    with pytest.raises(Unreadable):
        read_witness(str(path))
    with pytest.raises(OSError, match="No such file"):
        read_witness(str(tmp_path / "none"))


def test_of_each_kind_the_first_place_stands_for_all() -> None:
    found = Findings()
    for position in (9, 4, 7):
        found.add(Finding("event_changed", position))
    found.add(Finding("wrong_key", checkpoint=1))
    first, second = found.first()
    assert (first.code, first.position, first.count) == ("event_changed", 4, 3)
    assert second.code == "wrong_key"


def test_every_kind_is_told_in_both_languages() -> None:
    for code, (chinese, english) in KINDS.items():
        assert any("\u4e00" <= one <= "\u9fff" for one in chinese), code
        assert english.isascii(), code
