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
    stranger_lines: int
    waiting_lines: int
    backup_hours: int
    rehearsal_days: int
    archive_lag_seconds: int
    disk_warn_percent: int
    disk_fail_percent: int
    worker_silence_seconds: int
    batch_minutes: int
    clock_seconds: int
    key_days: int
    database_password_days: int
    idle_account_days: int
    checkpoint_seconds: int
    churning: tuple[str, ...]

    def churns(self, table: str) -> bool:
        """Return whether rows of ``table`` come and go by the second."""
        return any(fnmatchcase(table, pattern) for pattern in self.churning)


@cache
def load_settings() -> OperationsSettings:
    """Return the package's settings; raise ``ChengxinError`` for one that is wrong."""
    return read_settings((resources.files("chengxin.operations") / "settings.yaml").read_text(encoding="utf-8"))


def read_settings(text: str) -> OperationsSettings:
    """Return the settings in ``text``.

    Raises:
        ChengxinError: a figure is missing or no positive whole number, the patterns of ``churning`` are no list of
            words, or the disk would be called full before it is called nearly full.
    """
    loaded = yaml.safe_load(text)
    held: dict[str, Any] = loaded if isinstance(loaded, dict) else {}
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
    churning = held.get("churning")
    if not isinstance(churning, list) or not all(isinstance(one, str) and one for one in churning):
        raise ChengxinError(
            "operations_settings_wrong",
            "settings.yaml 的 churning 应为表名样式的列表",
            "churning in settings.yaml must be a list of patterns of tables",
            where="churning",
        )
    if held["disk_fail_percent"] > held["disk_warn_percent"]:
        raise ChengxinError(
            "operations_settings_wrong",
            "settings.yaml 的 disk_fail_percent 不能大于 disk_warn_percent",
            "disk_fail_percent in settings.yaml must not be above disk_warn_percent",
            where="disk_fail_percent",
        )
    return OperationsSettings(**{name: held[name] for name in figures}, churning=tuple(churning))
