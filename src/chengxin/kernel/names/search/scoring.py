"""How well names answer what was asked, for a few hundred names at once.

Each name is a column of character codes; each code becomes a word whose bits are the units it answers. The longest
common subsequence of the units and each name then costs four operations a row, for all columns together (Hyyrö 2004,
"Bit-parallel LCS-length computation revisited").
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chengxin.kernel.names.search.characters import CODES

if TYPE_CHECKING:
    from chengxin.kernel.names.search.asking import Ask
    from chengxin.kernel.names.search.characters import Codes
    from chengxin.kernel.names.search.encoding import Encoded, Numbers

WIDTH = 40
"""Characters of a name that are looked at."""

Words = NDArray[np.uint32]
Scores = NDArray[np.float64]

_ONE = np.uint32(1)
_NEAR = 0.7
_SHARES = {"cover": 0.50, "beside": 0.14, "brand": 0.16, "lead": 0.10, "whole": 0.10}
_JOINT_STOCK = 0.06
_BRANCH = 0.12
_LEAST = 2


@dataclass(frozen=True)
class Scored:
    """How well each name answers: ``score`` from 0 to 1.

    ``found`` has one bit for each unit found in its order, ``exact`` one for each unit answered as written anywhere.
    """

    score: Scores
    found: Words
    exact: Words


def score(ask: Ask, names: Encoded, rows: Numbers) -> Scored:
    """Score some names of an index against what was asked."""
    width = int(min(WIDTH, max(names.lengths_of(rows).max(), _LEAST)))
    codes = names.matrix(rows, width)
    exact, near = _matches(ask, codes)
    count = len(ask.units)
    every = (_ONE << np.uint32(count)) - _ONE
    found = _in_order(near) & every
    answered = np.bitwise_or.reduce(exact, axis=0)
    columns = np.arange(rows.size)
    brand = np.minimum(names.brand[rows], width - _LEAST)
    weights = ask.weights
    place = np.arange(count, dtype=np.uint32)
    taken = ((found[:, None] >> place) & _ONE).astype(np.float64)
    sure = ((answered[:, None] >> place) & _ONE).astype(np.float64)
    quality = _NEAR + (1 - _NEAR) * sure
    cover = (taken * quality) @ weights / weights.sum()
    parts = {
        "cover": cover,
        "beside": _beside(near, count),
        "brand": _brand(near, exact, columns, brand),
        "lead": _lead(near, columns, brand),
        "whole": _whole(near, names, rows),
    }
    total = sum(share * parts[name] for name, share in _SHARES.items())
    total = total * (0.4 + 0.6 * cover) + (_JOINT_STOCK * names.joint_stock[rows] if ask.short else 0.0)
    if not ask.branch:
        total = total - _BRANCH * names.branch[rows]
    return Scored(np.clip(total / (1 + _JOINT_STOCK), 0.0, 1.0), found, answered)


class _Tables(threading.local):
    """A thread's tables of the units that each code answers; all zero between two uses.

    Made anew for each question they cost 0.15 ms, a tenth of a look-up.
    """

    def __init__(self) -> None:
        self.exact = np.zeros(CODES, np.uint32)
        self.near = np.zeros(CODES, np.uint32)


_tables = _Tables()


def _matches(ask: Ask, codes: Codes) -> tuple[Words, Words]:
    """Give the units that each code answers, as written and with a slip."""
    exact, near = _tables.exact, _tables.near
    for place, unit in enumerate(ask.units):
        bit = _ONE << np.uint32(place)
        exact[unit.exact] |= bit
        near[unit.near] |= bit
    exact[0] = near[0] = 0
    found = exact[codes], near[codes]
    for unit in ask.units:
        exact[unit.exact] = 0
        near[unit.near] = 0
    return found


def _in_order(matches: Words) -> Words:
    """Give, for each column, a bit for every unit that a longest common subsequence takes."""
    state = np.full(matches.shape[1], np.iinfo(np.uint32).max, np.uint32)
    taken = np.empty_like(state)
    for row in matches:
        np.bitwise_and(state, row, out=taken)
        state = (state + taken) | (state - taken)
    return ~state


def _beside(matches: Words, count: int) -> Scores:
    """Give the share of neighbouring units that stand side by side in the name."""
    if count == 1:
        return np.ones(matches.shape[1])
    pairs = np.bitwise_or.reduce(matches[:-1] & (matches[1:] >> _ONE), axis=0)
    shares: Scores = np.bitwise_count(pairs).astype(np.float64) / (count - 1)
    return shares


def _brand(near: Words, exact: Words, columns: Numbers, brand: Numbers) -> Scores:
    """Give how far the first two characters of the name's brand are asked for."""
    shares = np.zeros(columns.size)
    for step in (0, 1):
        shares += 0.5 * np.where(exact[brand + step, columns] > 0, 1.0, 0.7 * (near[brand + step, columns] > 0))
    return shares


def _lead(near: Words, columns: Numbers, brand: Numbers) -> Scores:
    """Tell whether the first unit stands where the name or its brand begins."""
    at_brand = (near[brand, columns] & _ONE) > 0
    leads: Scores = np.maximum(at_brand, (near[0, columns] & _ONE) > 0).astype(np.float64)
    return leads


def _whole(near: Words, names: Encoded, rows: Numbers) -> Scores:
    """Give the share of the characters between place and legal form that are asked for."""
    at = np.arange(near.shape[0])[:, None]
    core = (at >= names.brand[rows]) & (at < names.core_end[rows])
    shares: Scores = ((near > 0) & core).sum(axis=0) / np.maximum(core.sum(axis=0), 1)
    return shares
