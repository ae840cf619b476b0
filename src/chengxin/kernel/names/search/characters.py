"""Characters as numbers of 16 bits, and how they sound: what the index of names is made of.

Every sign that is neither letter, figure nor character is dropped, so that brackets, dots and blanks never part two
spellings. Characters outside the basic plane share the private codes of 16 bits; two of them may meet in one code,
which costs a needless candidate and never a missed one.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pypinyin.pinyin_dict import pinyin_dict

from chengxin.kernel.names.folding import fold_name
from chengxin.kernel.names.tables import lookalikes, syllables, usual_characters

Codes = NDArray[np.uint16]

CODES = 1 << 16
_BASIC = 0x10000
_PRIVATE, _PRIVATE_SIZE = 0xE000, 0x1900
_DIAERESIS = "\u0308"
_RARE_READINGS = 2
_HAN = range(0x4E00, 0xA000)
_DIGIT_CODE = 27


def usual_text(text: str) -> str:
    """Return ``text`` folded and in usual characters; idempotent."""
    return fold_name(text).translate(usual_characters())


def code_of(character: str) -> int:
    """Return the code of one character of a folded text; 0 for a sign that names do not count."""
    if not character.isalnum():
        return 0
    number = ord(character)
    return number if number < _BASIC else _PRIVATE + number % _PRIVATE_SIZE


def codes_of(points: NDArray[np.uint32]) -> Codes:
    """Return the codes of Unicode code points, 0 where the sign is dropped; one look-up for each distinct point."""
    table = np.zeros(0x110000, np.uint16)
    for point in np.flatnonzero(np.bincount(points, minlength=1)).tolist():
        usual = usual_text(chr(point))
        table[point] = code_of(usual) if usual else 0
    return table[points]


@cache
def readings() -> dict[str, tuple[str, ...]]:
    """Give the readings of a character, pinyin without tone (ü as v), the usual one first.

    The readings of ``syllables.csv`` are those that names use; characters beyond it have the first two of pypinyin's.
    """
    found: dict[str, tuple[str, ...]] = {}
    for point in _HAN:
        toned = pinyin_dict.get(point)
        if toned:
            plain = tuple(dict.fromkeys(_without_tone(one) for one in toned.split(",")))
            found[chr(point)] = plain[:_RARE_READINGS]
    for character, known in syllables().items():
        order = found.get(character, ())
        found[character] = tuple(sorted(known, key=lambda one, order=order: (_place(order, one), one)))  # type: ignore[misc]
    return found


def _place(order: tuple[str, ...], reading: str) -> int:
    return order.index(reading) if reading in order else len(order)


def _without_tone(toned: str) -> str:
    letters = unicodedata.normalize("NFD", toned).replace("u" + _DIAERESIS, "v")
    return "".join(one for one in letters if one.isascii())


@cache
def sounding() -> dict[str, Codes]:
    """Give the codes of the characters that have a reading."""
    found: dict[str, list[int]] = {}
    for character, known in readings().items():
        for one in known:
            found.setdefault(one, []).append(code_of(character))
    return {one: np.array(codes, np.uint16) for one, codes in found.items()}


@cache
def beginning() -> dict[str, Codes]:
    """Give the codes of the characters that have a reading which begins with a letter, and of the letter itself."""
    found: dict[str, set[int]] = {}
    for character, known in readings().items():
        for one in known:
            found.setdefault(one[:1].upper(), set()).add(code_of(character))
    for letter, codes in found.items():
        codes.add(ord(letter))
    return {letter: np.array(sorted(codes), np.uint16) for letter, codes in found.items()}


@cache
def alike(character: str) -> Codes:
    """Give the codes of the characters that sound or look like one, itself included."""
    found = {code_of(character)} | {code_of(one) for one in lookalikes().get(character, ())}
    for reading in readings().get(character, ()):
        found.update(sounding()[reading].tolist())
    return np.array(sorted(found), np.uint16)


@cache
def initials() -> NDArray[np.uint8]:
    """Give the initial of every code: 1 to 26 for A to Z by the usual reading, 27 to 36 for figures, else 0."""
    table = np.zeros(CODES, np.uint8)
    for character, known in readings().items():
        table[code_of(character)] = ord(known[0][0]) - ord("a") + 1
    for letter in range(26):
        table[ord("A") + letter] = letter + 1
    for digit in range(10):
        table[ord("0") + digit] = _DIGIT_CODE + digit
    return table
