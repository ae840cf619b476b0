"""A witness keeps what continues what it has, refuses everything else, and signs for it over HTTP."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from chengxin.audit.checkpoint import Checkpoint, NoCheckpoint, read_checkpoint
from chengxin.audit.tree import TreeHash, consistency_path
from chengxin.audit.witness import FileWitness, HttpWitness, WitnessAway, WitnessRefuses, witness_at
from chengxin.audit.witness_app import WitnessApp, countersigned, served
from chengxin.base.errors import ChengxinError
from chengxin.crypto import Keyring, Signature, WrongSignature, load_keyring, verify
from chengxin.testing.making import NOW
from chengxin.verifier.notes import read_keys, read_witness, signature_trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HASHING = TreeHash()
LEAVES = [HASHING.leaf(b"s" * 16, str(number).encode()) for number in range(64)]
ORIGIN = "5b0f2f0e-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return load_keyring(tmp_path_factory.mktemp("platform") / "keys")


@pytest.fixture
def checkpoint(keyring: Keyring) -> Callable[..., Checkpoint]:
    def make(number: int, size: int, **more: Any) -> Checkpoint:
        values: dict[str, Any] = {"origin": ORIGIN, "hash": "sha256", "root": HASHING.root(LEAVES[:size]), "at": NOW}
        return Checkpoint(number=number, size=size, **(values | more)).signed(keyring)

    return make


def prove(size: int) -> Callable[[int], list[bytes]]:
    return lambda old: consistency_path(old, size, lambda low, high: HASHING.root(LEAVES[low:high]))


@pytest.fixture
def witness(tmp_path: Path, keyring: Keyring) -> FileWitness:
    return FileWitness(tmp_path / "deep" / "witness.jsonl", keyring.public_keys("checkpoint"))


def test_a_checkpoint_is_text_and_comes_back(checkpoint: Callable[..., Checkpoint]) -> None:
    made = checkpoint(3, 17)
    assert read_checkpoint(made.note()) == made
    assert made.note().startswith(f"chengxin-audit-checkpoint/1\norigin: {ORIGIN}\nnumber: 3\nsize: 17\nhash: sha256\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "\n",
        lambda text: text.replace("size: 17", "size: 017"),
        lambda text: text.replace("number: 3", "number: 0"),
        lambda text: text.replace("sha256", "md5"),
        lambda text: text.replace("2026-03-02", "2026-02-30"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("number", "numbers"),
        lambda _text: "",
        lambda text: text * 100,
    ],
)
def test_another_spelling_is_no_checkpoint(checkpoint: Callable[..., Checkpoint], change: Callable[[str], str]) -> None:
    with pytest.raises(NoCheckpoint) as caught:
        read_checkpoint(change(checkpoint(3, 17).note()))
    assert caught.value.code == "not_a_checkpoint"


def test_a_file_keeps_what_continues(witness: FileWitness, checkpoint: Callable[..., Checkpoint]) -> None:
    for number, size in enumerate((0, 1, 8, 8, 64), 1):
        assert witness.show(checkpoint(number, size), prove(size), NOW) == "kept"
        assert witness.show(checkpoint(number, size), prove(size), NOW) == "kept", "again is no second line"
    assert [one.size for one in witness.checkpoints()] == [0, 1, 8, 8, 64]
    last = witness.last()
    assert last is not None
    assert last.number == 5
    assert [one.size for one in read_witness(witness.name).notes] == [0, 1, 8, 8, 64]


def test_an_empty_witness_keeps_nothing(witness: FileWitness) -> None:
    assert witness.last() is None
    assert list(witness.checkpoints()) == []


@pytest.mark.parametrize(
    ("number", "size", "more", "code"),
    [
        (3, 20, {"root": b"x" * 32}, "split_view"),
        (2, 20, {"previous": "1" * 64}, "split_view"),
        (3, 19, {}, "tree_shrank"),
        (1, 30, {}, "tree_shrank"),
        (3, 30, {"root": b"x" * 32}, "not_a_continuation"),
        (3, 30, {"origin": ORIGIN[:-1] + "2"}, "other_log"),
        (3, 30, {"hash": "sm3"}, "other_log"),
    ],
)
def test_a_second_history_is_refused(
    witness: FileWitness,
    checkpoint: Callable[..., Checkpoint],
    number: int,
    size: int,
    more: dict[str, Any],
    code: str,
) -> None:
    witness.show(checkpoint(2, 20), prove(20), NOW)
    with pytest.raises(WitnessRefuses) as caught:
        witness.show(checkpoint(number, size, **more), prove(size), NOW)
    assert caught.value.code == code
    assert "报告安全管理员" in caught.value.message_zh
    assert [one.number for one in witness.checkpoints()] == [2]


def test_what_is_not_signed_by_the_platform_is_not_kept(
    witness: FileWitness, checkpoint: Callable[..., Checkpoint], tmp_path: Path
) -> None:
    stranger = load_keyring(tmp_path / "stranger")
    with pytest.raises(WrongSignature):
        witness.show(checkpoint(1, 8).signed(stranger), prove(8), NOW)
    with pytest.raises(WrongSignature):
        witness.show(replace(checkpoint(1, 8), size=9), prove(9), NOW)
    assert witness.last() is None


def test_half_a_line_of_a_crash_is_no_line(witness: FileWitness, checkpoint: Callable[..., Checkpoint]) -> None:
    witness.show(checkpoint(1, 8), prove(8), NOW)
    with witness.path.open("ab") as file:
        file.write(b'{"at": "2026-03-02T10:00", "no')
    assert [one.size for one in read_witness(witness.name).notes] == [8]
    witness.show(checkpoint(2, 9), prove(9), NOW)
    assert [one.size for one in witness.checkpoints()] == [8, 9]


def test_a_damaged_line_is_said(witness: FileWitness, checkpoint: Callable[..., Checkpoint]) -> None:
    witness.show(checkpoint(1, 8), prove(8), NOW)
    with witness.path.open("ab") as file:
        file.write(b"garbage\n")
    with pytest.raises(NoCheckpoint) as caught:
        witness.show(checkpoint(2, 9), prove(9), NOW)
    assert caught.value.code == "witness_damaged"


def test_a_file_that_cannot_be_written_is_away(tmp_path: Path, checkpoint: Callable[..., Checkpoint]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WitnessAway) as caught:
        FileWitness(tmp_path / "file" / "below.jsonl").show(checkpoint(1, 8), prove(8), NOW)
    assert caught.value.code == "witness_away"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def served_app(witness: FileWitness, tmp_path: Path) -> Iterator[tuple[str, WitnessApp]]:
    app = WitnessApp(witness, load_keyring(tmp_path / "witness-keys"), lambda: NOW)
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", app
        server.shutdown()
        thread.join()


def test_over_http_it_keeps_and_countersigns(
    served_app: tuple[str, WitnessApp], checkpoint: Callable[..., Checkpoint]
) -> None:
    address, app = served_app
    remote = witness_at(address, 5)
    assert isinstance(remote, HttpWitness)
    for number, size in ((1, 8), (2, 50)):
        made = checkpoint(number, size)
        signature = remote.show(made, prove(size), NOW)
        keys = app.keyring.public_keys("checkpoint")
        verify(keys, countersigned(made.note()), Signature.parse(signature))
        blocks = read_keys("".join(key.block() for key in keys))
        assert signature_trouble(blocks, countersigned(made.note()), signature) == ""
        assert signature_trouble(blocks, made.note().encode(), signature) == "bad_signature"
    assert [one.size for one in read_witness(address).notes] == [8, 50]


def test_over_http_a_second_history_is_refused(
    served_app: tuple[str, WitnessApp], checkpoint: Callable[..., Checkpoint]
) -> None:
    remote = HttpWitness(served_app[0], 5)
    remote.show(checkpoint(1, 20), prove(20), NOW)
    with pytest.raises(WitnessRefuses) as caught:
        remote.show(checkpoint(2, 20, root=b"x" * 32), prove(20), NOW)
    assert caught.value.code == "split_view"


def test_a_witness_that_does_not_answer_is_away(checkpoint: Callable[..., Checkpoint]) -> None:
    with pytest.raises(WitnessAway) as caught:
        HttpWitness("http://127.0.0.1:9", 1).show(checkpoint(1, 8), prove(8), NOW)
    assert "127.0.0.1:9" in caught.value.message_zh


@pytest.mark.parametrize(
    ("method", "path", "body", "length", "status"),
    [
        ("GET", "/", b"", "0", "404 Not Found"),
        ("DELETE", "/checkpoints", b"", "0", "404 Not Found"),
        ("POST", "/checkpoints", b"{}", "2", "400 Bad Request"),
        ("POST", "/checkpoints", b"[]", "2", "400 Bad Request"),
        ("POST", "/checkpoints", b'{"note": "x", "proof": []}', "26", "400 Bad Request"),
        ("POST", "/checkpoints", b'{"note": "x", "proof": ["zz"]}', "30", "400 Bad Request"),
        ("POST", "/checkpoints", b"", "99999", "413 Content Too Large"),
        ("POST", "/checkpoints", b"", "-1", "413 Content Too Large"),
        ("GET", "/latest", b"", "0", "200 OK"),
        ("GET", "/key", b"", "0", "200 OK"),
    ],
)
def test_what_it_does_not_understand_it_refuses(
    witness: FileWitness, tmp_path: Path, method: str, path: str, body: bytes, length: str, status: str
) -> None:
    app = WitnessApp(witness, load_keyring(tmp_path / "k"), lambda: NOW)
    told: list[str] = []

    def start(given: str, _headers: object, _trouble: object = None) -> Any:
        told.append(given)

    list(
        app(
            {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": length},
            start,
        )
    )
    assert told == [status]
    assert witness.last() is None


def test_the_command_needs_a_key_to_trust(tmp_path: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    trusts = tmp_path / "platform.pub"
    trusts.write_text("nothing")
    monkeypatch.setenv("CHENGXIN_WITNESS_FOLDER", str(tmp_path / "w"))
    monkeypatch.setenv("CHENGXIN_WITNESS_TRUSTS", str(trusts))
    with pytest.raises(ChengxinError) as caught:
        served()
    assert caught.value.code == "no_public_key"
    trusts.write_text("".join(key.block() for key in keyring.public_keys("checkpoint")))
    assert served().kept.keys == keyring.public_keys("checkpoint")


def test_a_line_says_when_it_came(witness: FileWitness, checkpoint: Callable[..., Checkpoint]) -> None:
    witness.show(checkpoint(1, 8), prove(8), NOW)
    (line,) = witness.path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["at"] == NOW.isoformat()
