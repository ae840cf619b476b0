"""Fold the many spellings of one header, or of one code, into one key for comparing.

Departments write ``ＸＫ＿ＷＳＨ``, ``*法定代表人`` and 有效期自（YYYY/MM/DD） for what the standard says:
width, spaces, case, brackets, stars and trailing notes carry no meaning. A unit does: a column in 元 read as
万元 is wrong by four digits, so the unit is handed back beside the key.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_BRACKETS = str.maketrans("【〔[〈《「﹝{", "((((((((") | str.maketrans("】〕]〉》」﹞}", "))))))))")
_STARS = "*※#"
_DROPPED = re.compile(r"[()_\-‐‑‒–—―~·•./\\:;,、'\"“”‘’*※#|+]")
_LAST_GROUP = re.compile(r"\(([^()]*)\)$")
_FIRST_GROUP = re.compile(r"^\(([^()]*)\)")
_NOTE = re.compile(
    r"(?:(?:非|条件)?必(?:填|录|选).*|选填.*|(?:不|可|可以|不可|不能)为?空.*|格式.*|例如?:.*|如:.*|示例.*"
    r"|[ymdhs年月日时分秒/.:\-]+|[cnd][0-9]+(?:[,.][0-9]+)?|字符型?|数值型?|日期型|文本|[0-9]+字以内)"
)
_UNIT = re.compile(r"(?:单位:?)?(?:人民币)?([十百千万亿]*)(?:元|人民币|元人民币)")


@dataclass(frozen=True)
class FoldedHeader:
    """A header's key for comparing, and the unit of money it names (元, 万元 …) or None."""

    key: str
    unit: str | None


def _plain(text: str) -> str:
    """Fold width and case; drop every kind of space and every invisible character."""
    # Again after each step: case folding can undo a composition, and dropping a character can make one.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = (one for one in folded if not one.isspace() and unicodedata.category(one) not in {"Cf", "Cc"})
    return unicodedata.normalize("NFKC", "".join(seen))


@lru_cache(maxsize=8192)
def fold_header(text: str) -> FoldedHeader:
    """Fold a header cell; total over every text, and folding a key again gives the same key.

    >>> fold_header("＊罚款金额（单位：万元）（必填）")
    FoldedHeader(key='罚款金额', unit='万元')
    >>> fold_header("XK_XDR_MC").key
    'xkxdrmc'
    """
    rest = _plain(text).translate(_BRACKETS)
    unit: str | None = None
    while True:
        rest = rest.strip(_STARS)
        group = _LAST_GROUP.search(rest) or _FIRST_GROUP.search(rest)
        if group is None:
            break
        money = _UNIT.fullmatch(group.group(1))
        if money:
            unit = f"{money.group(1)}元"
        elif not _NOTE.fullmatch(group.group(1)):
            break
        rest = rest[: group.start()] + rest[group.end() :]
    return FoldedHeader(unicodedata.normalize("NFKC", _DROPPED.sub("", rest)), unit)


@lru_cache(maxsize=8192)
def fold_value(text: str) -> str:
    """Fold a coded value for comparing: width, case, spaces and invisible characters.

    >>> fold_value(" 罚　款 ")
    '罚款'
    """
    return _plain(text)
