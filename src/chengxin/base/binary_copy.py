"""Rows of PostgreSQL's binary COPY format, as they come from the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_HEADER = len(SIGNATURE) + 8
_END = b"\xff\xff"


def copied_rows(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Yield the bytes of each row: its number of fields (two bytes), then each field behind its length (four bytes).

    PostgreSQL sends one row in one piece, the first behind the header (PostgreSQL 18, COPY, "Binary Format").
    Raises ``ValueError`` when the server sends something else.
    """
    started = False
    for one in pieces:
        piece = bytes(one)
        if not started:
            if not piece.startswith(SIGNATURE):
                raise ValueError("no binary COPY")
            piece, started = piece[_HEADER:], True
        if piece not in {b"", _END}:
            yield piece
