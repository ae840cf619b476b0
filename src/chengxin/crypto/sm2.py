"""SM2 signatures (GM/T 0003.2, GB/T 32918.2): the only place that touches ``tongsuopy``.

The library signs with the default distinguishing identifier 1234567812345678 (GM/T 0009) and offers no other in its
public interface. With another identifier the digest ``e = SM3(Z || M)`` is computed here and its raw sign and verify
calls do the rest; the random number of a signature always comes from the library's own generator.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from cryptography.hazmat.primitives import hashes
from tongsuopy.backends.tongsuo import backend as _backend  # type: ignore[import-untyped] # it has no types;
from tongsuopy.crypto import hashes as _hashes  # type: ignore[import-untyped] # the protocols below are its types
from tongsuopy.crypto import serialization as _forms
from tongsuopy.crypto.asymciphers import ec as _ec  # type: ignore[import-untyped] # the same
from tongsuopy.crypto.exceptions import (  # type: ignore[import-untyped] # the same
    InternalError,
    InvalidSignature,
    UnsupportedAlgorithm,
)

from chengxin.crypto.errors import WrongSignature

DEFAULT_ID = b"1234567812345678"
"""The distinguishing identifier where none is agreed, GM/T 0009 chapter 10."""

LONGEST_ID = 8191
"""Bytes: the length in bits has to fit into 16 bits."""

# Parameters a, b and base point of the recommended curve, GM/T 0003.5.
_CURVE = bytes.fromhex(
    "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC"
    "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93"
    "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"
    "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"
)

_COORDINATE = 32
_ENOUGH = 128
"""Bytes of room for a signature in DER, which has 72 at most."""


class _Numbers(Protocol):
    x: int
    y: int


class _Public(Protocol):
    _evp_pkey: Any

    def public_numbers(self) -> _Numbers: ...
    def public_bytes(self, encoding: object, format: object) -> bytes: ...  # noqa: A002 - the library's name
    def verify(self, signature: bytes, data: bytes, signature_algorithm: object) -> None: ...


class _Private(Protocol):
    _evp_pkey: Any

    def public_key(self) -> _Public: ...
    def private_bytes(self, encoding: object, format: object, encryption_algorithm: object) -> bytes: ...  # noqa: A002
    def sign(self, data: bytes, signature_algorithm: object) -> bytes: ...


def sm3(message: bytes) -> bytes:
    """Return SM3 of ``message``, 32 bytes (GM/T 0004)."""
    state = hashes.Hash(hashes.SM3())
    state.update(message)
    return state.finalize()


def make_private() -> bytes:
    """Return a new private key, PKCS#8 in DER."""
    made = cast("_Private", _ec.generate_private_key(_ec.SM2()))
    return made.private_bytes(_forms.Encoding.DER, _forms.PrivateFormat.PKCS8, _forms.NoEncryption())


def load_private(stored: bytes) -> _Private:
    """Return the private key in ``stored`` (PKCS#8, DER); raise ``ValueError`` when it is none."""
    try:
        return cast("_Private", _forms.load_der_private_key(stored, None))
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        raise ValueError("SM2") from None


def load_public(pem: str) -> _Public:
    """Return the public key in ``pem``; raise ``ValueError`` when it is none on the SM2 curve."""
    try:
        return cast("_Public", _forms.load_pem_public_key(pem.encode("ascii")))
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        raise ValueError("SM2") from None


def public_pem(key: _Private) -> str:
    """Return the public half of ``key`` as PEM."""
    encoded = key.public_key().public_bytes(_forms.Encoding.PEM, _forms.PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode("ascii")


def sign(key: _Private, message: bytes, distinguishing_id: bytes = DEFAULT_ID) -> bytes:
    """Return the signature of ``message`` in DER (GM/T 0009); ``ValueError`` for an identifier that is too long."""
    if distinguishing_id == DEFAULT_ID:
        return key.sign(message, _ec.ECDSA(_hashes.SM3()))
    return _sign_digest(key, _digest(key.public_key(), message, distinguishing_id))


def verify(key: _Public, message: bytes, signature: bytes, distinguishing_id: bytes = DEFAULT_ID) -> None:
    """Return when ``signature`` (DER) fits; raise ``WrongSignature`` otherwise, malformed ones included."""
    if distinguishing_id != DEFAULT_ID:
        _verify_digest(key, _digest(key, message, distinguishing_id), signature)
        return
    try:
        key.verify(signature, message, _ec.ECDSA(_hashes.SM3()))
    except (InvalidSignature, InternalError, ValueError):
        raise WrongSignature from None


def _digest(key: _Public, message: bytes, distinguishing_id: bytes) -> bytes:
    if len(distinguishing_id) > LONGEST_ID:
        raise ValueError(len(distinguishing_id))
    numbers = key.public_numbers()
    point = numbers.x.to_bytes(_COORDINATE, "big") + numbers.y.to_bytes(_COORDINATE, "big")
    bits = (len(distinguishing_id) * 8).to_bytes(2, "big")
    return sm3(sm3(bits + distinguishing_id + _CURVE + point) + message)


def _context(key: _Private | _Public) -> Any:  # noqa: ANN401 - a handle of the C library
    made = _backend._lib.EVP_PKEY_CTX_new(key._evp_pkey, _backend._ffi.NULL)  # noqa: SLF001 - see the module's text
    return _backend._ffi.gc(made, _backend._lib.EVP_PKEY_CTX_free)  # noqa: SLF001


def _sign_digest(key: _Private, digest: bytes) -> bytes:
    library, memory = _backend._lib, _backend._ffi  # noqa: SLF001 - see the module's text
    context = _context(key)
    _backend.openssl_assert(library.EVP_PKEY_sign_init(context) == 1)
    length = memory.new("size_t *", _ENOUGH)
    room = memory.new("unsigned char[]", _ENOUGH)
    _backend.openssl_assert(library.EVP_PKEY_sign(context, room, length, digest, len(digest)) == 1)
    return bytes(memory.buffer(room)[: length[0]])


def _verify_digest(key: _Public, digest: bytes, signature: bytes) -> None:
    library = _backend._lib  # noqa: SLF001 - see the module's text
    context = _context(key)
    _backend.openssl_assert(library.EVP_PKEY_verify_init(context) == 1)
    fits = library.EVP_PKEY_verify(context, signature, len(signature), digest, len(digest)) == 1
    _backend._consume_errors()  # noqa: SLF001
    if not fits:
        raise WrongSignature
