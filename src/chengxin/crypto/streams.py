"""Seal a long file piece by piece: a backup does not fit into memory, and half of one must not pass for the whole.

Form: ``CXS1``, 16 random bytes that name the stream, then pieces of a 4-byte length (big-endian) and sealed bytes. The
context of a piece is the stream's name, the piece's number, whether it is the last, and the caller's context; a piece
left out, moved, repeated, cut off, or taken from another stream does not open.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, BinaryIO

from chengxin.crypto.errors import WrongSeal

if TYPE_CHECKING:
    from chengxin.crypto.keyring import Keyring

MAGIC = b"CXS1"
NAME = 16
PIECE = 1024 * 1024
"""Bytes of plain text in a piece; 2**32 pieces, the limit of one key, are 4 PiB."""

LONGEST = PIECE + 1024
"""Bytes of a sealed piece that is read at all."""


def _context(name: bytes, number: int, context: bytes, *, last: bool) -> bytes:
    return name + number.to_bytes(8, "big") + bytes((last,)) + context


def seal_stream(keyring: Keyring, purpose: str, source: BinaryIO, target: BinaryIO, context: bytes) -> None:
    """Write ``source``, sealed for ``purpose`` and bound to ``context``, to ``target``.

    Raises ``WrongPurpose`` or ``KeyMissing`` before anything but the head is written.
    """
    name = secrets.token_bytes(NAME)
    target.write(MAGIC + name)
    number = 0
    piece = _full(source, PIECE)
    while True:
        following = _full(source, PIECE) if len(piece) == PIECE else b""
        last = not following
        sealed = keyring.seal(purpose, piece, _context(name, number, context, last=last))
        target.write(len(sealed).to_bytes(4, "big") + sealed)
        if last:
            return
        piece = following
        number += 1


def open_stream(keyring: Keyring, purpose: str, source: BinaryIO, target: BinaryIO, context: bytes) -> None:
    """Write to ``target`` what ``seal_stream`` sealed.

    Every piece written is genuine, but only a normal return says that all of them were there: after ``WrongSeal`` throw
    away what was written.
    """
    head = _full(source, len(MAGIC) + NAME)
    if len(head) != len(MAGIC) + NAME or not head.startswith(MAGIC):
        raise WrongSeal
    name = head[len(MAGIC) :]
    number = 0
    sealed = _next(source)
    last = False
    while not last:
        if sealed is None:
            raise WrongSeal(f"piece {number}")
        following = _next(source)
        last = following is None
        target.write(keyring.open(purpose, sealed, _context(name, number, context, last=last)))
        sealed = following
        number += 1


def _next(source: BinaryIO) -> bytes | None:
    length = _full(source, 4)
    if not length:
        return None
    wanted = int.from_bytes(length, "big")
    if wanted > LONGEST:
        raise WrongSeal
    sealed = _full(source, wanted)
    if len(length) != 4 or len(sealed) != wanted:  # noqa: PLR2004 - the length's own length
        raise WrongSeal
    return sealed


def _full(source: BinaryIO, wanted: int) -> bytes:
    """Return ``wanted`` bytes, or all that are left: pipes hand out less than they are asked for."""
    parts = []
    while wanted and (part := source.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
