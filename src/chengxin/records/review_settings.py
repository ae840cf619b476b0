"""The settings of assisted linking, read from ``review.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml


@dataclass(frozen=True)
class ReviewSettings:
    """How proposals are made.

    Attributes:
        candidates: bodies shown for one proposal.
        piece: proposals made in one transaction.
        names_shown: names of one body shown beside the row.
        person_name_longest: a name of at most so many characters without place and legal form may be a person's.
        row_rules: rules a row may break and still be proposed.
    """

    candidates: int
    piece: int
    names_shown: int
    person_name_longest: int
    row_rules: tuple[str, ...]


@cache
def review_settings() -> ReviewSettings:
    """Return the settings that ship with the package.

    Raises:
        TypeError: a setting is missing or not known.
    """
    path = resources.files("chengxin.records") / "review.yaml"
    held: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return ReviewSettings(**(held | {"row_rules": tuple(held["row_rules"])}))
