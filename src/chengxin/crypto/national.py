"""The national suite 国密: SM2 (GM/T 0003), SM4-GCM (GM/T 0002, RFC 8998), HMAC-SM3 and SM3 (GM/T 0004)."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hmac import HMAC

from chengxin.crypto import sm2
from chengxin.crypto.errors import WrongSeal, WrongSignature
from chengxin.crypto.suite import Kind

SM4_KEY = 16
HMAC_KEY = 32
TAG = 16
"""Bytes of a GCM tag, the longest there is."""


class Sm2Signer:
    """An SM2 key with the default distinguishing identifier."""

    def __init__(self, stored: bytes) -> None:
        self._key = sm2.load_private(stored)

    def sign(self, message: bytes) -> bytes:
        """Return the signature in DER."""
        return sm2.sign(self._key, message)

    def public_pem(self) -> str:
        """Return the public key as PEM."""
        return sm2.public_pem(self._key)


class Sm4Sealer:
    """An SM4-GCM key."""

    def __init__(self, stored: bytes) -> None:
        if len(stored) != SM4_KEY:
            raise ValueError
        self._cipher = SM4(stored)

    def encrypt(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        """Return cipher text and tag."""
        work = Cipher(self._cipher, GCM(nonce)).encryptor()
        work.authenticate_additional_data(context)
        sealed = work.update(plain) + work.finalize()
        return sealed + work.tag

    def decrypt(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        """Return the plain text, or raise ``WrongSeal``; nothing is returned before the tag is checked."""
        if len(sealed) < TAG:
            raise WrongSeal
        work = Cipher(self._cipher, GCM(nonce, sealed[-TAG:])).decryptor()
        work.authenticate_additional_data(context)
        try:
            return work.update(sealed[:-TAG]) + work.finalize()
        except InvalidTag:
            raise WrongSeal from None


class Sm3Blinder:
    """An HMAC-SM3 key."""

    def __init__(self, stored: bytes) -> None:
        if len(stored) != HMAC_KEY:
            raise ValueError
        self._keyed = HMAC(stored, hashes.SM3())

    def mac(self, message: bytes) -> bytes:
        """Return the keyed digest, 32 bytes."""
        work = self._keyed.copy()
        work.update(message)
        return work.finalize()


class National:
    """The suite a Chinese city is expected to use (密码法 art. 27); a certified module may stand in for it."""

    name = "national"

    def digest(self, message: bytes) -> bytes:
        """Return SM3 of ``message``."""
        return sm2.sm3(message)

    def make(self, kind: Kind) -> bytes:
        """Make a key; a signing key is stored as PKCS#8 in DER, SM4 keys have 16 bytes, HMAC keys 32."""
        if kind is Kind.SIGN:
            return sm2.make_private()
        return secrets.token_bytes(SM4_KEY if kind is Kind.SEAL else HMAC_KEY)

    def signer(self, stored: bytes) -> Sm2Signer:
        """Return the SM2 key stored as PKCS#8."""
        return Sm2Signer(stored)

    def sealer(self, stored: bytes) -> Sm4Sealer:
        """Return the SM4 key."""
        return Sm4Sealer(stored)

    def blinder(self, stored: bytes) -> Sm3Blinder:
        """Return the HMAC key."""
        return Sm3Blinder(stored)

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> None:
        """Return when the SM2 signature fits; raise ``WrongSignature`` otherwise, for a foreign key too."""
        try:
            key = sm2.load_public(public_pem)
        except ValueError:
            raise WrongSignature from None
        sm2.verify(key, message, signature)
