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
from chengxin.kernel.names.kinds import compare_forms, settle_form
from chengxin.kernel.names.numerals import figures, with_digits
from chengxin.kernel.names.pairing import read_pair, reconcile, without_label
from chengxin.kernel.names.placing import compare_places
from chengxin.kernel.names.reasons import Findings
from chengxin.kernel.names.spelling import compare_foreign
from chengxin.kernel.names.tables import usual_characters
from chengxin.kernel.names.units import compare_units

if TYPE_CHECKING:
    from chengxin.kernel.names.model import NameComparison

_SIGNS = re.compile("[-‐‑‒–—―_·、，。,.;；:：'\"“”‘’!！?？/\\\\|~*#…`^=\u00ad\u200e\u200f\u202a-\u202e\u2061-\u2064]+")
_ROUND = str.maketrans("", "", "()")
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_CORE_SLIPS = ("brand_misspelt", "trade_misspelt")
_SLIPS = ("place_misspelt", *_CORE_SLIPS, "form_misspelt")
_LEAST_AGREEING = 3
_MOST_SLIPS = 2


def compare_names(a: str, b: str) -> NameComparison:
    """Compare two names. Total and symmetric: every pair has an answer, and the order does not matter.

    ``same`` means that the differences are those of writing and typing; it proposes, and an identifier attaches.
    Former names are the caller's business.

    >>> found = compare_names("昆山禾映科技有限公司", "昆山禾映科技有限公司苏州分公司")
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
    one, other = sorted((without_label(one), without_label(other)))
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
    a, b = read_pair(x, y, findings)
    compare_units(a, b, findings)
    if not _HAN.search(x) or not _HAN.search(y):
        findings.add("other_script")
        return
    if not settle_form(a, b, findings):
        a, b = reconcile(a, b)
        if not compare_places(a, b, findings):
            compare_cores(a, b, findings)
        compare_forms(a, b, findings)
    for one, other in ((a, b), (b, a)):
        if one.remark and one.remark != other.remark:
            findings.add("alias_ignored" if one.alias else "remark_ignored", one.remark)
    if _is_doubtful([reason.code for reason in findings.reasons], min(len(a.core), len(b.core))):
        findings.add("many_slips")
    if not findings.reasons:
        findings.add("written_alike")


def _is_doubtful(codes: list[str], core: int) -> bool:
    """Tell whether slips in several parts, each forgiven, are too many together: in a form they matter least."""
    in_core = sum(code in _CORE_SLIPS for code in codes)
    in_body = in_core + codes.count("place_misspelt")
    too_many = sum(code in _SLIPS for code in codes) > _MOST_SLIPS
    return too_many or (in_body == _MOST_SLIPS and core - in_core < _LEAST_AGREEING)


def _compare_figures(x: str, y: str, findings: Findings) -> None:
    ours, theirs = figures(x), figures(y)
    if ours == theirs:
        return
    if len(ours) == len(theirs):
        differing = next(pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1])
        findings.add("ordinal_differs", *differing)
    else:
        findings.add("ordinal_missing", "、".join(ours if len(ours) > len(theirs) else theirs))
