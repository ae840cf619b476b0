"""The last word on a pair of names: the kernel's own comparison, in as many processes as there are cores."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa

from chengxin.kernel.names import compare_names
from chengxin.linkage.columns import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CHUNK = 5_000
"""Pairs a process takes at a time."""

Pair: TypeAlias = "tuple[int, int, str, str]"
"""Row in the first register, row in the second, and their names."""

JUDGED = pa.schema(
    [
        ("a", pa.int64()),
        ("b", pa.int64()),
        ("verdict", pa.string()),
        ("score", pa.float64()),
        ("codes", pa.string()),
        ("reasons", pa.string()),
    ]
)


def judge(pairs: Sequence[Pair]) -> pa.Table:
    """Return verdict, score and reasons (codes parted by spaces, and in Chinese) of each pair, in their order."""
    found = [compare_names(one, other) for _a, _b, one, other in pairs]
    return pa.table(
        {
            "a": [pair[0] for pair in pairs],
            "b": [pair[1] for pair in pairs],
            "verdict": [str(each.verdict) for each in found],
            "score": [each.score for each in found],
            "codes": [" ".join(reason.code for reason in each.reasons) for each in found],
            "reasons": ["；".join(reason.message_zh for reason in each.reasons) for each in found],
        },
        schema=JUDGED,
    )


def judge_all(pairs: Sequence[Pair], told: Callable[[int], None]) -> Iterator[pa.Table]:
    """Yield the judgements of all pairs in order; ``told`` hears how many more are done."""
    starts = range(0, len(pairs), CHUNK)
    if len(starts) <= 1:
        for start in starts:
            yield judge(pairs[start : start + CHUNK])
            told(len(pairs))
        return
    with pool() as workers:
        for table in workers.map(judge, (pairs[start : start + CHUNK] for start in starts)):
            yield table
            told(table.num_rows)
