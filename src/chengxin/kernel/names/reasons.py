"""The reasons that a comparison gives, collected and turned into a verdict and a score.

Each reason stands in ``data/reasons.csv`` with the verdict it allows at most, its cost and its wording; the gravest
verdict of all reasons is the comparison's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from chengxin.kernel.names.model import NameComparison, Reason, Verdict
from chengxin.kernel.names.tables import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chengxin.kernel.names.slips import Slip

_BANDS = {Verdict.SAME: (0.85, 1.0), Verdict.REVIEW: (0.5, 0.84), Verdict.DIFFERENT: (0.0, 0.49)}
"""Lowest and highest score of each verdict, so that sorting by score never mixes two verdicts."""

_GRAVITY = (Verdict.SAME, Verdict.REVIEW, Verdict.DIFFERENT)


@dataclass(frozen=True)
class Wording:
    """One row of the table: the best verdict a reason allows, what it costs, and its wording in both languages."""

    verdict: Verdict
    cost: float
    zh: str
    en: str


@cache
def wordings() -> dict[str, Wording]:
    """Give every reason by its code.

    Raises:
        ValueError: if the table names a verdict that does not exist.
    """
    return {
        row["code"]: Wording(Verdict(row["verdict"]), float(row["cost"]), row["zh"], row["en"])
        for row in rows("reasons.csv")
    }


@cache
def slip_wordings() -> dict[str, tuple[str, str]]:
    """Give the Chinese and English wording of every kind of slip."""
    return {row["kind"]: (row["zh"], row["en"]) for row in rows("slips.csv")}


@dataclass
class Findings:
    """Collects the reasons of one comparison; a code counts once for each text it is found on."""

    reasons: list[Reason] = field(default_factory=list)
    _seen: set[Reason] = field(default_factory=set)

    def add(self, code: str, x: str = "", y: str = "") -> None:
        """Add a reason about the texts ``x`` and ``y``."""
        wording = wordings()[code]
        self._keep(Reason(code, wording.zh.format(x=x, y=y), wording.en.format(x=x, y=y)))

    def add_slips(self, code: str, slips: Sequence[Slip]) -> None:
        """Add a reason about slips, each told in words."""
        wording = wordings()[code]
        told = [slip_wordings()[slip.kind] for slip in slips]
        parts = [
            (zh.format(x=slip.x or slip.y, y=slip.y), en.format(x=slip.x or slip.y, y=slip.y))
            for slip, (zh, en) in zip(slips, told, strict=True)
        ]
        zh, en = "；".join(zh for zh, _ in parts), "; ".join(en for _, en in parts)
        self._keep(Reason(code, wording.zh.format(x=zh), wording.en.format(x=en)))

    def _keep(self, reason: Reason) -> None:
        if reason not in self._seen:
            self._seen.add(reason)
            self.reasons.append(reason)

    def has(self, *codes: str) -> bool:
        """Tell whether one of these reasons was found."""
        return any(reason.code in codes for reason in self.reasons)

    def conclude(self) -> NameComparison:
        """Give the comparison: the gravest verdict, and a score in its band."""
        table = wordings()
        verdict = max((table[one.code].verdict for one in self.reasons), key=_GRAVITY.index, default=Verdict.SAME)
        low, high = _BANDS[verdict]
        score = 1.0 - sum(table[one.code].cost for one in self.reasons)
        return NameComparison(verdict, round(min(max(score, low), high), 3), tuple(self.reasons))
