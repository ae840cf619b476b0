"""How signatures and public keys travel: one spelling, readable by OpenSSL, refused when anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crypto.conftest import MADE, ring

from chengxin.crypto import Keyring, Signature, WrongSignature, read_public_keys, verify

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crypto.conftest import OpenSsl

GOOD = "international:receipt.1.0123abcd:AAEC"


def test_a_signature_is_read_back_as_it_was_written() -> None:
    assert Signature.parse(GOOD) == Signature("international", "receipt.1.0123abcd", b"\0\1\2")
    assert Signature.parse(GOOD).text() == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD + "\n",
        " " + GOOD,
        GOOD + "=",
        GOOD.replace("AAEC", "AAF"),  # the unused bits are not zero: a second spelling of two bytes
        GOOD.replace("AAEC", "AAEC!"),
        GOOD.replace("AAEC", "A"),
        GOOD.replace("AAEC", "AB"),  # the same, of one byte
        GOOD.replace("AAEC", ""),
        GOOD.replace(".1.", ".01."),
        GOOD.replace(".1.", ".１."),
        GOOD.replace("0123abcd", "0123ABCD"),
        GOOD.replace("international", "International"),
        GOOD.replace(":", ";"),
        GOOD + "A" * 1000,
    ],
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(WrongSignature):
        Signature.parse(text)


def test_public_keys_come_back_from_their_file_and_verify(keyring: Keyring) -> None:
    keys = keyring.public_keys("checkpoint")
    text = "公钥如下\n" + "".join(one.block() for one in keys)
    assert read_public_keys(text) == keys
    verify(read_public_keys(text), b"m", keyring.sign("checkpoint", b"m"))


def test_a_file_with_retired_keys_verifies_old_signatures(suite_name: str, folder: Path) -> None:
    made = ring(folder, suite_name)
    old = made.sign("checkpoint", b"old")
    made.rotate("checkpoint", MADE)
    text = "".join(one.block() for one in made.public_keys("checkpoint"))
    verify(read_public_keys(text), b"old", old)
    verify(read_public_keys(text), b"new", made.sign("checkpoint", b"new"))
    without = text[: text.index("# key", 1)]
    with pytest.raises(WrongSignature):
        verify(read_public_keys(without), b"old", old)


def test_a_damaged_key_file_verifies_nothing(keyring: Keyring) -> None:
    text = keyring.public_keys("checkpoint")[0].block()
    signature = keyring.sign("checkpoint", b"m")
    for damaged in ("", text.replace("# key", "key"), text.replace("BEGIN", "BEGUN"), text.replace("current", "fine")):
        with pytest.raises(WrongSignature):
            verify(read_public_keys(damaged), b"m", signature)
    half = text.splitlines()
    half[2] = half[2][:8]
    with pytest.raises(WrongSignature):
        verify(read_public_keys("\n".join(half) + "\n"), b"m", signature)


def test_openssl_reads_an_exported_key_past_the_line_that_names_it(openssl: OpenSsl, keyring: Keyring) -> None:
    block = openssl.file("key.pem", keyring.public_keys("receipt")[0].block())
    assert b"BEGIN PUBLIC KEY" in openssl.run("pkey", "-pubin", "-in", block)
