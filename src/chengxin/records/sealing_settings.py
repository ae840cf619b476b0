"""Which tables are sealed and how, read from ``sealing.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml


@dataclass(frozen=True)
class SealedTable:
    """A table of which rows are added and never changed: its name, the column of its number, and all its others."""

    name: str
    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class SealingSettings:
    """How facts are sealed.

    Attributes:
        rows: rows of one seal at most.
        late_seconds: how long facts may be without a seal before somebody is told.
        tables: what is sealed.
    """

    rows: int
    late_seconds: int
    tables: tuple[SealedTable, ...]

    @property
    def late_after(self) -> timedelta:
        """Return how long facts may be without a seal."""
        return timedelta(seconds=self.late_seconds)


@cache
def sealing_settings() -> SealingSettings:
    """Return the settings that ship with the package.

    Raises:
        KeyError: a setting is missing.
    """
    path = resources.files("chengxin.records") / "sealing.yaml"
    held: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    tables = tuple(SealedTable(name, one["key"], tuple(one["columns"])) for name, one in held["tables"].items())
    return SealingSettings(int(held["rows"]), int(held["late_seconds"]), tables)
