"""The international suite: Ed25519 (RFC 8032), AES-256-GCM (NIST SP 800-38D), HMAC-SHA-256 (RFC 2104), SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_public_key,
)

from chengxin.crypto.errors import WrongSeal, WrongSignature
from chengxin.crypto.suite import Kind

KEY = 32
"""Bytes of an AES-256 key and of an HMAC key."""


class Ed25519Signer:
    """An Ed25519 key."""

    def __init__(self, stored: bytes) -> None:
        try:
            key = load_der_private_key(stored, password=None)
        except (TypeError, UnsupportedAlgorithm):
            raise ValueError("Ed25519") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("Ed25519")  # noqa: TRY004 - the file is wrong, not the caller
        self._key = key

    def sign(self, message: bytes) -> bytes:
        """Return the signature, 64 bytes; Ed25519 draws no random number to sign."""
        return self._key.sign(message)

    def public_pem(self) -> str:
        """Return the public key as PEM."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


class AesSealer:
    """An AES-256-GCM key."""

    def __init__(self, stored: bytes) -> None:
        if len(stored) != KEY:
            raise ValueError
        self._cipher = AESGCM(stored)

    def encrypt(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        """Return cipher text and tag."""
        return self._cipher.encrypt(nonce, plain, context)

    def decrypt(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        """Return the plain text, or raise ``WrongSeal``."""
        try:
            return self._cipher.decrypt(nonce, sealed, context)
        except InvalidTag:
            raise WrongSeal from None


class Sha256Blinder:
    """An HMAC-SHA-256 key."""

    def __init__(self, stored: bytes) -> None:
        if len(stored) != KEY:
            raise ValueError
        self._key = stored

    def mac(self, message: bytes) -> bytes:
        """Return the keyed digest, 32 bytes."""
        return hmac.digest(self._key, message, "sha256")


class International:
    """The suite for everybody who has no duty to use the national algorithms."""

    name = "international"

    def digest(self, message: bytes) -> bytes:
        """Return SHA-256 of ``message``."""
        return hashlib.sha256(message).digest()

    def make(self, kind: Kind) -> bytes:
        """Make a key; a signing key is stored as PKCS#8 in DER, the others as 32 bytes."""
        if kind is Kind.SIGN:
            made = Ed25519PrivateKey.generate()
            return made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return secrets.token_bytes(KEY)

    def signer(self, stored: bytes) -> Ed25519Signer:
        """Return the signing key stored as PKCS#8."""
        return Ed25519Signer(stored)

    def sealer(self, stored: bytes) -> AesSealer:
        """Return the AES key."""
        return AesSealer(stored)

    def blinder(self, stored: bytes) -> Sha256Blinder:
        """Return the HMAC key."""
        return Sha256Blinder(stored)

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> None:
        """Return when the Ed25519 signature fits; raise ``WrongSignature`` otherwise, for a foreign key too."""
        try:
            key = load_pem_public_key(public_pem.encode("ascii"))
        except (ValueError, UnsupportedAlgorithm):
            raise WrongSignature from None
        if not isinstance(key, Ed25519PublicKey):
            raise WrongSignature
        try:
            key.verify(signature, message)
        except InvalidSignature:
            raise WrongSignature from None
