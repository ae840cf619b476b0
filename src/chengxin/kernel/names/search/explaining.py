"""What a search says of one candidate: score, verdict and reasons in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from chengxin.kernel.names.comparing import compare_names
from chengxin.kernel.names.model import Reason, Verdict
from chengxin.kernel.names.search.characters import code_of, usual_text
from chengxin.kernel.names.tables import rows

if TYPE_CHECKING:
    from chengxin.kernel.names.search.asking import Ask

_REVIEW_FROM, _REVIEW_TO = 0.5, 0.84
_DIFFERENT_TO = 0.49
_BRANCH = frozenset({"branch_and_parent", "branch_differs"})


class Hit(NamedTuple):
    """A name that answers one way of reading what was asked; ``found`` and ``exact`` are bits of its units."""

    row: int
    score: float
    found: int
    exact: int
    ask: Ask


@dataclass(frozen=True)
class Explained:
    """Score from 0 to 1 (orders candidates, no probability), verdict, and reasons in words."""

    score: float
    verdict: Verdict
    reasons: tuple[Reason, ...]


@cache
def _wordings() -> dict[str, tuple[str, str]]:
    return {row["code"]: (row["zh"], row["en"]) for row in rows("search.csv")}


def reason(code: str, x: str = "", y: str = "") -> Reason:
    """Give a reason of the search in both languages."""
    zh, en = _wordings()[code]
    return Reason(code, zh.format(x=x, y=y), en.format(x=x, y=y))


def explain(asked: str, hit: Hit, name: str, kind: str, *, compare: bool = True) -> Explained:
    """Say how well a name answers and why.

    A whole name is compared part by part; a short name, a part or pinyin never says more than ``review``, unless
    the comparison itself finds the two names the same. Names that are not worth comparing are judged by what was
    found of them.
    """
    ask = hit.ask
    reasons = [_match_reason(hit, name)]
    if ask.units[0].stands_for and hit.found & 1 and not hit.exact & 1:
        reasons.append(reason("place_letter", ask.units[0].text, ask.units[0].stands_for))
    if ask.mark:
        reasons.append(reason("mark_ignored", ask.mark))
    if kind == "former":
        reasons.append(reason("former_name"))
    if ask.way in {"pinyin", "initials"}:
        verdict = Verdict.DIFFERENT if reasons[0].code == "partly" else Verdict.REVIEW
        return Explained(round(_REVIEW_TO * hit.score, 3), verdict, tuple(reasons))
    whole = reasons[0].code in {"contained", "abbreviated", "slip"}
    if not compare:
        verdict = Verdict.REVIEW if whole and ask.short else Verdict.DIFFERENT
        return Explained(round((_REVIEW_TO if ask.short else _DIFFERENT_TO) * hit.score, 3), verdict, tuple(reasons))
    compared = compare_names(asked, name)
    if compared.verdict is Verdict.SAME:
        return Explained(compared.score, Verdict.SAME, (*compared.reasons, *reasons[1:]))
    if not ask.short:
        low, high = (_REVIEW_FROM, _REVIEW_TO) if compared.verdict is Verdict.REVIEW else (0.0, _DIFFERENT_TO)
        score = round(low + (high - low) * hit.score, 3)
        return Explained(score, compared.verdict, (*compared.reasons, *reasons))
    if _BRANCH & {one.code for one in compared.reasons}:
        reasons.append(reason("branch_found"))
        return Explained(round(_REVIEW_TO * hit.score, 3), Verdict.DIFFERENT, tuple(reasons))
    verdict = Verdict.REVIEW if whole else compared.verdict
    return Explained(round(_REVIEW_TO * hit.score, 3), verdict, tuple(reasons))


def _match_reason(hit: Hit, name: str) -> Reason:
    units = hit.ask.units
    text = hit.ask.text.lower() if hit.ask.way in {"pinyin", "initials"} else hit.ask.text
    if hit.found.bit_count() == len(units):
        if hit.ask.way in {"pinyin", "initials"}:
            return reason(hit.ask.way, text)
        plain = "".join(one for one in usual_text(name) if code_of(one))
        if text in plain:
            return reason("contained", text)
        slips = "".join(unit.text for at, unit in enumerate(units) if not (hit.exact >> at & 1 or unit.stands_for))
        return reason("slip", text, slips) if slips else reason("abbreviated", text)
    there = "".join(unit.text for at, unit in enumerate(units) if hit.found >> at & 1)
    return reason("partly", text, there.lower() if hit.ask.way in {"pinyin", "initials"} else there)
