"""Take persons' numbers out of free text: identity documents and telephones inside a penalty's wording.

The text of a decision about a body can carry the number of a person. What is published, and what is kept, has a mark in
its stead. The Python function and the DuckDB expression are built from one pattern (RE2 and ``re`` read it alike).

Source: 个人信息保护法 art. 6 and 28 (necessity; sensitive information); GB 11643 for the shape of a resident's number.
"""

from __future__ import annotations

import re
from typing import Final

from chengxin.kernel.text import sql_literal

MARK: Final = "[证件号码已隐去]"
PHONE_MARK: Final = "[电话已隐去]"

_DIGIT = "[0-9０-９]"
_EDGE = "[^0-9０-９]"
_DATE = f"(?:[1１][9９]|[2２][0０]){_DIGIT}{{2}}(?:[0０][1-9１-９]|[1１][0-2０-２])(?:[0-2０-２]{_DIGIT}|[3３][01０１])"
_RESIDENT = f"[1-9１-９]{_DIGIT}{{5}}{_DATE}{_DIGIT}{{3}}[0-9０-９XxＸｘ]"
# Several numbers may stand together, with a mobile telephone at their end: a list that lost its commas.
_MOBILE = f"[1１][3-9３-９]{_DIGIT}{{9}}"
_PERSON = f"(^|{_EDGE})(?:{_MOBILE})?(?:{_RESIDENT})+(?:{_MOBILE})?($|{_EDGE})"
# Area codes: 010, 02x and 03xx to 09xx; a subscriber's number begins with 2 to 9.
_AREA = f"[0０](?:[1１][0０]|[2２]{_DIGIT}|[3-9３-９]{_DIGIT}{{2}})"
_FIXED = f"{_AREA}[-－—]?[2-9２-９]{_DIGIT}{{6,7}}"
# A sum has its unit or its decimals behind it, and a document's number its year (in 〔〕) or 第 before it.
_PHONE_BEFORE = "[^0-9０-９A-Za-z〕第]"
_PHONE_AFTER = r"[^0-9０-９A-Za-z.．元万亿]|[.．](?:$|[^0-9０-９])|[万亿](?:$|[^0-9０-９元美])"
_PHONE = f"(^|{_PHONE_BEFORE})(?:{_MOBILE}|{_FIXED})($|{_PHONE_AFTER})"
_WORTH_A_LOOK = f"{_DIGIT}{{7}}"

_PATTERNS: Final = ((re.compile(_PERSON), MARK), (re.compile(_PHONE), PHONE_MARK))


def mask_persons(text: str) -> str:
    """Return ``text`` with residents' numbers and telephones replaced by a mark; other numbers stay.

    A number is a resident's by its shape, whatever its check character says: a mistyped one still leads to a person.
    A 统一社会信用代码 of digits alone that has a date where a birthday stands is masked with them: 1.2 % of such codes
    from before 2015 in a region whose code ends in 19 or 20, none elsewhere (200,000 drawn codes).

    >>> mask_persons("负责人张某（110101199001010015）承认上述事实")
    '负责人张某（[证件号码已隐去]）承认上述事实'
    """
    if re.search(_WORTH_A_LOOK, text) is None:
        return text
    for pattern, mark in _PATTERNS:
        # A sign between two numbers is the end of one and the beginning of the other: the second pass sees the rest.
        for _ in range(2):
            text = pattern.sub(rf"\g<1>{mark}\g<2>", text)
    return text


def mask_persons_sql(column: str) -> str:
    """Return the DuckDB expression that masks the text of ``column`` as ``mask_persons`` does."""
    masked = column
    for pattern, mark in ((_PERSON, MARK), (_PHONE, PHONE_MARK)):
        for _ in range(2):
            replacement = sql_literal(rf"\1{mark}\2")
            masked = f"regexp_replace({masked}, {sql_literal(pattern)}, {replacement}, 'g')"
    return f"(CASE WHEN regexp_matches({column}, {sql_literal(_WORTH_A_LOOK)}) THEN {masked} ELSE {column} END)"
