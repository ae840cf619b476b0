"""Published vectors: the algorithms are the ones the standards name, not look-alikes."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB

from chengxin.crypto import WrongSignature, sm2
from chengxin.crypto.errors import WrongSeal
from chengxin.crypto.international import AesSealer, Ed25519Signer, International, Sha256Blinder
from chengxin.crypto.national import National, Sm3Blinder, Sm4Sealer
from chengxin.crypto.suite import Kind, Suite, suite_named


def pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n"


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gives_the_digests_of_gm_t_0004(message: bytes, digest: str) -> None:
    assert National().digest(message).hex() == digest


def test_sm3_of_the_two_libraries_agrees() -> None:
    if "sm3" not in hashlib.algorithms_available:
        pytest.skip("the OpenSSL of this Python has no SM3")
    messages = [bytes(range(256)) * times + bytes(times) for times in range(40)]
    assert [National().digest(one) for one in messages] == [hashlib.new("sm3", one).digest() for one in messages]


def test_sha256_gives_the_digest_of_fips_180() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert International().digest(b"abc").hex() == expected


KEY_SM4 = bytes.fromhex("0123456789abcdeffedcba9876543210")


def test_sm4_gives_the_block_of_gm_t_0002_once_and_a_million_times() -> None:
    # The bare block cipher is in no suite; the vectors are about it, so the library is asked directly.
    block = Cipher(SM4(KEY_SM4), ECB()).encryptor()  # noqa: S305 - one block, of a vector
    once = block.update(KEY_SM4)
    assert once.hex() == "681edf34d206965e86b3e94f536e4246"
    last = once
    for _ in range(999_999):
        last = block.update(last)
    assert last.hex() == "595298c7c6fd271f0402f804c33d3f66"


def test_sm4_gcm_gives_the_answer_of_rfc_8998() -> None:
    plain = b"".join(bytes((byte,)) * 8 for byte in bytes.fromhex("AABBCCDDEEFFEEAA"))
    nonce = bytes.fromhex("00001234567800000000ABCD")
    context = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    expected = (
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    sealer = Sm4Sealer(KEY_SM4)
    assert sealer.encrypt(nonce, plain, context).hex().upper() == expected
    assert sealer.decrypt(nonce, bytes.fromhex(expected), context) == plain
    with pytest.raises(WrongSeal):
        sealer.decrypt(nonce, bytes.fromhex(expected)[:15], context)


def test_aes_256_gcm_gives_the_answer_of_its_authors_test_case_16() -> None:
    sealer = AesSealer(bytes.fromhex("feffe9928665731c6d6a8f9467308308") * 2)
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    context = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    expected = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    assert sealer.encrypt(nonce, plain, context) == expected
    assert sealer.decrypt(nonce, expected, context) == plain


def test_hmac_sm3_gives_the_answer_of_gm_t_0042() -> None:
    blinder = Sm3Blinder(bytes(range(1, 33)))
    message = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2
    assert blinder.mac(message).hex() == "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"
    assert blinder.mac(message) == blinder.mac(message)


@pytest.mark.parametrize(
    ("key", "message", "expected"),
    [
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    ],
)
def test_hmac_sha256_gives_the_answers_of_rfc_4231(key: bytes, message: bytes, expected: str) -> None:
    # HMAC fills a short key up with zeros, so the vectors' keys are ours filled up to 32 bytes.
    assert Sha256Blinder(key.ljust(32, b"\0")).mac(message).hex() == expected


@pytest.mark.parametrize(
    ("seed", "public", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            (
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                "d25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                "387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            (
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                "4a7c15e9716ed28dc027beceea1ec40a"
            ),
        ),
    ],
)
def test_ed25519_gives_the_signatures_of_rfc_8032(seed: str, public: str, message: str, signature: str) -> None:
    signer = Ed25519Signer(bytes.fromhex("302e020100300506032b657004220420" + seed))
    assert signer.sign(bytes.fromhex(message)).hex() == signature
    public_pem = pem(bytes.fromhex("302a300506032b6570032100" + public))
    assert signer.public_pem() == public_pem
    International().verify(public_pem, bytes.fromhex(message), bytes.fromhex(signature))


# GM/T 0003.5 annex A: the example signature on the recommended curve.
SM2_PUBLIC = pem(
    bytes.fromhex(
        "3059301306072a8648ce3d020106082a811ccf5501822d03420004"
        "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    )
)
SM2_R = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
SM2_S = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
SM2_SIGNATURE = bytes.fromhex("3046022100" + SM2_R + "022100" + SM2_S)


def test_sm2_accepts_the_signature_of_gm_t_0003_and_nothing_near_it() -> None:
    National().verify(SM2_PUBLIC, b"message digest", SM2_SIGNATURE)
    for message, signature in (
        (b"message digesT", SM2_SIGNATURE),
        (b"message digest", SM2_SIGNATURE[:-1] + b"\xab"),
        (b"message digest", SM2_SIGNATURE[:-1]),
        (b"message digest", SM2_SIGNATURE + b"\0"),
        (b"message digest", b""),
    ):
        with pytest.raises(WrongSignature):
            National().verify(SM2_PUBLIC, message, signature)


def test_the_vector_verifies_on_the_way_for_other_identifiers_too() -> None:
    # Both ways compute Z; the raw one, used for other identifiers, has to agree with the library's own.
    key = sm2.load_public(SM2_PUBLIC)
    sm2._verify_digest(key, sm2._digest(key, b"message digest", sm2.DEFAULT_ID), SM2_SIGNATURE)
    digest = sm2._digest(key, b"message digest", sm2.DEFAULT_ID).hex().upper()
    assert digest == "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"


def test_an_identifier_longer_than_its_length_field_is_refused() -> None:
    key = sm2.load_public(SM2_PUBLIC)
    with pytest.raises(ValueError, match="8192"):
        sm2.verify(key, b"m", SM2_SIGNATURE, b"x" * 8192)


@pytest.mark.parametrize("name", ["international", "national"])
def test_a_stored_key_that_is_none_is_refused_by_every_kind(name: str) -> None:
    algorithms: Suite = suite_named(name)
    for load in (algorithms.signer, algorithms.sealer, algorithms.blinder):
        for stored in (b"", b"x", bytes(31), bytes(100)):
            with pytest.raises(ValueError):  # noqa: PT011 - each library has its own words
                load(stored)


def test_a_signing_key_of_the_other_suite_is_refused() -> None:
    ours, theirs = suite_named("international"), suite_named("national")
    for one, other in ((ours, theirs), (theirs, ours)):
        with pytest.raises(ValueError):  # noqa: PT011 - each library has its own words
            one.signer(other.make(Kind.SIGN))
        with pytest.raises(WrongSignature):
            one.verify(other.signer(other.make(Kind.SIGN)).public_pem(), b"m", b"s")
        with pytest.raises(WrongSignature):
            one.verify("-----BEGIN 公钥", b"m", b"s")


def test_two_sm2_signatures_of_one_message_never_share_their_random_number() -> None:
    signer = suite_named("national").signer(suite_named("national").make(Kind.SIGN))
    firsts = set()
    for _ in range(500):
        signature = signer.sign(b"m")
        firsts.add(signature[4 : 4 + signature[3]])  # r, which repeats exactly when the random number does
    assert len(firsts) == 500
