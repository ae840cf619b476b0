"""Two programs that share no line agree about every tree."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.audit.tree import TreeHash, inclusion_path
from chengxin.verifier.merkle import Growing, hash_named, included, root_of_peaks

WRITER = TreeHash()
LEAVES = [WRITER.leaf(b"s" * 16, str(number).encode()) for number in range(600)]


@given(st.integers(0, 600), st.sampled_from(["sha256", "sm3"]))
def test_the_roots_are_the_same(size: int, name: str) -> None:
    tree = Growing(hash_named(name))
    for leaf in LEAVES[:size]:
        tree.add(leaf)
    assert tree.root() == TreeHash(name).root(LEAVES[:size])
    assert tree.size == size


@given(st.integers(0, 7), st.integers(0, 300))
def test_whole_subtrees_can_be_added_at_once(height: int, after: int) -> None:
    whole, tree = Growing(hashlib.sha256), Growing(hashlib.sha256)
    for leaf in LEAVES[: 1 << height]:
        whole.add(leaf)
    tree.add_whole(height, whole.root())
    for leaf in LEAVES[1 << height : (1 << height) + after]:
        tree.add(leaf)
    assert tree.root() == WRITER.root(LEAVES[: (1 << height) + after])


@given(st.integers(1, 600), st.data())
def test_the_writers_proofs_hold_and_no_others_do(size: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, size - 1))
    root = WRITER.root(LEAVES[:size])
    path = inclusion_path(position, size, lambda low, high: WRITER.root(LEAVES[low:high]))
    leaf = LEAVES[position]
    assert included(hashlib.sha256, leaf, position, size, path, root)
    assert not included(hashlib.sha256, root, position, size, path, root) or size == 1
    assert not included(hashlib.sha256, leaf, position, size, [*path, root], root)
    assert not included(hashlib.sha256, leaf, size, size, path, root)
    if path:
        assert not included(hashlib.sha256, leaf, position, size, path[:-1], root)
        bit = data.draw(st.integers(0, 255))
        step = data.draw(st.integers(0, len(path) - 1))
        bent = list(path)
        bent[step] = (int.from_bytes(bent[step], "big") ^ (1 << bit)).to_bytes(32, "big")
        assert not included(hashlib.sha256, leaf, position, size, bent, root)


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of_peaks(hashlib.sha256, []) == hashlib.sha256(b"").digest()


def test_another_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="md5"):
        hash_named("md5")
