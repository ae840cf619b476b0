"""Verifies one event offline from its proof: no database, no network, only the public key."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chengxin.verifier.merkle import hash_named, included
from chengxin.verifier.notes import Note, Unreadable, read_note, signature_trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chengxin.verifier.notes import Key

FORM = "chengxin-audit-proof/1"
NAMES = (
    "version", "id", "xid", "at", "actor_kind", "actor", "organisation", "action", "object_kind", "object", "detail",
    "purpose", "case_number", "legal_basis", "channel", "subject_id", "personal_digest",
)  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Proven:
    """A proof's outcome: ``trouble`` is empty when it holds; ``event`` are the fields it proves, by name."""

    trouble: str
    event: Mapping[str, str | None]
    at: datetime | None
    note: Note | None


def check_proof(proof: Mapping[str, Any], keys: Mapping[str, Key]) -> Proven:
    """Return what ``proof`` proves.

    ``trouble`` is ``unreadable``, ``wrong_key``, ``bad_signature``, ``not_in_tree`` (event, salt, position, path or
    root do not fit together) or ``other_event`` (the proof's number is not the event's).
    """
    try:
        note = read_note(str(proof["checkpoint"]))
        canonical = base64.b64decode(str(proof["event"]), validate=True)
        salt, position = bytes.fromhex(str(proof["salt"])), int(proof["position"])
        path = [bytes.fromhex(str(one)) for one in proof["path"]]
        event = _fields(canonical)
        at = EPOCH + timedelta(microseconds=int(event["at"] or 0))
        if proof["form"] != FORM:
            raise Unreadable("form")
    except (ValueError, KeyError, TypeError, binascii.Error, OverflowError):
        return Proven("unreadable", {}, None, None)
    trouble = signature_trouble(keys, note.signed, note.signature)
    if not trouble:
        make = hash_named(note.hash)
        leaf = make(b"\x00" + salt + canonical).digest()
        if len(salt) != 16 or not included(make, leaf, position, note.size, path, note.root):  # noqa: PLR2004 - 128 bits
            trouble = "not_in_tree"
        elif str(proof.get("number")) != event["id"]:
            trouble = "other_event"
    return Proven(trouble, event, at, note)


def _fields(canonical: bytes) -> dict[str, str | None]:
    """Return the fields of an event's canonical bytes by name; raise ``Unreadable`` where they are cut or too many."""
    values: list[str | None] = []
    rest = canonical
    while rest:
        length = int.from_bytes(rest[:4], "big", signed=True)
        if len(rest) < 4 or length < -1 or len(rest) < 4 + max(length, 0):  # noqa: PLR2004 - bytes of a length
            raise Unreadable("field")
        values.append(None if length == -1 else rest[4 : 4 + length].decode())
        rest = rest[4 + max(length, 0) :]
    if len(values) != len(NAMES) or values[0] != "1":
        raise Unreadable("version")
    return dict(zip(NAMES, values, strict=True))
