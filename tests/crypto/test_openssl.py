"""What this platform signs, seals and blinds, the OpenSSL command line understands, and the other way round."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from chengxin.crypto import WrongSignature, sm2
from chengxin.crypto.suite import Kind, suite_named

if TYPE_CHECKING:
    from tests.crypto.conftest import OpenSsl

DEFAULT = "distid:1234567812345678"
OTHER = "kunshan@xinyong.example"
MESSAGES = [b"", b"m", "昆山市公共信用信息〔2026〕".encode(), bytes(range(256)) * 300]


@pytest.mark.parametrize("message", MESSAGES, ids=len)
def test_openssl_verifies_our_sm2_with_the_default_identifier_only(openssl: OpenSsl, message: bytes) -> None:
    national = suite_named("national")
    signer = national.signer(national.make(Kind.SIGN))
    public = openssl.file("public.pem", signer.public_pem())
    signature = openssl.file("signature", signer.sign(message))
    asked = ("dgst", "-sm3", "-verify", public, "-signature", signature)
    text = openssl.file("message", message)
    assert openssl.accepts(*asked, "-sigopt", DEFAULT, text)
    assert not openssl.accepts(*asked, text)
    assert not openssl.accepts(*asked, "-sigopt", DEFAULT, openssl.file("other", message + b"x"))


@pytest.mark.parametrize("message", MESSAGES, ids=len)
def test_we_verify_the_sm2_of_openssl(openssl: OpenSsl, message: bytes) -> None:
    private = openssl.file("private.pem", openssl.run("genpkey", "-algorithm", "SM2"))
    public = openssl.run("pkey", "-in", private, "-pubout").decode()
    text = openssl.file("message", message)
    signed = openssl.run("dgst", "-sm3", "-sign", private, "-sigopt", DEFAULT, text)
    suite_named("national").verify(public, message, signed)
    with pytest.raises(WrongSignature):
        suite_named("national").verify(public, message + b"x", signed)
    bare = openssl.run("dgst", "-sm3", "-sign", private, text)
    with pytest.raises(WrongSignature):
        suite_named("national").verify(public, message, bare)


@pytest.mark.parametrize("identifier", [OTHER, "x", "1234567812345679", "z" * 200])
def test_another_identifier_works_in_both_directions(openssl: OpenSsl, identifier: str) -> None:
    private = openssl.file("private.pem", openssl.run("genpkey", "-algorithm", "SM2"))
    stored = openssl.run("pkcs8", "-topk8", "-nocrypt", "-in", private, "-outform", "DER")
    public = openssl.run("pkey", "-in", private, "-pubout")
    text = openssl.file("message", b"m")
    key, half = sm2.load_private(stored), sm2.load_public(public.decode())
    chosen = ("-sigopt", f"distid:{identifier}")
    theirs = openssl.run("dgst", "-sm3", "-sign", private, *chosen, text)
    sm2.verify(half, b"m", theirs, identifier.encode())
    ours = openssl.file("ours", sm2.sign(key, b"m", identifier.encode()))
    asked = ("dgst", "-sm3", "-verify", openssl.file("public.pem", public), "-signature", ours)
    assert openssl.accepts(*asked, *chosen, text)
    assert not openssl.accepts(*asked, "-sigopt", DEFAULT, text)
    for wrong in (sm2.DEFAULT_ID, b"y"):
        with pytest.raises(WrongSignature):
            sm2.verify(half, b"m", theirs, wrong)


@pytest.mark.parametrize("message", MESSAGES, ids=len)
def test_ed25519_goes_both_ways(openssl: OpenSsl, message: bytes) -> None:
    international = suite_named("international")
    signer = international.signer(international.make(Kind.SIGN))
    text = openssl.file("message", message)
    public = openssl.file("public.pem", signer.public_pem())
    asked = ("pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-sigfile")
    if message:  # the command refuses to read an empty file
        assert openssl.accepts(*asked, openssl.file("signature", signer.sign(message)), "-in", text)
        assert not openssl.accepts(*asked, openssl.file("wrong", signer.sign(message + b"x")), "-in", text)
        private = openssl.file("private.pem", openssl.run("genpkey", "-algorithm", "ED25519"))
        signed = openssl.run("pkeyutl", "-sign", "-inkey", private, "-rawin", "-in", text)
        international.verify(openssl.run("pkey", "-in", private, "-pubout").decode(), message, signed)
    with pytest.raises(WrongSignature):
        international.verify(signer.public_pem(), message, bytes(64))


@pytest.mark.parametrize(("name", "cipher", "size"), [("international", "aes-256", 32), ("national", "sm4", 16)])
def test_what_gcm_encrypts_openssl_decrypts_in_counter_mode(
    openssl: OpenSsl, name: str, cipher: str, size: int
) -> None:
    # The command has no GCM; the text of GCM is counter mode from nonce || 2 (NIST SP 800-38D 7.1).
    key, nonce = secrets.token_bytes(size), secrets.token_bytes(12)
    counted = ("enc", f"-{cipher}-ctr", "-K", key.hex(), "-iv", (nonce + b"\0\0\0\2").hex())
    sealer = suite_named(name).sealer(key)
    for plain in (b"330106199001011234", bytes(range(256)) * 20):
        sealed = sealer.encrypt(nonce, plain, b"context")
        assert openssl.run(*counted, "-d", given=sealed[:-16]) == plain
        again = openssl.run(*counted, "-e", given=plain)
        assert sealer.decrypt(nonce, again + sealed[-16:], b"context") == plain


def test_the_tag_of_aes_gcm_is_the_one_openssl_computes(openssl: OpenSsl) -> None:
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    options = [f"hexkey:{key.hex()}", f"hexiv:{nonce.hex()}"]
    chosen = [word for option in options for word in ("-macopt", option)]
    theirs = openssl.run("mac", "-cipher", "AES-256-GCM", *chosen, "-in", openssl.file("c", b"context"), "GMAC")
    assert (
        suite_named("international").sealer(key).encrypt(nonce, b"", b"context").hex()
        == theirs.decode().strip().lower()
    )


@pytest.mark.parametrize(("name", "digest"), [("international", "SHA256"), ("national", "SM3")])
def test_digests_and_blind_indexes_are_those_of_openssl(openssl: OpenSsl, name: str, digest: str) -> None:
    key = secrets.token_bytes(32)
    for message in (b"", b"330106199001011234", "昆山".encode() * 1000):
        text = openssl.file("message", message)
        keyed = openssl.run("mac", "-digest", digest, "-macopt", f"hexkey:{key.hex()}", "-in", text, "HMAC")
        assert suite_named(name).blinder(key).mac(message).hex() == keyed.decode().strip().lower()
        plain = openssl.run("dgst", f"-{digest.lower()}", "-binary", text)
        assert suite_named(name).digest(message) == plain
