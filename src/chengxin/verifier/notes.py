"""Checkpoints as text, their signatures, and the files in which witnesses keep them."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TITLE = "chengxin-audit-checkpoint/1"
NAMES = ("origin", "number", "size", "hash", "root", "at", "previous", "signature")
LARGEST = 64 << 20
"""Bytes of a witness's answer over HTTP that are read: about 80,000 checkpoints."""

_KEY = re.compile(
    r"# key (?P<id>[^\s]+) (?P<suite>[^\s]+) [^\n]*\n(?P<pem>-----BEGIN PUBLIC KEY-----\n[^-]+-----END PUBLIC KEY-----)"
)


class Unreadable(ValueError):
    """A text is no checkpoint, no key or no proof."""


@dataclass(frozen=True)
class Note:
    """A checkpoint as it was found; ``text`` is all of it, ``signed`` what its signature covers."""

    origin: str
    number: int
    size: int
    hash: str
    root: bytes
    at: datetime
    previous: str
    signature: str
    text: str

    @property
    def signed(self) -> bytes:
        """Return the bytes above the signature's line."""
        return self.text[: self.text.rindex("signature: ")].encode()

    @property
    def digest(self) -> str:
        """Return what the next checkpoint should name as the one before."""
        return hashlib.new(self.hash, self.text.encode()).hexdigest()


def read_note(text: str) -> Note:
    """Return the checkpoint in ``text``; raise ``Unreadable`` for anything that is not spelled exactly so."""
    lines = text.split("\n")
    if len(lines) != len(NAMES) + 2 or lines[0] != TITLE or lines[-1]:
        raise Unreadable("title")
    held: dict[str, str] = {}
    for name, line in zip(NAMES, lines[1:-1], strict=True):
        before, _colon, value = line.partition(": ")
        if before != name:
            raise Unreadable(name)
        held[name] = value
    try:
        text.encode()  # what cannot be written as bytes was never signed
        note = Note(
            held["origin"], int(held["number"]), int(held["size"]), held["hash"], bytes.fromhex(held["root"]),
            datetime.strptime(held["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC), held["previous"],
            held["signature"], text,
        )  # fmt: skip
    except ValueError as error:
        raise Unreadable(str(error)) from None
    plain = (str(note.number), str(note.size), note.root.hex()) == (held["number"], held["size"], held["root"])
    if not plain or note.hash not in {"sha256", "sm3"}:
        raise Unreadable("spelling")
    return note


@dataclass(frozen=True)
class Key:
    """A public key by its id; ``suite`` is international (Ed25519) or national (SM2 with SM3)."""

    id: str
    suite: str
    pem: str


def read_keys(text: str) -> dict[str, Key]:
    """Return the public keys in ``text`` by id: PEM blocks, each under the line ``# key ID SUITE …``."""
    return {one["id"]: Key(one["id"], one["suite"], f"{one['pem']}\n") for one in _KEY.finditer(text)}


def signature_trouble(keys: Mapping[str, Key], message: bytes, signature: str) -> str:
    """Return why ``signature`` does not hold for ``message``: ``wrong_key``, ``bad_signature``, or empty if it does.

    Only one spelling of a signature holds (unpadded base64url behind suite and key id), so a checkpoint that was
    touched anywhere does not.
    """
    suite, key_id, value = [*signature.split(":", 2), "", ""][:3]
    key = keys.get(key_id)
    if key is None or key.suite != suite:
        return "wrong_key"
    try:
        raw = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return "bad_signature"
    if base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=") != value:
        return "bad_signature"
    holds = _sm2_holds if suite == "national" else _ed25519_holds
    return "" if holds(key.pem, message, raw) else "bad_signature"


def _ed25519_holds(pem: str, message: bytes, signature: bytes) -> bool:
    try:
        key = load_pem_public_key(pem.encode())
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, message)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _sm2_holds(pem: str, message: bytes, signature: bytes) -> bool:
    # Only national installations have it, and it comes without types.
    hashes, serialization, ec, errors = (
        import_module(f"tongsuopy.crypto.{name}")
        for name in ("hashes", "serialization", "asymciphers.ec", "exceptions")
    )
    try:
        serialization.load_pem_public_key(pem.encode()).verify(signature, message, ec.ECDSA(hashes.SM3()))
    except (errors.InvalidSignature, errors.UnsupportedAlgorithm, errors.InternalError, ValueError, TypeError):
        return False
    return True


@dataclass(frozen=True)
class Kept:
    """What one witness keeps, oldest first."""

    name: str
    notes: tuple[Note, ...]


def read_witness(place: str, seconds: float = 60.0) -> Kept:
    """Return what the witness at ``place`` keeps: a file, or the address of a witness over HTTP.

    Raises ``Unreadable`` where a line is no checkpoint and ``OSError`` where the witness cannot be read. A last line
    without its end is skipped: the machine stopped while it was written, and nobody was told that it is kept.
    """
    if place.startswith(("http://", "https://")):
        address = f"{place.rstrip('/')}/checkpoints"
        held = _ask(address, seconds)
    else:
        held = Path(place).read_bytes()
    return Kept(place, tuple(_notes(held)))


def _ask(address: str, seconds: float) -> bytes:
    """Return a witness's answer; raise ``OSError`` for anything else, half an answer included."""
    try:
        with urllib.request.urlopen(address, timeout=seconds) as answer:  # noqa: S310 - given by who verifies
            held: bytes = answer.read(LARGEST)
            if answer.length and len(held) < LARGEST:
                raise http.client.IncompleteRead(held, answer.length)
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    return held


def _notes(held: bytes) -> Iterable[Note]:
    for line in held.split(b"\n")[:-1]:
        try:
            text = json.loads(line)["note"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Unreadable("line") from None
        yield read_note(str(text))
