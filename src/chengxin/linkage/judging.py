"""The last word on a pair of names: the kernel's own comparison, in as many processes as there are cores."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa

from chengxin.kernel.names import compare_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

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


def judge_all(
    pairs: Sequence[Pair], told: Callable[[int], None], workers: Executor | None = None
) -> Iterator[pa.Table]:
    """Yield the judgements of all pairs in order, made by ``workers`` where there are many.

    ``told`` hears how many more are done.
    """
    parts = [pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK)]
    use = workers if len(parts) > 1 else None
    for table in use.map(judge, parts) if use else map(judge, parts):
        yield table
        told(table.num_rows)
