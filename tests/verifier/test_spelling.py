"""A checkpoint and its signature have one spelling; whatever else is given is refused in words, never with a crash."""

from __future__ import annotations

import json
import socket
import string
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.audit.checkpoint import Checkpoint
from chengxin.crypto import Keyring, load_keyring
from chengxin.testing.making import NOW
from chengxin.verifier.notes import (
    NAMES,
    TITLE,
    Key,
    Note,
    Unreadable,
    read_keys,
    read_note,
    read_witness,
    signature_trouble,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "5b0f2f0e-0000-4000-8000-000000000001"
BASE64URL = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


@pytest.fixture(scope="module", params=["international", "national"])
def keyring(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyring]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHENGXIN_CRYPTO_SUITE", request.param)
        yield load_keyring(tmp_path_factory.mktemp("spelling") / "keys")


@pytest.fixture(scope="module")
def keys(keyring: Keyring) -> dict[str, Key]:
    return read_keys("".join(key.block() for key in keyring.public_keys("checkpoint")))


@pytest.fixture(scope="module")
def note(keyring: Keyring) -> Note:
    return read_note(Checkpoint(ORIGIN, 3, 41, "sha256", b"q" * 32, NOW, "5" * 64).signed(keyring).note())


def _parts(note: Note) -> tuple[str, str, str]:
    suite, key_id, value = note.signature.split(":")
    return suite, key_id, value


@pytest.mark.parametrize(
    "more", [":", ":junk", ":junk:more", "=", "==", " ", "\n", "signature: x", "é", "\ud800", "０"]
)
def test_nothing_can_be_hung_behind_a_signature(note: Note, keys: dict[str, Key], more: str) -> None:
    assert signature_trouble(keys, note.signed, note.signature + more) == "bad_signature"


@pytest.mark.parametrize("before", [" ", "\t", "x", "international", ":"])
def test_nothing_can_be_hung_before_a_signature(note: Note, keys: dict[str, Key], before: str) -> None:
    assert signature_trouble(keys, note.signed, before + note.signature) in {"wrong_key", "bad_signature"}


def test_of_the_spellings_of_the_last_sign_only_one_holds(note: Note, keys: dict[str, Key]) -> None:
    # Base64 leaves bits of the last sign unused: several signs would decode to the same bytes.
    suite, key_id, value = _parts(note)
    holding = [
        sign for sign in BASE64URL if not signature_trouble(keys, note.signed, f"{suite}:{key_id}:{value[:-1]}{sign}")
    ]
    assert holding == [value[-1]]


@given(st.data())
def test_no_single_sign_of_a_signature_may_be_another(note: Note, keys: dict[str, Key], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(note.signature) - 1))
    sign = data.draw(st.sampled_from(BASE64URL + ":=+/ .中"))
    touched = note.signature[:place] + sign + note.signature[place + 1 :]
    expected = {""} if touched == note.signature else {"wrong_key", "bad_signature"}
    assert signature_trouble(keys, note.signed, touched) in expected


@given(st.data())
def test_no_single_byte_of_what_is_signed_may_be_another(note: Note, keys: dict[str, Key], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(note.signed) - 1))
    byte = data.draw(st.integers(0, 255))
    touched = note.signed[:place] + bytes([byte]) + note.signed[place + 1 :]
    expected = "" if touched == note.signed else "bad_signature"
    assert signature_trouble(keys, touched, note.signature) == expected


@given(st.text())
def test_any_text_in_the_place_of_a_signature_is_answered(note: Note, keys: dict[str, Key], text: str) -> None:
    suite, key_id, _value = _parts(note)
    assert signature_trouble(keys, note.signed, text) in {"wrong_key", "bad_signature"}
    assert signature_trouble(keys, note.signed, f"{suite}:{key_id}:{text}") == "bad_signature"


@given(st.text(alphabet=BASE64URL, max_size=300))
def test_any_bytes_in_the_place_of_a_signature_are_a_bad_one(note: Note, keys: dict[str, Key], value: str) -> None:
    suite, key_id, real = _parts(note)
    expected = "" if value == real else "bad_signature"
    assert signature_trouble(keys, note.signed, f"{suite}:{key_id}:{value}") == expected


@pytest.mark.parametrize("pem", ["", "nothing", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_damaged_public_key_vouches_for_nothing(note: Note, pem: str) -> None:
    suite, key_id, _value = _parts(note)
    damaged = {key_id: Key(key_id, suite, pem)}
    assert signature_trouble(damaged, note.signed, note.signature) == "bad_signature"


def test_a_note_taken_apart_and_put_together_is_the_same_text(note: Note) -> None:
    values = {
        "origin": note.origin, "number": str(note.number), "size": str(note.size), "hash": note.hash,
        "root": note.root.hex(), "at": note.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "previous": note.previous,
        "signature": note.signature,
    }  # fmt: skip
    assert note.text == "\n".join([TITLE, *(f"{name}: {values[name]}" for name in NAMES), ""])
    assert note.signed.decode() + f"signature: {note.signature}\n" == note.text


@given(st.text())
def test_any_text_is_a_checkpoint_or_is_said_to_be_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read_note(text)


@given(st.lists(st.text(), min_size=len(NAMES), max_size=len(NAMES)))
def test_the_form_alone_makes_no_checkpoint(values: list[str]) -> None:
    text = "\n".join([TITLE, *(f"{name}: {value}" for name, value in zip(NAMES, values, strict=True)), ""])
    with pytest.raises(Unreadable):
        read_note(text)


@given(st.data())
def test_a_checkpoint_with_one_sign_changed_is_unreadable_or_does_not_hold(
    note: Note, keys: dict[str, Key], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(note.text) - 1))
    sign = data.draw(st.characters())
    touched = note.text[:place] + sign + note.text[place + 1 :]
    try:
        held = read_note(touched)
    except Unreadable:
        return
    trouble = signature_trouble(keys, held.signed, held.signature)
    assert bool(trouble) == (touched != note.text)


@given(st.data())
def test_a_checkpoint_cut_anywhere_is_unreadable(note: Note, data: st.DataObject) -> None:
    with pytest.raises(Unreadable):
        read_note(note.text[: data.draw(st.integers(0, len(note.text) - 1))])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("number: 3", "number: ３"),
        ("number: 3", "number:  3"),
        ("number: 3", "number: 3 "),
        ("number: 3", "number: 3.0"),
        ("number: 3", "number: 0x3"),
        ("number: 3", "number: " + "9" * 5000),
        ("size: 41", "size: 041"),
        ("size: 41", "size: "),
        ("hash: sha256", "hash: SHA256"),
        ("hash: sha256", "hash: sha1"),
        ("hash: sha256", "hash: "),
        ("root: 71", "root: 7"),
        ("root: 71", "root: 71 "),
        ("at: 2026", "at: 226"),
        ("at: 2026-03-02T02", "at: 2026-03-02 02"),
        ("at: 2026-03-02T02:00:00.000000Z", "at: 2026-03-02T02:00:00Z"),
        ("at: 2026-03-02T02:00:00.000000Z", "at: 2026-03-02T02:00:00.000000+00:00"),
        ("origin: ", "origin:"),
        ("previous: ", "PREVIOUS: "),
        ("\n", "\r\n"),
        ("signature: ", "signed: "),
        ("origin: 5", "origin: \ud800"),
    ],
)
def test_every_part_of_a_checkpoint_has_one_spelling(note: Note, old: str, new: str) -> None:
    assert old in note.text
    with pytest.raises(Unreadable):
        read_note(note.text.replace(old, new))


def test_a_line_more_or_less_is_no_checkpoint(note: Note) -> None:
    lines = note.text.split("\n")
    for place in range(len(lines)):
        with pytest.raises(Unreadable):
            read_note("\n".join(lines[:place] + lines[place + 1 :]))
        with pytest.raises(Unreadable):
            read_note("\n".join([*lines[:place], lines[place], *lines[place:]]))


def test_two_lines_in_each_others_place_are_no_checkpoint(note: Note) -> None:
    lines = note.text.split("\n")
    for place in range(1, len(lines) - 2):
        swapped = [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]
        with pytest.raises(Unreadable):
            read_note("\n".join(swapped))


def test_only_whole_key_blocks_are_keys(keyring: Keyring) -> None:
    (key,) = keyring.public_keys("checkpoint")
    block = key.block()
    assert list(read_keys(f"a letter\n\n{block}\nand more\n")) == [key.key_id]
    assert read_keys(key.pem) == {}, "a key without the line that names it is nobody's"
    for broken in (block.replace("END", "END OF"), block.replace("# key", "#key"), block[:-30], ""):
        assert read_keys(broken) == {}


@given(st.text())
def test_any_text_holds_keys_or_none(text: str) -> None:
    assert set(read_keys(text)) <= {word for line in text.splitlines() for word in line.split()}


def _witness(tmp_path: Path, held: bytes) -> str:
    path = tmp_path / "witness.jsonl"
    path.write_bytes(held)
    return str(path)


@pytest.mark.parametrize(
    "line",
    [b"", b"null", b"[]", b"1", b'"note"', b"{}", b'{"note": null}', b'{"note": 5}', b'{"note": ""}', b"\xff\xfe",
     b"[" * 200_000, b'{"note": "\\ud800"}', b'{"NOTE": "x"}', b"not json", b'{"note": "x"'],
)  # fmt: skip
def test_a_line_of_a_witness_that_is_no_checkpoint_is_said(tmp_path: Path, line: bytes) -> None:
    with pytest.raises(Unreadable):
        read_witness(_witness(tmp_path, line + b"\n"))


@given(st.binary())
def test_any_file_in_the_place_of_a_witness_is_empty_or_unreadable(
    tmp_path_factory: pytest.TempPathFactory, held: bytes
) -> None:
    place = _witness(tmp_path_factory.getbasetemp(), held)
    if b"\n" not in held:
        assert read_witness(place).notes == (), "a last line without its end was never confirmed"
        return
    with pytest.raises(Unreadable):
        read_witness(place)


def test_a_witness_keeps_checkpoints_in_the_order_of_its_lines(tmp_path: Path, keyring: Keyring) -> None:
    notes = [
        Checkpoint(ORIGIN, number, 7, "sm3", b"r" * 32, NOW + timedelta(minutes=number), "0" * 64).signed(keyring)
        for number in (2, 1, 5)
    ]
    lines = "".join(json.dumps({"at": "x", "note": one.note(), "more": [1]}) + "\n" for one in notes)
    kept = read_witness(_witness(tmp_path, lines.encode()))
    assert [one.number for one in kept.notes] == [2, 1, 5]
    assert [one.digest for one in kept.notes] == [one.digest() for one in notes]
    assert kept.name.endswith("witness.jsonl")


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """Answer one request with exactly these bytes; yield the address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answer() -> None:
            asked, _ = listening.accept()
            with asked:
                asked.recv(4000)
                asked.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


def _http(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n".encode() + body


def test_a_witness_over_http_is_read_like_its_file(note: Note) -> None:
    body = json.dumps({"note": note.text}).encode() + b"\n"
    with answering(_http(body)) as place:
        assert read_witness(f"{place}/").notes == (note,)


@pytest.mark.parametrize(
    "reply",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", _http(b"", "500 No"),
     _http(b"", "404 Not Found"), _http(b'{"note": "x"}\n', length=500), b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200],
)  # fmt: skip
def test_a_witness_that_answers_nonsense_or_half_cannot_be_read(reply: bytes) -> None:
    with answering(reply) as place, pytest.raises(OSError):  # noqa: PT011 - the words are the library's
        read_witness(place, seconds=10)


@pytest.mark.parametrize(
    "place", ["http://[", "http://a b", "http://host:port/", "http://h\x00/", "https://127.0.0.1:1"]
)
def test_what_is_no_address_of_a_witness_cannot_be_read(place: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - the words are the library's
        read_witness(place, seconds=5)
