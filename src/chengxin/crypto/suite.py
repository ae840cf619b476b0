"""What a set of algorithms has to offer, and the choice between the sets this platform knows.

A hardware module (密码机 behind SDF or PKCS#11) stands behind the same interface: a class with the methods of ``Suite``
whose ``make`` creates the key inside the module and returns its *handle* instead of key bytes. The handle is what the
key file then holds, and ``signer``, ``sealer`` and ``blinder`` turn it into objects that call the module; no other part
of the platform sees the difference. ``add_suite`` makes it known under its name before the key ring is loaded.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Callable

NONCE = 12
"""Bytes of a GCM nonce, 96 bits as NIST SP 800-38D 8.2 and RFC 8998 have it."""


class Kind(StrEnum):
    """What keys of a purpose do; a key of one kind never does the work of another."""

    SIGN = "sign"
    SEAL = "seal"
    BLIND = "blind"


class Signer(Protocol):
    """Holds one signing key."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of ``message`` in the suite's own form."""
        ...

    def public_pem(self) -> str:
        """Return the public key as PEM (SubjectPublicKeyInfo, RFC 5280)."""
        ...


class Sealer(Protocol):
    """Holds one key for authenticated encryption with a tag of 128 bits."""

    def encrypt(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        """Return the cipher text and its tag; ``nonce`` has 12 bytes and is never used twice."""
        ...

    def decrypt(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        """Return the plain text; raise ``WrongSeal`` when tag, nonce or context do not fit."""
        ...


class Blinder(Protocol):
    """Holds one key for keyed digests."""

    def mac(self, message: bytes) -> bytes:
        """Return the keyed digest of ``message``, 32 bytes."""
        ...


class Suite(Protocol):
    """One complete set of algorithms; stateless, safe to use from many threads."""

    @property
    def name(self) -> str:
        """Return the name under which keys and signatures remember the suite."""
        ...

    def digest(self, message: bytes) -> bytes:
        """Return the digest of ``message``, 32 bytes."""
        ...

    def make(self, kind: Kind) -> bytes:
        """Make a key from the system's randomness; return what the key file stores: the key, or a module's handle."""
        ...

    def signer(self, stored: bytes) -> Signer:
        """Return the signing key that ``stored`` is or names; raise ``ValueError`` when it is none."""
        ...

    def sealer(self, stored: bytes) -> Sealer:
        """Return the encryption key that ``stored`` is or names; raise ``ValueError`` when it is none."""
        ...

    def blinder(self, stored: bytes) -> Blinder:
        """Return the index key that ``stored`` is or names; raise ``ValueError`` when it is none."""
        ...

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> None:
        """Return when the signature fits; raise ``WrongSignature`` otherwise."""
        ...


def _international() -> Suite:
    from chengxin.crypto.international import International  # noqa: PLC0415 - a process loads the suites it uses

    return International()


def _national() -> Suite:
    from chengxin.crypto.national import National  # noqa: PLC0415 - the same

    return National()


_MAKERS: dict[str, Callable[[], Suite]] = {"international": _international, "national": _national}
_MADE: dict[str, Suite] = {}


def add_suite(name: str, maker: Callable[[], Suite]) -> None:
    """Make another suite known, such as one that drives a hardware module.

    Raises ``ValueError`` when the name is taken: old signatures and seals would change their meaning.
    """
    if name in _MAKERS:
        raise ValueError(name)
    _MAKERS[name] = maker


def suite_named(name: str) -> Suite:
    """Return the suite of this name; raise ``ChengxinError`` when there is none."""
    if name not in _MADE:
        if name not in _MAKERS:
            known = ", ".join(_MAKERS)
            raise ChengxinError(
                "suite_unknown",
                f"没有名为“{name}”的密码套件，可选：{known}（设置 CHENGXIN_CRYPTO_SUITE）",
                f"there is no cryptographic suite {name!r}; choose one of {known} (setting CHENGXIN_CRYPTO_SUITE)",
                where="CHENGXIN_CRYPTO_SUITE",
            )
        _MADE[name] = _MAKERS[name]()
    return _MADE[name]


def chosen_suite() -> str:
    """Return the name of the suite in which new keys are made: ``CHENGXIN_CRYPTO_SUITE``, else international.

    Raises ``ChengxinError`` when the setting names no suite.
    """
    return suite_named(os.environ.get("CHENGXIN_CRYPTO_SUITE") or "international").name
