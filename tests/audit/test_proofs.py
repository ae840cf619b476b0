"""One event is proven offline, from its receipt alone, and nothing else is."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.audit.canonical import salted_events
from chengxin.audit.proofs import NotYetProvable, inclusion_proof
from chengxin.base.errors import NotFound
from chengxin.crypto import load_keyring
from chengxin.verifier.notes import Key, read_keys
from chengxin.verifier.proof import check_proof

if TYPE_CHECKING:
    from collections.abc import Callable

    from chengxin.testing.evidence import Installation


@pytest.fixture
def keys(installation: Installation) -> dict[str, Key]:
    return read_keys("".join(key.block() for key in installation.keyring.public_keys("checkpoint")))


def test_every_event_is_proven_offline(installation: Installation, keys: dict[str, Key]) -> None:
    numbers = installation.build(5) + installation.build(300) + installation.build(1)
    for number in (*numbers[:7], *numbers[200:210], numbers[-1]):
        proven = check_proof(json.loads(json.dumps(inclusion_proof(number).as_dict())), keys)
        assert proven.trouble == ""
        assert proven.event["id"] == str(number)
        assert proven.event["action"] == "subject.read"
        assert proven.event["purpose"] == "资格审查"
        assert proven.event["personal_digest"] is None
        assert proven.at is not None
        assert proven.note is not None
    assert [inclusion_proof(numbers[at]).note.split("\n")[2] for at in (0, 5, 305)] == [
        "number: 1", "number: 2", "number: 3",
    ]  # fmt: skip


def test_before_its_checkpoint_an_event_is_not_provable_yet(installation: Installation) -> None:
    installation.build(1)
    (number,) = installation.record(1)
    with pytest.raises(NotYetProvable) as caught:
        inclusion_proof(number)
    assert "一分钟内" in caught.value.message_zh
    with pytest.raises(NotFound):
        inclusion_proof(number + 1000)


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another position": (lambda held: held.update(position=held["position"] - 1), "not_in_tree"),
    "a position outside": (lambda held: held.update(position=10**9), "not_in_tree"),
    "another salt": (lambda held: held.update(salt="00" * 16), "not_in_tree"),
    "a longer salt": (lambda held: held.update(salt=held["salt"] + "00"), "not_in_tree"),
    "a step less": (lambda held: held["path"].pop(), "not_in_tree"),
    "a step more": (lambda held: held["path"].append("00" * 32), "not_in_tree"),
    "another step": (lambda held: held["path"].__setitem__(0, "00" * 32), "not_in_tree"),
    "another number": (lambda held: held.update(number=held["number"] + 1), "other_event"),
    "another root": (
        lambda held: held.update(checkpoint=held["checkpoint"].replace("size: 20", "size: 21")),
        "bad_signature",
    ),
    "no event": (lambda held: held.update(event=""), "unreadable"),
    "no base64": (lambda held: held.update(event="%"), "unreadable"),
    "no checkpoint": (lambda held: held.pop("checkpoint"), "unreadable"),
    "another form": (lambda held: held.update(form="x"), "unreadable"),
    "no number for a position": (lambda held: held.update(position="x"), "unreadable"),
}


@pytest.fixture
def proof(installation: Installation) -> dict[str, Any]:
    numbers = installation.build(20)
    return dict(inclusion_proof(numbers[11]).as_dict())


def test_a_changed_proof_proves_nothing(proof: dict[str, Any], keys: dict[str, Key], tmp_path: Any) -> None:
    for name, (change, trouble) in CHANGES.items():
        held = json.loads(json.dumps(proof))
        change(held)
        assert check_proof(held, keys).trouble == trouble, name
    assert check_proof({}, keys).trouble == "unreadable"
    stranger = load_keyring(tmp_path / "stranger").public_keys("checkpoint")
    assert check_proof(proof, read_keys(stranger[0].block())).trouble == "wrong_key"
    assert check_proof(proof, {}).trouble == "wrong_key"

    canonical = base64.b64decode(proof["event"])

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, len(canonical) * 8 - 1))
    def any_bit(bit: int) -> None:
        changed = (int.from_bytes(canonical, "big") ^ (1 << bit)).to_bytes(len(canonical), "big")
        assert check_proof(proof | {"event": base64.b64encode(changed).decode()}, keys).trouble

    any_bit()


def test_what_is_no_copy_is_refused() -> None:
    with pytest.raises(ValueError, match="COPY"):
        list(salted_events([b"PGDUMP"]))
    header = b"PGCOPY\n\xff\r\n\0" + bytes(8)
    assert list(salted_events([header, b"\xff\xff"])) == []
    with pytest.raises(ValueError, match="row"):
        list(salted_events([header + bytes(60)]))
