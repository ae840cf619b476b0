"""Trees by the published vectors of RFC 6962, and proofs that hold exactly when nothing in them was touched."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.audit.checkpoint import Checkpoint
from chengxin.crypto import Keyring, load_keyring
from chengxin.testing.making import NOW
from chengxin.verifier.findings import KINDS, NOTICES, Finding, Findings, Report
from chengxin.verifier.merkle import Growing, hash_named, included, node, root_of_peaks
from chengxin.verifier.notes import Key, read_keys
from chengxin.verifier.proof import FORM, NAMES, Proven, check_proof

if TYPE_CHECKING:
    from collections.abc import Sequence

ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
"""The entries of the reference implementation of RFC 6962 (certificate-transparency, merkletree tests)."""

ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Roots over the first 0 to 8 entries, from the same place."""

PATHS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
"""Position, size and inclusion path, from the same place."""

LEAVES = [hashlib.sha256(b"\x00" + bytes.fromhex(one)).digest() for one in ENTRIES]
SALT = bytes(range(16))


def _tree(leaves: Sequence[bytes], name: str = "sha256") -> bytes:
    tree = Growing(hash_named(name))
    for one in leaves:
        tree.add(one)
    return tree.root()


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_the_reference_implementation(size: int) -> None:
    assert _tree(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("position", "size", "path"), PATHS)
def test_the_published_inclusion_paths_hold(position: int, size: int, path: list[str]) -> None:
    steps = [bytes.fromhex(one) for one in path]
    root = bytes.fromhex(ROOTS[size])
    assert included(hashlib.sha256, LEAVES[position], position, size, steps, root)
    for elsewhere in set(range(-1, size + 2)) - {position}:
        assert not included(hashlib.sha256, LEAVES[position], elsewhere, size, steps, root)
    for other_root in ROOTS:
        if other_root != ROOTS[size]:
            assert not included(hashlib.sha256, LEAVES[position], position, size, steps, bytes.fromhex(other_root))


def test_a_path_in_another_order_or_from_the_other_side_leads_nowhere() -> None:
    position, size, path = PATHS[1]
    steps, root = [bytes.fromhex(one) for one in path], bytes.fromhex(ROOTS[size])
    assert not included(hashlib.sha256, LEAVES[position], position, size, steps[::-1], root)
    assert not included(hashlib.sha256, LEAVES[position], size - 1 - position, size, steps, root)
    assert not included(hash_named("sm3"), LEAVES[position], position, size, steps, root)


def test_leaves_and_nodes_are_hashed_apart_so_that_neither_passes_for_the_other() -> None:
    left, right = LEAVES[:2]
    assert node(hashlib.sha256, left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert hashlib.sha256(b"\x00" + left + right).digest() != node(hashlib.sha256, left, right)
    assert node(hashlib.sha256, left, right) != node(hashlib.sha256, right, left)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40), st.sampled_from(["sha256", "sm3"]))
def test_a_tree_remembers_one_peak_for_each_bit_of_its_size(leaves: list[bytes], name: str) -> None:
    tree = Growing(hash_named(name))
    for one in leaves:
        tree.add(one)
    heights = [height for height, _hash in tree.peaks]
    assert heights == [bit for bit in range(10, -1, -1) if len(leaves) >> bit & 1]
    assert root_of_peaks(hash_named(name), tree.peaks) == tree.root()


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=20, unique=True), st.data())
def test_no_leaf_can_be_exchanged_dropped_or_moved_without_another_root(
    leaves: list[bytes], data: st.DataObject
) -> None:
    root = _tree(leaves)
    place = data.draw(st.integers(0, len(leaves) - 1))
    assert _tree(leaves[:place] + leaves[place + 1 :]) != root
    assert _tree([*leaves[:place], b"another-one", *leaves[place + 1 :]]) != root
    assert _tree([*leaves, leaves[place]]) != root
    if place:
        assert _tree([*leaves[: place - 1], leaves[place], leaves[place - 1], *leaves[place + 1 :]]) != root


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return load_keyring(tmp_path_factory.mktemp("proof") / "keys")


@pytest.fixture(scope="module")
def keys(keyring: Keyring) -> dict[str, Key]:
    return read_keys("".join(key.block() for key in keyring.public_keys("checkpoint")))


def _canonical(values: Sequence[str | None]) -> bytes:
    parts = []
    for one in values:
        held = None if one is None else one.encode()
        parts.append(b"\xff\xff\xff\xff" if held is None else len(held).to_bytes(4, "big") + held)
    return b"".join(parts)


EVENT: dict[str, str | None] = dict.fromkeys(NAMES) | {
    "version": "1", "id": "7", "xid": "900", "at": "1772416800000000", "actor_kind": "officer", "actor": "zhang",
    "organisation": "ks-scjg", "action": "subject.read", "object_kind": "subject", "object": "3", "detail": "{}",
}  # fmt: skip


def _proof(keyring: Keyring, held: dict[str, str | None] | None = None, **changed: Any) -> dict[str, Any]:
    """Return the proof of an event that stands third in a tree of five."""
    canonical = _canonical(list((held or EVENT).values()))
    leaf = hashlib.sha256(b"\x00" + SALT + canonical).digest()
    leaves = [*LEAVES[:2], leaf, *LEAVES[3:5]]
    path = [LEAVES[3], node(hashlib.sha256, *LEAVES[:2]), LEAVES[4]]
    note = Checkpoint("log", 1, 5, "sha256", _tree(leaves), NOW, "0" * 64).signed(keyring).note()
    return {
        "form": FORM, "number": 7, "event": base64.b64encode(canonical).decode(), "salt": SALT.hex(), "position": 2,
        "path": [one.hex() for one in path], "checkpoint": note,
    } | changed  # fmt: skip


def test_a_proof_that_was_not_touched_proves_each_field_of_the_event(keyring: Keyring, keys: dict[str, Key]) -> None:
    proven = check_proof(_proof(keyring), keys)
    assert proven.trouble == ""
    assert dict(proven.event) == EVENT
    assert proven.at == NOW
    assert proven.note is not None
    assert proven.note.size == 5


@pytest.mark.parametrize(
    ("changed", "trouble"),
    [
        ({"number": 8}, "other_event"),
        ({"number": None}, "other_event"),
        ({"position": 1}, "not_in_tree"),
        ({"position": 5}, "not_in_tree"),
        ({"position": -1}, "not_in_tree"),
        ({"position": 10**400}, "not_in_tree"),
        ({"salt": "00" * 16}, "not_in_tree"),
        ({"salt": ""}, "not_in_tree"),
        ({"salt": "00" * 17}, "not_in_tree"),
        ({"path": []}, "not_in_tree"),
        ({"path": ["00" * 32] * 3}, "not_in_tree"),
        ({"path": ["00"] * 200}, "not_in_tree"),
        ({"form": "chengxin-audit-proof/2"}, "unreadable"),
        ({"form": None}, "unreadable"),
        ({"salt": "xyz"}, "unreadable"),
        ({"salt": None}, "unreadable"),
        ({"path": None}, "unreadable"),
        ({"path": 3}, "unreadable"),
        ({"path": "abc"}, "unreadable"),
        ({"path": [None]}, "unreadable"),
        ({"position": "two"}, "unreadable"),
        ({"position": None}, "unreadable"),
        ({"position": float("inf")}, "unreadable"),
        ({"position": float("nan")}, "unreadable"),
        ({"position": [2]}, "unreadable"),
        ({"event": ""}, "unreadable"),
        ({"event": "%%%"}, "unreadable"),
        ({"event": "é"}, "unreadable"),
        ({"event": base64.b64encode(b"\x00\x00").decode()}, "unreadable"),
        ({"event": base64.b64encode(b"\x7f\xff\xff\xff1").decode()}, "unreadable"),
        ({"event": base64.b64encode(b"\xff\xff\xff\xfe").decode()}, "unreadable"),
        ({"event": base64.b64encode(b"\x00\x00\x00\x01\xff").decode()}, "unreadable"),
        ({"checkpoint": ""}, "unreadable"),
        ({"checkpoint": None}, "unreadable"),
        ({"checkpoint": ["\ud800"]}, "unreadable"),
    ],
)
def test_what_is_wrong_with_a_proof_has_its_word(
    keyring: Keyring, keys: dict[str, Key], changed: dict[str, Any], trouble: str
) -> None:
    proven = check_proof(_proof(keyring, **changed), keys)
    assert proven.trouble == trouble
    assert (proven == Proven("unreadable", {}, None, None)) == (trouble == "unreadable")


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (EVENT | {"version": "2"}, "another version"),
        (EVENT | {"at": "yesterday"}, "no time"),
        (EVENT | {"at": "9" * 30}, "a time no calendar has"),
        (EVENT | {"more": "1"}, "a field too many"),
        ({name: value for name, value in EVENT.items() if name != "channel"}, "a field too few"),
    ],
)
def test_an_event_that_is_not_of_this_form_is_unreadable_although_it_is_in_the_tree(
    keyring: Keyring, keys: dict[str, Key], event: dict[str, str | None], why: str
) -> None:
    assert check_proof(_proof(keyring, event), keys).trouble == "unreadable", why


@given(st.sampled_from([name for name in NAMES if name not in {"version", "at"}]), st.none() | st.text(max_size=8))
def test_no_field_of_a_proven_event_may_be_another(
    keyring: Keyring, keys: dict[str, Key], name: str, value: str | None
) -> None:
    if value is not None and not value.isprintable():
        value = "another"
    proof = _proof(keyring)
    other = EVENT | {name: value}
    proof["event"] = base64.b64encode(_canonical(list(other.values()))).decode()
    assert check_proof(proof, keys).trouble == ("" if other == EVENT else "not_in_tree")


def test_nothing_at_all_about_an_event_can_be_moved_from_one_field_to_the_next(
    keyring: Keyring, keys: dict[str, Key]
) -> None:
    proof = _proof(keyring)
    moved = EVENT | {"actor": "zhangks", "organisation": "-scjg"}
    proof["event"] = base64.b64encode(_canonical(list(moved.values()))).decode()
    assert check_proof(proof, keys).trouble == "not_in_tree"
    assert check_proof(_proof(keyring, EVENT | {"purpose": ""}), keys).event["purpose"] == "", "empty is not missing"


def test_who_trusts_no_key_or_another_is_told_nothing_holds(keyring: Keyring, keys: dict[str, Key]) -> None:
    proof = _proof(keyring)
    assert check_proof(proof, {}).trouble == "wrong_key"
    proof["checkpoint"] = proof["checkpoint"].replace("size: 5", "size: 6")
    assert check_proof(proof, keys).trouble == "bad_signature"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["form", "number", "event", "salt", "position", "path", "checkpoint"]), JSON))
def test_any_object_in_the_place_of_a_proof_is_answered(
    keyring: Keyring, keys: dict[str, Key], held: dict[str, Any]
) -> None:
    assert check_proof(held, keys).trouble == "unreadable"
    assert check_proof(_proof(keyring) | held, keys).trouble in {
        "", "unreadable", "wrong_key", "bad_signature", "not_in_tree", "other_event"
    }  # fmt: skip


def test_a_report_has_exactly_the_promised_keys() -> None:
    findings = (Finding("tail_cut", 4, None, 2, "4 < 9", 5),)
    held = Report(9, 4, 2, 1, 4, "ab", 0.5, findings, ("not_yet_witnessed",)).as_dict()
    assert set(held) == {
        "clean", "events", "leaves", "checkpoints", "witnessed", "trusted", "root", "seconds", "findings", "notices",
        "facts", "seals", "unsealed",
    }  # fmt: skip
    assert held["clean"] is False
    assert held["findings"] == [
        {
            "code": "tail_cut", "message": "末尾的事件被截去", "message_en": "events at the end were cut off",
            "position": 4, "event": None, "checkpoint": 2, "detail": "4 < 9", "count": 5,
        }
    ]  # fmt: skip
    assert held["notices"] == [
        {
            "code": "not_yet_witnessed",
            "message": "最近的检查点还没有见证方保存",
            "message_en": "the last checkpoint is not yet with any witness",
        }
    ]
    assert Report(9, 4, 2, 1, 4, "ab", 0.5, (), ("not_yet_witnessed",)).clean, "a notice is no tampering"


@pytest.mark.parametrize("code", sorted(NOTICES))
def test_every_notice_is_told_in_both_languages(code: str) -> None:
    chinese, english = NOTICES[code]
    assert any("\u4e00" <= one <= "\u9fff" for one in chinese)
    assert english.isascii()


PLACES = st.none() | st.integers(0, 50)
FOUND = st.builds(
    Finding, st.sampled_from(sorted(KINDS)), PLACES, PLACES, PLACES, st.text(max_size=3), st.integers(1, 9)
)


@given(st.lists(FOUND, max_size=12), st.randoms())
def test_findings_are_counted_whole_and_told_by_their_first_place_in_any_order(found: list[Finding], by: Any) -> None:
    told, shuffled = Findings(), Findings()
    mixed = list(found)
    by.shuffle(mixed)
    for one, other in zip(found, mixed, strict=True):
        told.add(one)
        shuffled.add(other)
    assert {one.code: one.count for one in told.first()} == {one.code: one.count for one in shuffled.first()}
    assert sum(one.count for one in told.first()) == sum(one.count for one in found)
    for one in told.first():
        places = [other.position for other in found if other.code == one.code and other.position is not None]
        assert one.position == min(places, default=None)
    known = [one.position for one in told.first()]
    assert known == sorted(known, key=lambda place: 99 if place is None else place)
