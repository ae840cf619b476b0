"""The settings of this room, read from ``settings.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

import yaml

from chengxin.base.errors import ChengxinError


@dataclass(frozen=True)
class OperationsSettings:
    """Figures of archive, retention and doctor; the unit is the last word of each name."""

    switch_seconds: int
    slot_megabytes: int
    backup_days: int
    backups_least: int
    log_days: int
    backup_hours: int
    rehearsal_days: int
    archive_lag_seconds: int
    disk_warn_percent: int
    disk_fail_percent: int
    worker_silence_seconds: int
    batch_minutes: int
    clock_seconds: int
    key_days: int
    checkpoint_seconds: int
    churning: tuple[str, ...]

    def churns(self, table: str) -> bool:
        """Return whether rows of ``table`` come and go by the second."""
        return any(fnmatchcase(table, pattern) for pattern in self.churning)


@cache
def load_settings() -> OperationsSettings:
    """Return the package's settings; raise ``ChengxinError`` for one that is missing or no positive whole number."""
    text = (resources.files("chengxin.operations") / "settings.yaml").read_text(encoding="utf-8")
    held: dict[str, Any] = yaml.safe_load(text)
    figures = [field.name for field in fields(OperationsSettings) if field.name != "churning"]
    for name in figures:
        value = held.get(name)
        if type(value) is not int or value < 1:
            raise ChengxinError(
                "operations_settings_wrong",
                f"settings.yaml 的 {name} 应为正整数",
                f"{name} in settings.yaml must be a positive whole number",
                where=name,
            )
    return OperationsSettings(**{name: held[name] for name in figures}, churning=tuple(held["churning"]))
