"""The verifier reads PostgreSQL's text COPY itself, and hashes a row as its format says."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from chengxin.verifier.rows import leaf_hash, split_row

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

fields = st.lists(st.one_of(st.none(), st.binary(max_size=12)), min_size=1, max_size=8)


def copied(field: bytes | None) -> bytes:
    """Write a field as PostgreSQL's text COPY does (its manual, COPY, File Formats)."""
    if field is None:
        return b"\\N"
    escaped = field.replace(b"\\", b"\\\\")
    for plain, letter in ((b"\b", b"b"), (b"\f", b"f"), (b"\n", b"n"), (b"\r", b"r"), (b"\t", b"t"), (b"\v", b"v")):
        escaped = escaped.replace(plain, b"\\" + letter)
    return escaped


@given(fields)
def test_every_line_of_a_copy_comes_apart_as_it_was_put_together(held: list[bytes | None]) -> None:
    assert split_row(b"\t".join(map(copied, held)) + b"\n") == held


def test_the_servers_own_copy_is_read(connect_as: Callable[[str], psycopg.Connection]) -> None:
    text = 'a\\b\t"c"\nd\\N\\t\r中\\'
    with (
        connect_as("owner").cursor() as cursor,
        cursor.copy("COPY (SELECT %s, NULL, '\\N'::text, '') TO STDOUT", [text]) as copy,
    ):
        (line,) = [bytes(one) for one in copy]
    assert split_row(line) == [text.encode(), None, b"\\N", b""]


def test_a_leaf_is_the_hash_of_salt_and_fields_behind_their_lengths() -> None:
    row = [b"0", b"", b"7", b"00" * 16, b"7", None, "中".encode()]
    expected = hashlib.sha256(
        b"\x00" + bytes(16) + b"\0\0\0\x011" + b"\0\0\0\x017" + b"\xff\xff\xff\xff" + b"\0\0\0\x03\xe4\xb8\xad"
    ).digest()
    assert leaf_hash(hashlib.sha256, row) == expected


def test_nothing_of_the_platform_is_loaded_with_the_verifier() -> None:
    program = (
        "import sys, chengxin.verifier.verify, chengxin.verifier.proof; "
        "print(sorted(n for n in sys.modules if n.startswith(('chengxin.', 'django')) "
        "and not n.startswith('chengxin.verifier')))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
