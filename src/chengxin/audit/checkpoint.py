"""Checkpoints: the signed statement of how large the tree is and what its root is, as text that travels.

    chengxin-audit-checkpoint/1
    origin: 5b0f…            one log, for ever
    number: 12               counts up by one
    size: 48213              leaves
    hash: sha256             or sm3
    root: 9a41…              of a tree of that size
    at: 2026-03-02T02:00:00.000000Z
    previous: 77c0…          digest of the text before, signature included; zeros for the first
    signature: international:checkpoint.1.0a1b2c3d:…

The signature is over everything above its line, line ends included.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError
from chengxin.crypto import Signature, verify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chengxin.crypto import Keyring, PublicKey

PURPOSE = "checkpoint"
FIRST_LINE = "chengxin-audit-checkpoint/1"
NOTHING_BEFORE = "0" * 64
LONGEST = 4096
"""Characters of a text that is read at all; ours have about 600."""

_SHAPE = re.compile(
    rf"{re.escape(FIRST_LINE)}\norigin: (?P<origin>[0-9a-f-]{{36}})\nnumber: (?P<number>[1-9][0-9]{{0,17}})\n"
    r"size: (?P<size>0|[1-9][0-9]{0,17})\nhash: (?P<hash>sha256|sm3)\nroot: (?P<root>[0-9a-f]{64})\n"
    r"at: (?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)\n"
    r"previous: (?P<previous>[0-9a-f]{64})\nsignature: (?P<signature>[^\n]+)\n",
    re.ASCII,
)


class NoCheckpoint(ChengxinError):
    """A text is no checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint; ``signature`` is empty until it is signed. ``root`` has 32 bytes, ``at`` is aware."""

    origin: str
    number: int
    size: int
    hash: str
    root: bytes
    at: datetime
    previous: str = NOTHING_BEFORE
    signature: str = ""

    def statement(self) -> str:
        """Return the text that is signed."""
        moment = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return (
            f"{FIRST_LINE}\norigin: {self.origin}\nnumber: {self.number}\nsize: {self.size}\nhash: {self.hash}\n"
            f"root: {self.root.hex()}\nat: {moment}\nprevious: {self.previous}\n"
        )

    def note(self) -> str:
        """Return the whole text, signature included."""
        return f"{self.statement()}signature: {self.signature}\n"

    def digest(self) -> str:
        """Return what the next checkpoint names as ``previous``: the hash of this text in hexadecimal."""
        return hashlib.new(self.hash, self.note().encode()).hexdigest()

    def signed(self, keyring: Keyring) -> Checkpoint:
        """Return the checkpoint with the signature of the current key for checkpoints."""
        return replace(self, signature=keyring.sign(PURPOSE, self.statement().encode()).text())

    def require_signature(self, keys: Iterable[PublicKey]) -> None:
        """Return when one of ``keys`` signed this; raise ``WrongSignature`` otherwise."""
        verify(keys, self.statement().encode(), Signature.parse(self.signature))


def read_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint in ``text``, its signature unchecked; raise ``NoCheckpoint`` for anything else."""
    found = _SHAPE.fullmatch(text) if len(text) <= LONGEST else None
    try:
        if found is not None:
            return Checkpoint(
                origin=found["origin"],
                number=int(found["number"]),
                size=int(found["size"]),
                hash=found["hash"],
                root=bytes.fromhex(found["root"]),
                at=datetime.strptime(found["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
                previous=found["previous"],
                signature=found["signature"],
            )
    except ValueError:  # a day that does not exist
        pass
    raise NoCheckpoint(
        "not_a_checkpoint",
        "这段文字不是审计检查点，请核对来源",
        "this text is no checkpoint of an audit trail: check where it came from",
    )
