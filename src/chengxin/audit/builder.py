"""The builder: gives committed events their positions, adds them to the tree and signs a checkpoint.

Writers never wait for each other: an event has no predecessor when it is written. One builder at a time (an advisory
lock) takes what has been committed since, in the order of transaction and number, and positions follow each other
without a gap. An event that commits late simply gets a later position: a builder looks again at every transaction that
was under way when it last looked, so none is skipped however long it took.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from chengxin.audit.canonical import SALTED, salted_events
from chengxin.audit.checkpoint import NOTHING_BEFORE, Checkpoint
from chengxin.audit.errors import EvidenceBroken
from chengxin.audit.settings import load_settings
from chengxin.audit.store import Tree, begin_tree, checkpoint_of, read_edge
from chengxin.audit.tree import TreeHash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from chengxin.audit.tree import Edge
    from chengxin.crypto import Keyring

log = logging.getLogger(__name__)

LOCK = 0x6368656E67786975
"""Number of the advisory lock that the one builder holds."""


@dataclass(frozen=True)
class Built:
    """What a build did: its checkpoint, leaves added, and whether more events are waiting than it took."""

    checkpoint: Checkpoint
    added: int
    more: bool


@dataclass(frozen=True)
class BuildCheckpoint:
    """Add the events that wait to the tree, at most ``leaves`` of them, and sign the checkpoint.

    Nothing is signed that does not continue the checkpoint before: the root of the stored tree is computed again and
    compared with what was signed. Raises ``EvidenceBroken`` otherwise.
    """

    keyring: Keyring
    now: datetime
    leaves: int = 0

    def execute(self) -> Built | None:
        """Return what was built; None when another builder is at work, or nothing waits and a checkpoint exists."""
        limit = self.leaves or load_settings().leaves
        with transaction.atomic():
            if not _only_builder():
                return None
            tree = begin_tree()
            last = checkpoint_of(tree.checkpoint)
            edge = read_edge(tree)
            _require_unbroken(tree, last, edge, self.keyring)
            below = _oldest_running()
            waiting = _waiting(tree, below, limit)
            if not waiting and last is not None:
                _look_no_further_back(below, tree)
                return None
            _add(edge, tree, waiting)
            full = len(waiting) == limit
            checkpoint = _next(tree, last, edge, self.now).signed(self.keyring)
            # After a full round the rest of its last transaction still waits.
            _store(checkpoint, min(below, waiting[-1].xid) if full else below)
        if full:
            log.info("checkpoint %s is full with %s events", checkpoint.number, len(waiting))
        elif len(waiting) * 100 >= limit * load_settings().warn_percent:
            log.warning("checkpoint %s has %s of %s events", checkpoint.number, len(waiting), limit)
        return Built(checkpoint, len(waiting), more=full)


@dataclass(frozen=True)
class _Waiting:
    """An event without a position: its number, its transaction, and the hash of its leaf."""

    event_id: int
    xid: int
    hash: bytes


def _only_builder() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _oldest_running() -> int:
    """Return the transaction below which everything has ended, taken before the events are read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def _waiting(tree: Tree, below: int, limit: int) -> list[_Waiting]:
    # A cluster made anew from a dump counts its transactions from the beginning: look through everything once.
    first = 0 if below < tree.horizon else tree.horizon
    hashing = TreeHash(tree.hash)
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"""COPY (SELECT {SALTED} FROM audit_event e
            WHERE e.xid >= '{first}'::xid8 AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id)
            ORDER BY e.xid, e.id LIMIT {limit}) TO STDOUT (FORMAT binary)"""
        ) as rows,
    ):
        return [_Waiting(number, xid, hashing.leaf(salt, event)) for number, xid, salt, event in salted_events(rows)]


def _require_unbroken(tree: Tree, last: Checkpoint | None, edge: Edge, keyring: Keyring) -> None:
    """Raise ``EvidenceBroken`` unless the stored tree is the one that was signed last."""
    if last is None and tree.checkpoint == 0 and tree.size == 0:
        return
    if last is not None:
        last.require_signature(keyring.public_keys("checkpoint"))
        if (last.size, last.hash, last.origin, last.root) == (tree.size, tree.hash, tree.origin, edge.root()):
            return
    raise EvidenceBroken(
        "evidence_broken",
        f"审计树与第 {tree.checkpoint} 号检查点不符，已停止签发检查点；请保留现场，运行 chengxin audit verify，"
        "并报告安全管理员",
        f"the audit tree is not the one that checkpoint {tree.checkpoint} was signed for; no checkpoint is signed any "
        "more: keep everything as it is, run chengxin audit verify, and tell the security officer",
        where=str(tree.checkpoint),
    )


def _add(edge: Edge, tree: Tree, waiting: list[_Waiting]) -> None:
    """Store leaves and the nodes they complete; ``edge`` grows with them."""
    nodes: list[tuple[int, int, bytes]] = []
    with connection.cursor() as cursor:
        with cursor.copy("COPY audit_leaf (position, event_id, hash) FROM STDIN") as rows:
            for position, one in enumerate(waiting, tree.size):
                rows.write_row((position, one.event_id, one.hash))
                nodes.extend(edge.append(one.hash))
        if nodes:
            with cursor.copy("COPY audit_node (level, number, hash) FROM STDIN") as rows:
                for node in nodes:
                    rows.write_row(node)


def _next(tree: Tree, last: Checkpoint | None, edge: Edge, now: datetime) -> Checkpoint:
    """Return the checkpoint after ``last``; a clock that was set back does not take it into the past."""
    return Checkpoint(
        origin=tree.origin,
        number=tree.checkpoint + 1,
        size=edge.size,
        hash=tree.hash,
        root=edge.root(),
        at=max(now, last.at) if last else now,
        previous=last.digest() if last else NOTHING_BEFORE,
    )


def _store(checkpoint: Checkpoint, horizon: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_checkpoint (number, size, at, note) VALUES (%s, %s, %s, %s)",
            [checkpoint.number, checkpoint.size, checkpoint.at, checkpoint.note()],
        )
        cursor.execute(
            "UPDATE audit_tree SET size = %s, checkpoint = %s, horizon = %s::text::xid8",
            [checkpoint.size, checkpoint.number, str(horizon)],
        )


def _look_no_further_back(below: int, tree: Tree) -> None:
    if below != tree.horizon:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE audit_tree SET horizon = %s::text::xid8", [str(below)])


def waiting_events(limit: int) -> int:
    """Return how many events wait for a position, counting no further than ``limit``."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM (SELECT FROM audit_event e
            WHERE e.xid >= coalesce((SELECT horizon FROM audit_tree), '0'::xid8)
                AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id) LIMIT %s) waiting""",
            [limit],
        )
        return int(cursor.fetchone()[0])


def unwitnessed(names: tuple[str, ...]) -> Iterator[tuple[str, Checkpoint]]:
    """Yield each witness of ``names`` that does not have the last checkpoint, with that checkpoint."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT given.name, c.number FROM unnest(%s::text[]) given (name)
            CROSS JOIN (SELECT max(number) AS number FROM audit_checkpoint) c
            WHERE c.number IS NOT NULL
                AND NOT EXISTS (SELECT FROM audit_witnessing w WHERE w.number = c.number AND w.witness = given.name)""",
            [list(names)],
        )
        found = cursor.fetchall()
    for name, number in found:
        checkpoint = checkpoint_of(number)
        if checkpoint is not None:
            yield name, checkpoint
