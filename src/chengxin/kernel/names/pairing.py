"""Read two names for comparing: what one shows plainly helps to read what the other has damaged."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from chengxin.kernel.names.forms import COMPANY_KINDS, GROUP
from chengxin.kernel.names.parsing import Reading, read_usual
from chengxin.kernel.names.slips import find_slips
from chengxin.kernel.names.tables import county_names, rows

if TYPE_CHECKING:
    from chengxin.kernel.names.reasons import Findings


@cache
def _labels() -> tuple[str, ...]:
    return tuple(row["text"] + ":" for row in rows("remarks.csv") if row["how"] == "label")


def without_label(text: str) -> str:
    """Take off the label of a form that was copied with the name: 单位名称：某某公司.

    >>> without_label("名称:昆山禾映科技有限公司")
    '昆山禾映科技有限公司'
    """
    for label in _labels() if ":" in text else ():
        if text.startswith(label) and len(text) > len(label):
            return text[len(label) :]
    return text


def read_pair(x: str, y: str, findings: Findings) -> tuple[Reading, Reading]:
    """Read two names; a bracket that is neither place nor remark is read as part of its name."""
    a, b = read_usual(x), read_usual(y)
    if a.others or b.others:
        a, b = _mend_brackets(a, b, findings), _mend_brackets(b, a, findings)
    if a.others or b.others:
        a, b = read_usual(_inline(x, a.others)), read_usual(_inline(y, b.others))
    return a, b


def reconcile(a: Reading, b: Reading) -> tuple[Reading, Reading]:
    """Read two names again where one shows 集团 or a company form that the other has lost."""
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
            one_slip = slips is not None and len(slips) == 1 and slips[0].kind != "other"
            if slips and one_slip and place not in reading.inside and content not in county_names():
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
    """Tell whether ``bare`` lost its company form and what it ends in belongs to the trade: 惠邻超市股份有限公司."""
    return (
        full.form is not None
        and bare.form is not None
        and full.form.kind in COMPANY_KINDS
        and bare.form.kind not in COMPANY_KINDS
        and full.core.endswith(bare.form_text)
    )


def _inline(text: str, contents: tuple[str, ...]) -> str:
    for content in contents:
        text = text.replace(f"({content})", content)
    return text
