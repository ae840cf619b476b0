"""Places 行政区划 in a name: at its start, inside it, in brackets; and how the places of two names relate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from chengxin.kernel.names.tables import Place, county_names, places, places_by_end, places_by_start

_MOST_LEVELS = 5
_UNKNOWN = re.compile(
    "([\u4e00-\u9fff]{2,3}?)(?:自治县|县|(?<![城都超夜门股上集菜])市|镇|乡|街道|村|(?<![小社园景地校市特])区)"
)
_ALONE = ("县", "市")
_COUNTY_LENGTHS = (2, 3, 4)
_COUNTRY = "中国"


class Relation(Enum):
    """How the places of two names relate."""

    EQUAL = "equal"
    WIDENED = "widened"
    MISSING = "missing"
    NESTED = "nested"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Found:
    """A place found in a text: where it ends (or starts, when looked for from the end) and which place it is."""

    at: int
    place: Place


def leading_places(text: str) -> tuple[int, tuple[Place, ...], bool]:
    """Find the places at the start of a text in usual characters.

    A place is taken behind another only when it lies in it: 大连大连港 keeps its second 大连. A place that no table
    knows is taken where the text says what it is (县, 市, or behind a known place also 镇 and the like).

    Returns:
        The number of characters taken, the places from left to right, and whether one of them is unknown.
    """
    at = 0
    chain: list[Place] = []
    for _ in range(_MOST_LEVELS):
        found = _known_at(text, at)
        if found is None or (chain and chain[-1].short not in found.place.above):
            break
        chain.append(found.place)
        at = found.at
    unknown = _UNKNOWN.match(text, at)
    if unknown is None or not (chain or unknown[0].endswith(_ALONE)):
        return at, tuple(chain), False
    above = frozenset().union(*({one.short} | one.above for one in chain)) if chain else frozenset[str]()
    return unknown.end(), (*chain, Place(unknown[1], above)), True


def _known_at(text: str, at: int) -> Found | None:
    for written in places_by_start().get(text[at : at + 2], ()):
        if text.startswith(written, at):
            place = places()[written]
            end = at + len(written)
            if text[end : end + 1] == "省" and "中国" in place.above:
                end += 1
            return Found(end, place)
    return None


def trailing_place(text: str) -> Found | None:
    """Find a known place at the end of a text that holds at least two characters before it."""
    for written in places_by_end().get(text[-2:], ()):
        if text.endswith(written) and len(text) >= len(written) + 2:
            return Found(len(text) - len(written), places()[written])
    return None


def places_only(text: str) -> tuple[Place, ...]:
    """Give the places that a text consists of, nothing else in it; empty where it says anything else."""
    at, chain, _ = leading_places(text)
    return chain if at == len(text) else ()


def names_county(text: str, at: int) -> bool:
    """Tell whether the character at ``at`` belongs to the name of a county that the table of places does not hold.

    Such a name is another place, however much it resembles one of the table: 濉溪 is no slip for 本溪.
    """
    table = county_names()
    return any(
        text[start : start + length] in table
        for length in _COUNTY_LENGTHS
        for start in range(max(at - length + 1, 0), at + 1)
    )


def most_specific(chain: tuple[Place, ...]) -> frozenset[str]:
    """Give the short names of the places that contain no other place of the chain."""
    if len(chain) <= 1:
        return frozenset(one.short for one in chain)
    above = frozenset().union(*(one.above for one in chain))
    return frozenset(one.short for one in chain) - above


def relate(one: tuple[Place, ...], other: tuple[Place, ...]) -> Relation:
    """Say how the places of two names relate; the answer is the same with the names exchanged."""
    if one == other:
        return Relation.EQUAL
    x, y = most_specific(one), most_specific(other)
    if x == y and not _conflict(one, other):
        return Relation.EQUAL if {p.short for p in one} == {p.short for p in other} else Relation.WIDENED
    if not x or not y:
        return Relation.MISSING
    if x == y:
        return Relation.DIFFERS
    above = {place.short: place.above for place in (*one, *other)}
    if all(any(_nested(a, b, above) for b in y) for a in x) and all(any(_nested(a, b, above) for a in x) for b in y):
        return Relation.NESTED
    return Relation.MISSING if x & y else Relation.DIFFERS


def _conflict(one: tuple[Place, ...], other: tuple[Place, ...]) -> bool:
    """Tell whether two chains that end in the same unknown place begin in two known ones: 东新镇 is in many."""
    table = places()
    x = most_specific(tuple(place for place in one if place.short in table))
    y = most_specific(tuple(place for place in other if place.short in table))
    above = {place.short: place.above for place in (*one, *other)}
    return bool(x and y) and not any(_nested(a, b, above) for a in x for b in y)


def _nested(one: str, other: str, above: dict[str, frozenset[str]]) -> bool:
    return one == other or one in above[other] or other in above[one]
