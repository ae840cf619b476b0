"""What a name is made of, and what comparing two names says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What two names say about their bodies; a name alone never proves that two records belong together."""

    SAME = "same"
    REVIEW = "review"
    DIFFERENT = "different"


@dataclass(frozen=True)
class ParsedName:
    """An organisation's name 单位名称 in the parts that the naming rules order (企业名称登记管理规定 art. 6).

    ``region``, ``brand``, ``trade``, ``form``, ``branch`` and ``remark`` one after the other are the folded name
    without its brackets; a part that the name does not have is empty.

    Attributes:
        region: 行政区划 at the start.
        brand: 字号, what tells the body from others of its trade and place.
        trade: 行业.
        form: 组织形式, as written.
        branch: what names the branch behind its parent's name, with its place: 昆山分公司.
        remark: what stands behind the name and is no part of it: a state, a foreign name.
        brackets: the texts that stood in brackets, from left to right.
        original: the name as it came.
        folded: the name with width, case, spaces and the shape of brackets made alike.
        notes: codes of what was noticed: ``traditional``, ``form_misspelt``, ``place_inside``, ``unknown_place``,
            ``no_form``, ``empty``, ``unclosed_bracket``, ``foreign``.
        places: short names of the places named, widest first, brackets included and the branch's left out.
    """

    region: str
    brand: str
    trade: str
    form: str
    branch: str
    brackets: tuple[str, ...]
    original: str
    folded: str
    notes: tuple[str, ...]
    remark: str = ""
    places: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Give the parts as plain values for JSON."""
        return {
            "original": self.original,
            "folded": self.folded,
            "region": self.region,
            "brand": self.brand,
            "trade": self.trade,
            "form": self.form,
            "branch": self.branch,
            "remark": self.remark,
            "brackets": list(self.brackets),
            "places": list(self.places),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Reason:
    """One thing that two names have or do not have in common, in words for a clerk."""

    code: str
    message_zh: str
    message_en: str

    def as_dict(self) -> dict[str, str]:
        """Give the reason as plain values for JSON."""
        return {"code": self.code, "message": self.message_zh, "message_en": self.message_en}


@dataclass(frozen=True)
class NameComparison:
    """What comparing two names says: a verdict, a score from 0 to 1, and the reasons.

    The score orders pairs inside a verdict: ``same`` lies in 0.85–1, ``review`` in 0.5–0.84, ``different`` below.
    It is no probability.
    """

    verdict: Verdict
    score: float
    reasons: tuple[Reason, ...]

    def as_dict(self) -> dict[str, object]:
        """Give the comparison as plain values for JSON."""
        return {
            "verdict": str(self.verdict),
            "score": self.score,
            "reasons": [reason.as_dict() for reason in self.reasons],
        }
