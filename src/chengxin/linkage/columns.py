"""The columns that names are blocked and compared on, one row a name, made by the kernel's parser.

Every column is text and empty parts are NULL, so that two names never meet because both lack the same thing.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa

from chengxin.kernel.names import fold_name
from chengxin.kernel.names.numerals import figures
from chengxin.kernel.names.parsing import read_usual
from chengxin.kernel.names.tables import syllables, usual_characters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

COLUMNS = (
    "folded",
    "place",
    "places",
    "core",
    "brand",
    "trade",
    "brand_first",
    "brand_last",
    "head",
    "ends",
    "bag",
    "sounds",
    "bare",
    "form",
    "branch",
    "figures",
)
"""``place`` is the narrowest place named, ``places`` all of them from wide to narrow with ``|`` on both sides of each;
``core`` is brand and trade, ``head`` its first two characters, ``ends`` its first and its last two, ``bag`` its
characters once each in a fixed order, ``sounds`` its pinyin without tones; ``bare`` is what a name without a core has
instead: its places, form and branch; ``branch`` and ``figures`` are never empty: ``-`` says none."""

NONE = "-"
"""What ``branch`` and ``figures`` hold where a name has none: having none is something to agree on."""

_ENDS = 3
"""A core of more characters has two ends that a slip between them leaves alone."""

CHUNK = 20_000
"""Names a process takes at a time."""

Row: TypeAlias = "tuple[str | None, ...]"


def columns_of(name: str) -> Row:
    """Return the values of ``COLUMNS`` for one name. Total: every text has them.

    >>> columns_of("昆山禾映科技有限公司苏州分公司")[3:6], columns_of("昆山禾映科技有限公司")[9:12]
    (('禾映科技', '禾映', '科技'), ('禾映科技', '技映禾科', 'he ying ke ji'))
    """
    folded = fold_name(name)
    reading = read_usual(folded.translate(usual_characters()))
    core, brand = reading.core, reading.brand
    shorts = [one.short for one in sorted(reading.places, key=lambda one: len(one.above))]
    places = "|" + "|".join(dict.fromkeys(shorts)) + "|" if shorts else None
    return (
        folded or None,
        shorts[-1] if shorts else None,
        places,
        core or None,
        brand or None,
        core[len(brand) :] or None,
        brand[:1] or None,
        brand[-1:] or None,
        core[:2] or None,
        core[:2] + core[-2:] if len(core) > _ENDS else None,
        "".join(sorted(set(core))) or None,
        " ".join(map(_sound, core)) or None,
        None if core else f"{places or NONE}{reading.form_text}|{reading.unit}",
        reading.form_text or None,
        reading.unit or NONE,
        "|".join(figures(folded)) or NONE,
    )


@cache
def _sound(character: str) -> str:
    """Return a character's first reading, the same for all that share their readings' first; itself when unread."""
    return min(syllables().get(character, (character,)))


def table_of(numbered: Sequence[str], first: int) -> pa.Table:
    """Return names with their columns as an Arrow table; row numbers count from ``first``."""
    rows = [columns_of(name) for name in numbered]
    data: dict[str, object] = {"row": range(first, first + len(rows)), "name": list(numbered)}
    data |= {key: [row[place] for row in rows] for place, key in enumerate(COLUMNS)}
    fields = [("row", pa.int64()), ("name", pa.string()), *((key, pa.string()) for key in COLUMNS)]
    return pa.table(data, schema=pa.schema(fields))


def tables_of(names: Sequence[str], told: Callable[[int], None], workers: Executor | None = None) -> Iterator[pa.Table]:
    """Yield the names' tables in order, made by ``workers`` where there are many; ``told`` hears rows done."""
    starts = range(0, len(names), CHUNK)
    parts = [names[start : start + CHUNK] for start in starts]
    use = workers if len(parts) > 1 else None
    for table in use.map(table_of, parts, starts) if use else map(table_of, parts, starts):
        yield table
        told(table.num_rows)


def pool() -> ProcessPoolExecutor:
    """Return processes for work in pure Python. Started afresh: a database's threads must not be copied."""
    return ProcessPoolExecutor(os.cpu_count() or 1, multiprocessing.get_context("spawn"))
