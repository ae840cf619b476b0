"""How often a new grant may be used, where whoever makes it says nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from chengxin.base.errors import ChengxinError


@dataclass(frozen=True)
class Quota:
    """Requests in a minute and in a legal day."""

    per_minute: int
    per_day: int


@cache
def usual_quota() -> Quota:
    """Return the package's quota; raise ``ChengxinError`` for a figure that is no positive whole number."""
    return read_quota((resources.files("chengxin.accounts") / "quota.yaml").read_text(encoding="utf-8"))


def read_quota(text: str) -> Quota:
    """Return the quota that ``text`` (YAML) says; see ``usual_quota`` for errors."""
    held = yaml.safe_load(text)
    for name in ("per_minute", "per_day"):
        if type(held.get(name)) is not int or held[name] < 1:
            raise ChengxinError(
                "quota_file_wrong",
                f"quota.yaml 的 {name} 应为正整数",
                f"{name} in quota.yaml must be a positive whole number",
                where=name,
            )
    return Quota(held["per_minute"], held["per_day"])
