"""A long file sealed in pieces: whole or refused."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.crypto.conftest import MADE, ring

from chengxin.crypto import Keyring, WrongPurpose, WrongSeal, open_stream, seal_stream, streams

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = 20


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> Iterator[None]:
    """Make pieces of 16 bytes, so that a few of them are a test."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(streams, "PIECE", 16)
        yield


class Dripping(io.BytesIO):
    """A source that hands out at most seven bytes, as a pipe may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(7 if size is None or size < 0 else min(size, 7))


def sealed(keyring: Keyring, plain: bytes, context: bytes = b"c") -> bytes:
    target = io.BytesIO()
    seal_stream(keyring, "backup", Dripping(plain), target, context)
    return target.getvalue()


def opened(keyring: Keyring, given_bytes: bytes, context: bytes = b"c") -> bytes:
    target = io.BytesIO()
    open_stream(keyring, "backup", Dripping(given_bytes), target, context)
    return target.getvalue()


def pieces(given_bytes: bytes) -> list[bytes]:
    found, rest = [], given_bytes[HEAD:]
    while rest:
        length = 4 + int.from_bytes(rest[:4], "big")
        found.append(rest[:length])
        rest = rest[length:]
    return found


@given(plain=st.binary(max_size=100))
def test_a_stream_comes_back_whole(keyring: Keyring, plain: bytes) -> None:
    stream = sealed(keyring, plain)
    assert opened(keyring, stream) == plain
    assert len(pieces(stream)) == max(1, -(-len(plain) // 16))


@given(plain=st.binary(max_size=70), data=st.data())
def test_a_cut_stream_is_refused_wherever_it_is_cut(keyring: Keyring, plain: bytes, data: st.DataObject) -> None:
    stream = sealed(keyring, plain)
    cut = data.draw(st.integers(0, 10_000)) * len(stream) // 10_001
    with pytest.raises(WrongSeal):
        opened(keyring, stream[:cut])


@given(plain=st.binary(max_size=70), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_refused(keyring: Keyring, plain: bytes, place: float, bit: int) -> None:
    stream = bytearray(sealed(keyring, plain))
    stream[int(place * len(stream))] ^= 1 << bit
    with pytest.raises(WrongSeal):
        opened(keyring, bytes(stream))


def test_pieces_left_out_repeated_moved_or_taken_elsewhere_are_refused(keyring: Keyring) -> None:
    stream, other = sealed(keyring, bytes(range(64))), sealed(keyring, bytes(range(64)))
    head, (one, two, three, four) = stream[:HEAD], pieces(stream)
    assert opened(keyring, head + one + two + three + four) == bytes(range(64))
    for changed in (
        [one, two, three],
        [one, three, four],
        [two, three, four],
        [one, three, two, four],
        [one, two, two, three, four],
        [one, two, three, four, four],
        [one, pieces(other)[1], three, four],
        [],
    ):
        with pytest.raises(WrongSeal):
            opened(keyring, head + b"".join(changed))
    with pytest.raises(WrongSeal):
        opened(keyring, other[:HEAD] + one + two + three + four)


def test_a_stream_belongs_to_its_context_and_purpose(keyring: Keyring) -> None:
    stream = sealed(keyring, b"x" * 40, b"base backup 7")
    with pytest.raises(WrongSeal):
        opened(keyring, stream, b"base backup 8")
    with pytest.raises(WrongSeal):
        open_stream(keyring, "sealed-number", io.BytesIO(stream), io.BytesIO(), b"base backup 7")
    with pytest.raises(WrongPurpose):
        seal_stream(keyring, "receipt", io.BytesIO(b"x"), io.BytesIO(), b"")


def test_a_length_from_a_stranger_reserves_no_memory(keyring: Keyring) -> None:
    with pytest.raises(WrongSeal):
        opened(keyring, sealed(keyring, b"")[:HEAD] + b"\xff\xff\xff\xff" + b"x" * 100)


def test_a_key_may_be_replaced_in_the_middle_of_a_stream(suite_name: str, folder: Path) -> None:
    made = ring(folder, suite_name)

    class Rotating(io.BytesIO):
        def write(self, part: object) -> int:
            made.rotate("backup", MADE)
            return super().write(part)  # type: ignore[arg-type]

    target = Rotating()
    seal_stream(made, "backup", io.BytesIO(bytes(64)), target, b"c")
    assert opened(made, target.getvalue()) == bytes(64)
    assert len({one.version for one in made.facts() if one.purpose == "backup"}) == 6
