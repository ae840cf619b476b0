"""The rules' own catalogue: what each says to the officer, where it applies, and the SQL of the written ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class WrittenRule:
    """A rule written in SQL; ``sql`` gives row_number, field, value and expected of every row that breaks it."""

    id: str
    items: tuple[str, ...]
    generations: tuple[str, ...]
    message: str
    message_en: str
    expected_en: str
    source: str
    sql: str

    def applies(self, item: str, generation: str) -> bool:
        """Whether the rule speaks about files of this item and generation."""
        return item in self.items and (not self.generations or generation in self.generations)


@dataclass(frozen=True)
class Wording:
    """What a rule without a file of its own says; texts may hold ``{field}``, ``{label}`` and ``{most}``."""

    id: str
    message: str
    message_en: str
    expected: str
    expected_en: str


@dataclass(frozen=True)
class Rulebook:
    """All rules: those written in SQL, those that follow from the catalogue, and those of linking and loading."""

    written: tuple[WrittenRule, ...]
    generated: Mapping[str, Wording]
    other: Mapping[str, Wording]


@cache
def rulebook() -> Rulebook:
    """Read the rules that ship with the package.

    Raises ``ValueError`` for a rule without its SQL file, or a file without its rule.
    """
    folder = resources.files("chengxin.intake") / "rules"
    data: dict[str, Any] = yaml.safe_load((folder / "catalogue.yaml").read_text(encoding="utf-8"))
    files = {entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql")}
    if files != set(data["written"]):
        odd = ", ".join(sorted(files ^ set(data["written"])))
        raise ValueError(f"rules and SQL files do not match: {odd}")
    return Rulebook(
        written=tuple(
            WrittenRule(
                id=key,
                items=tuple(one["items"]),
                generations=tuple(one.get("generations", ())),
                message=one["message"],
                message_en=one["message_en"],
                expected_en=one["expected_en"],
                source=one["source"],
                sql=(folder / f"{key}.sql").read_text(encoding="utf-8"),
            )
            for key, one in data["written"].items()
        ),
        generated={key: _wording(one["id"], one) for key, one in data["generated"].items()},
        other={key: _wording(key, one) for key, one in data["other"].items()},
    )


def _wording(rule: str, held: Mapping[str, str]) -> Wording:
    return Wording(rule, held["message"], held["message_en"], held["expected"], held["expected_en"])
