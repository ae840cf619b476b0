"""Write an event. The caller's transaction carries it: no event, no change; no event, no answer."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from chengxin.audit.errors import EvidenceUnavailable
from chengxin.audit.settings import load_settings
from chengxin.base.errors import ChengxinError
from chengxin.crypto.suite import chosen_suite

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.base.postgres.base import DatabaseWrapper

log = logging.getLogger(__name__)

TEXT = b"\x02"
"""First byte of what is hashed for an erasable text: no leaf, no node."""

HASH_OF_SUITE = {"international": "sha256", "national": "sm3"}

WATCHED = frozenset({"officer", "client"})
"""Kinds of actors who are refused when evidence has been missing for too long; the operator has to mend it."""

_PREPARE = """PREPARE chengxin_limit_event(text) AS SELECT
    set_config('chengxin.statement_before', current_setting('statement_timeout'), true),
    set_config('statement_timeout', $1, true);
PREPARE chengxin_witness_event(text, timestamptz, bytea, timestamptz, text, text, text, text, text, text, jsonb, text,
    text, text, text, bigint, text, bytea, text)
AS SELECT core.witness_event(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"""

_ADD = """EXECUTE chengxin_limit_event('{limit:d}');
EXECUTE chengxin_witness_event('{limit:d}', {values}, {text})"""

_VALUES = ", ".join(["%s"] * 15)
_TEXT = {True: "%s, %s, %s", False: "NULL, NULL, NULL"}
"""Digest, salt and content of an erasable text: binding a value costs, and most events have none."""

UNWITNESSED = "CX001"
"""The database's code for: no witness has had a checkpoint for too long."""


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
    database: DatabaseWrapper = connections[DEFAULT_DB_ALIAS]  # type: ignore[assignment]  # looked up once: each time costs a hundredth of an event
    if not database.in_atomic_block:
        raise ChengxinError(
            "event_outside_transaction",
            "审计事件必须与业务在同一事务中，请在事务内记录",
            "an event belongs in the transaction it witnesses: record it inside one",
        )
    kind, who, organisation = actor
    if subject_id is None and object_kind == "subject" and object_id.isascii() and object_id.isdecimal():
        subject_id = int(object_id)
    settings = load_settings()
    values: list[Any] = [
        at - settings.refuse_after if kind in WATCHED else None, secrets.token_bytes(16),
        at, kind, who, organisation, action, object_kind, object_id, json.dumps(detail or {}, ensure_ascii=False),
        purpose, case_number, legal_basis, channel, subject_id,
    ]  # fmt: skip
    if personal is not None:
        salt = secrets.token_bytes(16)
        values += [digest_text(tree_hash(), salt, personal), salt, personal]
    return _insert(database, _statement(settings.write_milliseconds, personal is not None), values)


@cache
def _statement(limit: int, with_text: bool) -> str:  # noqa: FBT001 - a key
    """Return the SQL that adds an event within ``limit`` milliseconds, with or without an erasable text."""
    return _ADD.format(limit=limit, values=_VALUES, text=_TEXT[with_text])


def _insert(database: DatabaseWrapper, statement: str, values: list[Any]) -> int:
    """Write the event and its erasable text in one message to the server; raise ``EvidenceUnavailable``.

    The server's time limits are put back by the function: the caller's own statements keep theirs.
    """
    try:
        if not getattr(database.connection, "chengxin_witnesses", False):
            # Once on a connection: parsed and planned each time, an event costs a tenth more.
            with database.cursor() as cursor:
                cursor.execute(_PREPARE)
            database.connection.chengxin_witnesses = True
        (number,) = database.one_row(statement, values)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) == UNWITNESSED:
            raise EvidenceUnavailable("checkpoint") from error
        log.critical("an audit event could not be written: %s", type(error.__cause__ or error).__name__)
        raise EvidenceUnavailable("event") from error
    return int(number or 0)


def tree_hash() -> str:
    """Return the name of the hash function for new digests, as the chosen suite has it: SHA-256, or SM3."""
    return HASH_OF_SUITE.get(chosen_suite(), "sha256")


def digest_text(hash_name: str, salt: bytes, content: str) -> str:
    """Return what an event keeps of an erasable text: ``sha256:…`` or ``sm3:…`` over its own salt and its bytes.

    The salt lies beside the text and goes with it: what is left cannot be found again by trying.
    """
    return f"{hash_name}:{hashlib.new(hash_name, TEXT + salt + content.encode()).hexdigest()}"
