"""Compare what tells a body from others of its place: 字号 and 行业.

The two texts are compared character by character; where they differ, the parse of either name says whether the
difference lies in the brand or in the trade, and a slip is judged more strictly in the brand than in the trade. Two
trades that are both read whole are compared word by word: 食品 and 饰品 sound alike and are two trades.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.kernel.names.regions import Relation, relate
from chengxin.kernel.names.slips import Slip, find_slips, trim
from chengxin.kernel.names.spelling import is_spelling, latin_letters
from chengxin.kernel.names.tables import doubled_on_purpose, place_words, trade_fields, used_in_brands, usual_in_names

if TYPE_CHECKING:
    from chengxin.kernel.names.parsing import Reading
    from chengxin.kernel.names.reasons import Findings

_EXPLAINED = frozenset({"homophone", "lookalike"})
_SHORT_BRAND = 2
_LONG_BRAND = 3
_LONGER_BRAND = 4
_EVIDENCE = 3
_LEAST_EVIDENCE = 2
_GENERAL = "general"
_SCARCE = "joint_stock"
_COUNTY_LENGTHS = (2, 3)


def compare_cores(a: Reading, b: Reading, findings: Findings) -> None:
    """Add the reasons that brand and trade of two names give."""
    if a.core == b.core:
        return
    if not a.core or not b.core:
        findings.add("brand_unclear", f"“{a.core or b.core}”")
    elif a.brand == b.brand:
        compare_trades(a, b, findings)
    elif latin_letters(a.core) != latin_letters(b.core) and _compare_spelling(a, b, findings):
        return
    else:
        slips = find_slips(a.core, b.core)
        if slips is None:
            _add_unrelated(a, b, findings)
        else:
            judge_slips(a, b, slips, findings)


def compare_trades(a: Reading, b: Reading, findings: Findings) -> None:
    """Add the reason that two trades give which are both read whole."""
    if a.trade == b.trade:
        return
    x, y = trim(a.trade, b.trade)
    if not x or not y:
        findings.add("trade_missing", x or y)
        return
    ours = {trade_fields()[word] for word in a.words if word not in b.words} - {_GENERAL}
    theirs = {trade_fields()[word] for word in b.words if word not in a.words} - {_GENERAL}
    near = bool(ours & theirs) or not (ours or theirs)
    findings.add("trade_near" if near else "trade_differs", a.trade, b.trade)


def _compare_spelling(a: Reading, b: Reading, findings: Findings) -> bool:
    """Compare a brand in characters with one in letters; tell whether that is what the names differ in."""
    x, y = trim(a.core, b.core)
    letters, characters = (x, y) if latin_letters(x) else (y, x)
    if latin_letters(letters) != letters or not characters or latin_letters(characters):
        return False
    if not is_spelling(letters, characters):
        findings.add("other_script")
    else:
        findings.add("brand_spelled", characters, letters)
        if not (a.places and b.places and a.trade == b.trade and a.trade):
            findings.add("brand_thin", letters)
    return True


def _add_unrelated(a: Reading, b: Reading, findings: Findings) -> None:
    findings.add("brand_differs", a.brand, b.brand)
    if a.words and b.words:
        ours, theirs = {trade_fields()[one] for one in a.words}, {trade_fields()[one] for one in b.words}
        if not ours & theirs:
            findings.add("trade_differs", a.trade, b.trade)


def judge_slips(a: Reading, b: Reading, slips: tuple[Slip, ...], findings: Findings) -> None:
    """Add the reasons that slips in brand or trade give."""
    zones = [_zone(a, b, slip) for slip in slips]
    in_brand = tuple(slip for slip, zone in zip(slips, zones, strict=True) if zone == "brand")
    in_trade = tuple(slip for slip, zone in zip(slips, zones, strict=True) if zone in {"trade", "edge"})
    if in_brand:
        _judge_brand(a, b, in_brand, len(slips), findings)
    if in_trade:
        lost = sum(slip.kind == "lost" for slip in in_trade)
        plain = lost <= 1 and "edge" not in zones and all(slip.kind != "other" or is_unusual(slip) for slip in in_trade)
        findings.add_slips("trade_misspelt" if plain else "trade_unclear", in_trade)
    if "words" in zones:
        compare_trades(a, b, findings)


def _judge_brand(a: Reading, b: Reading, slips: tuple[Slip, ...], in_all: int, findings: Findings) -> None:
    """Judge slips in the brand: a slip that typing does not explain is a difference."""
    length = min(len(a.brand), len(b.brand))
    carried = _agree_otherwise(a, b, in_all)
    open_ones = [slip for slip in slips if not (_explains(slip, length) or (carried and _is_damaged(slip)))]
    if _begin_in_two_counties(a.core, b.core):
        open_ones = list(slips)
    if open_ones:
        extra_in_front = all(slip.kind == "lost" for slip in slips) and not min(slips[-1].at, slips[-1].at_other)
        if len(slips) == 1 or extra_in_front or (len(open_ones) == 1 and length >= _LONGER_BRAND):
            findings.add_slips("brand_unclear", slips)
        else:
            findings.add("brand_differs", a.brand, b.brand)
        return
    if len(slips) > 1 and length < _LONGER_BRAND:
        findings.add_slips("brand_unclear", slips)
        return
    findings.add_slips("brand_misspelt", slips)
    agreeing = min(len(a.core), len(b.core)) - in_all + sum(not (slip.x and slip.y) for slip in slips)
    if agreeing < _needed(a, b):
        findings.add_slips("brand_thin", slips)


def _begin_in_two_counties(x: str, y: str) -> bool:
    """Tell whether two texts begin in the names of two counties, which may sound alike: 涞源 and 莱源."""
    table = place_words()
    return any(x[:length] != y[:length] and {x[:length], y[:length]} <= table for length in _COUNTY_LENGTHS)


def _needed(a: Reading, b: Reading) -> int:
    """Give how many characters of brand and trade must agree beside a slip: fewer, the more the rest of the names says.

    Joint-stock companies and groups are few: beside their form a place, or a second character of the brand, is enough.
    """
    placed = bool(a.places and b.places)
    scarce = a.form_text == b.form_text and a.form is not None and (a.form.group or a.form.kind == _SCARCE)
    if scarce and placed:
        return _LEAST_EVIDENCE - 1
    told = placed or scarce or a.words or b.words
    return _LEAST_EVIDENCE if told else _EVIDENCE


def _is_damaged(slip: Slip) -> bool:
    """Tell whether a character resembles one that brands use and is itself none: 江海 and 江河 are two brands."""
    return slip.kind == "resembling" and not {slip.x, slip.y} <= used_in_brands()


def is_unusual(slip: Slip) -> bool:
    """Tell whether one of two exchanged characters is one that names do not use, so that no other word is meant."""
    return bool(slip.x and slip.y) and not {slip.x, slip.y} <= usual_in_names()


def _agree_otherwise(a: Reading, b: Reading, slips: int) -> bool:
    """Tell whether two long names agree in place, trade and form, so that a character that resembles is a slip.

    Two firms of one trade, place and form whose brands differ in one character: in 1 of 200 such pairs the characters
    resemble one another by chance, as often as they sound alike.
    """
    if relate(a.places, b.places) not in {Relation.EQUAL, Relation.WIDENED}:
        return False
    agreeing = min(len(a.core), len(b.core)) - slips
    if not a.places:
        return agreeing - max(_general(a), _general(b)) / 2 >= _EVIDENCE
    same_form = a.form is not None and b.form is not None and a.form.kind == b.form.kind
    return agreeing >= (_LEAST_EVIDENCE if same_form else _EVIDENCE)


def _general(reading: Reading) -> int:
    """Count the characters of trade words that any firm may carry: 科技, 实业."""
    return sum(len(word) for word in reading.words if trade_fields()[word] == _GENERAL)


def _explains(slip: Slip, length: int) -> bool:
    """Tell whether a slip in a brand of this length is what typing makes: 金龙 and 龙金 are two brands."""
    if slip.kind == "doubled":
        return length >= _LONG_BRAND or (length == _SHORT_BRAND and (slip.x or slip.y) not in doubled_on_purpose())
    return slip.kind in _EXPLAINED or (slip.kind == "swapped" and length >= _LONG_BRAND)


def _zone(a: Reading, b: Reading, slip: Slip) -> str:
    """Say where a slip lies: in the ``brand``, in the ``trade``, or between two whole trade ``words``.

    A typing error breaks the word it falls into, so that one of the two parses ends later than the other. A character
    more at the ``edge`` of a whole word makes another word of it: 科技 and 科技园.
    """
    if slip.kind == "swapped":
        in_a, in_b = slip.at + 1 >= len(a.brand), slip.at_other + 1 >= len(b.brand)
        within = slip.at >= len(a.brand) and slip.at_other >= len(b.brand)
        return "words" if within else "trade" if in_a != in_b else "brand"
    if slip.x and slip.y:
        in_a, in_b = slip.at >= len(a.brand), slip.at_other >= len(b.brand)
        return "words" if in_a and in_b else "trade" if in_a or in_b else "brand"
    longer, shorter = (a, b) if slip.x else (b, a)
    at, at_shorter = (slip.at, slip.at_other) if slip.x else (slip.at_other, slip.at)
    if slip.kind == "doubled" and at_shorter > len(shorter.brand):
        return "trade"
    if at >= len(longer.brand):
        broken = len(shorter.brand) > _word_start(longer, at) + at_shorter - at
        return "trade" if broken else "words"
    if at_shorter <= len(shorter.brand):
        return "brand"
    return "edge" if shorter.words and _word_start(shorter, at_shorter) == at_shorter else "trade"


def _word_start(reading: Reading, at: int) -> int:
    start = len(reading.brand)
    for word in reading.words:
        if at < start + len(word):
            break
        start += len(word)
    return start
