"""Read what somebody typed into the things to look for: characters, syllables of pinyin, initials.

One text may be read in several ways (``xian`` is one syllable or two, ``ST`` a mark or two initials); each way is an
``Ask``, and the index takes the best of what they find.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from chengxin.kernel.names.forms import COMPANY_KINDS
from chengxin.kernel.names.pairing import without_label
from chengxin.kernel.names.parsing import read_usual
from chengxin.kernel.names.search.characters import Codes, alike, beginning, code_of, sounding, usual_text
from chengxin.kernel.names.tables import rows, trade_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chengxin.kernel.names.parsing import Reading

MOST_UNITS = 31
"""Things looked for in one text; what stands behind them does not count."""

_BRAND, _TRADE, _GENERAL, _PLACE, _FORM, _BRANCH = 1.0, 0.7, 0.35, 0.4, 0.12, 0.6
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_RUNS = re.compile("[A-Z]+|[^A-Z]")
_LONGEST_SYLLABLE = 6
_INITIAL_COST = 1.6
_WAYS = 3
_COST_APART = 1.0
_MOST_INITIALS = 8
_SHORT_NAME = 8
_LEAST_LEFT = 2


@dataclass(frozen=True, eq=False)
class Unit:
    """One thing looked for.

    Attributes:
        kind: ``character``, ``syllable`` or ``initial``.
        text: the character, the syllable in small letters, or the letter.
        weight: how much it tells one body from another, 0 to 1: a brand's character 1, a legal form's next to nothing.
        exact: codes of the characters that answer it.
        near: codes of the characters that answer it with a slip (sounding or looking alike), the exact ones included.
        stands_for: the place that one character stands for: 上海 for 沪; its characters answer then instead.
    """

    kind: str
    text: str
    weight: float
    exact: Codes
    near: Codes
    stands_for: str = ""

    @property
    def telling(self) -> bool:
        """Tell whether the unit is one of brand or trade, by which bodies are looked up."""
        return self.weight > _PLACE

    @property
    def formal(self) -> bool:
        """Tell whether the unit belongs to the legal form or a remark, which most names share."""
        return self.weight <= _FORM


@dataclass(frozen=True)
class Ask:
    """One way of reading a text: its units in order, how it was read, and what was left out.

    Attributes:
        units: what is looked for, at most ``MOST_UNITS``.
        way: ``name``, ``pinyin``, ``initials`` or ``letters``.
        mark: a mark of an exchange that was left out: *ST.
        short: whether the text is a short name: without legal form.
        branch: whether the text names a branch.
    """

    units: tuple[Unit, ...]
    way: str
    mark: str = ""
    short: bool = True
    branch: bool = False

    @property
    def text(self) -> str:
        """Give what is looked for as text."""
        return "".join(unit.text for unit in self.units)

    @property
    def weights(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Give the weights of the units."""
        return np.array([unit.weight for unit in self.units], np.float64)


@cache
def place_letters() -> dict[str, str]:
    """Give the short name of the place that one character stands for: 沪 is 上海."""
    return {row["letter"]: row["short"] for row in rows("place_letters.csv")}


@cache
def _marks(where: str) -> tuple[str, ...]:
    return tuple(row["mark"] for row in rows("listing_marks.csv") if row["where"] == where)


def read_asked(text: str) -> tuple[Ask, ...]:
    """Read a text in every way that makes sense; nothing where it holds no letter, figure or character."""
    usual = without_label(usual_text(text))
    plain, mark = _without_marks(usual)
    if not any(code_of(one) for one in plain):
        return ()
    letters = any("A" <= one <= "Z" for one in plain)
    asks = [_by_name(plain, mark)] if _HAN.search(plain) or not letters else [_by_letters(plain)]
    if letters:
        asks += _by_sound(plain)
    return tuple(ask for ask in asks if ask.units)


def _without_marks(usual: str) -> tuple[str, str]:
    """Take off the marks of an exchange where at least two Chinese characters stay."""
    if len(usual) > _SHORT_NAME:
        return usual, ""
    start = next((mark for mark in _marks("start") if usual.startswith(mark)), "")
    rest = usual[len(start) :]
    end = next((mark for mark in _marks("end") if rest.endswith(mark)), "")
    rest = rest[: len(rest) - len(end)]
    if (start or end) and len(_HAN.findall(rest)) >= _LEAST_LEFT and _HAN.match(rest):
        return rest, start + end
    return usual, ""


def _by_name(usual: str, mark: str) -> Ask:
    reading = read_usual(usual)
    short = reading.form is None or (reading.form.kind not in COMPANY_KINDS and len(usual) <= _SHORT_NAME)
    units = []
    for character, weight in _weighted(usual, reading, form=_TRADE if short else _FORM):
        code = code_of(character)
        if code:
            exact = np.array([code], np.uint16)
            units.append(Unit("character", character, weight, exact, alike(character)))
    place = place_letters().get(units[0].text) if short and units and not reading.lead else None
    if place:
        near = np.array(sorted({*units[0].exact.tolist(), *(code_of(one) for one in place)}), np.uint16)
        units[0] = Unit("character", units[0].text, _PLACE, units[0].exact, near, place)
    return Ask(tuple(units[:MOST_UNITS]), "name", mark, short=short, branch=bool(reading.unit))


def _weighted(usual: str, reading: Reading, *, form: float) -> list[tuple[str, float]]:
    """Give every character of a text with its weight, by the part of the name it stands in."""
    trades = "".join(reading.words)
    general = {word for word in reading.words if trade_fields()[word] == "general"}
    weights = [_PLACE] * len(reading.lead) + [_BRAND] * len(reading.brand)
    if len(trades) == len(reading.trade_slice):
        for word in reading.words:
            weights += [_GENERAL if word in general else _TRADE] * len(word)
    else:
        weights += [_TRADE] * len(reading.trade_slice)
    weights += [form] * len(reading.form_text) + [_BRANCH] * len(reading.branch) + [_FORM] * len(reading.remark)
    if len(usual) == len(reading.text):
        return list(zip(usual, weights, strict=True))
    return _with_brackets(usual, reading.text, weights)


def _with_brackets(usual: str, bare: str, weights: Sequence[float]) -> list[tuple[str, float]]:
    """Put the brackets' contents, which the reading leaves out, back in their place."""
    found: list[tuple[str, float]] = []
    at = 0
    for place, character in enumerate(usual):
        rest = len(usual) - place > len(bare) - at
        if at < len(bare) and bare[at] == character and not (rest and _inside(usual, place)):
            found.append((character, weights[at]))
            at += 1
        else:
            found.append((character, _PLACE))
    return found


def _inside(usual: str, place: int) -> bool:
    return usual.count("(", 0, place) > usual.count(")", 0, place) and ")" in usual[place:]


def _by_letters(usual: str) -> Ask:
    units = [
        Unit("character", one, _BRAND, np.array([code_of(one)], np.uint16), alike(one)) for one in usual if code_of(one)
    ]
    return Ask(tuple(units[:MOST_UNITS]), "letters")


def _by_sound(usual: str) -> list[Ask]:
    """Read the runs of letters as pinyin, as initials, or as both mixed."""
    runs = _RUNS.findall(usual)
    ways = [_split(run) if run[0].isascii() and run.isalpha() else [(run,)] for run in runs]
    asks = []
    for turn in range(max(map(len, ways))):
        pieces = [piece for way in ways for piece in way[min(turn, len(way) - 1)]]
        units = [unit for piece in pieces if (unit := _sounded(piece)) is not None]
        if len(units) > 1:
            way = "initials" if all(unit.kind != "syllable" for unit in units) else "pinyin"
            asks.append(Ask(tuple(units[:MOST_UNITS]), way))
    return asks


def _sounded(piece: str) -> Unit | None:
    if piece.isascii() and piece.isalpha():
        if len(piece) > 1:
            codes = sounding()[piece.lower()]
            return Unit("syllable", piece.lower(), _BRAND, codes, codes)
        codes = beginning().get(piece, np.array([ord(piece)], np.uint16))
        return Unit("initial", piece, _BRAND, codes, codes)
    code = code_of(piece)
    return Unit("character", piece, _BRAND, np.array([code], np.uint16), alike(piece)) if code else None


def _split(letters: str) -> list[tuple[str, ...]]:
    """Split letters into syllables and initials, the likeliest ways first; a few letters may all be initials."""
    ways: list[list[tuple[float, tuple[str, ...]]]] = [[(0.0, ())]]
    for end in range(1, len(letters) + 1):
        found = [(cost + _INITIAL_COST, (*way, letters[end - 1])) for cost, way in ways[end - 1]]
        for start in range(max(0, end - _LONGEST_SYLLABLE), end - 1):
            piece = letters[start:end]
            if piece.lower() in sounding() or piece.lower().replace("u", "v") in sounding():
                known = piece if piece.lower() in sounding() else piece.replace("U", "V")
                found += [(cost + 1, (*way, known)) for cost, way in ways[start]]
        ways.append(sorted(found)[:_WAYS])
    least = ways[-1][0][0]
    best = [way for cost, way in ways[-1] if cost <= least + _COST_APART]
    if len(letters) <= _MOST_INITIALS and tuple(letters) not in best:
        best.append(tuple(letters))
    return best
