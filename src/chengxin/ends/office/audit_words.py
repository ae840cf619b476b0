"""What events are called, read from ``audit_words.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class AuditWords:
    """Names of actions and of kinds of actors: Chinese and English."""

    actions: Mapping[str, tuple[str, str]]
    actors: Mapping[str, tuple[str, str]]


@cache
def load_audit_words() -> AuditWords:
    """Return the package's words; raise ``ValueError`` where a name is missing in a language."""
    held = yaml.safe_load((resources.files("chengxin.ends.office") / "audit_words.yaml").read_text(encoding="utf-8"))
    return AuditWords(_pairs(held["actions"]), _pairs(held["actors"]))


def _pairs(held: Mapping[str, list[str]]) -> Mapping[str, tuple[str, str]]:
    pairs = {}
    for key, names in held.items():
        chinese, english = names
        pairs[key] = (chinese, english)
    return pairs
