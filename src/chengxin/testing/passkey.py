"""An authenticator in software: answers a site's questions about passkeys as a browser would, or falsely on request."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
"""Flags of authenticator data (WebAuthn 6.1)."""


@dataclass
class SoftKey:
    """One passkey; ``counter`` goes up by ``step`` with each signature (zero for synchronised passkeys)."""

    step: int = 1
    counter: int = 0
    flags: int = PRESENT | VERIFIED
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any], origin: str, **changed: str) -> str:
        """Return the answer to a question for a new passkey."""
        asked = options["publicKey"]
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))  # type: ignore[no-untyped-call]
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        data = self._data(changed.get("host", asked["rp"]["id"]), ATTESTED) + attested
        statement = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", changed.get("challenge", asked["challenge"]), origin)
        return self._answer({"clientDataJSON": client, "attestationObject": statement})

    def get(self, options: dict[str, Any], origin: str, **changed: str) -> str:
        """Return the answer to a question for a passkey that exists."""
        asked = options["publicKey"]
        self.counter += self.step
        data = self._data(changed.get("host", asked["rpId"]), 0)
        client = self._client("webauthn.get", changed.get("challenge", asked["challenge"]), origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": data, "signature": signature})

    def _data(self, host: str, more: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", self.flags | more, self.counter)

    def _client(self, kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, bytes]) -> str:
        own = websafe_encode(self.id)
        parts = {name: websafe_encode(value) for name, value in response.items()}
        held = {"id": own, "rawId": own, "type": "public-key", "response": parts, "clientExtensionResults": {}}
        return json.dumps(held)
