"""The hash tree over the events: leaves, nodes, roots and proofs, in the shape of RFC 6962, section 2.1.

A leaf's hash begins with 0x00 and a node's with 0x01, so that neither can stand for the other. Hashes are bytes of the
tree's own function, SHA-256 or SM3 (GB/T 32905-2016); both give 32 of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LEAF, NODE = b"\x00", b"\x01"
FANOUT_BITS = 8
FANOUT = 1 << FANOUT_BITS
"""Children of a stored node: 256 of the level below, so the stored nodes are 0.4 % of the leaves."""

HASHES = ("sha256", "sm3")
"""Names of the tree's functions, as ``hashlib`` knows them."""

RangeHash = "Callable[[int, int], bytes]"
"""Gives the root over the leaves from the first position up to, not including, the second."""


@dataclass(frozen=True)
class TreeHash:
    """The hash function of one tree; ``name`` is ``sha256`` or ``sm3``."""

    name: str = "sha256"

    def __post_init__(self) -> None:
        """Refuse a function that is none of the two."""
        if self.name not in HASHES:
            raise ChengxinError(
                "unknown_tree_hash",
                f"审计树的杂凑算法“{self.name}”不认识，可选：{'、'.join(HASHES)}",
                f"unknown hash function {self.name!r} of the audit tree; there are: {', '.join(HASHES)}",
                where="hash",
            )

    def leaf(self, salt: bytes, event: bytes) -> bytes:
        """Return the hash of a leaf: its 128-bit salt and the event's canonical bytes."""
        return hashlib.new(self.name, LEAF + salt + event).digest()

    def node(self, left: bytes, right: bytes) -> bytes:
        """Return the hash of a node from those of its two children."""
        return hashlib.new(self.name, NODE + left + right).digest()

    def empty(self) -> bytes:
        """Return the root of a tree without leaves: the hash of nothing."""
        return hashlib.new(self.name, b"").digest()

    def root(self, hashes: Sequence[bytes]) -> bytes:
        """Return the root over ``hashes``, which are leaves or whole subtrees of one size."""
        found = self.fold(self.peaks(hashes))
        return self.empty() if found is None else found

    def peaks(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Return the roots of the largest whole subtrees over ``hashes``, from left to right."""
        held: list[bytes] = []
        for number, one in enumerate(hashes):
            made = one
            while number & 1:
                made = self.node(held.pop(), made)
                number >>= 1  # noqa: PLW2901 - the carry of a binary counter
            held.append(made)
        return held

    def fold(self, peaks: Sequence[bytes]) -> bytes | None:
        """Return the root over ``peaks`` (largest first); None where there are none."""
        made: bytes | None = None
        for one in reversed(peaks):
            made = one if made is None else self.node(one, made)
        return made


@dataclass
class Edge:
    """The growing right edge of a tree: for each level the whole subtrees of 256^level leaves not yet in a larger one.

    ``levels[0]`` are leaves. ``append`` returns the nodes that became whole: (level, number, hash), to be stored.
    """

    hash: TreeHash
    size: int = 0
    levels: list[list[bytes]] = field(default_factory=lambda: [[]])

    def append(self, leaf: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Add a leaf and yield the stored nodes it completes; the caller uses the generator up."""
        self.levels[0].append(leaf)
        self.size += 1
        level = 0
        while len(self.levels[level]) == FANOUT:
            whole = self.hash.root(self.levels[level])
            self.levels[level] = []
            level += 1
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(whole)
            yield level, (self.size >> (FANOUT_BITS * level)) - 1, whole

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        peaks = [peak for level in reversed(self.levels) for peak in self.hash.peaks(level)]
        found = self.hash.fold(peaks)
        return self.hash.empty() if found is None else found


def half(size: int) -> int:
    """Return the largest power of two below ``size`` (at least 2): where RFC 6962 splits a tree."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_path(position: int, size: int, root_of: Callable[[int, int], bytes]) -> list[bytes]:
    """Return the audit path of the leaf at ``position`` in the tree of ``size`` leaves (RFC 6962, 2.1.1).

    Raises ``IndexError`` for a position that the tree does not have.
    """
    if not 0 <= position < size:
        raise IndexError(f"no leaf {position} in a tree of {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + half(high - low)
        if position < middle:
            path.append(root_of(middle, high))
            high = middle
        else:
            path.append(root_of(low, middle))
            low = middle
    return path[::-1]


def consistency_path(old: int, new: int, root_of: Callable[[int, int], bytes]) -> list[bytes]:
    """Return the proof that the tree of ``old`` leaves is the beginning of that of ``new`` (RFC 6962, 2.1.2).

    It is empty for equal sizes and for an empty old tree. Raises ``IndexError`` when the new tree is the smaller one.
    """
    if not 0 <= old <= new:
        raise IndexError(f"a tree of {new} leaves does not continue one of {old}")
    if old in {0, new}:
        return []
    path: list[bytes] = []
    low, high, whole = 0, new, True
    while old != high:
        middle = low + half(high - low)
        if old <= middle:
            path.append(root_of(middle, high))
            high = middle
        else:
            path.append(root_of(low, middle))
            low, whole = middle, False
    if not whole:
        path.append(root_of(low, high))
    return path[::-1]


def root_from_path(hashing: TreeHash, leaf: bytes, position: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that ``path`` leads to from ``leaf``; None where it has the wrong length (RFC 9162, 2.1.3.2)."""
    first, last, made = position, size - 1, leaf
    if not 0 <= position < size:
        return None
    for step in path:
        if last == 0:
            return None
        if first & 1 or first == last:
            made = hashing.node(step, made)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            made = hashing.node(made, step)
        first, last = first >> 1, last >> 1
    return made if last == 0 else None


def continues(hashing: TreeHash, old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Return whether ``path`` proves that the tree ``new`` (size, root) begins with ``old`` (RFC 9162, 2.1.4.2)."""
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size in {0, new_size}:
        return not path and (old_size == 0 or old_root == new_root)
    if not 0 < old_size < new_size or not path:
        return False
    steps = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    made_old = made_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            made_old, made_new = hashing.node(step, made_old), hashing.node(step, made_new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            made_new = hashing.node(made_new, step)
        first, last = first >> 1, last >> 1
    return last == 0 and made_old == old_root and made_new == new_root
