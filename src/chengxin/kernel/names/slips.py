"""Slips of the hand: where two texts differ, and whether the difference is one that typing or scanning makes.

A slip is explained when the two characters sound alike (they share a reading without tone) or look alike, when a
character is doubled, or when two neighbours are swapped. Anything else is a difference.
"""

from __future__ import annotations

from dataclasses import dataclass

from chengxin.kernel.names.numerals import is_figure
from chengxin.kernel.names.tables import lookalikes, readings, resembling

_UNLIKE = frozenset({"resembling", "other"})
_NOTHING: frozenset[str] = frozenset()
_LONGEST_MIDDLE = 14
_MOST_SLIPS = 3
_FULL_COST = 5
_EXPLAINED_COST = 3


@dataclass(frozen=True)
class Slip:
    """One place where two texts differ.

    Attributes:
        kind: ``homophone``, ``lookalike``, ``resembling``, ``doubled``, ``swapped``, ``lost`` or ``other``.
        at: index in the first text; for a character the first lacks, the index before which it would stand.
        at_other: the same in the second text.
        x: what the first text has, empty where it lacks a character.
        y: what the second has.
    """

    kind: str
    at: int
    at_other: int
    x: str
    y: str


def looks_or_sounds_alike(one: str, other: str) -> bool:
    """Tell whether one character may have been typed for the other; a figure is never a slip for anything."""
    return _substitution(one, other) not in _UNLIKE


def resembles(one: str, other: str) -> bool:
    """Tell whether one character sounds like, looks like or at least resembles another."""
    return _substitution(one, other) != "other"


def _substitution(one: str, other: str) -> str:
    if is_figure(one) or is_figure(other):
        return "other"
    if readings().get(one, _NOTHING) & readings().get(other, _NOTHING):
        return "homophone"
    if other in lookalikes().get(one, _NOTHING):
        return "lookalike"
    return "resembling" if other in resembling().get(one, "") else "other"


def find_slips(one: str, other: str) -> tuple[Slip, ...] | None:
    """Find where two texts differ, with the fewest and likeliest slips.

    Returns:
        The slips from left to right, or None where the texts differ in more than three places.
    """
    start = _common_start(one, other)
    end = _common_end(one, other, start)
    x, y = one[start : len(one) - end], other[start : len(other) - end]
    if len(x) <= 1 and len(y) <= 1:
        return _single(one, other, start, x, y)
    if x == y[::-1] and len(x) == len("对调"):
        return (Slip("swapped", start, start, x, y),)
    if abs(len(x) - len(y)) > _MOST_SLIPS or max(len(x), len(y)) > _LONGEST_MIDDLE:
        return None
    if len(set(x) & set(y)) + 2 * _MOST_SLIPS < max(len(set(x)), len(set(y))):
        return None
    return _align(one, other, start, x, y)


def trim(one: str, other: str) -> tuple[str, str]:
    """Give what two texts have between their common start and their common end."""
    start = _common_start(one, other)
    end = _common_end(one, other, start)
    return one[start : len(one) - end], other[start : len(other) - end]


def _common_start(one: str, other: str) -> int:
    length = min(len(one), len(other))
    for place in range(length):
        if one[place] != other[place]:
            return place
    return length


def _common_end(one: str, other: str, start: int) -> int:
    length = min(len(one), len(other)) - start
    for place in range(1, length + 1):
        if one[-place] != other[-place]:
            return place - 1
    return length


def _single(one: str, other: str, start: int, x: str, y: str) -> tuple[Slip, ...]:
    if not x and not y:
        return ()
    if x and y:
        return (Slip(_substitution(x, y), start, start, x, y),)
    longer = one if x else other
    return (Slip(_lost_or_doubled(longer, start), start, start, x, y),)


def _lost_or_doubled(longer: str, place: int) -> str:
    character = longer[place]
    beside = longer[place - 1 : place] + longer[place + 1 : place + 2]
    return "doubled" if character in beside else "lost"


def _align(one: str, other: str, start: int, x: str, y: str) -> tuple[Slip, ...] | None:
    """Align the differing middles by optimal string alignment (Damerau, no overlapping swaps)."""
    cost = [[_FULL_COST * (i + j) for j in range(len(y) + 1)] for i in range(len(x) + 1)]
    for i in range(1, len(x) + 1):
        for j in range(1, len(y) + 1):
            best = min(cost[i - 1][j], cost[i][j - 1]) + _FULL_COST
            best = min(best, cost[i - 1][j - 1] + _cost(x[i - 1], y[j - 1]))
            if _swapped(x, y, i, j):
                best = min(best, cost[i - 2][j - 2] + _FULL_COST)
            cost[i][j] = best
    if cost[-1][-1] > _MOST_SLIPS * _FULL_COST:
        return None
    found: list[Slip] = []
    i, j = len(x), len(y)
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + _cost(x[i - 1], y[j - 1]):
            i, j = i - 1, j - 1
            if x[i] != y[j]:
                found.append(Slip(_substitution(x[i], y[j]), start + i, start + j, x[i], y[j]))
        elif _swapped(x, y, i, j) and cost[i][j] == cost[i - 2][j - 2] + _FULL_COST:
            i, j = i - 2, j - 2
            found.append(Slip("swapped", start + i, start + j, x[i : i + 2], y[j : j + 2]))
        elif i and cost[i][j] == cost[i - 1][j] + _FULL_COST:
            i -= 1
            found.append(Slip(_lost_or_doubled(one, start + i), start + i, start + j, x[i], ""))
        else:
            j -= 1
            found.append(Slip(_lost_or_doubled(other, start + j), start + i, start + j, "", y[j]))
    return tuple(reversed(found)) if len(found) <= _MOST_SLIPS else None


def _cost(one: str, other: str) -> int:
    if one == other:
        return 0
    return _FULL_COST if _substitution(one, other) in _UNLIKE else _EXPLAINED_COST


def _swapped(x: str, y: str, i: int, j: int) -> bool:
    return i > 1 and j > 1 and x[i - 1] == y[j - 2] and x[i - 2] == y[j - 1] and x[i - 1] != y[j - 1]
