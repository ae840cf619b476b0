"""The digests of a seal: of a row, of a piece of 256 rows, and of all pieces together.

A row's bytes are its columns as text, its number first, each behind its length: four bytes, signed, most significant
first, then the UTF-8 bytes; -1 and nothing for null. That is what PostgreSQL sends in its binary COPY format for
columns cast to text, so rows are hashed as they come. Days and moments are in ISO form, moments in UTC.

* row: ``H(0x10 ‖ bytes)``
* piece: ``H(0x11 ‖ length ‖ table ‖ digests of its rows)``
* seal: ``H(0x12 ‖ length ‖ table ‖ pieces)``, each piece as its ranges of numbers (first and first after, eight bytes
  each, behind their length in bytes), rows (four bytes), digest, and marks behind their length

The first byte keeps them apart from each other and from leaves, nodes and texts of the audit trail.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chengxin.base.binary_copy import copied_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PIECE = 256
"""Rows of a piece at most."""

MARK = 8
"""Bytes of a row's digest that are kept to name it; what is believed is the digest of the piece."""

_FRONT = struct.Struct("!h iq")
_LENGTH = struct.Struct("!i")
_RANGE = struct.Struct("!qq")


@dataclass(frozen=True)
class Piece:
    """Digests of up to 256 rows: ``ids`` are ranges of their numbers (first, first after) in ascending order."""

    ids: tuple[tuple[int, int], ...]
    rows: int
    digest: bytes
    marks: bytes

    @property
    def ranges(self) -> str:
        """Return the numbers as PostgreSQL writes an ``int8multirange``."""
        return "{" + ",".join(f"[{first},{after})" for first, after in self.ids) + "}"


def numbered_rows(pieces: Iterable[bytes | memoryview]) -> Iterator[tuple[int, bytes]]:
    """Yield (number, bytes) from a binary COPY of a bigint and columns cast to text; one piece is one row.

    Raises ``ValueError`` when the server sends something else.
    """
    for piece in copied_rows(pieces):
        _count, eight, number = _FRONT.unpack_from(piece)
        if eight != _FRONT.size - 6:
            raise ValueError("no row with a number")
        yield number, piece[_FRONT.size :]


@dataclass
class SealDigest:
    """Takes the rows of one seal in ascending order and makes its pieces. ``hash`` is ``sha256`` or ``sm3``."""

    table: str
    hash: str
    pieces: list[Piece] = field(default_factory=list)
    rows: int = 0
    _numbers: list[int] = field(default_factory=list)
    _digests: list[bytes] = field(default_factory=list)

    def add(self, number: int, row: bytes) -> None:
        """Take one row."""
        self._numbers.append(number)
        self._digests.append(self._make(b"\x10" + row))
        self.rows += 1
        if len(self._numbers) == PIECE:
            self._close()

    def end(self) -> bytes:
        """Close the last piece and return the digest of the seal."""
        if self._numbers:
            self._close()
        parts = [b"\x12", _behind_length(self.table.encode())]
        for one in self.pieces:
            ids = b"".join(_RANGE.pack(first, after) for first, after in one.ids)
            parts += [_behind_length(ids), _LENGTH.pack(one.rows), one.digest, _behind_length(one.marks)]
        return self._make(b"".join(parts))

    def _close(self) -> None:
        digest = self._make(b"\x11" + _behind_length(self.table.encode()) + b"".join(self._digests))
        marks = b"".join(one[:MARK] for one in self._digests)
        self.pieces.append(Piece(runs(self._numbers), len(self._numbers), digest, marks))
        self._numbers, self._digests = [], []

    def _make(self, content: bytes) -> bytes:
        if self.hash == "sha256":
            return hashlib.sha256(content).digest()
        return hashlib.new(self.hash, content).digest()


def runs(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return ascending numbers as ranges (first, first after).

    >>> runs([1, 2, 3, 7])
    ((1, 4), (7, 8))
    """
    found: list[tuple[int, int]] = []
    for one in numbers:
        if found and found[-1][1] == one:
            found[-1] = (found[-1][0], one + 1)
        else:
            found.append((one, one + 1))
    return tuple(found)


def _behind_length(content: bytes) -> bytes:
    return _LENGTH.pack(len(content)) + content
