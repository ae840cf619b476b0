"""The profile of HTTP Message Signatures: the standard's own vectors, another library, and whatever anybody sends."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import InvalidSignature
from http_message_signatures.resolvers import MappingKeyResolver
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.signatures import (
    Message,
    NotRecognised,
    describe,
    hashers,
    read_digests,
    read_signature,
    require_profile,
    require_time,
    signature_base,
)
from chengxin.accounts.signing import content_digest, load_private_key, make_private_key, message_of, sign
from chengxin.base.errors import ChengxinError
from chengxin.crypto.errors import WrongSignature
from chengxin.crypto.suite import suite_named

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
URL = "https://credit.example/api/v1/checks?a=1&b=%E4%B8%AD"
BODY = b'{"code": "91320583187588026H"}'

# RFC 9421, appendix B: the key of B.1.4, the request of B.2, the signature of B.2.6.
RFC_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
"""
RFC_BODY = b'{"hello": "world"}'
RFC_DIGEST = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
RFC_REQUEST = Message(
    "POST",
    "https",
    "example.com",
    "/foo",
    "param=Value&Pet=dog",
    {
        "host": "example.com",
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-digest": RFC_DIGEST,
        "content-length": "18",
    },
)
RFC_INPUT = (
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"'
)
RFC_SIGNATURE = "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
RFC_BASE = """"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;\
keyid="test-key-ed25519\""""


def _base_of(headers: dict[str, str], url: str = URL, method: str = "POST") -> tuple[bytes, bytes]:
    presented = read_signature(headers["Signature-Input"], headers["Signature"])
    base = signature_base(message_of(method, url, headers), presented.components, presented.parameters)
    return base, presented.value


def test_the_vector_of_rfc_9421_b_2_6_verifies_and_its_base_is_the_one_printed_there() -> None:
    presented = read_signature(RFC_INPUT, RFC_SIGNATURE)
    base = signature_base(RFC_REQUEST, presented.components, presented.parameters)
    assert base.decode() == RFC_BASE
    suite_named("international").verify(RFC_KEY, base, presented.value)
    with pytest.raises(WrongSignature):
        suite_named("international").verify(RFC_KEY, base.replace(b"POST", b"PUT"), presented.value)


def test_the_vector_lacks_what_our_profile_asks_for() -> None:
    with pytest.raises(NotRecognised) as refused:
        require_profile(read_signature(RFC_INPUT, RFC_SIGNATURE), has_body=True)
    assert refused.value.code == "signature_incomplete"
    for missing in ("content-digest", "@target-uri", "expires", "nonce"):
        assert missing in refused.value.message_en


def test_the_digest_of_the_standards_body_is_the_one_in_the_standard() -> None:
    state = hashers(RFC_DIGEST)["sha-512"]
    state.update(RFC_BODY)
    assert state.digest() == read_digests(RFC_DIGEST)["sha-512"]


@pytest.mark.parametrize("name", ["international", "national"])
def test_what_we_sign_we_verify(name: str) -> None:
    key = load_private_key(make_private_key(name))
    headers = sign(
        "POST", URL, key, "c1-abc", now=NOW, digest=content_digest(io.BytesIO(BODY)), content_type="application/json"
    )
    base, value = _base_of(headers)
    suite_named(name).verify(key.public_pem(), base, value)
    presented = read_signature(headers["Signature-Input"], headers["Signature"])
    require_profile(presented, has_body=True)
    require_time(presented, now=int(NOW.timestamp()), window=300)
    for other in ("http://credit.example/api/v1/checks?a=1&b=%E4%B8%AD", URL + "0", URL.replace("credit", "evil")):
        base, value = _base_of(headers, other)
        with pytest.raises(WrongSignature):
            suite_named(name).verify(key.public_pem(), base, value)


def _message(headers: dict[str, str]) -> Any:
    return SimpleNamespace(method="POST", url=URL, headers=dict(headers))


def test_another_library_verifies_what_we_sign() -> None:
    key = load_private_key(make_private_key("international"))
    headers = sign(
        "POST", URL, key, "c1", now=datetime.now(UTC), digest=content_digest(io.BytesIO(BODY)), content_type="text/json"
    )
    public: Any = load_pem_public_key(key.public_pem().encode())
    verifier = HTTPMessageVerifier(
        signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys={"c1": public}, private_keys={})
    )
    (found,) = verifier.verify(_message(headers), require_components=("@method", "@target-uri"), body=BODY)
    assert found.nonce
    with pytest.raises(InvalidSignature):
        verifier.verify(_message(headers | {"Content-Type": "text/xml"}), body=BODY)


def test_we_verify_what_another_library_signs() -> None:
    made = ED25519_PRIVATE()
    message = _message({"Content-Type": "application/json"})
    signer = HTTPMessageSigner(
        signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys={}, private_keys={"c1": made})
    )
    signer.sign(
        message,
        key_id="c1",
        created=NOW,
        expires=datetime.fromtimestamp(NOW.timestamp() + 60, UTC),
        nonce="bm9uY2Vub25jZW5vbmNl",
        covered_component_ids=("@method", "@authority", "@path", "@query", "content-type"),
        body=BODY,
    )
    presented = read_signature(message.headers["Signature-Input"], message.headers["Signature"])
    require_profile(presented, has_body=True)
    base, value = _base_of(message.headers)
    made.public_key().verify(value, base)
    assert base.startswith(b'"@method": POST\n"@authority": credit.example\n"@path": /api/v1/checks\n')


def ED25519_PRIVATE() -> Any:  # noqa: N802 - a constant that is drawn anew
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    return Ed25519PrivateKey.generate()


GOOD = ('("@method" "@target-uri");created=1;expires=2;nonce="aaaaaaaaaaaaaaaa";keyid="k"', ":AAAA:")


@pytest.mark.parametrize(
    ("described", "signed"),
    [
        (GOOD[0].replace(";keyid", ';keyid="x";keyid'), GOOD[1]),
        (GOOD[0].replace('"@method"', '"@method" "@method"'), GOOD[1]),
        (GOOD[0].replace('"@method"', '"@method";req'), GOOD[1]),
        (GOOD[0].replace('"@method"', '"@Method"'), GOOD[1]),
        (GOOD[0].replace("created=1", "created=1.5"), GOOD[1]),
        (GOOD[0] + ", b=()", GOOD[1]),
        (GOOD[0], ":AAA:"),
        (GOOD[0], "AAAA"),
        (GOOD[0], ":AAAA:, b=:AAAA:"),
        (GOOD[0] + '"', GOOD[1]),
        (GOOD[0] + '\n;a="b"', GOOD[1]),
        (GOOD[0] + ";a=" + "1" * 16, GOOD[1]),
        (GOOD[0] + ';a="' + "x" * 5000 + '"', GOOD[1]),
    ],
)
def test_a_header_that_two_readers_could_understand_differently_is_refused(described: str, signed: str) -> None:
    assert read_signature(f"a={GOOD[0]}", f"a={GOOD[1]}").components == ("@method", "@target-uri")
    with pytest.raises(NotRecognised) as refused:
        read_signature(f"a={described}", f"a={signed}")
    assert refused.value.code == "signature_malformed"


def test_labels_have_to_agree() -> None:
    with pytest.raises(NotRecognised):
        read_signature(f"a={GOOD[0]}", f"b={GOOD[1]}")


@pytest.mark.parametrize("name", ["@status", "@query-param", "date", "x\ny"])
def test_a_component_that_is_not_there_cannot_be_covered(name: str) -> None:
    with pytest.raises(NotRecognised):
        message_of("GET", URL, {}).component(name)


@pytest.mark.parametrize("value", ["中文", "a\x00b", "a\rb"])
def test_a_header_outside_ascii_cannot_be_covered(value: str) -> None:
    with pytest.raises(NotRecognised):
        message_of("GET", URL, {"x": value}).component("x")


def test_default_ports_and_empty_paths_are_written_in_the_one_way_of_the_standard() -> None:
    assert message_of("get", "https://Credit.Example:443", {}).component("@target-uri") == "https://credit.example/"
    assert message_of("get", "http://a:8002/x?", {}).component("@target-uri") == "http://a:8002/x"
    assert message_of("get", "http://[::1]:80/x", {}).component("@authority") == "[::1]"
    assert message_of("get", "http://a/x", {}).component("@query") == "?"
    assert message_of("get", "http://a/x?b=1", {}).component("@request-target") == "/x?b=1"
    assert message_of("get", "http://a/x", {}).component("@scheme") == "http"


@pytest.mark.parametrize(
    ("created", "expires", "code"),
    [
        (1000, 1060, None),
        (700, 1001, None),
        (1300, 1400, None),
        (699, 1100, "clock_skew"),
        (1301, 1400, "clock_skew"),
        (1000 - 600, 2000, "clock_skew"),
        (1000 + 600, 2000, "clock_skew"),
        (900, 1000, "signature_expired"),
        (900, 999, "signature_expired"),
        (1200, 1100, "signature_expired"),
    ],
)
def test_a_signature_counts_near_its_own_time_only(created: int, expires: int, code: str | None) -> None:
    presented = read_signature(f'a=("@method");created={created};expires={expires}', "a=:AAAA:")
    if code is None:
        require_time(presented, now=1000, window=300)
        return
    with pytest.raises(NotRecognised) as refused:
        require_time(presented, now=1000, window=300)
    assert refused.value.code == code


@pytest.mark.parametrize("nonce", ["short", "x" * 65, "with space in the middle", 'quote\\"quote-quote'])
def test_a_nonce_is_long_enough_and_plain(nonce: str) -> None:
    with pytest.raises(NotRecognised):
        require_profile(read_signature(f"a={GOOD[0].replace('a' * 16, nonce)}", "a=:AAAA:"), has_body=False)


@pytest.mark.parametrize(
    "field",
    [
        "",
        "md5=:AAAA:",
        "sha-256=AAAA",
        "sha-256=:AAA:",
        "sha-256=:AAAA:, nonsense",
        "sha-256=:AAAA:," * 1000,
        "SHA-256=:AAAA:",
    ],
)
def test_a_digest_nobody_can_check_is_a_wrong_digest(field: str) -> None:
    with pytest.raises(NotRecognised):
        read_digests(field)


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_two_headers_are_a_signature_or_a_refusal(described: str, signed: str) -> None:
    codes = set()
    for one in (described, f"a=({described}", f'a=("@method");{described}', f'a=("@method");a="{described}"'):
        try:
            presented = read_signature(one, f"a=:{signed}:")
        except NotRecognised as error:
            codes.add(error.code)
        else:
            assert describe(presented.components, presented.parameters).startswith("(")
    assert codes <= {"signature_malformed"}


_PLAIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)


@given(
    st.lists(st.sampled_from(["@method", "@path", "date", "x-1"]), unique=True),
    st.dictionaries(
        st.sampled_from(["created", "nonce", "keyid", "tag"]),
        st.one_of(st.integers(-(10**15) + 1, 10**15 - 1), _PLAIN),
    ),
    st.binary(max_size=80),
)
def test_what_is_described_is_read_again_as_it_was(
    components: list[str], parameters: dict[str, int | str], value: bytes
) -> None:
    pairs = tuple(parameters.items())
    text = describe(tuple(components), pairs)
    presented = read_signature(f"sig={text}", f"sig=:{base64.b64encode(value).decode()}:")
    assert (presented.components, presented.parameters, presented.value) == (tuple(components), pairs, value)
    assert describe(presented.components, presented.parameters) == text


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CHENGXIN INTERNATIONAL KEY-----\n!!\n-----END CHENGXIN INTERNATIONAL KEY-----"])  # fmt: skip  # noqa: E501
def test_what_is_no_private_key_is_told_so(text: str) -> None:
    with pytest.raises(ChengxinError) as refused:
        load_private_key(text)
    assert refused.value.code == "private_key_unreadable"


def test_a_private_key_is_read_again_and_two_are_never_the_same() -> None:
    one, other = make_private_key("international"), make_private_key("international")
    assert one != other
    assert load_private_key(one).public_pem() == load_private_key(one).public_pem()
    assert json.dumps(load_private_key(other).public_pem()) != json.dumps(load_private_key(one).public_pem())
