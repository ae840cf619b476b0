"""Limits of this room, read from ``settings.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

import yaml


@dataclass(frozen=True)
class Settings:
    """How often one may look, and when trying is stopped; times in the unit of the name."""

    looks_per_hour: int
    looks_per_day: int
    misses_before_lock: int
    lock_minutes: int
    refused_rows_before_stop: int
    attempts_kept_hours: int


@cache
def load_settings() -> Settings:
    """Return the limits; raise ``ValueError`` for one that is no positive whole number."""
    text = (resources.files("chengxin.practitioners") / "settings.yaml").read_text(encoding="utf-8")
    held = yaml.safe_load(text)
    found = {field.name: held.get(field.name) for field in fields(Settings)}
    for name, value in found.items():
        if type(value) is not int or value < 1:
            raise ValueError(f"{name} in settings.yaml must be a positive whole number")
    return Settings(**found)
