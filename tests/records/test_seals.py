"""What the platform makes of rows is what the independent verifier makes of them."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.records.seals import MARK, PIECE, SealDigest, numbered_rows, runs
from chengxin.verifier.merkle import hash_named
from chengxin.verifier.seals import MARK as VERIFIERS_MARK
from chengxin.verifier.seals import piece_digest, row_digest

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)

columns = st.lists(st.none() | st.binary(max_size=12), min_size=1, max_size=4)


def sent(columns: list[bytes | None]) -> bytes:
    """Return the columns as PostgreSQL sends them, each behind its length."""
    return b"".join(b"\xff" * 4 if one is None else len(one).to_bytes(4, "big") + one for one in columns)


def copied(number: int, columns: list[bytes | None]) -> bytes:
    """Return a row of a binary COPY."""
    return (
        (len(columns) + 1).to_bytes(2, "big") + b"\0\0\0\x08" + number.to_bytes(8, "big", signed=True) + sent(columns)
    )


@given(st.lists(st.tuples(st.integers(-(1 << 63), (1 << 63) - 1), columns), min_size=1, max_size=5))
def test_rows_come_with_their_numbers_and_their_bytes(rows: list[tuple[int, list[bytes | None]]]) -> None:
    pieces = [copied(*one) for one in rows]
    pieces[0] = HEADER + pieces[0]
    expected = [(number, sent(held)) for number, held in rows]
    assert list(numbered_rows([*pieces, b"\xff\xff"])) == expected
    assert list(numbered_rows([memoryview(one) for one in pieces])) == expected


def test_nothing_copied_is_no_row_and_another_format_is_refused() -> None:
    assert list(numbered_rows([HEADER, b"\xff\xff"])) == []
    with pytest.raises(ValueError, match="no binary COPY"):
        list(numbered_rows([b"1\t2\n"]))
    with pytest.raises(ValueError, match="no row with a number"):
        list(numbered_rows([HEADER, b"\0\x02\0\0\0\x04" + bytes(12)]))


@given(st.lists(st.tuples(st.integers(1, 3), columns), min_size=1, max_size=600), st.sampled_from(["sha256", "sm3"]))
def test_pieces_hold_what_the_verifier_computes(gaps: list[tuple[int, list[bytes | None]]], name: str) -> None:
    seal, number, numbers, digests = SealDigest("records_record", name), 0, [], []
    make = hash_named(name)
    for gap, held in gaps:
        number += gap
        numbers.append(number)
        digests.append(row_digest(make, held))
        seal.add(number, sent(held))
    digest = seal.end()
    assert len(digest) == 32
    assert (seal.rows, sum(one.rows for one in seal.pieces)) == (len(gaps), len(gaps))
    assert [n for one in seal.pieces for first, after in one.ids for n in range(first, after)] == numbers
    for at, piece in enumerate(seal.pieces):
        its = digests[at * PIECE : (at + 1) * PIECE]
        assert piece.digest == piece_digest(make, "records_record", its)
        assert piece.marks == b"".join(one[:VERIFIERS_MARK] for one in its)
    assert MARK == VERIFIERS_MARK


@given(st.lists(columns, min_size=2, max_size=6, unique_by=sent), st.data())
def test_another_row_or_another_order_has_another_digest(rows: list[list[bytes | None]], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(rows))).filter(lambda one: one != sorted(one)))
    assert sealed([sent(one) for one in rows]) != sealed([sent(rows[at]) for at in order])
    assert sealed([sent(one) for one in rows]) != sealed([sent(one) for one in rows[1:]])
    assert sealed([sent(one) for one in rows]) != sealed([sent(one) for one in rows], "records_move")


def sealed(rows: list[bytes], table: str = "records_record") -> bytes:
    seal = SealDigest(table, "sha256")
    for number, row in enumerate(rows, 1):
        seal.add(number, row)
    return seal.end()


def test_the_format_is_the_one_that_is_written_down() -> None:
    """A verifier of another house can compute this from the description alone."""
    seal = SealDigest("t", "sha256")
    seal.add(7, b"\0\0\0\x017")
    row = hashlib.sha256(b"\x10\0\0\0\x017").digest()
    piece = hashlib.sha256(b"\x11\0\0\0\x01t" + row).digest()
    ids = (7).to_bytes(8, "big") + (8).to_bytes(8, "big")
    whole = b"\x12\0\0\0\x01t" + b"\0\0\0\x10" + ids + b"\0\0\0\x01" + piece + b"\0\0\0\x08" + row[:8]
    assert seal.end() == hashlib.sha256(whole).digest()
    assert seal.pieces[0].ranges == "{[7,8)}"


def test_a_seal_of_nothing_still_has_a_digest_of_its_table() -> None:
    assert sealed([]) == hashlib.sha256(b"\x12\0\0\0\x0erecords_record").digest()
    assert SealDigest("t", "sha256").pieces == []


@given(st.sets(st.integers(-50, 50)))
def test_runs_hold_each_number_once_and_no_two_touch(numbers: set[int]) -> None:
    held = runs(sorted(numbers))
    assert [one for first, after in held for one in range(first, after)] == sorted(numbers)
    assert all(left[1] < right[0] for left, right in pairwise(held))
