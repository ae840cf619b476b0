"""The tree's laws: every proof of a true statement verifies, and no changed bit does."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.audit.tree import (
    FANOUT,
    HASHES,
    Edge,
    TreeHash,
    consistency_path,
    continues,
    inclusion_path,
    root_from_path,
)
from chengxin.base.errors import ChengxinError

HASHING = TreeHash()
sizes = st.integers(1, 700)


def leaves(count: int, hashing: TreeHash = HASHING) -> list[bytes]:
    return [hashing.leaf(b"s" * 16, str(number).encode()) for number in range(count)]


def plain_root(hashes: list[bytes], hashing: TreeHash = HASHING) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashing.node(plain_root(hashes[:split], hashing), plain_root(hashes[split:], hashing))


def changed(data: st.DataObject, value: bytes) -> bytes:
    bit = data.draw(st.integers(0, len(value) * 8 - 1), label="bit")
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")


@given(sizes, st.sampled_from(HASHES))
def test_the_root_is_that_of_the_standard(size: int, name: str) -> None:
    hashing = TreeHash(name)
    held = leaves(size, hashing)
    assert hashing.root(held) == plain_root(held, hashing)


@pytest.mark.parametrize("size", [1, 2, FANOUT - 1, FANOUT, FANOUT + 1, 3 * FANOUT, FANOUT**2, FANOUT**2 + FANOUT + 7])
def test_the_growing_edge_has_the_root_of_all_leaves_and_gives_the_whole_nodes(size: int) -> None:
    held = leaves(size)
    edge = Edge(HASHING)
    nodes = [node for leaf in held for node in edge.append(leaf)]
    assert edge.root() == plain_root(held)
    assert edge.size == size
    expected = [
        (level, number, plain_root(held[number * FANOUT**level : (number + 1) * FANOUT**level]))
        for level in (1, 2)
        for number in range(size // FANOUT**level)
    ]
    assert sorted(nodes) == expected


@given(sizes, st.data())
def test_every_leaf_of_every_tree_is_proven_and_no_changed_bit_is(size: int, data: st.DataObject) -> None:
    held = leaves(size)
    position = data.draw(st.integers(0, size - 1), label="position")
    path = inclusion_path(position, size, lambda low, high: plain_root(held[low:high]))
    root = plain_root(held)
    assert root_from_path(HASHING, held[position], position, size, path) == root
    assert root_from_path(HASHING, changed(data, held[position]), position, size, path) != root
    if path:
        wrong = data.draw(st.integers(0, len(path) - 1), label="step")
        bent = [changed(data, one) if number == wrong else one for number, one in enumerate(path)]
        assert root_from_path(HASHING, held[position], position, size, bent) != root
        assert root_from_path(HASHING, held[position], position, size, path[:-1]) != root
    assert root_from_path(HASHING, held[position], position, size, [*path, root]) != root
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != position) if size > 1 else st.none())
    if other is not None:
        assert root_from_path(HASHING, held[position], other, size, path) != root


@given(sizes, st.data())
def test_every_tree_is_proven_to_continue_its_beginnings_and_no_other(size: int, data: st.DataObject) -> None:
    held = leaves(size)
    old = data.draw(st.integers(0, size), label="old")
    path = consistency_path(old, size, lambda low, high: plain_root(held[low:high]))
    before = (old, HASHING.root(held[:old]))
    now = (size, plain_root(held))
    assert continues(HASHING, before, now, path)
    if old:
        assert not continues(HASHING, (old, changed(data, before[1])), now, path)
    if 0 < old < size:
        assert not continues(HASHING, before, (size, changed(data, now[1])), path)
        assert not continues(HASHING, before, now, [])
        assert not continues(HASHING, before, now, path[:-1])
        assert not continues(HASHING, before, now, [*path, now[1]])
        assert not continues(HASHING, now, before, path)
        wrong = data.draw(st.integers(0, len(path) - 1), label="step")
        bent = [changed(data, one) if number == wrong else one for number, one in enumerate(path)]
        assert not continues(HASHING, before, now, bent)


def test_only_the_first_and_the_last_of_a_proof_are_not_enough() -> None:
    """A verifier that looked at the ends alone once let a server show two histories."""
    held = leaves(300)
    path = consistency_path(77, 300, lambda low, high: plain_root(held[low:high]))
    for step in range(len(path)):
        bent = [b"\0" * 32 if number == step else one for number, one in enumerate(path)]
        assert not continues(HASHING, (77, plain_root(held[:77])), (300, plain_root(held)), bent)


def test_a_leaf_is_never_a_node() -> None:
    left, right = leaves(2)
    assert HASHING.leaf(left[:16], left[16:] + right) != HASHING.node(left, right)
    assert HASHING.node(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert HASHING.leaf(b"salt", b"event") == hashlib.sha256(b"\x00saltevent").digest()


def test_the_national_tree_uses_sm3() -> None:
    assert TreeHash("sm3").leaf(b"", b"") == hashlib.new("sm3", b"\x00").digest()
    assert TreeHash("sm3").empty() == hashlib.new("sm3").digest()


def test_a_position_or_a_tree_that_does_not_exist_has_no_proof() -> None:
    for position, size in ((-1, 3), (3, 3), (0, 0)):
        with pytest.raises(IndexError):
            inclusion_path(position, size, lambda _low, _high: b"")
        assert root_from_path(HASHING, b"", position, size, []) is None
    with pytest.raises(IndexError):
        consistency_path(4, 3, lambda _low, _high: b"")


def test_a_third_hash_function_is_refused() -> None:
    with pytest.raises(ChengxinError) as caught:
        TreeHash("md5")
    assert caught.value.code == "unknown_tree_hash"
