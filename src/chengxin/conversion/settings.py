"""The dated settings of this room, read from ``settings.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

KINDS = ("registration_number", "organisation_code", "tax_number")
"""Kinds of older codes, in the order in which they are shown."""


@dataclass(frozen=True)
class Rule:
    """What counts as a conflict and who is counted, from a day on; kinds of codes and registration states."""

    from_day: date
    one_body: tuple[str, ...]
    one_code: tuple[str, ...]
    older: tuple[str, ...]
    not_counted: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class WrongRate:
    """Which conflicts make up the 重错码率 from a day on, and why."""

    from_day: date
    kinds: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class AnswerClock:
    """Working days a registrar has for an answer, from a day on; ``id`` names the rule in what is kept."""

    from_day: date
    working_days: int
    source: str
    note: str

    @property
    def id(self) -> str:
        """The rule's name: what it says and since when."""
        return f"answer_clock {self.from_day.isoformat()}: {self.working_days}"


@dataclass(frozen=True)
class ConversionSettings:
    """All settings; ``headers`` maps a column of the feed to its names, ``unchecked`` a kind to accepted patterns."""

    headers: Mapping[str, tuple[str, ...]]
    unchecked: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]
    wrong_rates: tuple[WrongRate, ...]
    clocks: tuple[AnswerClock, ...]
    bulk_codes: int
    shown_lines: int
    file_seconds: int

    def rule_on(self, day: date) -> Rule:
        """Return the rule in force on ``day``; raise ``ChengxinError`` before the first one."""
        return _in_force(self.rules, day)

    def wrong_rate_on(self, day: date) -> WrongRate:
        """Return the definition of the 重错码率 in force on ``day``; raise ``ChengxinError`` before the first one."""
        return _in_force(self.wrong_rates, day)

    def clock_on(self, day: date) -> AnswerClock:
        """Return the term for answers in force on ``day``; raise ``ChengxinError`` before the first one."""
        return _in_force(self.clocks, day)


D = TypeVar("D", Rule, WrongRate, AnswerClock)


def _in_force(dated: Sequence[D], day: date) -> D:
    found = [one for one in dated if one.from_day <= day]
    if not found:
        raise ChengxinError(
            "no_rule_in_force",
            f"{day} 还没有适用的代码转换规则，请在设置中补充",
            f"no rule of code conversion is in force on {day}: add one to the settings",
            where=day.isoformat(),
        )
    return max(found, key=lambda one: one.from_day)


@cache
def load_settings() -> ConversionSettings:
    """Return the settings that ship with the package; raise ``KeyError`` where one is missing."""
    text = (resources.files("chengxin.conversion") / "settings.yaml").read_text(encoding="utf-8")
    held: dict[str, Any] = yaml.safe_load(text)
    lists = ("one_body", "one_code", "older", "not_counted")
    return ConversionSettings(
        headers={key: tuple(names) for key, names in held["feed"]["headers"].items()},
        unchecked={kind: tuple(forms) for kind, forms in held["unchecked_forms"].items()},
        rules=tuple(
            Rule(from_day=one["from"], source=one["source"], **{name: tuple(one[name]) for name in lists})
            for one in held["rules"]
        ),
        wrong_rates=tuple(WrongRate(one["from"], tuple(one["kinds"]), one["note"]) for one in held["wrong_rate"]),
        clocks=tuple(
            AnswerClock(one["from"], one["working_days"], one["source"], one["note"]) for one in held["answer_clock"]
        ),
        bulk_codes=held["bulk_codes"],
        shown_lines=held["shown_lines"],
        file_seconds=held["file_seconds"],
    )
