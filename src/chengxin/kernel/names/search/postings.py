"""Which names hold a character, a sound, an initial or a pair of characters: bit maps and sorted postings.

A bit map has one bit for each name, in the order of the index, so that "all of these but one" costs a few
microseconds a character whatever the characters are: and-ing two maps of a million names takes 6 µs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chengxin.kernel.names.search.characters import beginning, code_of, readings, sounding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chengxin.kernel.names.search.encoding import Encoded

Bits = NDArray[np.uint64]
Rows = NDArray[np.int64]

_WORD = 64
_DENSE_SHARE = 256
_PAIR = 16


@dataclass(frozen=True)
class Postings:
    """For sorted keys the rows that have each, sorted: ``rows[ends[k] : ends[k + 1]]`` for the key at place k."""

    keys: NDArray[np.uint64]
    ends: Rows
    rows: NDArray[np.int32]

    @classmethod
    def of(cls, keys: NDArray[np.uint64], rows: Rows) -> Postings:
        """Collect (key, row) pairs, each pair once; keys have at most 32 bits."""
        both = (keys << np.uint64(32)) | rows.astype(np.uint64)
        both.sort()
        both = both[np.concatenate((np.ones(min(both.size, 1), bool), both[1:] != both[:-1]))]
        key = both >> np.uint64(32)
        first = np.flatnonzero(np.concatenate((np.ones(min(key.size, 1), bool), key[1:] != key[:-1])))
        ends = np.append(first, key.size).astype(np.int64)
        return cls(key[first], ends, (both & np.uint64(0xFFFF_FFFF)).astype(np.int32))

    def of_key(self, key: int) -> NDArray[np.int32]:
        """Give the rows that have a key."""
        place = int(np.searchsorted(self.keys, np.uint64(key)))
        if place == self.keys.size or int(self.keys[place]) != key:
            return self.rows[:0]
        return self.rows[self.ends[place] : self.ends[place + 1]]


@dataclass
class Maps:
    """Bit maps over the names of an index; frequent characters and all sounds are kept, rare ones made when asked."""

    size: int
    characters: Postings
    pairs: Postings
    _kept: dict[int, Bits] = field(default_factory=dict)
    _sounds: dict[str, Bits] = field(default_factory=dict)
    _initials: dict[str, Bits] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Encoded) -> Maps:
        """Build the maps of encoded names."""
        owner = np.repeat(np.arange(names.size), names.lengths)
        codes = names.codes[: owner.size].astype(np.uint64)
        beside = owner[1:] == owner[:-1]
        pairs = (codes[:-1] << np.uint64(_PAIR) | codes[1:])[beside]
        maps = cls(names.size, Postings.of(codes, owner), Postings.of(pairs, owner[:-1][beside]))
        maps._keep()
        return maps

    @property
    def words(self) -> int:
        """Give the number of 64-bit words of a map."""
        return -(-self.size // _WORD)

    def _keep(self) -> None:
        counts = np.diff(self.characters.ends)
        for place in np.flatnonzero(counts * _DENSE_SHARE > self.size).tolist():
            code = int(self.characters.keys[place])
            self._kept[code] = self._made(self.characters.of_key(code))
        known = set(self.characters.keys.tolist())
        for table, kept in ((sounding(), self._sounds), (beginning(), self._initials)):
            for key, codes in table.items():
                kept[key] = self._either(one for one in codes.tolist() if one in known)

    def _made(self, rows: NDArray[np.int32]) -> Bits:
        marks = np.zeros(self.words * _WORD, bool)
        marks[rows] = True
        return np.packbits(marks, bitorder="little").view(np.uint64)

    def _either(self, codes: Iterable[int]) -> Bits:
        marks = np.zeros(self.words * _WORD, bool)
        joined = np.zeros(self.words, np.uint64)
        for code in codes:
            if code in self._kept:
                joined |= self._kept[code]
            else:
                marks[self.characters.of_key(code)] = True
        return joined | np.packbits(marks, bitorder="little").view(np.uint64)

    def with_code(self, code: int) -> Bits:
        """Give the map of the names that hold a character."""
        kept = self._kept.get(code)
        if kept is not None:
            return kept
        bits = np.zeros(self.words, np.uint64)
        rows = self.characters.of_key(code)
        np.bitwise_or.at(bits, rows >> 6, np.uint64(1) << (rows & 63).astype(np.uint64))
        return bits

    def with_sound(self, syllable: str) -> Bits | None:
        """Give the map of the names that hold a character with a reading, None where no character has it."""
        return self._sounds.get(syllable)

    def with_initial(self, letter: str) -> Bits | None:
        """Give the map of the names that hold a character whose reading begins with a letter."""
        return self._initials.get(letter)

    def sounding_like(self, character: str) -> Bits:
        """Give the map of the names that hold a character or one that shares a reading with it."""
        bits = self.with_code(code_of(character))
        for syllable in readings().get(character, ()):
            bits = bits | self._sounds[syllable]
        return bits

    def with_pair(self, one: int, other: int) -> NDArray[np.int32]:
        """Give the names in which two characters stand side by side."""
        return self.pairs.of_key(one << _PAIR | other)


def first_rows(bits: Bits, most: int) -> Rows:
    """Give the rows of the first ``most`` bits set."""
    words = np.flatnonzero(bits)[:most]
    if not words.size:
        return words
    marks = np.unpackbits(bits[words].view(np.uint8), bitorder="little").reshape(words.size, _WORD)
    at, bit = np.nonzero(marks)
    return (words[at] * _WORD + bit)[:most]


def missing_at_most(maps: Sequence[Bits], most: int) -> list[Bits]:
    """Give, for 0 to ``most``, the rows that lack exactly or at most so many of the maps (each holds the one before).

    The k-th result is the union of the rows that are in all maps but k.
    """
    ones = np.full(maps[0].size, np.iinfo(np.uint64).max, np.uint64)
    levels = [ones.copy() for _ in range(most + 1)]
    spare = np.empty_like(ones)
    for bits in maps:
        for level in range(most, 0, -1):
            np.bitwise_and(levels[level], bits, out=spare)
            np.bitwise_or(spare, levels[level - 1], out=levels[level])
        levels[0] &= bits
    return levels
