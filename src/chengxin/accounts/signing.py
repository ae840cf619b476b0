"""Sign a request to this API: what the engineer of an approval system needs on the client's side.

    key = load_private_key(Path("client.key").read_text())
    headers = sign("POST", "https://credit.example/api/v1/checks", key, "c7-1a2b3c4d5e6f7a8b", now=datetime.now(UTC),
                   digest=content_digest(io.BytesIO(body)), content_type="application/json")

Another language needs four steps: the SHA-256 of the body as Content-Digest, the lines of the signature base in the
order in which Signature-Input names them, a signature over exactly these bytes, and both headers under one label.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from chengxin.accounts.signatures import ALGORITHMS, Message, describe, signature_base
from chengxin.base.errors import ChengxinError
from chengxin.crypto.suite import Kind, suite_named

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.crypto.suite import Signer

LABEL = "sig"
LIFE = 120
"""Seconds from a signature's making to its end, unless told otherwise."""

_PIECE = 1 << 20
_HEAD, _TAIL = "-----BEGIN CHENGXIN {} KEY-----", "-----END CHENGXIN {} KEY-----"


@dataclass(frozen=True)
class PrivateKey:
    """A client's own signing key and the suite it belongs to (international: Ed25519, national: SM2)."""

    suite: str
    signer: Signer

    def public_pem(self) -> str:
        """Return the public half, to be handed to the platform (SubjectPublicKeyInfo, PEM)."""
        return self.signer.public_pem()


def make_private_key(suite_name: str) -> str:
    """Return a new private key of the suite as text; it stays with the client and is never sent anywhere."""
    stored = base64.b64encode(suite_named(suite_name).make(Kind.SIGN)).decode("ascii")
    name = suite_name.upper()
    return f"{_HEAD.format(name)}\n{stored}\n{_TAIL.format(name)}\n"


def load_private_key(text: str) -> PrivateKey:
    """Return the key that ``make_private_key`` wrote; raise ``ChengxinError`` for anything else."""
    for name in ALGORITHMS:
        lines = text.strip().splitlines()
        if lines and lines[0] == _HEAD.format(name.upper()) and lines[-1] == _TAIL.format(name.upper()):
            try:
                return PrivateKey(name, suite_named(name).signer(base64.b64decode("".join(lines[1:-1]), validate=True)))
            except (ValueError, TypeError):
                break
    raise ChengxinError(
        "private_key_unreadable",
        "私钥文件读不懂，请用 chengxin api-key 生成",
        "the file is no private key of ours: make one with chengxin api-key",
    )


def content_digest(body: BinaryIO) -> str:
    """Return the Content-Digest field of a body, read piece by piece from where the stream stands."""
    state = hashlib.sha256()
    while piece := body.read(_PIECE):
        state.update(piece)
    return f"sha-256=:{base64.b64encode(state.digest()).decode('ascii')}:"


def message_of(method: str, url: str, headers: dict[str, str]) -> Message:
    """Return the parts of a request to ``url`` that a signature covers (RFC 9421 2.2)."""
    parts = urlsplit(url)
    port = "" if parts.port in {None, {"http": 80, "https": 443}.get(parts.scheme)} else f":{parts.port}"
    named = {name.lower(): value for name, value in headers.items()}
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else (parts.hostname or "")
    return Message(method.upper(), parts.scheme, f"{host}{port}", parts.path or "/", parts.query, named)


def sign(
    method: str,
    url: str,
    key: PrivateKey,
    key_id: str,
    *,
    now: datetime,
    digest: str = "",
    content_type: str = "",
) -> dict[str, str]:
    """Return the headers that sign a request: Signature-Input, Signature, and those of the body where it has one.

    ``digest`` is the body's ``content_digest`` and empty for a request without one; ``key_id`` is the name under which
    the platform keeps the key; ``now`` an aware moment.
    """
    headers = {"Content-Digest": digest, "Content-Type": content_type} if digest else {}
    components = ("@method", "@target-uri", *(name.lower() for name in headers))
    created = int(now.timestamp())
    parameters: tuple[tuple[str, int | str], ...] = (
        ("created", created),
        ("expires", created + LIFE),
        ("nonce", secrets.token_urlsafe(18)),
        ("keyid", key_id),
        ("alg", ALGORITHMS[key.suite]),
    )
    value = key.signer.sign(signature_base(message_of(method, url, headers), components, parameters))
    return headers | {
        "Signature-Input": f"{LABEL}={describe(components, parameters)}",
        "Signature": f"{LABEL}=:{base64.b64encode(value).decode('ascii')}:",
    }
