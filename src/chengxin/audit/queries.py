"""Reads of the audit trail: who looked at a subject, and whether evidence is being kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from chengxin.audit.settings import load_settings
from chengxin.audit.store import read_tree
from chengxin.base.context import about

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_PAGE = 1000
"""Looks on one page at most."""

CHANNELS = {"officer": "office", "client": "api", "operator": "operator"}
"""The channel of an event that names none, by the kind of its actor."""


@dataclass(frozen=True)
class Look:
    """One look at or change of a subject's data, as the subject sees it: the institution, not the officer's name.

    ``number`` is the event's own, for asking about it and for its proof.
    """

    number: int
    at: datetime
    organisation: str
    action: str
    purpose: str
    legal_basis: str
    channel: str


@dataclass(frozen=True)
class Looks:
    """A page of looks, newest first; ``after`` is where the next one begins, None at the end."""

    looks: tuple[Look, ...]
    after: tuple[datetime, int] | None


def looks_at(
    subject_id: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> Looks:
    """Return who looked at ``subject_id`` from ``since`` until before ``until``, newest first.

    ``after`` is the ``after`` of the page before. Looks of one moment are told apart by their number, so no page
    repeats or skips one. An event is seen here as soon as it is committed.
    """
    limit = max(1, min(limit, LONGEST_PAGE))
    conditions, values = ["subject_id = %s"], [subject_id]
    given: list[Any] = list(values)
    for condition, value in (("at >= %s", since), ("at < %s", until)):
        if value is not None:
            conditions.append(condition)
            given.append(value)
    if after is not None:
        conditions.append("(at, id) < (%s, %s)")
        given += after
    with transaction.atomic(), about(subject_id), connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT id, at, organisation, action, purpose, legal_basis, channel, actor_kind FROM audit_event
            WHERE {" AND ".join(conditions)} ORDER BY at DESC, id DESC LIMIT %s""",
            [*given, limit + 1],
        )
        rows = cursor.fetchall()
    looks = tuple(
        Look(number, at, organisation, action, purpose, basis, channel or CHANNELS.get(kind, kind))
        for number, at, organisation, action, purpose, basis, channel, kind in rows[:limit]
    )
    return Looks(looks, (looks[-1].at, looks[-1].number) if len(rows) > limit else None)


@dataclass(frozen=True)
class Evidence:
    """Whether evidence is being kept.

    ``state`` is ``kept``, ``late`` (a checkpoint was missed), ``missing`` (nothing personal is read or written any
    more) or ``not_begun``. ``waiting`` events have no position yet, ``held_by`` names the witnesses of the last
    checkpoint.
    """

    state: str
    size: int
    checkpoint: int
    waiting: int
    seen_at: datetime | None
    covered_at: datetime | None
    held_by: tuple[str, ...]


def evidence(now: datetime) -> Evidence:
    """Return whether evidence is being kept; for the auditor, the doctor and the metrics."""
    from chengxin.audit.builder import waiting_events  # noqa: PLC0415 - the ends read this module without the builder

    tree = read_tree()
    if tree is None:
        return Evidence("not_begun", 0, 0, waiting_events(LONGEST_PAGE), None, None, ())
    with connection.cursor() as cursor:
        cursor.execute("SELECT witness FROM audit_witnessing WHERE number = %s ORDER BY witness", [tree.checkpoint])
        held_by = tuple(row[0] for row in cursor.fetchall())
    settings = load_settings()
    age = now - tree.covered_at if tree.covered_at else None
    state = "kept"
    if age is None or age > settings.refuse_after:
        state = "missing" if age is not None else "not_begun"
    elif age > settings.warn_after:
        state = "late"
    waiting = waiting_events(settings.leaves)
    return Evidence(state, tree.size, tree.checkpoint, waiting, tree.seen_at, tree.covered_at, held_by)
