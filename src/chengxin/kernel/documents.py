"""Document numbers (文书号): one normal form to show, one key to compare.

Departments write the year of ``苏昆市监处罚〔2026〕12号`` in a dozen kinds of brackets, in two widths, with
spaces and many kinds of dash. GB/T 9704-2012 wants hexagonal brackets 〔〕; the Supreme People's Court's rule
on case numbers (法〔2015〕137号) wants round ones, year first. The key ignores all of that, so a fact
that was corrected away cannot come back under other brackets.

>>> normalise_document_number("苏昆市监处罚 [2026] 12 号")
'苏昆市监处罚〔2026〕12号'
>>> document_key("苏昆市监处罚（２０２６）１２号") == document_key("苏昆市监处罚〔2026〕12号")
True
"""

import re
from string import ascii_lowercase
from typing import Final

from chengxin.kernel.text import (
    HORIZONTAL_SPACES,
    LINE_BREAKS,
    RADICALS,
    READING_PAIRS,
    fold_for_reading,
    map_radicals_sql,
    sql_literal,
    translate_sql,
)

OPENING: Final = "([{<〔【《〈〖〘〚⟨⟦⟮❨❲﹙﹛﹝︵︷︹︻︽︿"
CLOSING: Final = ")]}>〕】》〉〗〙〛⟩⟧⟯❩❳﹚﹜﹞︶︸︺︼︾﹀"
DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e3a\u2e3b\u2500\u2501\ufe31\ufe32\ufe58\ufe63"


def _folding_pairs() -> dict[str, str]:
    """Map every character a document number may be typed with to its plain form; '' deletes."""
    shapes = {
        **dict.fromkeys(OPENING, "("),
        **dict.fromkeys(CLOSING, ")"),
        **dict.fromkeys(DASHES, "-"),
    }
    folded = {source: shapes.get(narrow, narrow) for source, narrow in READING_PAIRS.items()}
    pairs = {**folded, **shapes, **dict.fromkeys(HORIZONTAL_SPACES + LINE_BREAKS, "")}
    return {source: target for source, target in pairs.items() if source != target}


_PAIRS: Final = _folding_pairs()
_KEY_PAIRS: Final = {
    **{source: target.upper() if target in ascii_lowercase else target for source, target in _PAIRS.items()},
    **{letter: letter.upper() for letter in ascii_lowercase},
}
_PLAIN: Final = str.maketrans({**RADICALS, **_PAIRS})
_KEY: Final = str.maketrans({**RADICALS, **_KEY_PAIRS})
_DASH_RUN: Final = re.compile("--+")
_YEAR: Final = re.compile(r"\(((?:19|20)[0-9]{2})\)")
_DISPLAY_BRACKETS: Final = str.maketrans("()", "（）")


def normalise_document_number(text: str) -> str:
    """Give the normal form of a document number: the one to store beside the original and to show.

    Spaces, line breaks and invisible characters go; letters and digits become narrow; a run of dashes
    becomes one ``-``; CJK radicals become ideographs; a bracketed year of 1900 to 2099 stands in 〔〕
    whatever brackets it came in, matching or not; other brackets become （）. A year at the very start that
    came in round brackets keeps round ones, as court case numbers do. Case, leading zeros, 第 and 号 stay.
    Idempotent; accepts every string; raises nothing.

    Args:
        text: what the department wrote; an empty string gives an empty string.

    >>> normalise_document_number("(2026)苏0583民初1号")
    '（2026）苏0583民初1号'
    """
    plain = _DASH_RUN.sub("-", text.translate(_PLAIN))
    starts_round = fold_for_reading(text).startswith("(")

    def year(match: re.Match[str]) -> str:
        round_ones = match.start() == 0 and starts_round
        return match.group() if round_ones else f"〔{match.group(1)}〕"

    return _YEAR.sub(year, plain).translate(_DISPLAY_BRACKETS)


def document_key(text: str) -> str:
    """Give the key under which two spellings of one document number are equal.

    Beyond the normal form it makes every bracket one kind and ASCII letters upper case. Numbers that differ
    in a digit, a leading zero, 第 or 号 keep different keys: to join those is an officer's decision. Compare
    keys together with the issuing organ. Idempotent; accepts every string; raises nothing.

    >>> document_key("szhb－〔2026〕—1号")
    'SZHB-(2026)-1号'
    """
    return _DASH_RUN.sub("-", text.translate(_KEY))


def document_key_sql(column: str) -> str:
    """Write ``document_key`` as a DuckDB expression over a VARCHAR expression; NULL stays NULL.

    Numbers made of ideographs, capitals, digits, spaces and the common brackets, nearly all, take a chain of
    replacements instead of the slow general translation.
    """
    guard = sql_literal(r"[ A-Z0-9()\[\]（）〔〕\x{4E00}-\x{9FFF}-]*")
    fast = column
    for source, target in (*zip("[（〔", "(((", strict=True), *zip("]）〕", ")))", strict=True), (" ", "")):
        fast = f"replace({fast}, {sql_literal(source)}, {sql_literal(target)})"
    slow = translate_sql(map_radicals_sql(column), _KEY_PAIRS)
    mapped = f"CASE WHEN regexp_full_match({column}, {guard}) THEN {fast} ELSE {slow} END"
    return f"regexp_replace({mapped}, '--+', '-', 'g')"
