"""Fold a name to the form in which two spellings of it are equal: width, case, brackets, spaces.

The Python function and the DuckDB expression share one table and give the same text for every input.
"""

from __future__ import annotations

from chengxin.kernel.text import TRIMMED, sql_literal

_WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_NARROW = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F))
_OPENING = "〔【［[｛{〈《「『﹝﹙⟨"
_CLOSING = "〕】］]｝}〉》」』﹞﹚⟩"
_DOTS = "•‧∙⋅・･．"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_DROPPED = TRIMMED
"""Spaces of every width, line breaks, direction marks and other signs that nobody sees."""


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = {ord(wide): narrow for wide, narrow in zip(_WIDE, _NARROW, strict=True)}
    table |= {ord(sign): "(" for sign in _OPENING} | {ord(sign): ")" for sign in _CLOSING}
    table |= {ord(dot): "·" for dot in _DOTS} | {ord(blank): None for blank in _DROPPED}
    table |= {ord(letter): letter.upper() for letter in _LOWER}
    table |= {ord(letter) + 0xFEE0: letter.upper() for letter in _LOWER}
    return table


_FOLDING = _table()


def fold_name(name: str) -> str:
    """Return ``name`` without spaces, in half width, with round brackets and capitals; the length may shrink.

    >>> fold_name("昆山 市ＡＢ科技〔江苏〕有限公司")
    '昆山市AB科技(江苏)有限公司'
    """
    return name.translate(_FOLDING)


def fold_name_sql(column: str) -> str:
    """Return the DuckDB expression that folds the text of ``column`` as ``fold_name`` does."""
    kept = [(chr(code), text) for code, text in _FOLDING.items() if text is not None]
    source = "".join(sign for sign, _ in kept) + _DROPPED
    target = "".join(text for _, text in kept)
    return f"translate({column}, {sql_literal(source)}, {sql_literal(target)})"
