"""The figures in a name: 第一 and 第1 are the same ordinal, 第一 and 第二 never are."""

from __future__ import annotations

import re
from functools import cache

from chengxin.kernel.names.tables import places, rows, trade_fields

_TEN = 10


@cache
def _values() -> dict[str, int]:
    digits = {str(value): value for value in range(10)}
    return digits | {row["character"]: int(row["value"]) for row in rows("numerals.csv")}


@cache
def _always() -> frozenset[str]:
    """Give the characters that are a figure wherever they stand."""
    return frozenset("0123456789") | {row["character"] for row in rows("numerals.csv") if row["role"] == "digit"}


@cache
def _runs() -> re.Pattern[str]:
    characters = "".join(_values())
    behind = "".join(row["character"] for row in rows("numerals.csv") if row["role"] == "formal")
    plain = "".join(one for one in characters if one not in behind)
    return re.compile(f"(?<=第)[{characters}]+|[{plain}]*[{''.join(sorted(_always()))}][{plain}]*")


def is_figure(character: str) -> bool:
    """Tell whether a character is a figure wherever it stands: 一 is, 万 is a character of good omen."""
    return character in _always()


def figures(text: str) -> tuple[str, ...]:
    """Give every run of figures in ``text`` as Arabic digits, from left to right.

    A run that is no well-formed number keeps its digits one by one behind a question mark, so that two different
    runs never become equal.

    >>> figures("昆山市第十二中学3号楼")
    ('12', '3')
    """
    if _always().isdisjoint(text) and "第" not in text:
        return ()
    return tuple(_value(run) for run in _runs().findall(_no_count().sub("", text)))


@cache
def _no_count() -> re.Pattern[str]:
    """Find the places and trades whose names hold a figure and count nothing: 四川, 九江, 五金."""
    words = [one for one in (*places(), *trade_fields()) if not _always().isdisjoint(one)]
    return re.compile(f"(?<!第)(?:{'|'.join(sorted(words, key=len, reverse=True))})")


def _value(run: str) -> str:
    if run.isascii():
        return run.lstrip("0") or "0"
    values = [_values()[one] for one in run]
    if all(value < _TEN for value in values):
        return "".join(map(str, values)).lstrip("0") or "0"
    total, pending, last_unit = 0, None, 10**6
    for value in values:
        if value < _TEN:
            if pending:
                return _unreadable(values)
            pending = value
        elif value >= last_unit or pending == 0:
            return _unreadable(values)
        else:
            total += (1 if pending is None else pending) * value
            pending, last_unit = None, value
    return str(total + (pending or 0))


def _unreadable(values: list[int]) -> str:
    return "?" + "-".join(map(str, values))


@cache
def _ordinals() -> re.Pattern[str]:
    return re.compile(f"第([{''.join(_values())}]+)")


def with_digits(text: str) -> str:
    """Write every ordinal behind 第 in digits, so that 第十二 and 第12 become one text.

    >>> with_digits("昆山市第十二中学")
    '昆山市第12中学'
    """
    if "第" not in text:
        return text
    return _ordinals().sub(lambda found: "第" + _value(found[1]), text)
