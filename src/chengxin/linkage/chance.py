"""How often a slip that is forgiven turns out to be another body: counted inside one register.

Two rows of one register are two bodies. Where the kernel calls such a pair the same because it forgives a slip, it is
wrong; how often it does so among the bodies of this very city says how many of the pairs found between the registers
are wrong in the same way, and how many pairs for review would waste a person's time. In a city of a few thousand bodies
next to none are; among a million, one brand of two characters in ten has a neighbour that sounds like it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.linkage.blocks import SECOND, key_of, key_sql, rule
from chengxin.linkage.judging import JUDGED, judge_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    import duckdb

    from chengxin.linkage.judging import Pair

PAIRS = 60_000
"""Pairs inside a register that are looked at, about: in a register of a million names the commonest kind was found 90
times among them, so that its share is known to a tenth."""

CROWD = 1_000
"""A block of more rows is passed over, as it is between the registers."""

BLOCKS = tuple(block for block in SECOND if block not in {("core",), ("brand", "trade")})
"""Blocks whose pairs may differ by a slip. Those left out hold pairs of one core, or of one brand and trade."""

ALONE = 0.25
"""Share of the possible pairs whose names both lack a partner, at least: a partner may itself be there by chance."""

SLIP = "_(misspelt|unclear|thin)"
"""What the codes of slips look like, forgiven or doubtful (``kernel.names``, data/reasons.csv)."""

KIND_SQL = f"""CASE WHEN regexp_matches(codes, '{SLIP}') THEN codes || '/'
|| least(coalesce(length(l.brand), 0), coalesce(length(r.brand), 0), 4)
|| CASE WHEN l.sounds = r.sounds THEN '/sound' WHEN l.bag = r.bag THEN '/order' ELSE '' END END"""
"""The kind of a pair of the rows ``l`` and ``r`` as SQL: NULL where the names differ in writing alone."""


@dataclass(frozen=True)
class Sampled:
    """How many rows of the register were held against how many others."""

    rows: int
    others: int


def sample_wrong(
    duck: duckdb.DuckDBPyConnection,
    table: str,
    names: Sequence[str],
    workers: Executor | None,
    told: Callable[[int, int], None],
) -> Sampled:
    """Leave in the table ``wrong`` how often two rows of ``register_<table>`` look the same but for each kind of slip.

    Every n-th row is held against all others in its blocks, n being such that about ``PAIRS`` pairs are judged. A kind
    is the reasons' codes and the length of the shorter brand: a slip in two characters meets other bodies, in four
    hardly ever.
    """
    keys = ", ".join(key_sql(block) for block in BLOCKS)
    duck.execute(f"CREATE OR REPLACE TEMP TABLE keyed AS SELECT row, folded, {keys} FROM register_{table}").fetchall()
    duck.execute("CREATE OR REPLACE TEMP TABLE small (key VARCHAR, held BIGINT, each BIGINT)").fetchall()
    for block in BLOCKS:
        key = key_of(block)
        duck.execute(
            f"""INSERT INTO small SELECT '{key}', {key}, count(*) FROM keyed WHERE {key} IS NOT NULL GROUP BY {key}
            HAVING count(*) BETWEEN 2 AND {CROWD}"""
        ).fetchall()
    pairs = duck.execute("SELECT coalesce(sum(each * (each - 1)), 0)::BIGINT FROM small").fetchall()[0][0]
    step = max(1, pairs // PAIRS)
    joins = " UNION ".join(
        f"""SELECT l.row AS a, r.row AS b FROM keyed l JOIN small s ON s.key = '{key_of(block)}'
        AND s.held = l.{key_of(block)} JOIN keyed r ON {rule((key_of(block),))}
        WHERE l.row % {step} = 0 AND l.row <> r.row AND l.folded <> r.folded"""
        for block in BLOCKS
    )
    found = duck.execute(f"SELECT a, b FROM ({joins}) ORDER BY a, b").fetchall()
    asked: list[Pair] = [(a, b, names[a], names[b]) for a, b in found]
    duck.register("part", JUDGED.empty_table())
    duck.execute("CREATE OR REPLACE TEMP TABLE judged_within AS SELECT * FROM part").fetchall()
    done = 0
    for part in judge_all(asked, lambda _more: None, workers):
        duck.register("part", part)
        duck.execute("INSERT INTO judged_within SELECT * FROM part").fetchall()
        done += part.num_rows
        told(done, len(asked))
    duck.execute(
        f"""CREATE OR REPLACE TABLE wrong AS SELECT kind, count(*) AS pairs FROM (
            SELECT {KIND_SQL} AS kind FROM judged_within j JOIN register_{table} l ON l.row = j.a
            JOIN register_{table} r ON r.row = j.b WHERE j.verdict <> 'different'
        ) WHERE kind IS NOT NULL GROUP BY kind"""
    ).fetchall()
    rows = len(names)
    return Sampled(rows=len(range(0, rows, step)), others=rows - 1)


def weigh_kinds(duck: duckdb.DuckDBPyConnection, sampled: Sampled, ours: int, theirs: int) -> None:
    """Leave in the table ``kind_odds`` the odds that a pair of each kind is right, where chance makes any wrong.

    Of the pairs that could be linked only the clear ones count: a name whose partner is there as well has two
    candidates and is not linked, so only names without a partner can be linked by chance. One pair of a kind is taken
    to be right whatever was counted: details that agree may still lift it over every doubt.

    Args:
        duck: holds ``ranked`` (the pairs between the registers with their kinds) and ``wrong``.
        sampled: what ``wrong`` was counted on.
        ours: rows of the first register that are in the pass.
        theirs: rows of the second.
    """
    scale = ours * theirs / max(sampled.rows * sampled.others, 1)
    duck.execute(
        f"""CREATE OR REPLACE TABLE kind_odds AS
        WITH alone AS (
            SELECT greatest(
                {ALONE}, (1 - count(DISTINCT a) / {max(ours, 1)}) * (1 - count(DISTINCT b) / {max(theirs, 1)})
            ) AS share FROM ranked WHERE verdict = 'same'
        ), found AS (
            SELECT kind, count(*)::DOUBLE AS pairs, bool_or(clear) AS linkable FROM ranked
            WHERE clear OR verdict = 'review' GROUP BY kind
        )
        SELECT kind, found.pairs AS found, wrong.pairs * {scale!r}::DOUBLE * if(linkable, share, 1) AS expected,
            greatest(found.pairs - expected, 1) / greatest(expected, 1e-9) AS odds
        FROM found JOIN wrong USING (kind), alone"""
    ).fetchall()
