"""Reads the seals of facts: the events that vouch for them, and the digests beside the facts."""

from __future__ import annotations

import json
import re
from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chengxin.verifier.findings import Finding, Findings
from chengxin.verifier.merkle import Hash, hash_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

TABLES = {
    "records_record": "id",
    "records_move": "record_id",
    "records_linkdecision": "id",
    "records_linkeffect": "id",
    "subjects_registration": "id",
    "subjects_movedrow": "id",
}
"""What has to be sealed: table -> column of its number."""

MARK = 8
"""Bytes of each row's digest that are kept to name it."""

FAR = 1 << 62

_RANGE = re.compile(r"\[(-?\d+),(-?\d+)\)")

_SEALS = """
SELECT e.id, l.position, e.detail::text FROM core.audit_event e
LEFT JOIN core.audit_leaf l ON l.event_id = e.id
WHERE e.action = 'records.sealed' AND e.actor_kind = 'keeper' ORDER BY e.id
"""

_PIECES = """
SELECT p.seal, p.piece, p.ids::text, p.rows, p.digest, p.marks FROM core.records_sealpiece p
WHERE p.sealed = %s ORDER BY p.seal, p.piece
"""


@dataclass(frozen=True)
class Seal:
    """What an event says was sealed: ``columns`` of ``rows`` rows in ``pieces``, numbered ``low`` to ``high``.

    Up to ``settled`` every row is in this seal or an earlier one.
    """

    event: int
    position: int | None
    table: str
    number: int
    columns: tuple[str, ...]
    low: int
    high: int
    rows: int
    pieces: int
    settled: int
    hash: str
    digest: bytes


@dataclass(frozen=True)
class Piece:
    """Digests of some rows: ``ids`` are ranges of their numbers, (first, first after), ascending."""

    seal: int
    number: int
    ids: tuple[tuple[int, int], ...]
    rows: int
    digest: bytes
    marks: bytes


@dataclass(frozen=True)
class Place:
    """Where a piece lies, without its digests: its seal, its number in it, its lowest and highest row, and how many."""

    seal: int
    number: int
    low: int
    high: int
    rows: int


@dataclass
class Sealed:
    """What is known of one table: its seals by number, the pieces that its events vouch for, and what is excused.

    ``excused`` are ranges of rows (both ends included) of seals whose digests are gone or changed: nothing can be said
    about them but that.
    """

    table: str
    seals: dict[int, Seal] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    excused: list[tuple[int, int]] = field(default_factory=list)
    settled: int = 0


def read_seals(connection: psycopg.Connection, found: Findings) -> dict[str, Sealed]:
    """Return what is sealed, by table; name digests that are not the ones of their events."""
    known = {name: Sealed(name) for name in TABLES}
    for event, position, text in connection.execute(_SEALS):
        seal = _seal(event, position, text)
        if seal is None:
            found.add(Finding("seal_changed", position, event, detail="event"))
        elif seal.number in known[seal.table].seals:
            found.add(Finding("sealed_twice", position, event, detail=f"{seal.table} seal {seal.number}"))
        else:
            known[seal.table].seals[seal.number] = seal
    there = connection.execute("SELECT to_regclass('core.records_sealpiece') IS NOT NULL").fetchone() == (True,)
    for sealed in known.values():
        _judge_seals(sealed, read_pieces(connection, sealed.table) if there else iter(()), found)
    return known


def _seal(event: int, position: int | None, text: str) -> Seal | None:
    """Return the seal of an event's detail; None where it is none (then the event was changed, or is a stranger's)."""
    try:
        held: dict[str, Any] = json.loads(text)
        empty = held["rows"] == 0
        seal = Seal(
            event, position, str(held["table"]), int(held["seal"]), tuple(map(str, held["columns"])),
            0 if empty else int(held["from"]), -1 if empty else int(held["to"]), int(held["rows"]),
            int(held["pieces"]), int(held["settled"]), str(held["hash"]), bytes.fromhex(held["digest"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return None
    good = held["version"] == 1 and seal.table in TABLES and seal.hash in {"sha256", "sm3"}
    return seal if good and seal.columns[:1] == (TABLES[seal.table],) else None


def read_pieces(connection: psycopg.Connection, table: str, span: tuple[int, int] | None = None) -> Iterator[Piece]:
    """Yield the pieces of a table in the order of seals, or those that lie within ``span`` (both ends included)."""
    query, values = _PIECES, [table, *(span or ())]
    if span:
        query = query.replace("ORDER", "AND p.high >= %s AND lower(p.ids) <= %s ORDER")
    with connection.cursor(name="pieces") as cursor:
        cursor.itersize = 256
        cursor.execute(query.encode(), values)
        for seal, number, ids, rows, digest, marks in cursor:
            ranges = tuple((int(first), int(after)) for first, after in _RANGE.findall(ids))
            yield Piece(seal, number, ranges, rows, bytes(digest), bytes(marks))


class _Digest:
    """The digest over the pieces of one seal, piece by piece."""

    def __init__(self, seal: Seal) -> None:
        make = hash_named(seal.hash)
        self.digest = make(b"\x12" + _counted(seal.table.encode()))
        self.places: list[Place] = []
        self.rows = 0
        self.good = True

    def add(self, piece: Piece) -> None:
        ids = b"".join(first.to_bytes(8, "big", signed=True) + after.to_bytes(8, "big", signed=True)
                       for first, after in piece.ids)  # fmt: skip
        self.digest.update(_counted(ids) + piece.rows.to_bytes(4, "big") + piece.digest + _counted(piece.marks))
        self.good &= piece.number == len(self.places) + 1 and bool(piece.ids)
        if piece.ids:
            self.places.append(Place(piece.seal, piece.number, piece.ids[0][0], piece.ids[-1][1] - 1, piece.rows))
        self.rows += piece.rows


def _judge_seals(sealed: Sealed, pieces: Iterator[Piece], found: Findings) -> None:
    """Compare the stored pieces with what the events vouch for, and keep the places of those that hold."""
    made: dict[int, _Digest] = {}
    for piece in pieces:
        seal = sealed.seals.get(piece.seal)
        if seal is None:
            found.add(Finding("seal_invented", detail=f"{sealed.table} seal {piece.seal}"))
            continue
        if piece.seal not in made:
            made[piece.seal] = _Digest(seal)
        made[piece.seal].add(piece)
    for number, seal in sorted(sealed.seals.items()):
        held = made.get(number)
        _judge_late(seal, sealed.settled, held.places if held else [], found)
        sealed.settled = max(sealed.settled, seal.settled)
        if held is None and seal.rows:
            code = "seal_missing"
        elif (held or _Digest(seal)).digest.digest() != seal.digest or (held and not held.good):
            code = "seal_missing" if held and len(held.places) < seal.pieces else "seal_changed"
        else:
            sealed.places += held.places if held else []
            continue
        found.add(Finding(code, seal.position, seal.event, detail=f"{seal.table} {seal.low}-{seal.high}"))
        sealed.excused.append((seal.low, seal.high))
    sealed.places.sort(key=lambda one: (one.low, one.high))


def _judge_late(seal: Seal, settled: int, places: Sequence[Place], found: Findings) -> None:
    """Name facts that were sealed although the seal before said that none could come any more."""
    late = [one for one in places if one.low <= settled]
    if late:
        where = f"{seal.table} {late[0].low} ({seal.low}-{seal.high})"
        found.add(Finding("sealed_late", seal.position, seal.event, detail=where))


def row_digest(make: Hash, row: Sequence[bytes | None]) -> bytes:
    """Return the digest of a row: 0x10, and each column behind its length."""
    parts = [b"\x10"]
    for one in row:
        if one is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            parts.append(len(one).to_bytes(4, "big"))
            parts.append(one)
    digest: bytes = make(b"".join(parts)).digest()
    return digest


def piece_digest(make: Hash, table: str, rows: Sequence[bytes]) -> bytes:
    """Return the digest of a piece from the digests of its rows."""
    digest: bytes = make(b"\x11" + _counted(table.encode()) + b"".join(rows)).digest()
    return digest


def _counted(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def claimed_twice(pieces: Sequence[Piece]) -> dict[int, int]:
    """Return which pieces claim a row that an earlier one has: place in ``pieces`` -> the first such row."""
    found: dict[int, int] = {}
    taken: list[tuple[int, int]] = []
    for at, one in enumerate(pieces):
        for first, after in one.ids:
            place = bisect_right(taken, (first, FAR))
            before = taken[place - 1] if place else (0, -FAR)
            following = taken[place] if place < len(taken) else (FAR, 0)
            if first < before[1] or following[0] < after:
                found[at] = first if first < before[1] else following[0]
                break
        else:
            for ids in one.ids:
                insort(taken, ids)
    return found
