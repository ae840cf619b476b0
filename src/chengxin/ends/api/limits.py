"""The limits of the API end, read from ``limits.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any

import yaml

from chengxin.base.errors import ChengxinError


@dataclass(frozen=True)
class Limits:
    """Largest upload (MiB) and JSON body (bytes, levels), form fields, and seconds the database may take."""

    upload_megabytes: int
    json_bytes: int
    json_depth: int
    form_fields: int
    statement_seconds: int
    connect_seconds: int

    @property
    def upload_bytes(self) -> int:
        """Return the largest request in bytes."""
        return self.upload_megabytes * 1024 * 1024


@cache
def load_limits() -> Limits:
    """Return the package's limits; raise ``ChengxinError`` for one that is missing or no positive whole number."""
    text = (resources.files("chengxin.ends.api") / "limits.yaml").read_text(encoding="utf-8")
    held: dict[str, Any] = yaml.safe_load(text)
    for field in fields(Limits):
        value = held.get(field.name)
        if type(value) is not int or value < 1:
            raise ChengxinError(
                "limits_file_wrong",
                f"limits.yaml 的 {field.name} 应为正整数",
                f"{field.name} in limits.yaml must be a positive whole number",
                where=field.name,
            )
    return Limits(**{field.name: held[field.name] for field in fields(Limits)})
