"""The trail for a system that watches it: events in the tree's order, each with what its leaf's hash is computed from.

Whoever keeps the lines keeps a second copy of the evidence: a line recomputes to its leaf, the leaves to the root of
every checkpoint, and the witnesses have the checkpoints. Texts that may have to be erased are not among them. Source:
OWASP ASVS 5.0, 16.4.3; GB/T 22239-2019 8.1.5.4 c).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.audit.canonical import SALTED, salted_events
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = 1000
"""Events read at once: what is held in memory, however long the trail is."""

NAMES = (
    "version", "number", "xid", "at", "actor_kind", "actor", "organisation", "action", "object_kind", "object",
    "detail", "purpose", "case_number", "legal_basis", "channel", "subject_id", "personal_digest",
)  # fmt: skip
"""The canonical fields in their order (``canonical.py``)."""

NUMBERS = frozenset({"number", "subject_id"})
NOT_SHOWN = frozenset({"version", "xid"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Followed:
    """One event in the tree: position, leaf's hash (32 bytes), salt (16 bytes) and canonical bytes."""

    position: int
    leaf: bytes
    salt: bytes
    event: bytes

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the event as a line has it.

        The fields are for reading; ``leaf``, ``salt`` (hexadecimal) and ``event`` (base64) are the evidence: the leaf
        is the tree's hash of a zero byte, the salt and the event.
        """
        shown: dict[str, str | int | None] = {"position": self.position}
        for name, value in zip(NAMES, _values(self.event), strict=True):
            if name == "at":
                shown[name] = (EPOCH + timedelta(microseconds=int(value or 0))).isoformat(timespec="microseconds")
            elif name in NUMBERS:
                shown[name] = None if value is None else int(value)
            elif name not in NOT_SHOWN:
                shown[name] = value
        return shown | {
            "leaf": self.leaf.hex(),
            "salt": self.salt.hex(),
            "event": base64.b64encode(self.event).decode("ascii"),
        }


def followed(first: int, step: int = STEP) -> Iterator[Followed]:
    """Yield the events from position ``first`` on, as far as the tree is built, ``step`` of them read at once.

    Raises:
        ChengxinError: a leaf has no event any more (``event_gone``): ``chengxin audit verify`` names what happened.
    """
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT position, event_id, hash FROM audit_leaf WHERE position >= %s ORDER BY position LIMIT %s",
                [first, step],
            )
            leaves = [(position, number, bytes(leaf)) for position, number, leaf in cursor.fetchall()]
            if not leaves:
                return
            held: dict[int, tuple[bytes, bytes]] = {}
            last = int(leaves[-1][0])
            chosen = (
                f"SELECT {SALTED} FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id"
                f" WHERE l.position BETWEEN {int(first)} AND {last}"
            )
            with cursor.copy(f"COPY ({chosen}) TO STDOUT (FORMAT binary)") as rows:
                for number, _xid, salt, event in salted_events(rows):
                    held[number] = (salt, event)
        for position, number, leaf in leaves:
            if number not in held:
                raise ChengxinError(
                    "event_gone",
                    f"第 {position} 位的审计事件 {number} 不见了，请运行 chengxin audit verify 并报告安全管理员",
                    f"the audit event {number} at position {position} is gone: run chengxin audit verify and tell the "
                    "security officer",
                    where=str(position),
                )
            yield Followed(position, leaf, *held[number])
        first = last + 1


def _values(event: bytes) -> list[str | None]:
    """Return the canonical fields: each behind its length in four bytes, -1 for one that is null."""
    values: list[str | None] = []
    place = 0
    while place < len(event):
        length = int.from_bytes(event[place : place + 4], "big", signed=True)
        place += 4
        values.append(None if length < 0 else event[place : place + length].decode())
        place += max(length, 0)
    return values
