"""Search the register of bodies by name: candidates with a score and reasons, never a decision.

A name proposes and an identifier attaches: what is found here goes before a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from django.db import connection

from chengxin.kernel.names.search import NameIndex
from chengxin.kernel.names.search.asking import read_asked
from chengxin.kernel.names.search.encoding import encode
from chengxin.kernel.names.search.keys import loose_keys, strict_keys
from chengxin.kernel.names.search.ranking import best_hits, conclude

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chengxin.kernel.names import Reason, Verdict
    from chengxin.kernel.names.search import Candidate as Found
    from chengxin.kernel.names.search.asking import Ask

MANY = 50
"""Names from which reading the whole register may pay."""

NAMES_A_LOOKUP = 500
"""Names of the register that are read and indexed in the time of one look-up by SQL (10 µs a name, 5 ms a look-up)."""

ENOUGH = 300
"""Names fetched for one set of keys."""

GOOD = 0.6
"""Score from which slips are no longer looked for."""

_KEPT = 16
_PARTED = "\x1f"

_FIND = """
    SELECT asked.number, found.id, found.subject_id, found.name, found.kind
    FROM unnest(%s::integer[], %s::text[]) AS asked (number, keys)
    CROSS JOIN LATERAL core.names_with(string_to_array(asked.keys, chr(31)), %s) AS found
"""


@dataclass(frozen=True)
class Candidate:
    """A registered body that a name may mean.

    Attributes:
        subject_id: the body.
        name: the name on file that matched.
        name_kind: ``current``, ``former`` or ``english``.
        score: 0 to 1, for ordering; no probability. 0.85 and more only where the names compare as the same.
        verdict: what comparing the two names says (``same`` proposes, it never attaches).
        reasons: in words, Chinese and English.
    """

    subject_id: int
    name: str
    name_kind: str
    score: float
    verdict: Verdict
    reasons: tuple[Reason, ...]


def search_names(names: Sequence[str], top: int = 5) -> list[list[Candidate]]:
    """Return, for every name in order, the bodies it may mean, the likeliest first, at most ``top`` of them.

    Two statements, whatever the number of names: some 5 ms a name over 300,000. Where there are so many names that
    reading the whole register costs less, they are answered from an index in memory (about half a gigabyte a million
    names), which is given up at the end.
    """
    if len(names) > MANY and len(names) * NAMES_A_LOOKUP > _register_size():
        index = NameIndex(_register())
        return [[_candidate(one) for one in index.search(name, top)] for name in names]
    asks = [read_asked(name) for name in names]
    fetched: list[dict[int, tuple[int, str, str]]] = [{} for _ in names]
    _fetch(fetched, ((number, keys) for number, ways in enumerate(asks) for ask in ways for keys in strict_keys(ask)))
    found = _rank(names, asks, fetched, top)
    poor = [number for number, some in enumerate(found) if not some or some[0].score < GOOD]
    if poor:
        _fetch(fetched, ((number, keys) for number in poor for ask in asks[number] for keys in loose_keys(ask)))
        again = _rank([names[one] for one in poor], [asks[one] for one in poor], [fetched[one] for one in poor], top)
        for number, some in zip(poor, again, strict=True):
            found[number] = some
    return found


def _fetch(fetched: list[dict[int, tuple[int, str, str]]], wanted: Iterable[tuple[int, tuple[str, ...]]]) -> None:
    """Fetch the names that hold all keys of a set, for every number and set of keys."""
    pairs = [(number, _PARTED.join(keys).replace("\x00", "")) for number, keys in wanted]
    numbers, keys = [one for one, _ in pairs], [keys for _, keys in pairs]
    with connection.cursor() as cursor:
        cursor.execute(_FIND, (numbers, keys, ENOUGH))
        for number, key, subject_id, name, kind in cursor.fetchall():
            fetched[number][key] = (subject_id, name, kind)


def _rank(
    names: Sequence[str],
    asks: Sequence[tuple[Ask, ...]],
    fetched: Sequence[dict[int, tuple[int, str, str]]],
    top: int,
) -> list[list[Candidate]]:
    entries = [entry for some in fetched for entry in some.values()]
    encoded = encode([name for _, name, _ in entries])
    found: list[list[Candidate]] = []
    first = 0
    for name, ways, some in zip(names, asks, fetched, strict=True):
        rows = np.arange(first, first + len(some))
        hits = [hit for ask in ways for hit in best_hits(ask, encoded, rows, 2 * top + _KEPT)]
        found.append([_candidate(one) for one in conclude(name, hits, entries.__getitem__, top)])
        first += len(some)
    return found


def _candidate(one: Found[int]) -> Candidate:
    return Candidate(one.id, one.name, one.name_kind, one.score, one.verdict, one.reasons)


def _register_size() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM subjects_name")
        return int(cursor.fetchone()[0])


def _register() -> list[tuple[int, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject_id, name, kind FROM subjects_name ORDER BY id")
        return list(cursor.fetchall())
