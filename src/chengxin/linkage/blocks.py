"""Which names are compared at all: two passes of blocks, the second only over what the first left unlinked.

Two rows are in one block when all its columns agree. A block of too many pairs says nothing about its rows and is
passed over, so that the work grows with the registers and not with their square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from chengxin.linkage.details import Detail

Block: TypeAlias = "tuple[str, ...]"

FIRST: tuple[Block, ...] = (("folded",), ("core", "place", "branch"), ("bare",))
"""Blocks of names that differ in writing alone. In a clean register they find seven in eight of all true pairs."""

SECOND: tuple[Block, ...] = (
    ("core",),
    ("sounds",),
    ("bag",),
    ("ends",),
    ("head", "place"),
    ("brand", "place"),
    ("brand_first", "trade", "place"),
    ("brand_last", "trade", "place"),
    ("brand", "trade"),
)
"""Blocks of names that differ by a slip. One character leaves the ends or the head of the core, or one side of the
brand with its trade; a homophone leaves the sounds; a swapped or doubled character leaves the bag; a missing trade or
place leaves the rest."""

BLOCKING = (*FIRST, *SECOND)

TRAINING: Block = ("sounds",)
"""The block in which the weights of place, form, branch, figures and details are learnt. Those of the core stay as
given: every block of names that share most of their core is full of other bodies next door, which would teach that
slips are rare."""

SURE: tuple[Block, ...] = (("folded",), ("core", "place", "branch"))
"""Blocks that hold next to nothing but true pairs, for the share of true pairs among all."""

FOUND = 0.85
"""Share of the true pairs that the sure blocks hold."""

MOST = {"first": 1_000_000, "second": 10_000}
"""Most pairs of one block, by pass: a thousand rows of one name, or a hundred names next door to each other."""

_FEWEST = 0.05
_MOST_TRUE = 0.5

COMPARED = ("folded", "bare", "core", "sounds", "bag", "brand", "trade", "place", "places", "form", "branch", "figures")
"""Columns that comparisons ask for."""


@dataclass(frozen=True)
class Pass:
    """One pass over the registers: which blocks, and what is known of the pairs before they are looked at.

    ``prior`` is the share of true pairs among all pairs of the pass; ``same`` names the weights of the core
    (``levels.SAME``), as the second pass meets no name that only differs in writing.
    """

    name: str
    blocks: tuple[Block, ...]
    prior: float
    same: str

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the columns that hold the blocks' keys."""
        return tuple(key_of(block) for block in self.blocks)


def key_of(block: Block) -> str:
    """Return the column that holds a block's key: NULL where one of the block's columns is."""
    return "key_" + "_".join(block)


def key_sql(block: Block) -> str:
    """Return as SQL a number that the rows of one block share, and next to none of different blocks."""
    text = " || '|' || ".join(block)
    return f"CASE WHEN ({text}) IS NOT NULL THEN CAST(hash({text}) >> 1 AS BIGINT) END AS {key_of(block)}"


def lay_out(duck: duckdb.DuckDBPyConnection, one: Pass, details: Iterable[Detail]) -> tuple[int, int]:
    """Make the tables ``pass_a`` and ``pass_b`` of the rows that are still open and return how many rows each has.

    A key whose block is too large is taken off its rows.
    """
    columns = [*COMPARED, *(column for each in details for column, _sql in each.columns)]
    keys = [key_sql(block) for block in one.blocks]
    for table in ("a", "b"):
        duck.execute(
            f"""CREATE OR REPLACE TABLE pass_{table} AS SELECT row, {", ".join([*columns, *keys])}
            FROM register_{table} WHERE row NOT IN (SELECT {table} FROM link)"""
        ).fetchall()
    for block in one.blocks:
        key = key_of(block)
        duck.execute(
            f"""CREATE OR REPLACE TEMP TABLE crowd AS
            SELECT {key} AS held FROM (SELECT {key}, count(*) AS ours FROM pass_a GROUP BY {key})
            JOIN (SELECT {key}, count(*) AS theirs FROM pass_b GROUP BY {key}) USING ({key})
            WHERE ours * theirs > {MOST["first" if block in FIRST else "second"]}"""
        ).fetchall()
        if duck.execute("SELECT count(*) FROM crowd").fetchall()[0][0]:
            for table in ("a", "b"):
                duck.execute(f"UPDATE pass_{table} SET {key} = NULL WHERE {key} IN (SELECT held FROM crowd)").fetchall()
    rows = [duck.execute(f"SELECT count(*) FROM pass_{table}").fetchall()[0][0] for table in ("a", "b")]
    return rows[0], rows[1]


def rule(columns: Block) -> str:
    """Return a block as SQL over the rows ``l`` and ``r``."""
    return " AND ".join(f"l.{column} = r.{column}" for column in columns)


def count_true(duck: duckdb.DuckDBPyConnection) -> float:
    """Return about how many rows of the first register have a partner in the second, by the sure blocks."""
    found = " OR ".join(
        f"({', '.join(block)}) IN (SELECT ({', '.join(block)}) FROM register_b WHERE {_present(block)})"
        if len(block) > 1
        else f"{block[0]} IN (SELECT {block[0]} FROM register_b WHERE {_present(block)})"
        for block in SURE
    )
    counts = duck.execute(
        f"""SELECT count(*) FILTER (WHERE {found}), count(*), (SELECT count(*) FROM register_b) FROM register_a"""
    ).fetchall()[0]
    return float(min(counts[0] / FOUND, counts[1], counts[2]))


def prior_of(true: float, ours: int, theirs: int) -> float:
    """Return the share of true pairs among all pairs of so many rows: one row in twenty at least, half of all at most.

    Less would leave small registers without a candidate, and the kernel's comparison has the last word anyway; more
    would leave nothing to weigh.
    """
    fewer = min(ours, theirs)
    return min(max(true, fewer * _FEWEST) / max(ours * theirs, 1), _MOST_TRUE) if fewer else _FEWEST


def _present(block: Block) -> str:
    return " AND ".join(f"{column} IS NOT NULL" for column in block)
