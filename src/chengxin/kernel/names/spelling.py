"""Names in letters: pinyin of a Chinese brand, and names that are foreign from end to end."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from chengxin.kernel.names.numerals import is_figure
from chengxin.kernel.names.slips import Slip, find_slips
from chengxin.kernel.names.tables import forms, syllables

if TYPE_CHECKING:
    from chengxin.kernel.names.reasons import Findings

_LETTERS = re.compile("[A-Z]+")
_WORD = re.compile(r"[\W_]+")
_LONG_SPELLING = 4
_LONGEST_BRAND = 8
_BRANCH = "BRANCH"
_LONG_NAME = 8


def latin_letters(text: str) -> str:
    """Give the capital Latin letters of a folded text, in order."""
    return "".join(_LETTERS.findall(text))


def is_spelling(letters: str, characters: str) -> bool:
    """Tell whether ``letters`` spell the Chinese ``characters`` in pinyin; ü may be written V, U or YU.

    >>> is_spelling("HEYING", "禾映"), is_spelling("SUNRISE", "晨曦")
    (True, False)
    """
    if len(letters) < _LONG_SPELLING or not 1 < len(characters) <= _LONGEST_BRAND:
        return False
    rests = {letters.lower()}
    for character in characters:
        spellings = {way for one in syllables().get(character, ()) for way in (one, *_ways(one))}
        rests = {rest[len(way) :] for rest in rests for way in spellings if rest.startswith(way)}
    return "" in rests


def _ways(syllable: str) -> tuple[str, ...]:
    return (syllable.replace("v", "u"), syllable.replace("v", "yu")) if "v" in syllable else ()


def compare_foreign(one: str, other: str, findings: Findings) -> None:
    """Add the reasons that two names without a Chinese character give; both are folded."""
    x, y = _foreign_key(one), _foreign_key(other)
    if x.endswith(_BRANCH) != y.endswith(_BRANCH):
        findings.add("branch_and_parent", one if x.endswith(_BRANCH) else other)
    if x == y:
        findings.add("form_written", one, other)
        return
    slips = find_slips(x, y)
    if slips is None or not x or not y:
        findings.add("foreign_differs", one, other)
    elif len(slips) == 1 and _is_typing(slips[0]) and min(len(x), len(y)) >= _LONG_NAME:
        findings.add("foreign_misspelt", one, other)
    elif len(slips) * 4 <= min(len(x), len(y)):
        findings.add("foreign_unclear", one, other)
    else:
        findings.add("foreign_differs", one, other)


def _is_typing(slip: Slip) -> bool:
    """Tell whether a slip in letters is one of typing; another letter or figure makes another word."""
    return slip.kind in {"doubled", "swapped", "lost"} and not is_figure(slip.x[:1] or slip.y[:1])


@cache
def _foreign_forms() -> tuple[str, ...]:
    found = {_WORD.sub("", form) for form in forms() if form.isascii()}
    return tuple(sorted(found, key=len, reverse=True))


def _foreign_key(text: str) -> str:
    key = _WORD.sub("", text)
    form = next((one for one in _foreign_forms() if key.endswith(one) and len(key) > len(one) + 1), "")
    return key[: len(key) - len(form)]
