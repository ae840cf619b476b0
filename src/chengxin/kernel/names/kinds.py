"""Compare the legal forms 组织形式 of two names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.kernel.names.forms import COMPANY_KINDS
from chengxin.kernel.names.slips import Slip, find_slips

if TYPE_CHECKING:
    from chengxin.kernel.names.parsing import Reading
    from chengxin.kernel.names.reasons import Findings

_BARE = "公司"
_LONG_FORM = len("有限公司")
_MOST_LOST = 2
_LONG_OR_SHORT = frozenset({"cooperative", "partnership"})


def settle_form(a: Reading, b: Reading, findings: Findings) -> bool:
    """See whether one slip inside the legal form is all that two names differ in, and say so if it is.

    A stray or swapped character in the form hides where the trade ends: 科技有限的公司, 纸股业份有限公司.
    """
    if a.form_text == b.form_text or a.core == b.core or a.lead != b.lead or a.inside != b.inside:
        return False
    clean, other = (a, b) if _is_cleaner(a, b) else (b, a)
    if clean.form is None or clean.form_misspelt or not _may_be_damaged(clean, other):
        return False
    x, y = _behind_lead(clean), _behind_lead(other)
    slips = find_slips(x, y)
    if not slips or not all(_inside(slip, len(x) - len(clean.form_text)) for slip in slips):
        return False
    if len(slips) > 1 and not _is_damage(slips, clean, other):
        return False
    findings.add("form_misspelt", *sorted((clean.form_text, y[slips[0].at_other :])))
    return True


def _is_cleaner(a: Reading, b: Reading) -> bool:
    return (not a.form_misspelt, len(a.form_text)) >= (not b.form_misspelt, len(b.form_text))


def _may_be_damaged(clean: Reading, other: Reading) -> bool:
    """Tell whether the other form may be the company form of the clean name, damaged."""
    if clean.form is None or clean.form.kind not in COMPANY_KINDS:
        return False
    return other.form is None or other.form.kind in COMPANY_KINDS


def _behind_lead(reading: Reading) -> str:
    return reading.brand + reading.trade_slice + reading.form_text


def _is_damage(slips: tuple[Slip, ...], clean: Reading, other: Reading) -> bool:
    """Tell whether several slips only damage a long form: nothing is put in, little is lost, and no other form appears.

    控股有限公司 and 有限公司 are no 股份有限公司 with slips; 股有份限公司 and 股份限有司 are.
    """
    plain = all(slip.kind != "other" and (slip.x or slip.kind == "doubled") for slip in slips)
    lost = sum(slip.kind == "lost" for slip in slips)
    bare = other.form is None or other.form_misspelt or other.form.text == _BARE
    return plain and bare and lost <= _MOST_LOST and len(clean.form_text) >= _LONG_FORM


def _inside(slip: Slip, form_start: int) -> bool:
    if slip.kind == "swapped":
        return slip.at + 1 >= form_start
    return slip.at >= form_start + (not slip.x)


def compare_forms(a: Reading, b: Reading, findings: Findings) -> None:
    """Add the reasons that the legal forms give."""
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
    elif x.converts and y.converts:
        findings.add("form_kind", a.form_text, b.form_text)
    else:
        findings.add("form_differs", a.form_text, b.form_text)
