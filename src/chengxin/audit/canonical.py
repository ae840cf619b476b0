"""The bytes of an event that its leaf is the hash of.

An event's canonical form (version 1) is the list of its fields as text, each behind its length: four bytes, signed,
most significant first, then the UTF-8 bytes; -1 and nothing for a field that is null. That is what PostgreSQL itself
sends for a row in its binary COPY format, so the builder hashes rows as they come. The fields, in this order:

``1`` (the version), id, xid, at (microseconds since 1970 in UTC), actor_kind, actor, organisation, action, object_kind,
object, detail (as PostgreSQL writes jsonb), purpose, case_number, legal_basis, channel, subject_id, personal_digest.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from chengxin.base.binary_copy import copied_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIELDS = """'1', e.id::text, e.xid::text, (extract(epoch FROM e.at) * 1000000)::bigint::text, e.actor_kind, e.actor,
    e.organisation, e.action, e.object_kind, e.object, e.detail::text, e.purpose, e.case_number, e.legal_basis,
    e.channel, e.subject_id::text, e.personal_digest"""
"""The canonical fields of the event ``e`` in SQL."""

SALTED = f"e.id, e.xid::text::bigint, e.salt, {FIELDS}"
"""What ``salted_events`` reads: number, transaction and salt in front of the canonical fields."""

_FRONT = struct.Struct("!h iq iq i16s")


def salted_events(pieces: Iterable[bytes | memoryview]) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Yield (id, xid, salt, canonical bytes) from the pieces of a binary COPY of ``SALTED``; one piece is one row.

    Raises ``ValueError`` when the server sends something else.
    """
    for piece in copied_rows(pieces):
        _count, eight, number, also_eight, xid, sixteen, salt = _FRONT.unpack_from(piece)
        if (eight, also_eight, sixteen) != (8, 8, 16):
            raise ValueError("no row of an event")
        yield number, xid, salt, piece[_FRONT.size :]
