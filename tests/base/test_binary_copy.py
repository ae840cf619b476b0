"""Rows come out of a binary COPY as the server sent them, and nothing else is taken for rows."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.binary_copy import SIGNATURE, copied_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

HEADER = SIGNATURE + bytes(8)


@pytest.mark.usefixtures("own_database")
def test_the_servers_rows_come_one_by_one(connect_as: Callable[[str], psycopg.Connection]) -> None:
    session = connect_as("owner")
    with session.cursor().copy(
        "COPY (SELECT n::bigint, repeat('诚', n) FROM generate_series(1, 3) n) TO STDOUT (FORMAT binary)"
    ) as copy:
        rows = list(copied_rows(bytes(piece) for piece in copy))
    assert rows == [struct.pack("!hiq", 2, 8, n) + struct.pack("!i", 3 * n) + ("诚" * n).encode() for n in (1, 2, 3)]


@given(st.lists(st.binary(min_size=3)))
def test_the_header_and_the_end_are_no_rows(rows: list[bytes]) -> None:
    with_first = [HEADER + (rows[0] if rows else b""), *rows[1:], b"\xff\xff"]
    apart: list[bytes | memoryview] = [HEADER, *(memoryview(one) for one in rows), b"\xff\xff"]
    assert list(copied_rows(with_first)) == list(copied_rows(apart)) == rows


@given(st.binary().filter(lambda piece: not piece.startswith(SIGNATURE)))
def test_what_is_no_binary_copy_is_refused(piece: bytes) -> None:
    with pytest.raises(ValueError, match="no binary COPY"):
        list(copied_rows([piece]))
