"""Some rows of one file: what is true, what the department wrote, and what the platform should do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chengxin.rehearsal.vocabulary import Dirt

Cell: TypeAlias = str | int
"""What a cell holds: text, or a whole number that a spreadsheet took a code for."""


@dataclass
class Sheet:
    """Some rows of one file, column by column; every column has ``rows`` entries.

    ``clean`` holds the true values (ISO dates, amounts in 万元, codes in their normal form), ``shown``
    only the columns that are written differently. ``uscc`` is the true code of the row's body, empty for
    natural persons.
    """

    item: str
    generation: str
    rows: int
    clean: dict[str, Sequence[str]]
    uscc: list[str]
    reported: list[str]
    late: list[bool]
    shown: dict[str, Sequence[Cell]] = field(default_factory=dict)
    kinds: dict[int, list[str]] = field(default_factory=dict)
    outcome: list[str] = field(default_factory=list)
    rule: dict[int, str] = field(default_factory=dict)
    linked: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outcome = ["accepted"] * self.rows
        self.linked = [True] * self.rows
        self._written: set[str] = set()
        self._true: set[str] = set()

    def written(self, key: str) -> list[Cell]:
        """Return the column as the department writes it, to be changed in place."""
        if key not in self._written:
            self.shown[key] = list(self.shown.get(key, self.clean[key]))
            self._written.add(key)
        return self.shown[key]  # type: ignore[return-value]

    def true(self, key: str) -> list[str]:
        """Return the column of true values, to be changed in place."""
        if key not in self._true:
            self.clean[key] = list(self.clean[key])
            self._true.add(key)
        return self.clean[key]  # type: ignore[return-value]

    def put(self, row: int, key: str, value: str) -> None:
        """Make ``value`` both true and written, where the list has the column."""
        if key in self.clean:
            self.true(key)[row] = value
            self.written(key)[row] = value

    def expect(self, row: int, dirt: Dirt, fault: str = "") -> None:
        """Note that ``row`` has this dirt, in column ``fault`` where one is named by the rule."""
        self.kinds.setdefault(row, []).insert(0, dirt.kind)
        self.outcome[row] = dirt.outcome
        self.linked[row] = dirt.linked
        if dirt.rule:
            self.rule[row] = dirt.rule.format(field=fault)
