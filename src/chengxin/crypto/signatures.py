"""A signature and the public keys that verify it, as they travel outside the platform."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.crypto.errors import WrongSignature
from chengxin.crypto.suite import suite_named

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXT = re.compile(r"([a-z][a-z0-9-]*):([a-z-]+\.[1-9][0-9]*\.[0-9a-f]{8}):([A-Za-z0-9_-]+)", re.ASCII)
_LONGEST = 1000
"""Characters of the longest text that is read at all; an SM2 signature takes about 150."""

_BLOCK = re.compile(
    r"# key (?P<key_id>[a-z-]+\.[1-9][0-9]*\.[0-9a-f]{8}) (?P<suite>[a-z][a-z0-9-]*) (?P<state>current|retired)"
    r" made (?P<made_at>\S+)\n(?P<pem>-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n)"
)


@dataclass(frozen=True)
class Signature:
    """A signature with the names of its suite and key; ``value`` is Ed25519's 64 bytes or SM2's DER."""

    suite: str
    key_id: str
    value: bytes

    def text(self) -> str:
        """Return ``suite:key_id:value`` with the value in unpadded base64url; safe in files, headers and addresses."""
        return f"{self.suite}:{self.key_id}:{base64.urlsafe_b64encode(self.value).decode('ascii').rstrip('=')}"

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Return the signature that ``text()`` wrote; raise ``WrongSignature`` for anything else.

        Only the one spelling that ``text()`` writes is accepted, so two different texts are two different signatures.
        """
        found = _TEXT.fullmatch(text) if len(text) <= _LONGEST else None
        if found is None:
            raise WrongSignature
        value = found[3]
        try:
            decoded = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            raise WrongSignature from None
        made = cls(found[1], found[2], decoded)
        if made.text() != text:
            raise WrongSignature(found[2])
        return made


@dataclass(frozen=True)
class PublicKey:
    """A public key anybody may have; ``pem`` is its SubjectPublicKeyInfo, ``made_at`` an ISO 8601 moment."""

    key_id: str
    suite: str
    state: str
    made_at: str
    pem: str

    def block(self) -> str:
        """Return the key as PEM under a line that names it; OpenSSL skips that line."""
        return f"# key {self.key_id} {self.suite} {self.state} made {self.made_at}\n{self.pem}"


def read_public_keys(text: str) -> tuple[PublicKey, ...]:
    """Return the keys written by ``PublicKey.block``, in their order; text between them is skipped."""
    return tuple(PublicKey(**found.groupdict()) for found in _BLOCK.finditer(text))


def verify(public_keys: Iterable[PublicKey], message: bytes, signature: Signature) -> None:
    """Return when one of ``public_keys`` made ``signature`` over exactly ``message``.

    The key is the one the signature names; its suite has to be the key's own, so that a signature cannot choose a
    weaker algorithm. Raises ``WrongSignature`` in every other case.
    """
    for key in public_keys:
        if key.key_id == signature.key_id and key.suite == signature.suite:
            suite_named(key.suite).verify(key.pem, message, signature.value)
            return
    raise WrongSignature(signature.key_id)
