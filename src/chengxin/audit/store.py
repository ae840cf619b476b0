"""The tree as it lies in the database: leaves in rows, whole subtrees of 256, 65,536 … leaves as nodes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.audit.actions import tree_hash
from chengxin.audit.checkpoint import Checkpoint, read_checkpoint
from chengxin.audit.errors import EvidenceBroken
from chengxin.audit.tree import FANOUT_BITS, Edge, TreeHash

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(frozen=True)
class Tree:
    """How far the tree is: its log's name, its hash function, leaves, last checkpoint, and where to look for events.

    Events of transactions below ``horizon`` have their position already.
    """

    origin: str
    hash: str
    size: int
    checkpoint: int
    horizon: int
    seen_at: datetime | None
    covered_at: datetime | None


def read_tree() -> Tree | None:
    """Return how far the tree is; None before it was begun."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT origin, hash, size, checkpoint, horizon::text::bigint, seen_at, covered_at FROM audit_tree"
        )
        row = cursor.fetchone()
    return Tree(*row) if row else None


def begin_tree() -> Tree:
    """Return the tree, begun with a name of its own and the chosen suite's hash function where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_tree (origin, hash) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [str(uuid.uuid4()), tree_hash()],
        )
    found = read_tree()
    assert found is not None  # noqa: S101 - inserted above
    return found


def checkpoint_of(number: int) -> Checkpoint | None:
    """Return the checkpoint of this number; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM audit_checkpoint WHERE number = %s", [number])
        row = cursor.fetchone()
    return read_checkpoint(row[0]) if row else None


def read_edge(tree: Tree) -> Edge:
    """Return the right edge of the stored tree; raise ``EvidenceBroken`` where leaves or nodes are missing."""
    edge = Edge(TreeHash(tree.hash), tree.size, [])
    level = 0
    while level == 0 or tree.size >> (FANOUT_BITS * level):
        first = tree.size >> (FANOUT_BITS * (level + 1)) << FANOUT_BITS
        edge.levels.append(_children(level, first, tree.size >> (FANOUT_BITS * level)))
        level += 1
    return edge


def _children(level: int, first: int, after: int) -> list[bytes]:
    """Return the hashes of the subtrees of 256^level leaves from number ``first`` up to ``after``, exclusive."""
    query = (
        "SELECT hash FROM audit_node WHERE level = %s AND number >= %s AND number < %s ORDER BY number"
        if level
        else "SELECT hash FROM audit_leaf WHERE %s = 0 AND position >= %s AND position < %s ORDER BY position"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [level, first, after])
        found = [bytes(row[0]) for row in cursor.fetchall()]
    if len(found) != after - first:
        raise EvidenceBroken(
            "evidence_missing",
            f"审计树在第 {first << (FANOUT_BITS * level)} 位之后缺少数据，已停止签发检查点；"
            "请保留现场，运行 chengxin audit verify，并报告安全管理员",
            f"the audit tree lacks data after position {first << (FANOUT_BITS * level)}; no checkpoint is signed any "
            "more: keep everything as it is, run chengxin audit verify, and tell the security officer",
            where=f"{level}:{first}",
        )
    return found


def root_finder(tree: Tree) -> Callable[[int, int], bytes]:
    """Return a function that gives the root over a range of positions, as proofs ask for it (RFC 6962, 2.1).

    A range of a proof begins at a multiple of the largest power of two that it holds. Answers are kept, because a path
    asks for neighbours.
    """
    hashing = TreeHash(tree.hash)

    @lru_cache(maxsize=4096)
    def root_of(low: int, high: int) -> bytes:
        width = high - low
        if width & (width - 1) == 0:
            level = (width.bit_length() - 1) // FANOUT_BITS
            bits = FANOUT_BITS * level
            return hashing.root(_children(level, low >> bits, high >> bits))
        whole = 1 << (width.bit_length() - 1)
        return hashing.node(root_of(low, low + whole), root_of(low + whole, high))

    return root_of
