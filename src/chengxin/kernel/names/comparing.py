"""Compare two organisation names and say why.

Part against part: places may contain one another, legal forms may be long or short, brands must agree, trades must
not contradict, ordinals must be equal, and a branch is never its parent. Slips of typing and scanning are forgiven
where the rest of the name carries them. What a name cannot decide goes to a person (``review``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chengxin.kernel.names.cores import compare_cores
from chengxin.kernel.names.folding import fold_name
from chengxin.kernel.names.forms import COMPANY_KINDS, GROUP
from chengxin.kernel.names.numerals import figures, with_digits
from chengxin.kernel.names.parsing import Reading, read_usual
from chengxin.kernel.names.reasons import Findings
from chengxin.kernel.names.regions import Relation, relate
from chengxin.kernel.names.slips import find_slips
from chengxin.kernel.names.spelling import compare_foreign
from chengxin.kernel.names.tables import usual_characters
from chengxin.kernel.names.units import compare_units

if TYPE_CHECKING:
    from chengxin.kernel.names.model import NameComparison

_SIGNS = re.compile("[-‐‑‒–—―_·、，。,.;；:：'\"“”‘’!！?？/\\\\|~*#…`^=\u00ad\u200e\u200f\u202a-\u202e\u2061-\u2064]+")
_TWISTED = re.compile("(股|有)([^股份有限责任公司])(份有限公司|限公司|限责任公司)$")
_ROUND = str.maketrans("", "", "()")
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_LONG_OR_SHORT = frozenset({"cooperative", "partnership"})
_SLIPS = ("place_misspelt", "brand_misspelt", "trade_misspelt", "form_misspelt")
_SHORT_CORE = 5
_MOST_SLIPS = 2


def compare_names(a: str, b: str) -> NameComparison:
    """Compare two names. Total and symmetric: every pair has an answer, and the order does not matter.

    ``same`` means that the differences are those of writing and typing; it proposes, and an identifier attaches.
    Former names are the caller's business.

    >>> found = compare_names("昆山科森科技有限公司", "昆山科森科技有限公司苏州分公司")
    >>> found.verdict.value, found.reasons[0].code
    ('different', 'branch_and_parent')
    """
    findings = Findings()
    one, other = sorted((fold_name(a), fold_name(b)))
    if one == other and one:
        findings.add("identical" if a == b else "written_alike")
        return findings.conclude()
    table = usual_characters()
    one, other = sorted((one.translate(table), other.translate(table)))
    if one == other and one:
        findings.add("variant_characters")
        return findings.conclude()
    _compare_figures(one, other, findings)
    x, y = sorted((_SIGNS.sub("", one), _SIGNS.sub("", other)))
    bare_x, bare_y = x.translate(_ROUND), y.translate(_ROUND)
    if not bare_x or not bare_y:
        findings.add("empty")
    elif bare_x == bare_y:
        findings.add("written_alike")
    else:
        _compare_different(x, y, findings)
    return findings.conclude()


def _compare_different(x: str, y: str, findings: Findings) -> None:
    x, y = with_digits(x), with_digits(y)
    if not _HAN.search(x) and not _HAN.search(y):
        compare_foreign(x, y, findings)
        return
    a, b = _read_pair(x, y, findings)
    if _TWISTED.search(x) or _TWISTED.search(y):
        findings.add("form_misspelt", x[-len("纸股业份有限公司") :], y[-len("纸股业份有限公司") :])
    compare_units(a, b, findings)
    if not _HAN.search(x) or not _HAN.search(y):
        findings.add("other_script")
        return
    if not _compare_places(a, b, findings):
        compare_cores(a, b, findings)
    _compare_forms(a, b, findings)
    for one, other in ((a, b), (b, a)):
        if one.remark and one.remark != other.remark:
            findings.add("alias_ignored" if one.alias else "remark_ignored", one.remark)
    slips = sum(reason.code in _SLIPS for reason in findings.reasons)
    if slips > _MOST_SLIPS or (slips == _MOST_SLIPS and min(len(a.core), len(b.core)) < _SHORT_CORE):
        findings.add("many_slips")
    if not findings.reasons:
        findings.add("written_alike")


def _read_pair(x: str, y: str, findings: Findings) -> tuple[Reading, Reading]:
    """Read two names; a bracket that is neither place nor remark is read as part of its name."""
    a, b = read_usual(_untwist(x)), read_usual(_untwist(y))
    if a.others or b.others:
        a, b = _mend_brackets(a, b, findings), _mend_brackets(b, a, findings)
    if a.others or b.others:
        a, b = read_usual(_inline(x, a.others)), read_usual(_inline(y, b.others))
    if a.group != b.group:
        a, b = (a, _with_group(b)) if a.group else (_with_group(a), b)
    if _hides_form(a, b):
        b = read_usual(b.text, with_form=False)
    elif _hides_form(b, a):
        a = read_usual(a.text, with_form=False)
    return a, b


def _mend_brackets(reading: Reading, other: Reading, findings: Findings) -> Reading:
    """Read a bracket that holds the other name's place with a slip as that place."""
    for content in reading.others:
        for place in other.inside:
            slips = find_slips(content, place.short)
            if slips and len(slips) == 1 and slips[0].kind != "other" and place not in reading.inside:
                findings.add_slips("place_misspelt", slips)
                rest = tuple(one for one in reading.others if one != content)
                reading = reading._replace(inside=(*reading.inside, place), others=rest)
    return reading


def _with_group(reading: Reading) -> Reading:
    """Read a name again with the character that 集团 has lost; beside the name of a group it is no other word."""
    body = reading.text[: len(reading.text) - len(reading.remark) - len(reading.branch)]
    end = len(body) - len(reading.form_text)
    if reading.form is None or body[end - 1 : end] not in tuple(GROUP):
        return reading
    return read_usual(body[: end - 1] + GROUP + reading.text[end:])


def _hides_form(full: Reading, bare: Reading) -> bool:
    """Tell whether ``bare`` lost its company form and what it ends in belongs to the trade: 永辉超市股份有限公司."""
    return (
        full.form is not None
        and bare.form is not None
        and full.form.kind in COMPANY_KINDS
        and bare.form.kind not in COMPANY_KINDS
        and full.core.endswith(bare.form_text)
    )


def _untwist(text: str) -> str:
    """Put back a legal form whose first character changed places with the one before it: 纸股业份有限公司."""
    return _TWISTED.sub(r"\2\1\3", text)


def _inline(text: str, contents: tuple[str, ...]) -> str:
    for content in contents:
        text = text.replace(f"({content})", content)
    return text


def _compare_figures(x: str, y: str, findings: Findings) -> None:
    ours, theirs = figures(x), figures(y)
    if ours == theirs:
        return
    if len(ours) == len(theirs):
        differing = next(pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1])
        findings.add("ordinal_differs", *differing)
    else:
        findings.add("ordinal_missing", "、".join(ours if len(ours) > len(theirs) else theirs))


def _compare_places(a: Reading, b: Reading, findings: Findings) -> bool:
    """Add the reasons that the places give; tell whether they settle the comparison of the cores as well."""
    relation = relate(a.places, b.places)
    if _may_be_mistyped(a, b, relation) and _settle_by_text(a, b, findings):
        return True
    if relation is Relation.EQUAL and a.lead == b.lead and a.inside == b.inside:
        return False
    x, y = _told(a), _told(b)
    if relation is Relation.EQUAL:
        if {one.short for one in a.leading} != {one.short for one in b.leading}:
            findings.add("place_moved", x)
        elif a.lead != b.lead:
            findings.add("place_written", a.lead, b.lead)
        return False
    if relation is Relation.WIDENED:
        wide, narrow = (x, y) if len(a.places) > len(b.places) else (y, x)
        findings.add("place_widened", wide, narrow)
        return False
    if relation is Relation.MISSING:
        findings.add("place_missing", x if len(a.places) > len(b.places) else y)
    elif relation is Relation.NESTED:
        wide, narrow = (x, y) if _is_above(a, b) else (y, x)
        findings.add("place_nested", wide, narrow)
    else:
        findings.add("place_differs", x, y)
    return False


def _may_be_mistyped(a: Reading, b: Reading, relation: Relation) -> bool:
    """Tell whether a place may be mistyped: one name lacks it, or names one that no table knows."""
    if relation in {Relation.MISSING, Relation.NESTED}:
        return True
    if relation is Relation.DIFFERS:
        return a.unknown_place or b.unknown_place
    if a.core == b.core:
        return False
    twice = abs(len(a.core) - len(b.core)) == 1 and a.lead[-1:] in {a.core[:1], b.core[:1]}
    return a.lead != b.lead or twice


def _told(reading: Reading) -> str:
    return "".join(dict.fromkeys(one.short for one in reading.places))


def _is_above(a: Reading, b: Reading) -> bool:
    return any(one.short in other.above for one in a.places for other in b.places)


def _settle_by_text(a: Reading, b: Reading, findings: Findings) -> bool:
    """See whether a mistyped or unknown place explains that only one name seems to have it.

    龙南县某某 and 龙南某某 are equal once the administrative word is dropped; 昆出市某某 is 昆山市某某 with a slip.
    """
    if {one.short for one in a.inside} != {one.short for one in b.inside}:
        return False
    ours, theirs = _leads(a), _leads(b)
    for one_lead in ours:
        for other_lead in theirs:
            if a.leading and b.leading and ours.index(one_lead) != theirs.index(other_lead):
                continue
            slips = find_slips(one_lead + a.core, other_lead + b.core)
            if slips is None or len(slips) > 1:
                continue
            if not slips:
                findings.add("place_written", one_lead or a.core[:2], other_lead or b.core[:2])
                return True
            slip = slips[0]
            in_place = slip.at < len(one_lead) or slip.at_other < len(other_lead)
            in_place = in_place or (slip.kind == "doubled" and one_lead[-1:] == (slip.x or slip.y))
            named = max(len(one_lead), len(other_lead)) > len("昆山")
            if in_place and (slip.kind != "other" or named):
                findings.add_slips("place_misspelt", slips)
                return True
    return False


def _leads(reading: Reading) -> tuple[str, ...]:
    """Give the ways of writing the places at the start: as written, by short names, by the narrowest alone."""
    shorts = [one.short for one in reading.leading]
    return (reading.lead, "".join(shorts), "".join(shorts[-1:]))


def _compare_forms(a: Reading, b: Reading, findings: Findings) -> None:
    if a.group != b.group:
        findings.add("group_missing")
    x, y = a.form, b.form
    if x is None or y is None:
        form = x or y
        if form is not None:
            findings.add("form_missing" if form.kind in COMPANY_KINDS else "form_needed", form.text)
        return
    if a.form_text == b.form_text:
        return
    companies = x.kind in COMPANY_KINDS and y.kind in COMPANY_KINDS
    if x.kind == y.kind or (companies and "company" in {x.kind, y.kind}):
        if a.form_misspelt or b.form_misspelt:
            findings.add("form_misspelt", a.form_text, b.form_text)
        elif companies or x.kind in _LONG_OR_SHORT or x.text == y.text:
            findings.add("form_written", a.form_text, b.form_text)
        else:
            findings.add("form_kind", a.form_text, b.form_text)
    else:
        findings.add("form_kind", a.form_text, b.form_text)
