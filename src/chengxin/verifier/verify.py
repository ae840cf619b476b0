"""Verifies a whole audit trail: every event and every fact computed again from its raw row, every checkpoint."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from chengxin.verifier.facts import judge_facts
from chengxin.verifier.findings import Finding, Findings, Report
from chengxin.verifier.judging import Roots, StoredNote, judge_history, judge_notes
from chengxin.verifier.merkle import Growing, hash_named
from chengxin.verifier.naming import name_leaves
from chengxin.verifier.notes import Kept, Key, Unreadable, read_note
from chengxin.verifier.rows import CHUNK, CHUNK_BITS, STORED_BITS, ChunkRead, Task, connect, read_chunk
from chengxin.verifier.texts import judge_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import psycopg

    from chengxin.verifier.judging import Signed

FAR = 1 << 61


@dataclass(frozen=True)
class Verification:
    """What to verify.

    ``url`` is the database's address (a role that reads every table of the audit trail), ``keys`` the public keys that
    are trusted, ``witnesses`` what the witnesses keep, ``tolerance`` the seconds by which an event's own time may lie
    before what was written earlier, ``processes`` how many chunks are read side by side, ``late`` the seconds after
    which a fact has to be sealed.
    """

    url: str
    keys: Mapping[str, Key]
    witnesses: Sequence[Kept] = ()
    tolerance: int = 7200
    processes: int = 2
    late: int = 3600

    def run(self, progress: Callable[[int, int], None] | None = None) -> Report:
        """Verify and return the report; ``progress`` hears leaves done and leaves in all."""
        began = time.monotonic()
        found = Findings()
        with connect(self.url) as connection:
            snapshot = str(_one(connection, "SELECT pg_export_snapshot()"))
            stored = _stored_notes(connection, found)
            leaves = int(_one(connection, "SELECT coalesce(max(position) + 1, 0) FROM core.audit_leaf"))
            events = int(_one(connection, "SELECT count(*) FROM core.audit_event"))
            signed = judge_notes(stored, self.witnesses, self.keys, found)
            hash_name = str(_one(connection, "SELECT coalesce((SELECT hash FROM core.audit_tree), 'sha256')"))
            reader = _Reader(self, snapshot, hash_name, signed, leaves)
            roots, breaks = reader.read(found, progress)
            _judge_nodes(connection, reader.nodes, found)
            name_leaves(connection, hash_named(hash_name), reader.differing, _authority(signed, roots, leaves), found)
            _judge_unplaced(connection, found)
            judge_texts(connection, found)
            facts = judge_facts(connection, (self.url, snapshot), self.processes, self.late, found)
            trusted = judge_history(signed, roots, leaves, breaks, found)
            _judge_tail(leaves, found)
        return Report(
            events=events,
            leaves=leaves,
            checkpoints=len(stored),
            witnessed=len(signed.witnessed),
            trusted=trusted,
            root=roots.of_events(leaves).hex(),
            seconds=round(time.monotonic() - began, 2),
            findings=tuple(found.first()),
            notices=_notices(signed),
            facts=facts.facts,
            seals=facts.seals,
            unsealed=facts.unsealed,
        )


def _one(connection: psycopg.Connection, query: str) -> Any:  # noqa: ANN401 - a value of the database
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _stored_notes(connection: psycopg.Connection, found: Findings) -> list[StoredNote]:
    notes = []
    for number, size, text in connection.execute(
        "SELECT number, size, note FROM core.audit_checkpoint ORDER BY number"
    ):
        try:
            notes.append(StoredNote(number, size, read_note(text)))
        except Unreadable as error:
            found.add(Finding("unreadable", checkpoint=number, detail=str(error)))
    return notes


def _authority(signed: Signed, roots: Roots, leaves: int) -> Callable[[int], bool]:
    """Return a function that says whether the *stored* hash of a leaf is vouched for by a checkpoint that covers it."""
    notes = sorted([*signed.own.values(), *signed.witnessed.values()], key=lambda one: one.size)
    vouched = max(
        (one.size for one in notes if one.size <= leaves and roots.of_leaves(one.size) == one.root), default=0
    )
    return lambda position: position < vouched


class _Reader:
    """Reads all chunks and puts their trees together."""

    def __init__(self, given: Verification, snapshot: str, hash_name: str, signed: Signed, leaves: int) -> None:
        self.given, self.leaves = given, leaves
        self.make = hash_named(hash_name)
        sizes = {one.size: int(one.at.timestamp() * 1_000_000) for one in signed.own.values()}
        stops = sorted({one.size: 0 for one in signed.witnessed.values()} | sizes)
        self.tasks = [
            Task(
                given.url, snapshot, hash_name, low, min(low + CHUNK, leaves),
                tuple((size, sizes.get(size, 0)) for size in stops if low < size), given.tolerance * 1_000_000,
            )
            for low in range(0, leaves, CHUNK)
        ]  # fmt: skip
        self.nodes: dict[tuple[int, int], tuple[bytes, bytes]] = {}
        self.differing: list[tuple[int, int, bytes, bytes, bool]] = []

    def read(self, found: Findings, progress: Callable[[int, int], None] | None) -> tuple[Roots, int | None]:
        """Read every chunk; return the roots and the first place where the order of writing is broken."""
        roots, breaks, latest, done = Roots(self.make), None, -FAR, 0
        computed, stored = Growing(self.make), Growing(self.make)
        for chunk in self._chunks():
            _merge(found, chunk.findings)
            for tree, peaks, kept in ((computed, chunk.computed, roots.computed), (stored, chunk.stored, roots.stored)):
                for size, inner in peaks.items():
                    kept[size] = [*tree.peaks, *inner]
                if chunk.count == CHUNK:
                    tree.add_whole(CHUNK_BITS, peaks[chunk.low + CHUNK][0][1])
            self._keep_nodes(chunk)
            self.differing += chunk.differing
            breaks = chunk.breaks if breaks is None else breaks
            for position, at, event in chunk.earliest:
                if at < latest - self.given.tolerance * 1_000_000:
                    found.add(Finding("back_dated", position, event))
                    break
            latest = max(latest, chunk.latest)
            done += chunk.count
            if progress is not None:
                progress(done, self.leaves)
        return roots, breaks

    def _keep_nodes(self, chunk: ChunkRead) -> None:
        for number, computed, stored in chunk.nodes:
            self.nodes[1, number] = (computed, stored)
        if chunk.count == CHUNK:
            end = chunk.low + CHUNK
            self.nodes[2, chunk.low >> CHUNK_BITS] = (chunk.computed[end][0][1], chunk.stored[end][0][1])

    def _chunks(self) -> Iterator[ChunkRead]:
        if len(self.tasks) <= 1 or self.given.processes == 1:
            yield from map(read_chunk, self.tasks)
            return
        with ProcessPoolExecutor(self.given.processes, mp_context=get_context("spawn")) as pool:
            yield from pool.map(read_chunk, self.tasks)


def _merge(found: Findings, more: Findings) -> None:
    for one in more.held.values():
        found.add(one)


def _judge_nodes(
    connection: psycopg.Connection, nodes: Mapping[tuple[int, int], tuple[bytes, bytes]], found: Findings
) -> None:
    """Compare the stored nodes of the two lower levels with those computed; higher ones follow from the roots.

    A node over a changed event, or over a changed leaf, is no finding of its own.
    """
    for level, number, kept in connection.execute(
        "SELECT level, number, hash FROM core.audit_node WHERE level IN (1, 2) ORDER BY level, number"
    ):
        made = nodes.get((level, number))
        if made is not None and bytes(kept) not in made:
            found.add(Finding("node_changed", number << (STORED_BITS * level), detail=f"{level}:{number}"))
    if LEAVES_OR_WORSE & found.held.keys():
        found.held.pop("node_changed", None)  # it follows from leaves that are wrong themselves


LEAVES_OR_WORSE = {"event_deleted", "leaf_is_node"}


def _judge_unplaced(connection: psycopg.Connection, found: Findings) -> None:
    """Name events that are in no leaf although the builder has long passed the transaction they claim."""
    connection.execute("SET LOCAL enable_hashjoin = on")
    rows = connection.execute(
        """SELECT count(*), min(e.id) FROM core.audit_event e
        WHERE e.xid < (SELECT horizon FROM core.audit_tree)
            AND NOT EXISTS (SELECT FROM core.audit_leaf l WHERE l.event_id = e.id)"""
    ).fetchone()
    if rows and rows[0]:
        found.add(Finding("event_inserted", event=rows[1], count=rows[0]))


def _judge_tail(leaves: int, found: Findings) -> None:
    """Call it a cut tail when what is gone are the last events, their leaves left standing."""
    gone = found.held.get("event_deleted")
    if gone is not None and gone.position is not None and gone.position + gone.count == leaves:
        del found.held["event_deleted"]
        found.add(Finding("tail_cut", gone.position, gone.event, count=gone.count))


def _notices(signed: Signed) -> tuple[str, ...]:
    last, witnessed = signed.last_own, signed.last_witnessed
    if witnessed is None:
        return ("nothing_witnessed",) if last is not None else ()
    return ("not_yet_witnessed",) if last is not None and last.number > witnessed.number else ()
