"""Bodies that a text probably means where no name holds it as it stands: abbreviations, pinyin, slips of typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from django.db import connection

from chengxin.kernel.names.search.asking import read_asked
from chengxin.kernel.names.search.encoding import encode
from chengxin.kernel.names.search.keys import loose_keys, strict_keys
from chengxin.kernel.names.search.ranking import best_hits

if TYPE_CHECKING:
    from collections.abc import Iterable

ENOUGH = 200
"""Names fetched for one set of keys."""

WORTH_SHOWING = 0.55
"""Score from which a name is shown: what was asked is there, perhaps but for one character."""

_PARTED = "\x1f"

_FIND = """
    SELECT DISTINCT found.subject_id, found.name, found.kind FROM unnest(%s::text[]) AS asked (keys)
    CROSS JOIN LATERAL publication.names_with(string_to_array(asked.keys, chr(31)), %s) AS found
"""


def likely_names(text: str, most: int) -> list[tuple[int, str, str]]:
    """Return (subject_id, name, kind) of the published names that a text probably means, the likeliest first.

    Each body stands once. Two statements at most; nothing here says that a name and the text mean one body.
    """
    asks = read_asked(text)
    found = _fetch(keys for ask in asks for keys in strict_keys(ask))
    if not found:
        found = _fetch(keys for ask in asks for keys in loose_keys(ask))
    encoded, rows = encode([name for _, name, _ in found]), np.arange(len(found))
    hits = [hit for ask in asks for hit in best_hits(ask, encoded, rows, most) if hit.score >= WORTH_SHOWING]
    chosen: dict[int, tuple[int, str, str]] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.score, found[hit.row])):
        chosen.setdefault(found[hit.row][0], found[hit.row])
    return list(chosen.values())[:most]


def _fetch(wanted: Iterable[tuple[str, ...]]) -> list[tuple[int, str, str]]:
    keys = [_PARTED.join(some) for some in wanted]
    with connection.cursor() as cursor:
        cursor.execute(_FIND, (keys, ENOUGH))
        return sorted(cursor.fetchall())
