"""The limits of the API end, read from ``limits.yaml``."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from chengxin.base.errors import ChengxinError


@dataclass(frozen=True)
class Limits:
    """Sizes, times and rates of this end; ``limits.yaml`` says what each is and where it comes from.

    Largest upload (MiB) and JSON body (bytes, levels), form fields, seconds the database may take; requests of one
    address; seconds a signature and a nonce count; audit events of refusals a minute.
    """

    upload_megabytes: int
    json_bytes: int
    json_depth: int
    form_fields: int
    statement_seconds: int
    connect_seconds: int
    address_per_minute: int
    addresses_remembered: int
    signature_window_seconds: int
    nonce_kept_seconds: int
    refusals_per_minute: int

    @property
    def upload_bytes(self) -> int:
        """Return the largest request in bytes."""
        return self.upload_megabytes * 1024 * 1024


@cache
def load_limits() -> Limits:
    """Return the limits of ``CHENGXIN_API_LIMITS`` (a file), else those of the package.

    Raises:
        ChengxinError: a limit is missing or not a positive whole number.
    """
    given = os.environ.get("CHENGXIN_API_LIMITS")
    path = Path(given) if given else Path(str(resources.files("chengxin.ends.api") / "limits.yaml"))
    held: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
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
