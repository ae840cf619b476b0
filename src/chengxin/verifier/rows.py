"""Reads events and leaves as they lie in the database and computes every leaf again from the raw columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from chengxin.verifier.findings import Finding, Findings
from chengxin.verifier.merkle import Growing, Hash, hash_named, node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHUNK_BITS = 16
CHUNK = 1 << CHUNK_BITS
"""Leaves of one chunk: a whole node of the second level, so chunks can be read side by side."""

STORED_BITS = 8
"""Every eighth level of nodes is stored."""

NULL = b"\xff\xff\xff\xff"
MISSING = b"\x00" * 32
"""Stands for a leaf of which nothing is left."""

_RAW = """l.position, encode(l.hash, 'hex'), l.event_id, encode(e.salt, 'hex'), e.id, e.xid,
    (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_kind, e.actor, e.organisation, e.action, e.object_kind,
    e.object, e.detail, e.purpose, e.case_number, e.legal_basis, e.channel, e.subject_id, e.personal_digest"""
POSITION, STORED, EVENT, SALT, FIRST, XID, AT = 0, 1, 2, 3, 4, 5, 6
OBJECT_KIND, OBJECT, SUBJECT = 11, 12, 18

_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"\\": b"\\"}

Row = list[bytes | None]


def connect(url: str, snapshot: str = "") -> psycopg.Connection:
    """Return a connection that only reads, in one snapshot: another's, named ``snapshot``, or one of its own.

    The search path is pinned, so that no function of the operator's stands in for one of the server's, and so is the
    way to join: a chunk looks its events up by number instead of reading all of them.
    """
    made = psycopg.connect(
        url,
        options="-c search_path=pg_catalog -c timezone=UTC -c datestyle=ISO,YMD "
        "-c default_transaction_isolation=repeatable\\ read "
        "-c default_transaction_read_only=on -c enable_hashjoin=off -c enable_mergejoin=off -c statement_timeout=0",
    )
    if snapshot:
        made.execute(psycopg.sql.SQL("SET TRANSACTION SNAPSHOT {}").format(psycopg.sql.Literal(snapshot)))
    return made


def leaf_hash(make: Hash, row: Row) -> bytes:
    """Return the hash of the leaf of ``row``: 0x00, the salt, and each field behind its length."""
    parts = [b"\x00", bytes.fromhex((row[SALT] or b"").decode("ascii")), b"\x00\x00\x00\x011"]
    for one in row[FIRST:]:
        if one is None:
            parts.append(NULL)
        else:
            parts.append(len(one).to_bytes(4, "big"))
            parts.append(one)
    digest: bytes = make(b"".join(parts)).digest()
    return digest


def split_row(line: bytes) -> Row:
    """Return the fields of a line of PostgreSQL's text COPY; None for NULL."""
    fields = line.rstrip(b"\n").split(b"\t")
    if b"\\" not in line:
        return list(fields)
    return [None if one == b"\\N" else _unescape(one) if b"\\" in one else one for one in fields]


def _unescape(field_: bytes) -> bytes:
    pieces = field_.split(b"\\")
    made, at = [pieces[0]], 1
    while at < len(pieces):
        piece = pieces[at]
        if piece:
            made.append(_ESCAPES.get(piece[:1], piece[:1]) + piece[1:])
            at += 1
        else:  # a backslash that stands for itself; what follows it is plain
            made.append(b"\\" + (pieces[at + 1] if at + 1 < len(pieces) else b""))
            at += 2
    return b"".join(made)


@dataclass(frozen=True)
class Task:
    """One chunk to read: its positions, the sizes at which roots are wanted, and the latest time before each of them.

    ``stops`` are (size, latest time in microseconds); a time of 0 says that no checkpoint of the database is there.
    """

    url: str
    snapshot: str
    hash: str
    low: int
    high: int
    stops: Sequence[tuple[int, int]]
    tolerance: int


@dataclass
class Before:
    """The event before: its place in the order of writing, and the checkpoint it belongs to."""

    order: tuple[int, int] = (-1, -1)
    stop: int = 0


@dataclass
class ChunkRead:
    """What a chunk gave.

    ``computed`` and ``stored`` are the peaks at each stop and at the end, from the events and from the stored hashes;
    they are the same object where no leaf differs. ``breaks`` is the first position whose event stands before its
    predecessor in the order of writing, ``earliest`` the events that are older than all before them in the chunk, and
    ``nodes`` the nodes of the first level, from the events and from the stored hashes.
    """

    low: int
    count: int = 0
    computed: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)
    stored: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)
    differing: list[tuple[int, int, bytes, bytes, bool]] = field(default_factory=list)
    breaks: int | None = None
    latest: int = -(1 << 62)
    earliest: list[tuple[int, int, int]] = field(default_factory=list)
    nodes: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    before: Before = field(default_factory=Before)
    findings: Findings = field(default_factory=Findings)


LISTED = 1000
"""Differing leaves of a chunk that are kept for naming; all of them are counted."""


def read_chunk(task: Task) -> ChunkRead:
    """Read one chunk and return what it gave."""
    make = hash_named(task.hash)
    read = ChunkRead(task.low)
    computed: list[bytes] = []
    stored: list[bytes] = []
    with connect(task.url, task.snapshot) as connection, connection.cursor() as cursor:
        for row in _rows(cursor, task):
            _take(row, task, read, (make, computed, stored))
    read.count = len(computed)
    read.computed = _peaks_at(make, task, computed)
    read.stored = read.computed if computed == stored else _peaks_at(make, task, stored)
    step = 1 << STORED_BITS
    for start in range(0, len(computed) - step + 1, step):
        made, held = computed[start : start + step], stored[start : start + step]
        root = _root(make, made)
        read.nodes.append(((task.low + start) >> STORED_BITS, root, root if made == held else _root(make, held)))
    _name_nodes(make, read, computed)
    return read


def _rows(cursor: psycopg.Cursor, task: Task) -> Iterator[Row]:
    query = (
        f"COPY (SELECT {_RAW} FROM core.audit_leaf l LEFT JOIN core.audit_event e ON e.id = l.event_id "  # noqa: S608 - numbers of our own
        f"WHERE l.position >= {int(task.low)} AND l.position < {int(task.high)} ORDER BY l.position) TO STDOUT"
    )
    with cursor.copy(query.encode()) as copy:
        for line in copy:
            yield split_row(bytes(line))


def _take(row: Row, task: Task, read: ChunkRead, held: tuple[Hash, list[bytes], list[bytes]]) -> None:
    """Take one leaf: compute it, compare it with what is stored, and look at its order and its time."""
    make, computed, stored = held
    position, event = int(row[POSITION] or 0), int(row[EVENT] or 0)
    while task.low + len(computed) < position:  # a leaf is gone together with its row
        read.findings.add(Finding("event_deleted", task.low + len(computed)))
        computed.append(MISSING)
        stored.append(MISSING)
    kept = bytes.fromhex((row[STORED] or b"").decode("ascii"))
    present = row[FIRST] is not None
    made = leaf_hash(make, row) if present else kept
    computed.append(made)
    stored.append(kept)
    if made != kept or not present:
        if len(read.differing) < LISTED:
            read.differing.append((position, event, kept, made, present))
        else:
            read.findings.add(Finding("event_changed" if present else "event_deleted", position, event))
    if present:
        _look_at_order(row, position, task, read)


def _look_at_order(row: Row, position: int, task: Task, read: ChunkRead) -> None:
    before, stops = read.before, task.stops
    while before.stop < len(stops) and stops[before.stop][0] <= position:
        before.stop += 1
        before.order = (-1, -1)
    order = (int(row[XID] or 0), int(row[FIRST] or 0))
    if order < before.order and read.breaks is None:
        read.breaks = position
    before.order = order
    at = int(row[AT] or 0)
    latest = stops[before.stop][1] if before.stop < len(stops) else 0
    if latest and at > latest + task.tolerance:
        read.findings.add(Finding("dated_ahead", position, order[1]))
        return
    if at > read.latest:
        read.latest = at
    elif at < read.latest - task.tolerance:
        read.findings.add(Finding("back_dated", position, order[1]))
    if not read.earliest or at < read.earliest[-1][1]:
        read.earliest.append((position, at, order[1]))


def _root(make: Hash, leaves: Sequence[bytes]) -> bytes:
    tree = Growing(make)
    for one in leaves:
        tree.add(one)
    return tree.root()


def _peaks_at(make: Hash, task: Task, leaves: Sequence[bytes]) -> dict[int, list[tuple[int, bytes]]]:
    """Return the peaks over the chunk's leaves at each stop within it, and at its end."""
    tree, found = Growing(make), {}
    wanted = {size - task.low for size, _latest in task.stops}
    for count, one in enumerate(leaves, 1):
        tree.add(one)
        if count in wanted:
            found[task.low + count] = list(tree.peaks)
    found[task.low + len(leaves)] = list(tree.peaks)
    return found


def _name_nodes(make: Hash, read: ChunkRead, computed: Sequence[bytes]) -> None:
    """Name the stored leaves that are a node over two of the chunk's own: somebody tried to shorten the tree."""
    if not read.differing:
        return
    pairs = {node(make, computed[at], computed[at + 1]) for at in range(len(computed) - 1)}
    for position, event, kept, _made, present in list(read.differing):
        if present and kept in pairs:
            read.findings.add(Finding("leaf_is_node", position, event))
            read.differing.remove((position, event, kept, _made, present))
