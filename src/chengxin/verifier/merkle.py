"""Hash trees as RFC 6962 has them, written for reading a log from its first leaf to its last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Hash = Callable[[bytes], Any]
"""A constructor of ``hashlib``."""


def hash_named(name: str) -> Hash:
    """Return the constructor of ``sha256`` or ``sm3``; raise ``ValueError`` for another name."""
    if name == "sha256":
        return hashlib.sha256
    if name == "sm3":
        return _sm3
    raise ValueError(name)


def _sm3(data: bytes) -> Any:  # noqa: ANN401 - hashlib's own object
    return hashlib.new("sm3", data)


def node(make: Hash, left: bytes, right: bytes) -> bytes:
    """Return the hash of a node: 0x01, left, right."""
    digest: bytes = make(b"\x01" + left + right).digest()
    return digest


@dataclass
class Growing:
    """A tree that grows leaf by leaf and remembers only its peaks: (height, hash), the highest first.

    ``whole`` is told of every subtree that becomes whole, by height and hash.
    """

    make: Hash
    size: int = 0
    peaks: list[tuple[int, bytes]] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        """Add one leaf."""
        self.add_whole(0, leaf)

    def add_whole(self, height: int, subtree: bytes) -> None:
        """Add a whole subtree of 2^height leaves; the size so far has to be a multiple of that."""
        self.size += 1 << height
        peaks, make = self.peaks, self.make
        while peaks and peaks[-1][0] == height:
            subtree = make(b"\x01" + peaks.pop()[1] + subtree).digest()
            height += 1
        peaks.append((height, subtree))

    def root(self) -> bytes:
        """Return the root of what was added."""
        return root_of_peaks(self.make, self.peaks)


def root_of_peaks(make: Hash, peaks: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the root over peaks, the highest first; that of no peaks is the hash of nothing."""
    held = [one for _height, one in peaks]
    if not held:
        empty: bytes = make(b"").digest()
        return empty
    root = held.pop()
    while held:
        root = node(make, held.pop(), root)
    return root


def included(make: Hash, leaf: bytes, position: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Return whether ``path`` leads from ``leaf`` at ``position`` to ``root`` of ``size`` leaves.

    Walks down from the root to know on which side each step lies, then up; that is RFC 6962 2.1.1 read as it stands.
    """
    if not 0 <= position < size:
        return False
    left_hand: list[bool] = []
    low, high = 0, size
    while high - low > 1:
        split = 1
        while split * 2 < high - low:
            split *= 2
        left_hand.append(position >= low + split)
        low, high = (low + split, high) if left_hand[-1] else (low, low + split)
    if len(left_hand) != len(path):
        return False
    made = leaf
    for beside, is_left in zip(path, reversed(left_hand), strict=True):
        made = node(make, beside, made) if is_left else node(make, made, beside)
    return made == root
