"""Sealing: every new version of a fact gets into a digest that an event of the audit trail vouches for.

Off the way of whoever writes: the keeper of the evidence does it each minute, before it builds the checkpoint. Rows of
a table are numbered in ascending order but may commit in another. A row is sealed as soon as it is seen; numbers below
which nothing can appear any more are *settled*, and only above them is looked again. Settled is what was numbered
before every transaction that is now under way began: with the highest number seen, the transactions under way are
written down, and when the last of them has ended, whatever they had numbered is there or never will be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from psycopg import sql

from chengxin.audit.actions import record_event, tree_hash
from chengxin.records.sealing_settings import sealing_settings
from chengxin.records.seals import SealDigest, numbered_rows

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.records.sealing_settings import SealedTable

ACTOR = ("keeper", "audit", "")

LOCK = 0x7365616C696E67
"""Number of the advisory lock that the one sealer holds."""

LAST = (1 << 63) - 1

# Transactions of this database, also those that have written nothing yet: they may hold a number already.
_UNDER_WAY = """
SELECT coalesce(array_agg(l.virtualtransaction ORDER BY 1), '{}') FROM pg_locks l
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'virtualxid' AND l.virtualxid = l.virtualtransaction AND l.pid <> pg_backend_pid()
    AND (a.datname IS NULL OR a.datname = current_database())
"""

_GAPS = """
SELECT lower(g), coalesce(upper(g), {last}) FROM unnest(
    int8multirange(int8range(%(settled)s + 1, NULL)) - coalesce(
        (SELECT range_agg(p.ids) FROM records_sealpiece p WHERE p.sealed = %(name)s AND p.high > %(settled)s), '{{}}')
) g
WHERE EXISTS (SELECT FROM {table} t WHERE t.{key} >= lower(g) AND t.{key} < coalesce(upper(g), {last}))
ORDER BY 1
"""


@dataclass(frozen=True)
class _Standing:
    """How far a table's sealing is; the columns of ``records_sealing``."""

    seals: int
    rows: int
    settled: int
    told: int
    asked: int | None
    waits: tuple[str, ...]


@dataclass(frozen=True)
class SealTable:
    """Seal what is new in one table, at most ``rows`` of it, with one event; nothing new, no event."""

    table: SealedTable
    now: datetime
    rows: int = 0

    def execute(self) -> bool:
        """Seal, and return whether more was waiting than was taken; False while another sealer is at work."""
        limit = self.rows or sealing_settings().rows
        with transaction.atomic():
            if not _only_sealer():
                return False
            before = self._standing()
            standing = self._settle(before)
            seal, last = self._read(before.settled, limit)  # what is settled by now may still have to be sealed
            digest = seal.end()
            full = seal.rows == limit
            if full and standing.settled > last:
                standing = replace(standing, settled=last, asked=None, waits=())
            if seal.rows or standing.settled != standing.told:
                standing = replace(
                    standing, seals=standing.seals + 1, rows=standing.rows + seal.rows, told=standing.settled
                )
                self._store(seal, standing.seals)
                self._tell(seal, standing, digest)
            self._keep(standing, done=not full)
        return full

    def _standing(self) -> _Standing:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'")
            cursor.execute("INSERT INTO records_sealing (sealed) VALUES (%s) ON CONFLICT DO NOTHING", [self.table.name])
            cursor.execute(
                "SELECT seals, rows, settled, told, asked, waits FROM records_sealing WHERE sealed = %s",
                [self.table.name],
            )
            seals, rows, settled, told, asked, waits = cursor.fetchone()
        return _Standing(seals, rows, settled, told, asked, tuple(waits))

    def _settle(self, standing: _Standing) -> _Standing:
        """Find up to which number nothing can appear any more. Rows are read after this, by a later look."""
        highest = self._highest()  # before the transactions: whoever got a number below it is under way, or has ended
        with connection.cursor() as cursor:
            cursor.execute(_UNDER_WAY)
            under_way = set(cursor.fetchone()[0])
        if standing.asked is not None:
            if not under_way.isdisjoint(standing.waits):
                return standing
            standing = replace(standing, settled=max(standing.settled, standing.asked), asked=None, waits=())
        if highest <= standing.settled:
            return standing
        if not under_way:
            return replace(standing, settled=highest)
        return replace(standing, asked=highest, waits=tuple(sorted(under_way)))

    def _highest(self) -> int:
        query = sql.SQL("SELECT coalesce(max({}), 0) FROM {}")
        return int(_ask(query.format(sql.Identifier(self.table.key), sql.Identifier(self.table.name)))[0][0])

    def _read(self, settled: int, limit: int) -> tuple[SealDigest, int]:
        """Return the digests of the rows that have no seal, and the number of the last one read."""
        seal, last = SealDigest(self.table.name, tree_hash()), 0
        names = {"table": sql.Identifier(self.table.name), "key": sql.Identifier(self.table.key)}
        gaps = _ask(
            sql.SQL(_GAPS).format(**names, last=sql.Literal(LAST)), {"name": self.table.name, "settled": settled}
        )
        columns = sql.SQL(", ").join(
            sql.SQL("t.{}::text").format(sql.Identifier(one)) for one in (self.table.key, *self.table.columns)
        )
        for first, after in gaps:
            query = sql.SQL(
                "COPY (SELECT t.{key}, {columns} FROM {table} t WHERE t.{key} >= {first} AND t.{key} < {after} "
                "ORDER BY t.{key} LIMIT {rows}) TO STDOUT (FORMAT binary)"
            ).format(
                **names, columns=columns, first=sql.Literal(first), after=sql.Literal(after),
                rows=sql.Literal(limit - seal.rows),
            )  # fmt: skip
            with connection.cursor() as cursor, cursor.copy(query) as rows:
                for number, row in numbered_rows(rows):
                    seal.add(number, row)
                    last = number
            if seal.rows == limit:
                break
        return seal, last

    def _store(self, seal: SealDigest, number: int) -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "COPY records_sealpiece (sealed, seal, piece, high, ids, rows, digest, marks) FROM STDIN"
            ) as rows,
        ):
            for place, one in enumerate(seal.pieces, 1):
                high = one.ids[-1][1] - 1
                rows.write_row((self.table.name, number, place, high, one.ranges, one.rows, one.digest, one.marks))

    def _tell(self, seal: SealDigest, standing: _Standing, digest: bytes) -> None:
        """Write the event: what was sealed, how to read it, and the digest."""
        record_event(
            at=self.now,
            actor=ACTOR,
            action="records.sealed",
            object_kind="facts",
            object_id=self.table.name,
            detail={
                "version": 1,
                "table": self.table.name,
                "seal": standing.seals,
                "columns": [self.table.key, *self.table.columns],
                "from": seal.pieces[0].ids[0][0] if seal.pieces else None,
                "to": seal.pieces[-1].ids[-1][1] - 1 if seal.pieces else None,
                "rows": seal.rows,
                "pieces": len(seal.pieces),
                "settled": standing.settled,
                "hash": seal.hash,
                "digest": digest.hex(),
            },
        )

    def _keep(self, standing: _Standing, *, done: bool) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE records_sealing SET seals = %s, rows = %s, settled = %s, told = %s, asked = %s, waits = %s,
                    sealed_at = CASE WHEN %s THEN %s ELSE sealed_at END WHERE sealed = %s""",
                [
                    standing.seals, standing.rows, standing.settled, standing.told, standing.asked,
                    list(standing.waits), done, self.now, self.table.name,
                ],
            )  # fmt: skip


def seal_facts(now: datetime) -> bool:
    """Seal what is new in every table, one seal each, and return whether more is waiting: the keeper's step."""
    more = [SealTable(one, now).execute() for one in sealing_settings().tables]
    return any(more)


def _only_sealer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _ask(query: sql.Composable, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
