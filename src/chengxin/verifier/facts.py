"""Compares every fact with its seal, and names the rows that were changed, deleted, or put in among the old ones."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING

from psycopg import sql

from chengxin.verifier.findings import Finding, Findings
from chengxin.verifier.merkle import hash_named
from chengxin.verifier.rows import Row, connect, split_row
from chengxin.verifier.seals import (
    FAR,
    MARK,
    TABLES,
    Piece,
    claimed_twice,
    piece_digest,
    read_pieces,
    read_seals,
    row_digest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import psycopg

    from chengxin.verifier.seals import Place, Seal, Sealed

SPAN = 1 << 15
"""Rows that are compared at a time, about."""


@dataclass(frozen=True)
class Span:
    """Rows to compare: those of ``table`` numbered ``low`` to ``high``, which no piece of another span touches.

    ``seals`` are those of its pieces by number, ``excused`` the ranges of which nothing can be said.
    """

    table: str
    low: int
    high: int
    seals: Mapping[int, Seal]
    settled: int
    excused: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Task:
    """A span to read from the database at ``url``, in the snapshot of that name."""

    url: str
    snapshot: str
    span: Span


@dataclass
class SpanRead:
    """What a span gave: rows that are as they were sealed, rows without a seal, and the oldest transaction of these."""

    facts: int = 0
    unsealed: int = 0
    oldest: int | None = None
    findings: Findings = field(default_factory=Findings)


@dataclass(frozen=True)
class FactsRead:
    """The outcome over all tables: facts that are as they were sealed, seals, and facts that no seal covers yet."""

    facts: int
    seals: int
    unsealed: int


def judge_facts(
    connection: psycopg.Connection, where: tuple[str, str], processes: int, late: int, found: Findings
) -> FactsRead:
    """Compare every fact with its seal; being without one for more than ``late`` seconds is a finding too.

    ``where`` is the database's address and the name of the snapshot of ``connection``.
    """
    known = read_seals(connection, found)
    tasks = [Task(*where, span) for sealed in known.values() for span in spans(sealed)]
    facts, unsealed, oldest = 0, 0, None
    for read in _all(tasks, processes):
        for one in read.findings.held.values():
            found.add(one)
        facts += read.facts
        unsealed += read.unsealed
        oldest = min((one for one in (oldest, read.oldest) if one is not None), default=None)
    if oldest is not None:
        _judge_age(connection, oldest, late, unsealed, found)
    return FactsRead(facts, sum(len(one.seals) for one in known.values()), unsealed)


def spans(sealed: Sealed, rows: int = SPAN) -> Iterator[Span]:
    """Yield the spans of a table, from end to end without a gap; the last one has no seals and holds what is new.

    A transaction that committed late has its rows in a later piece than its neighbours: such pieces stay together.
    """
    low = -FAR
    group: list[Place] = []
    high = count = 0
    for place in sealed.places:
        if group and count >= rows and place.low > high:
            yield _span(sealed, low, high, group)
            low, group, count = high + 1, [], 0
        high = max(high, place.high) if group else place.high
        group.append(place)
        count += place.rows
    if group:
        yield _span(sealed, low, high, group)
        low = high + 1
    yield _span(sealed, low, FAR, [])


def _span(sealed: Sealed, low: int, high: int, group: Sequence[Place]) -> Span:
    seals = {one.seal: sealed.seals[one.seal] for one in group}
    return Span(sealed.table, low, high, seals, sealed.settled, tuple(sealed.excused))


def _all(tasks: Sequence[Task], processes: int) -> Iterator[SpanRead]:
    if processes == 1 or len(tasks) <= len(TABLES) * 2:
        yield from map(read_span, tasks)  # too little to start processes for
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(read_span, tasks)


def read_span(task: Task) -> SpanRead:
    """Read one span, compare it and return what it gave."""
    span, read = task.span, SpanRead()
    with connect(task.url, task.snapshot) as connection:
        bounds = (span.low, span.high)
        pieces = list(read_pieces(connection, span.table, bounds)) if span.seals else []
        comparing = _Comparing(span, [one for one in pieces if one.seal in span.seals], read)
        query = _query(connection, span, comparing.columns)
        if query is not None:
            now = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone() or (0,)
            with connection.cursor() as cursor, cursor.copy(query) as copy:
                for line in copy:
                    comparing.take(split_row(bytes(line)), now[0])
    comparing.end()
    return read


def _query(connection: psycopg.Connection, span: Span, columns: Sequence[str]) -> sql.Composed | None:
    """Return the COPY of the span's rows: number, columns, transaction; None where the table is gone.

    A column that is gone reads as null: then every row that had something there differs.
    """
    rows = connection.execute(
        """SELECT attname FROM pg_attribute
        WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped""",
        [f"core.{span.table}"],
    )
    there = {name for (name,) in rows}
    key = TABLES[span.table]
    if key not in there:
        return None
    shown = [
        sql.SQL("t.{}::text").format(sql.Identifier(one)) if one in there else sql.SQL("NULL::text") for one in columns
    ]
    return sql.SQL(
        "COPY (SELECT {} FROM core.{table} t WHERE t.{key} >= {low} AND t.{key} <= {high} ORDER BY t.{key}) TO STDOUT"
    ).format(
        sql.SQL(", ").join([sql.SQL("t.{}::text").format(sql.Identifier(key)), *shown, sql.SQL("t.xmin::text")]),
        table=sql.Identifier(span.table), key=sql.Identifier(key), low=sql.Literal(span.low),
        high=sql.Literal(span.high),
    )  # fmt: skip


class _Comparing:
    """Gives each row of a span to its piece, and compares the pieces when all rows are there."""

    def __init__(self, span: Span, pieces: list[Piece], read: SpanRead) -> None:
        self.span, self.read = span, read
        twice = claimed_twice(pieces)
        self.pieces = [one for at, one in enumerate(pieces) if at not in twice]
        for at, number in twice.items():
            self._find("sealed_twice", number, pieces[at])
        self.columns = tuple(dict.fromkeys(name for one in span.seals.values() for name in one.columns))
        self.order = {
            number: [1 + self.columns.index(name) for name in one.columns] for number, one in span.seals.items()
        }
        self.hashes = {number: hash_named(one.hash) for number, one in span.seals.items()}
        self.ranges = sorted((first, after, at) for at, one in enumerate(self.pieces) for first, after in one.ids)
        self.at = 0
        self.rows: list[list[tuple[int, bytes]]] = [[] for _ in self.pieces]

    def take(self, row: Row, now: int) -> None:
        """Take one row, in the order of numbers; ``now`` is the transaction number after all that are seen."""
        number = int(row[0] or 0)
        while self.at < len(self.ranges) and self.ranges[self.at][1] <= number:
            self.at += 1
        if self.at < len(self.ranges) and self.ranges[self.at][0] <= number:
            at = self.ranges[self.at][2]
            seal = self.pieces[at].seal
            digest = row_digest(self.hashes[seal], [row[one] for one in self.order[seal]])
            self.rows[at].append((number, digest))
        elif number > self.span.settled:
            self.read.unsealed += 1
            made = _whole(int(row[-1] or 0), now)
            self.read.oldest = made if self.read.oldest is None else min(self.read.oldest, made)
        elif not any(low <= number <= high for low, high in self.span.excused):
            beside = self.pieces[self.ranges[min(self.at, len(self.ranges) - 1)][2]] if self.ranges else None
            self._find("fact_inserted", number, beside)

    def end(self) -> None:
        """Compare every piece with its rows."""
        for piece, rows in zip(self.pieces, self.rows, strict=True):
            self._compare(piece, rows)

    def _compare(self, piece: Piece, rows: list[tuple[int, bytes]]) -> None:
        numbers = [number for first, after in piece.ids for number in range(first, after)]
        made = piece_digest(self.hashes[piece.seal], self.span.table, [digest for _number, digest in rows])
        if made == piece.digest and [number for number, _digest in rows] == numbers:
            self.read.facts += len(rows)
            return
        held = dict(rows)
        named = 0
        for at, number in enumerate(numbers):
            if number not in held:
                self._find("fact_deleted", number, piece)
            elif held[number][:MARK] != piece.marks[at * MARK : (at + 1) * MARK]:
                self._find("fact_changed", number, piece)
            else:
                continue
            named += 1
        if len(rows) > len(held):
            self._find("fact_inserted", next(one for one, _ in rows), piece)
        elif not named:
            self._find("fact_changed", numbers[0], piece)
        self.read.facts += len(held) - min(named, len(held))

    def _find(self, code: str, number: int, piece: Piece | None) -> None:
        """Name a row, with the range that its seal covers."""
        seal = self.span.seals[piece.seal] if piece else None
        where = f" ({seal.low}-{seal.high})" if seal else ""
        position, event = (seal.position, seal.event) if seal else (None, None)
        self.read.findings.add(Finding(code, position, event, detail=f"{self.span.table} {number}{where}"))


def _whole(short: int, now: int) -> int:
    """Return the transaction's whole number; a row keeps the lower half of it, and ``now`` comes after it."""
    whole = (now >> 32 << 32) | short
    return whole if whole <= now else whole - (1 << 32)


def _judge_age(connection: psycopg.Connection, oldest: int, late: int, unsealed: int, found: Findings) -> None:
    """Name facts without a seal whose transaction was over when a checkpoint was signed long ago.

    Checkpoints tell the time, not the facts' own columns: nobody can change when they were signed.
    """
    row = connection.execute(
        """SELECT (SELECT max(c.at) FROM core.audit_checkpoint c) - min(c.at) FROM core.audit_checkpoint c
        WHERE c.size > (SELECT min(l.position) FROM core.audit_event e JOIN core.audit_leaf l ON l.event_id = e.id
            WHERE e.xid >= %s::text::xid8)""",
        [str(oldest)],
    ).fetchone()
    if row is not None and row[0] is not None and row[0].total_seconds() > late:
        found.add(Finding("facts_not_sealed", detail=f"{round(row[0].total_seconds())} s", count=unsealed))
