"""The files that linking writes and reads back."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

HEADER = ("a_id", "a_name", "b_id", "b_name", "probability", "score", "verdict", "why", "codes", "reasons")
"""Columns of ``links.csv`` and ``review.csv``: ``why`` says why a pair needs a person (``several``: more than one
partner fits; ``unclear``: the names do not decide it; ``crowded``: the registers hold so many bodies that such a slip
often means another one; ``details``: leader, date, region or address speak against it)."""

KNOWN = frozenset(
    {"links.csv", "review.csv", "model.json", "sample.csv", "report.json", "report.html", "counts.json", "spill"}
)
"""Everything linking leaves in its folder."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
    """Write a CSV file in UTF-8 with a mark, as spreadsheets read it; a cell like a formula is quoted."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([_inert(cell) for cell in line] for line in lines)


def _inert(cell: object) -> object:
    """Quote a formula, and what is a formula but for quotes, so that reading takes off exactly what was put on."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip("'").startswith(_FORMULA) else cell


def read_csv(path: Path) -> Iterator[dict[str, str]]:
    """Yield the lines of a CSV file that ``write_csv`` wrote, by header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: _as_meant(cell) for key, cell in row.items() if isinstance(cell, str)}


def _as_meant(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def known_pairs(path: Path) -> list[tuple[str, str]]:
    """Return the pairs of ids in a CSV file with the columns ``a_id`` and ``b_id``.

    Raises:
        ChengxinError: one of the columns is missing.
    """
    pairs = []
    for row in read_csv(path):
        if row.get("a_id") is None or row.get("b_id") is None:
            raise ChengxinError(
                "known_pairs_columns",
                f"{path.name} 应有 a_id 和 b_id 两列，每行是一对已知为同一主体的编号",
                f"{path.name} must have the columns a_id and b_id: on each line two ids known to be one body",
                where=path.name,
            )
        pairs.append((row["a_id"], row["b_id"]))
    return pairs
