"""The settings of the audit trail, read from ``settings.yaml``, and where its witnesses are."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class AuditSettings:
    """Figures of the checkpoints (seconds, events, percent), of the refusal, and of the time an event may take."""

    interval_seconds: int
    leaves: int
    warn_percent: int
    refuse_after_seconds: int
    quorum: int
    write_milliseconds: int
    witness_seconds: int
    clock_tolerance_seconds: int

    @property
    def refuse_after(self) -> timedelta:
        """Return how long evidence may be missing before nothing personal is read or written."""
        return timedelta(seconds=self.refuse_after_seconds)

    @property
    def warn_after(self) -> timedelta:
        """Return after how long a missing checkpoint is worth a warning: one interval missed."""
        return timedelta(seconds=2 * self.interval_seconds)


@cache
def load_settings() -> AuditSettings:
    """Return the package's settings; raise ``ChengxinError`` for one that is missing or no positive whole number."""
    text = (resources.files("chengxin.audit") / "settings.yaml").read_text(encoding="utf-8")
    held: dict[str, Any] = yaml.safe_load(text)
    for field in fields(AuditSettings):
        value = held.get(field.name)
        if type(value) is not int or value < 1:
            raise ChengxinError(
                "audit_settings_wrong",
                f"settings.yaml 的 {field.name} 应为正整数",
                f"{field.name} in settings.yaml must be a positive whole number",
                where=field.name,
            )
    return AuditSettings(**{field.name: held[field.name] for field in fields(AuditSettings)})


def witness_places(folder: Path) -> tuple[str, ...]:
    """Return where checkpoints are handed: ``CHENGXIN_WITNESSES`` (paths and addresses, comma between them).

    Without that setting two files under ``folder``/witness: better than none, but on the same machine. An installation
    names at least two places that its database administrator cannot write.
    """
    given = os.environ.get("CHENGXIN_WITNESSES", "")
    places = tuple(place.strip() for place in given.split(",") if place.strip())
    return places or tuple(str(folder / "witness" / f"{name}.jsonl") for name in ("first", "second"))
