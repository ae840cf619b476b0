"""Folding of dirty text: what is normalised in silence, and what is only ever suggested.

Silent: full-width forms, ASCII case, white space, zero-width and direction marks, hyphens and dashes. None
    of these
can turn one code into another. Never silent: look-alikes such as O for 0, since a wrong guess names another
body.
"""

from functools import cache

from chengxin.kernel.identifiers.tables import lookalikes

# Written as code points: most of these characters cannot be seen in a source file.
_SPACES = (
    *range(0x09, 0x0E),
    *range(0x1C, 0x21),
    *(0x85, 0xA0, 0x1680),
    *range(0x2000, 0x200B),
    *(0x2028, 0x2029, 0x202F, 0x205F, 0x3000),
)
_INVISIBLE = (
    0xAD,
    0x61C,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x206A),
    0xFEFF,
)
_HYPHENS = (0x2D, *range(0x2010, 0x2016), 0x2043, 0x2212, 0xFE58, 0xFE63, 0xFF0D)
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_FULL_WIDTH_OFFSET = 0xFEE0

REMOVED = frozenset((*_SPACES, *_INVISIBLE, *_HYPHENS))
"""Code points that normalisation drops."""


def _ascii_upper(code: int) -> int:
    return code - 32 if ord("a") <= code <= ord("z") else code


REPLACED = {ord("a") + i: ord("A") + i for i in range(26)} | {
    wide: _ascii_upper(wide - _FULL_WIDTH_OFFSET) for wide in _FULL_WIDTH if wide not in REMOVED
}
"""Code points that normalisation replaces, by what replaces them."""

_TABLE: dict[int, int | None] = {**REPLACED, **dict.fromkeys(REMOVED)}


def normalise(text: str) -> str:
    """Fold width, ASCII case, spaces, zero-width characters and hyphens; leave everything else as it is.

    Only ASCII letters change case: Unicode's own upper case would turn a dotless i into I.

    >>> normalise(" ９１３２ 0583-187588026ｈ")
    '91320583187588026H'
    """
    return text.translate(_TABLE)


@cache
def _tables() -> tuple[dict[int, str], dict[int, str]]:
    return lookalikes()


def fold_lookalikes(code: str, digit_positions: range = range(0)) -> str:
    """Replace look-alikes by the character they stand for, more boldly at ``digit_positions`` (0-based).

    The result is a guess to show to a person, never a value to store.

    >>> fold_lookalikes("9132O583187588026H")
    '91320583187588026H'
    """
    anywhere, digits = _tables()
    return "".join(
        (digits if position in digit_positions else anywhere).get(ord(character), character)
        for position, character in enumerate(code)
    )
