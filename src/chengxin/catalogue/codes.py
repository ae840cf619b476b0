"""Code sets: the values a coded field may take, and how each generation spells them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from chengxin.catalogue.folding import fold_value
from chengxin.catalogue.model import EVERY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

_ANNOTATION = re.compile(r"^[\-‐‑‒–—―:]+(?P<note>.+)$", re.DOTALL)


@dataclass(frozen=True)
class CodeValue:
    """One canonical value of a code set.

    Attributes:
        code: stable name in code.
        label: canonical Chinese value, the text that is stored and shown.
        label_en: English name.
        spellings: texts that mean it, by generation; the label itself always does.
        means: values of this code set (an older name that covers several), or kinds of subject.
        annotated: whether the value must carry a note after a dash, as in 其他-xxx.
        from_day: first day the law knows the value, or None.
        until_day: last day, or None while in force.
        note: anything uncertain.
    """

    code: str
    label: str
    label_en: str
    spellings: Mapping[str, tuple[str, ...]]
    means: tuple[str, ...]
    annotated: bool
    from_day: date | None
    until_day: date | None
    note: str = ""

    def spelled_in(self, generation: str) -> tuple[str, ...]:
        """Every text that means this value in one generation, the label first, each once."""
        found = (self.label, *self.spellings.get(EVERY, ()), *self.spellings.get(generation, ()))
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Coded:
    """A text read with a code set: its value, and the note after the dash (empty when none)."""

    value: CodeValue
    annotation: str = ""


@dataclass(frozen=True)
class CodeSet:
    """A closed or open list of values.

    ``open_in`` names the generations in which a text outside the list is still accepted as it is
    (``*`` for every one). ``separators`` are the characters that part several values in one cell.
    """

    key: str
    name: str
    name_en: str
    source: str
    open_in: frozenset[str]
    separators: str
    values: tuple[CodeValue, ...]
    note: str = ""

    def is_open(self, generation: str = EVERY) -> bool:
        """Whether a text outside the list is accepted in a generation."""
        return EVERY in self.open_in or generation in self.open_in

    def value(self, code: str) -> CodeValue:
        """The value with this code; raises ``KeyError`` naming the code set when there is none."""
        for one in self.values:
            if one.code == code:
                return one
        raise KeyError(f"代码集“{self.name}”没有值 {code} / code set '{self.key}' has no value '{code}'")

    def canonical(self, text: str, generation: str = EVERY) -> CodeValue | None:
        """The value a text means in a generation, or None when it is outside the list."""
        found = self.read(text, generation)
        return found.value if found else None

    def read(self, text: str, generation: str = EVERY) -> Coded | None:
        """Read one text: its value and its annotation, or None when it is outside the list.

        A value that must be annotated is also recognised bare; its annotation is then empty and the
        caller decides what to say about it.
        """
        folded = fold_value(text)
        table = self.table(generation)
        code = table.get(folded)
        if code is not None:
            return Coded(self.value(code))
        for value in self.values:
            if not value.annotated:
                continue
            for spelling in map(fold_value, value.spelled_in(generation)):
                note = _ANNOTATION.match(folded[len(spelling) :]) if folded.startswith(spelling) else None
                if note:
                    return Coded(value, note.group("note"))
        return None

    def split(self, text: str) -> tuple[str, ...]:
        """Part a cell that may hold several values; without separators the cell is one value.

        Full-width separators count as their half-width twins. Empty parts are dropped.
        """
        if not self.separators:
            parts = [text]
        else:
            twins = {";": ";；", ",": ",，"}
            marks = "".join(twins.get(mark, mark) for mark in self.separators)
            parts = re.split(f"[{re.escape(marks)}]", text)
        return tuple(part.strip() for part in parts if part.strip())

    def table(self, generation: str = EVERY) -> Mapping[str, str]:
        """Folded spelling to code, for one generation; ``*`` alone gives what holds in every one."""
        tables = self._tables
        return tables.get(generation, tables[EVERY])

    @cached_property
    def _tables(self) -> Mapping[str, Mapping[str, str]]:
        generations = {EVERY}.union(*(value.spellings for value in self.values))
        return {
            generation: {
                fold_value(spelling): value.code for value in self.values for spelling in value.spelled_in(generation)
            }
            for generation in generations
        }

    def clashes(self) -> tuple[tuple[str, str, str, str], ...]:
        """Spellings that mean two values: (generation, spelling, first code, second code)."""
        found = []
        for generation in sorted(self._tables):
            seen: dict[str, str] = {}
            for value in self.values:
                for spelling in value.spelled_in(generation):
                    first = seen.setdefault(fold_value(spelling), value.code)
                    if first != value.code:
                        found.append((generation, spelling, first, value.code))
        return tuple(found)
