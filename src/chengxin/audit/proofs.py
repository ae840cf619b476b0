"""Proofs for whoever holds a receipt: this event is in the log that the witnesses know, without asking the platform."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.audit.canonical import SALTED, salted_events
from chengxin.audit.store import read_tree, root_finder
from chengxin.audit.tree import inclusion_path
from chengxin.base.errors import ChengxinError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

FORM = "chengxin-audit-proof/1"


class NotYetProvable(ChengxinError):
    """The event is on file, and its checkpoint is made within the next minute."""


@dataclass(frozen=True)
class EventProof:
    """All that is needed to verify one event offline.

    ``event`` are its canonical bytes, ``salt`` its 16 random ones, ``path`` the hashes beside its way up to the root of
    ``note``, the first checkpoint that covers it.
    """

    number: int
    position: int
    salt: bytes
    event: bytes
    path: Sequence[bytes]
    note: str

    def as_dict(self) -> dict[str, object]:
        """Return the proof as JSON carries it: hashes in hexadecimal, the event in base64."""
        return {
            "form": FORM,
            "number": self.number,
            "position": self.position,
            "salt": self.salt.hex(),
            "event": base64.b64encode(self.event).decode("ascii"),
            "path": [one.hex() for one in self.path],
            "checkpoint": self.note,
        }


def inclusion_proof(event_id: int) -> EventProof:
    """Return the proof that event ``event_id`` is in the tree of the first checkpoint that covers it.

    Raises ``NotFound`` for an event that does not exist and ``NotYetProvable`` for one without a checkpoint.
    """
    number = int(event_id)
    with connection.cursor() as cursor:
        with cursor.copy(
            f"COPY (SELECT {SALTED} FROM audit_event e WHERE e.id = {number}) TO STDOUT (FORMAT binary)"
        ) as rows:
            found = list(salted_events(rows))
        if not found:
            raise NotFound("unknown_event", f"没有编号为 {number} 的审计事件", f"there is no audit event {number}")
        cursor.execute(
            """SELECT l.position, c.size, c.note FROM audit_leaf l JOIN LATERAL (
                SELECT size, note FROM audit_checkpoint WHERE size > l.position ORDER BY number LIMIT 1
            ) c ON true WHERE l.event_id = %s""",
            [number],
        )
        row = cursor.fetchone()
    tree = read_tree()
    if row is None or tree is None:
        raise NotYetProvable(
            "not_yet_provable",
            f"审计事件 {number} 已保存，检查点在一分钟内生成，请稍后再取证明",
            f"the audit event {number} is on file; its checkpoint is made within a minute: ask again then",
        )
    position, size, note = row
    _number, _xid, salt, event = found[0]
    return EventProof(number, position, salt, event, inclusion_path(position, size, root_finder(tree)), note)
