"""Verifies the texts beside the events: each is the one its event has the digest of, or was erased by law."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from chengxin.verifier.findings import Finding, Findings

if TYPE_CHECKING:
    import psycopg

SALT_BYTES = 16

_QUERY = """
SELECT coalesce(e.id, p.event_id), e.personal_digest, p.salt, p.content, l.position,
    p.event_id IS NULL AND EXISTS (
        SELECT FROM core.audit_event x
        WHERE x.action = 'audit.text_erased' AND x.object_kind = 'event' AND x.object = e.id::text
            AND x.legal_basis <> ''
    )
FROM (SELECT * FROM core.audit_event WHERE personal_digest IS NOT NULL) e
FULL JOIN core.audit_personal p ON p.event_id = e.id
LEFT JOIN core.audit_leaf l ON l.event_id = coalesce(e.id, p.event_id)
WHERE e.id IS NOT NULL OR EXISTS (SELECT FROM core.audit_event x WHERE x.id = p.event_id)
"""


def judge_texts(connection: psycopg.Connection, found: Findings) -> None:
    """Name the texts that were changed, added, or taken away without an event that says by what law."""
    connection.execute("SET LOCAL enable_hashjoin = on")  # the lists are short beside the events; a full join needs it
    with connection.cursor(name="texts") as cursor:
        cursor.execute(_QUERY)
        for number, digest, salt, content, position, erased in cursor:
            if digest is None:
                found.add(Finding("personal_text_added", position, number))
            elif content is None:
                if not erased:
                    found.add(Finding("personal_text_missing", position, number))
            elif not _fits(digest, bytes(salt), content):
                found.add(Finding("personal_text_changed", position, number))


def _fits(digest: str, salt: bytes, content: str) -> bool:
    """Return whether the text is the one of ``digest``.

    The salt's length is fixed: a longer one could swallow the beginning of the text and the digest would still hold.
    """
    name, _colon, value = digest.partition(":")
    if name not in {"sha256", "sm3"} or len(salt) != SALT_BYTES:
        return False
    return hashlib.new(name, b"\x02" + salt + content.encode()).hexdigest() == value
