"""The truth beside the files: which body and fact each line means, and what should become of it."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from chengxin.rehearsal import dates, vocabulary

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from chengxin.rehearsal.bodies import Bodies
    from chengxin.rehearsal.sheet import Sheet

LEADING = (
    "file", "line", "item", "generation", "body_uscc", "dirt", "outcome", "rule", "linked", "late",
    "reported_on",
)  # fmt: skip
"""First columns of ``facts.csv``; the fields of all lists follow, with their true values."""

BODY_COLUMNS = (
    "uscc", "name", "former_name", "kind", "branch_of", "registration_number", "established_on", "registered",
)  # fmt: skip

BLOCK = 20_000


@dataclass
class Expected:
    """Counts of what should become of one file's lines; late and linked ones are among the others."""

    lines: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    dirt: Counter[str] = field(default_factory=Counter)
    linked: int = 0
    late: int = 0

    def add(self, sheet: Sheet) -> None:
        """Count the rows of ``sheet``."""
        self.lines += sheet.rows
        self.outcomes.update(sheet.outcome)
        self.rules.update(sheet.rule.values())
        for kinds in sheet.kinds.values():
            self.dirt.update(kinds)
        self.linked += sum(sheet.linked)
        self.late += sum(sheet.late)

    def as_dict(self) -> dict[str, object]:
        """Return the counts as ``manifest.json`` holds them."""
        outcomes = ("accepted", "updated", "duplicate", "quarantined")
        return {
            **{outcome: self.outcomes[outcome] for outcome in outcomes},
            "linked": self.linked,
            "late": self.late,
            "rules": dict(sorted(self.rules.items())),
            "dirt": dict(sorted(self.dirt.items())),
        }


@dataclass(frozen=True)
class RehearsalFile:
    """One file that was written, and what is expected of it. ``format`` and ``encoding`` as in the plan."""

    path: Path
    item: str
    organisation: str
    generation: str
    format: str
    encoding: str
    headers: str
    sha256: str
    expected: Expected

    def as_dict(self) -> dict[str, object]:
        """Return the file's entry in ``manifest.json``."""
        return {
            "name": self.path.name,
            "item": self.item,
            "organisation": self.organisation,
            "generation": self.generation,
            "format": self.format,
            "encoding": self.encoding,
            "headers": self.headers,
            "bytes": self.path.stat().st_size,
            "sha256": self.sha256,
            "lines": self.expected.lines,
            "expected": self.expected.as_dict(),
        }


def truth_fields() -> tuple[str, ...]:
    """Return the fields of all lists, each once, in the order of the lists."""
    columns = vocabulary.layouts().columns.values()
    return tuple(dict.fromkeys(column.key for each in columns for column in each))


class FactTruth:
    """``facts.csv``: one line for each line of every file, in UTF-8."""

    def __init__(self, path: Path) -> None:
        self._out = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._out, lineterminator="\n")
        self._fields = truth_fields()
        self._writer.writerow((*LEADING, *self._fields))

    def write(self, file: str, first_line: int, sheet: Sheet) -> None:
        """Add the rows of ``sheet``, the first of them line ``first_line`` (the header is line 1)."""
        count = sheet.rows
        empty = [""] * count
        leading = (
            [file] * count,
            range(first_line, first_line + count),
            [sheet.item] * count,
            [sheet.generation] * count,
            sheet.uscc,
            [";".join(sheet.kinds.get(row, ())) for row in range(count)],
            sheet.outcome,
            [sheet.rule.get(row, "") for row in range(count)],
            ["true" if each else "false" for each in sheet.linked],
            ["true" if each else "false" for each in sheet.late],
            sheet.reported,
        )
        fields = (sheet.clean.get(key, empty) for key in self._fields)
        self._writer.writerows(zip(*leading, *fields, strict=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()


def write_bodies(path: Path, bodies: Bodies) -> None:
    """Write ``bodies.csv``: every body with its codes and names, the unregistered ones marked."""
    kinds = vocabulary.names().kinds
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(BODY_COLUMNS)
        for first in range(0, bodies.uscc.size, BLOCK):
            body = np.arange(first, min(first + BLOCK, bodies.uscc.size), dtype=np.int64)
            parent = bodies.parent[body]
            mains = bodies.usccs(np.maximum(parent, 0))
            writer.writerows(
                zip(
                    bodies.usccs(body),
                    bodies.names(body),
                    bodies.former_names(body),
                    [kinds[place].kind for place in bodies.kind[body].tolist()],
                    [code if own >= 0 else "" for code, own in zip(mains, parent.tolist(), strict=True)],
                    bodies.registration_numbers(body),
                    dates.written(bodies.established[body], "dash"),
                    ["true" if each < bodies.registered else "false" for each in body.tolist()],
                    strict=True,
                )
            )
