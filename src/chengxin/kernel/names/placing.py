"""Compare the places 行政区划 of two names, also where one of them is mistyped or unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chengxin.kernel.names.cores import is_unusual, judge_slips
from chengxin.kernel.names.regions import Relation, names_county, relate
from chengxin.kernel.names.slips import Slip, find_slips
from chengxin.kernel.names.tables import place_words

if TYPE_CHECKING:
    from chengxin.kernel.names.parsing import Reading
    from chengxin.kernel.names.reasons import Findings

_MOST_SLIPS = 2
_MARKERS = frozenset("省市县区镇乡村")


def compare_places(a: Reading, b: Reading, findings: Findings) -> bool:
    """Add the reasons that the places give; tell whether they settle the comparison of the cores as well."""
    relation = relate(a.places, b.places)
    if _may_be_mistyped(a, b, relation) and _settle_by_text(a, b, findings):
        return True
    if relation is Relation.EQUAL and a.lead == b.lead and a.inside == b.inside:
        return False
    x, y = _told(a), _told(b)
    if relation is Relation.EQUAL:
        if {one.short for one in a.leading} != {one.short for one in b.leading}:
            findings.add("place_moved", x)
        elif a.lead != b.lead:
            findings.add("place_written", a.lead, b.lead)
        return False
    if relation is Relation.WIDENED:
        wide, narrow = (x, y) if len(a.places) > len(b.places) else (y, x)
        findings.add("place_widened", wide, narrow)
        return False
    if relation is Relation.MISSING:
        findings.add("place_missing", x if len(a.places) > len(b.places) else y)
    elif relation is Relation.NESTED:
        wide, narrow = (x, y) if _is_above(a, b) else (y, x)
        findings.add("place_nested", wide, narrow)
    else:
        findings.add("place_differs", x, y)
    return False


def _may_be_mistyped(a: Reading, b: Reading, relation: Relation) -> bool:
    """Tell whether a place may be mistyped: one name lacks it, or names one that no table knows."""
    if relation in {Relation.MISSING, Relation.NESTED}:
        return True
    if relation is Relation.DIFFERS:
        return a.unknown_place != b.unknown_place
    if len(a.core) == len(b.core):
        return False
    twice = abs(len(a.core) - len(b.core)) == 1 and a.lead[-1:] in {a.core[:1], b.core[:1]}
    return a.lead != b.lead or twice


def _told(reading: Reading) -> str:
    return "".join(dict.fromkeys(one.short for one in reading.places))


def _is_above(a: Reading, b: Reading) -> bool:
    return any(one.short in other.above for one in a.places for other in b.places)


def _settle_by_text(a: Reading, b: Reading, findings: Findings) -> bool:
    """See whether a mistyped or unknown place explains that only one name seems to have it.

    龙南县某某 and 龙南某某 are equal once the administrative word is dropped; 昆出市某某 is 昆山市某某 with a slip.
    """
    if {one.short for one in a.inside} != {one.short for one in b.inside}:
        return False
    pairs = _lead_pairs(a, b)
    for one_lead, other_lead in pairs:
        if one_lead + a.core == other_lead + b.core:
            findings.add("place_written", one_lead or other_lead, a.lead or b.lead)
            return True
    if a.leading and b.leading and any(one.unknown_place and one.leading[-1].short in place_words() for one in (a, b)):
        return False
    for one_lead, other_lead in pairs:
        x, y = one_lead + a.core, other_lead + b.core
        slips = find_slips(x, y)
        if slips and _settles(one_lead, other_lead, slips):
            if _names_another(x, y, len(one_lead or other_lead), slips[0]):
                return False
            _tell(a, b, (one_lead, other_lead), slips, findings)
            return True
    return False


def _lead_pairs(a: Reading, b: Reading) -> list[tuple[str, str]]:
    """Pair the ways of writing the places at the start, both whole: as written and by short names.

    Where only one name has places, its narrowest place alone is tried as well.
    """
    ours, theirs = _leads(a), _leads(b)
    if a.leading and b.leading:
        return list(dict.fromkeys(zip(ours[:2], theirs[:2], strict=True)))
    return list(dict.fromkeys((one, other) for one in ours for other in theirs))


def _settles(one_lead: str, other_lead: str, slips: tuple[Slip, ...]) -> bool:
    """Tell whether the texts differ by one slip in the place and at most one behind it."""
    first = slips[0]
    named = max(len(one_lead), len(other_lead)) > len("昆山") and not {first.x, first.y} & _MARKERS
    in_place = _in_place(first, one_lead, other_lead) and (first.kind != "other" or named or is_unusual(first))
    return in_place and len(slips) <= _MOST_SLIPS and not any(_in_place(one, one_lead, other_lead) for one in slips[1:])


def _names_another(x: str, y: str, end: int, slip: Slip) -> bool:
    """Tell whether what looks like a place with a slip is another place; ``end`` is where the place ends."""
    if slip.kind == "doubled":
        return False
    shorter = end - (slip.kind == "lost")
    ends = end if slip.x else shorter, end if slip.y else shorter
    return names_county(x[: ends[0]], slip.at) or names_county(y[: ends[1]], slip.at_other)


def _in_place(slip: Slip, one_lead: str, other_lead: str) -> bool:
    if slip.kind == "doubled" and one_lead and one_lead[-1:] == (slip.x or slip.y) and slip.at <= len(one_lead):
        return True
    return slip.at < len(one_lead) or slip.at_other < len(other_lead)


def _tell(a: Reading, b: Reading, leads: tuple[str, str], slips: tuple[Slip, ...], findings: Findings) -> None:
    one_lead, other_lead = leads
    findings.add_slips("place_misspelt", slips[:1])
    rest = [replace(one, at=one.at - len(one_lead), at_other=one.at_other - len(other_lead)) for one in slips[1:]]
    if rest:
        judge_slips(a, b, tuple(rest), findings)


def _leads(reading: Reading) -> tuple[str, ...]:
    """Give the ways of writing the places at the start: as written, by short names, by the narrowest alone."""
    shorts = [one.short for one in reading.leading]
    return (reading.lead, "".join(shorts), "".join(shorts[-1:]))
