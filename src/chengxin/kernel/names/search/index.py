"""An index of names in memory: short names, parts, abbreviations, pinyin, initials and mistyped names find the body.

Names are kept in the order of their length between place and legal form, so that where too many answer, the ones with
the least beside what was asked are looked at.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Generic

import numpy as np

from chengxin.kernel.names.search.asking import read_asked
from chengxin.kernel.names.search.characters import code_of, initials, usual_text
from chengxin.kernel.names.search.encoding import encode
from chengxin.kernel.names.search.postings import Maps, first_rows, missing_at_most
from chengxin.kernel.names.search.ranking import Id, best_hits, conclude

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from chengxin.kernel.names.search.asking import Ask, Unit
    from chengxin.kernel.names.search.encoding import Encoded, Numbers
    from chengxin.kernel.names.search.postings import Bits
    from chengxin.kernel.names.search.ranking import Candidate

_MOST = 250
_MOST_NEAR = 120
_FEW = 40
_ENOUGH = 60
_LONG = 4
_RARE_PAIR = 200
_LETTERS = 10
_LETTER_BITS = 6
_KEPT = 16
_FORGIVING = frozenset({"name", "pinyin"})
_PLACE_WORDS = "省市县区"


class NameIndex(Generic[Id]):
    """An index of the names of bodies. It is not changed after it is built, and reads may run side by side."""

    def __init__(self, entries: Iterable[tuple[Id, str, str]]) -> None:
        """Build the index of (id, name, kind of name); one body may have several names."""
        ids, names, kinds = [], [], []
        for one, name, kind in entries:
            ids.append(one)
            names.append(name)
            kinds.append(kind)
        encoded = encode(names)
        # Parents before branches, joint stock companies before others, short before long: ties are seen in this order.
        order = np.lexsort((~encoded.joint_stock, encoded.branch, encoded.core_end - encoded.brand))
        self._ids, self._names, self._kinds = ids, names, kinds
        self._order = order
        self._encoded: Encoded = encoded.reordered(order)
        self._maps = Maps.of(self._encoded)
        self._letters, self._letter_rows = _letter_keys(self._encoded)

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._names)

    def search(self, text: str, top: int = 5) -> list[Candidate[Id]]:
        """Return the bodies that ``text`` may mean, the likeliest first, at most ``top``, each body once.

        Total: every text has an answer, perhaps an empty one.
        """
        asks = read_asked(text) if len(self) else ()
        hits = [hit for ask in asks for hit in best_hits(ask, self._encoded, self._candidates(ask), 2 * top + _KEPT)]
        return conclude(text, hits, self._named, top)

    def _named(self, row: int) -> tuple[Id, str, str]:
        at = int(self._order[row])
        return self._ids[at], self._names[at], self._kinds[at]

    def containing(self, text: str, *, after: int = -1, limit: int = 20) -> list[tuple[int, Id, str]]:
        """Return a page of the names that contain ``text``, width, case and signs aside, the shortest first.

        Args:
            text: at least two characters, fewer find nothing.
            after: the key of the last name of the page before.
            limit: names on a page.

        Returns:
            Key, id and name; the last key asks for the next page.
        """
        codes = [code for one in usual_text(text) if (code := code_of(one))]
        if len(codes) < len("茅台") or not len(self):
            return []
        pairs = [self._maps.with_pair(one, other) for one, other in pairwise(codes)]
        rows = min(pairs, key=len)
        rows = rows[np.searchsorted(rows, after, side="right") :]
        if len(codes) == len("茅台"):
            return [self._entry(row) for row in rows[:limit].tolist()]
        found: list[tuple[int, Id, str]] = []
        for start in range(0, rows.size, _MOST):
            chunk = rows[start : start + _MOST].astype(np.int64)
            found += [self._entry(row) for row in chunk[self._hold(chunk, codes)].tolist()]
            if len(found) >= limit:
                break
        return found[:limit]

    def _entry(self, row: int) -> tuple[int, Id, str]:
        at = int(self._order[row])
        return row, self._ids[at], self._names[at]

    def _hold(self, rows: Numbers, codes: Sequence[int]) -> NDArray[np.bool_]:
        width = int(self._encoded.lengths_of(rows).max(initial=0))
        if width < len(codes):
            return np.zeros(rows.size, bool)
        matrix = self._encoded.matrix(rows, width)
        held = matrix[: width - len(codes) + 1] == codes[0]
        for step, code in enumerate(codes[1:], 1):
            held &= matrix[step : width - len(codes) + 1 + step] == code
        holds: NDArray[np.bool_] = held.any(axis=0)
        return holds

    def _candidates(self, ask: Ask) -> Numbers:
        """Give the rows worth scoring: those that hold all telling units, or lack few, or share a rare pair."""
        telling = [unit for unit in ask.units if unit.telling]
        units = telling if len(telling) > 1 else list(ask.units)
        parts: list[Numbers] = []
        exact = [bits for unit in units if (bits := self._bits(unit.kind, unit.text)) is not None]
        if exact:
            parts += _levels(exact, _misses(len(exact)) if ask.way in _FORGIVING else 0, _MOST)
        if len(units) < min(_LONG, len(ask.units)) and not any(map(len, parts)):
            # A short brand with a wrong character: what stands around it narrows the search instead.
            every = [bits for unit in ask.units if (bits := self._bits(unit.kind, unit.text)) is not None]
            parts += _levels(every, 1, _MOST)
        if ask.way in {"name", "letters"}:
            parts += self._beside(units)
            if ask.way == "name" and sum(map(len, parts[:1])) < (_FEW if len(units) < _LONG else 1):
                parts += _levels(
                    [self._maps.sounding_like(unit.text) for unit in units], int(len(units) >= _LONG), _MOST_NEAR
                )
        elif ask.way == "initials":
            parts.append(self._lettered(ask.text))
        return np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int64)

    def _bits(self, kind: str, text: str) -> Bits | None:
        if kind == "character":
            return self._maps.with_code(code_of(text))
        return self._maps.with_sound(text) if kind == "syllable" else self._maps.with_initial(text)

    def _beside(self, units: Sequence[Unit]) -> list[Numbers]:
        """Give the rows that share a pair of neighbouring characters which few names have."""
        codes = [code_of(unit.text) for unit in units]
        found = [self._maps.with_pair(one, other) for one, other in pairwise(codes)]
        return [rows.astype(np.int64) for rows in found if rows.size <= _RARE_PAIR]

    def _lettered(self, letters: str) -> Numbers:
        """Give the rows whose initials begin with letters, at the start of the name or of its brand."""
        low, high = _letter_range(letters[:_LETTERS])
        start, end = np.searchsorted(self._letters, np.array([low, high], np.uint64)).tolist()
        rows = self._letter_rows[start:end]
        if rows.size > _MOST:
            rows = np.partition(rows, _MOST)[:_MOST]
        return rows.astype(np.int64)


def _misses(count: int) -> int:
    return (count > 2) + (count > 4) + (count > 7)  # noqa: PLR2004


def _levels(maps: Sequence[Bits], most_missing: int, most: int) -> list[Numbers]:
    """Give the first rows that are in all maps, then in all but one, and so on, until there are enough.

    Where one name holds everything, those that lack two things and more are not looked for.
    """
    every = maps[0].copy()
    for bits in maps[1:]:
        every &= bits
    found = [first_rows(every, most)]
    if found[0].size >= _ENOUGH or not most_missing:
        return found
    for bits in missing_at_most(maps, 1 if found[0].size else most_missing)[1:]:
        found.append(first_rows(bits, most))
        if found[-1].size >= _ENOUGH:
            break
    return found


def _letter_range(letters: str) -> tuple[int, int]:
    """Give the lowest key that begins with these letters, and the lowest above all of them."""
    key = 0
    for code in initials()[[code_of(one) for one in letters]].tolist():
        key = key << _LETTER_BITS | code
    spare = _LETTER_BITS * (_LETTERS - len(letters))
    return key << spare, (key + 1) << spare


def _letter_keys(names: Encoded) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Give the sorted keys of the initials of every name: from its start, without 省 and 市, and from its brand."""
    rows = np.arange(names.size)
    matrix = names.matrix(rows, _LETTERS)
    plain = initials()[matrix]
    skipped = np.isin(matrix, [code_of(one) for one in _PLACE_WORDS]) & (np.arange(_LETTERS)[:, None] < names.brand)
    keys = [_packed(plain), _packed(np.take_along_axis(plain, np.argsort(skipped, axis=0, kind="stable"), axis=0))]
    at = np.minimum(names.starts[:-1] + names.brand + np.arange(_LETTERS)[:, None], names.codes.size - 1)
    inside = names.brand + np.arange(_LETTERS)[:, None] < names.lengths
    keys.append(_packed(np.where(inside, initials()[names.codes[at]], np.uint8(0))))
    joined = np.concatenate(keys)
    order = np.argsort(joined, kind="stable")
    return joined[order], np.tile(rows.astype(np.int32), len(keys))[order]


def _packed(letters: NDArray[np.uint8]) -> NDArray[np.uint64]:
    packed = np.zeros(letters.shape[1], np.uint64)
    for row in letters:
        packed = packed << np.uint64(_LETTER_BITS) | row
    return packed
