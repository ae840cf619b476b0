"""Write an event. The caller's transaction carries it: no event, no change; no event, no answer."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from chengxin.audit.errors import EvidenceUnavailable
from chengxin.audit.settings import load_settings
from chengxin.base.errors import ChengxinError
from chengxin.crypto.suite import chosen_suite

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.backends.base.base import BaseDatabaseWrapper

log = logging.getLogger(__name__)

TEXT = b"\x02"
"""First byte of what is hashed for an erasable text: no leaf, no node."""

HASH_OF_SUITE = {"international": "sha256", "national": "sm3"}

WATCHED = frozenset({"officer", "client"})
"""Kinds of actors who are refused when evidence has been missing for too long; the operator has to mend it."""

_PREPARE = """PREPARE chengxin_add_audit_event(
    text, timestamptz, text, text, text, text, text, text, jsonb, text, text, text, text, bigint, text, bytea, text)
AS SELECT event_id, covered_at FROM core.add_audit_event(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"""

_ADD = """SELECT set_config('chengxin.statement_before', current_setting('statement_timeout'), true),
    set_config('statement_timeout', %s, true);
EXECUTE chengxin_add_audit_event(
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""


def record_event(  # noqa: PLR0913 - an event has this many sides, all by name
    *,
    at: datetime,
    actor: tuple[str, str, str],
    action: str,
    object_kind: str,
    object_id: str,
    detail: dict[str, Any] | None = None,
    purpose: str = "",
    case_number: str = "",
    legal_basis: str = "",
    channel: str = "",
    subject_id: int | None = None,
    personal: str | None = None,
) -> int:
    """Add an event and return its number: ``actor`` is (kind, id, organisation code).

    ``subject_id`` is whose data was looked at or changed: the event appears in that subject's own view, with
    ``purpose``, ``legal_basis`` and ``channel``. Where the object is a subject, nobody can forget it. ``personal`` is
    text that can be erased later without harm to the evidence.

    Raises ``ChengxinError`` outside a transaction, where an event could stay although its change did not, and
    ``EvidenceUnavailable`` when the event cannot be written within the settings' time, or when officers and clients act
    although no witness has had a checkpoint for too long.
    """
    database = connections[DEFAULT_DB_ALIAS]  # looked up once: each time costs a hundredth of an event
    if not database.in_atomic_block:
        raise ChengxinError(
            "event_outside_transaction",
            "审计事件必须与业务在同一事务中，请在事务内记录",
            "an event belongs in the transaction it witnesses: record it inside one",
        )
    kind, who, organisation = actor
    if subject_id is None and object_kind == "subject" and object_id.isascii() and object_id.isdecimal():
        subject_id = int(object_id)
    salt = secrets.token_bytes(16)
    digest = None if personal is None else digest_text(tree_hash(), salt, personal)
    number, covered_at = _insert(
        database,
        [
            at, kind, who, organisation, action, object_kind, object_id, json.dumps(detail or {}, ensure_ascii=False),
            purpose, case_number, legal_basis, channel, subject_id, digest,
        ],
        None if personal is None else (salt, personal),
    )  # fmt: skip
    if kind in WATCHED and covered_at is not None and at - covered_at > load_settings().refuse_after:
        raise EvidenceUnavailable("checkpoint")
    return number


def _insert(
    database: BaseDatabaseWrapper, values: list[Any], personal: tuple[bytes, str] | None
) -> tuple[int, datetime | None]:
    """Write the event and its erasable text in one message to the server; raise ``EvidenceUnavailable``.

    The server's time limits are put back by the function: the caller's own statements keep theirs.
    """
    limit = str(load_settings().write_milliseconds)
    with database.cursor() as cursor:
        try:
            if not getattr(database.connection, "chengxin_adds_events", False):
                # Once on a connection: parsed and planned each time, an event costs a tenth more.
                cursor.execute(_PREPARE)
                database.connection.chengxin_adds_events = True
            cursor.execute(_ADD, [limit, limit, *values, *(personal or (None, None))])
        except DatabaseError as error:
            log.critical("an audit event could not be written: %s", type(error.__cause__ or error).__name__)
            raise EvidenceUnavailable("event") from error
        cursor.nextset()  # past the time limit, to the event
        row = cursor.fetchone()
    return int(row[0]), row[1]


def tree_hash() -> str:
    """Return the name of the hash function for new digests, as the chosen suite has it: SHA-256, or SM3."""
    return HASH_OF_SUITE.get(chosen_suite(), "sha256")


def digest_text(hash_name: str, salt: bytes, content: str) -> str:
    """Return what an event keeps of an erasable text: ``sha256:…`` or ``sm3:…`` over its own salt and its bytes.

    The salt lies beside the text and goes with it: what is left cannot be found again by trying.
    """
    return f"{hash_name}:{hashlib.new(hash_name, TEXT + salt + content.encode()).hexdigest()}"
