"""The legal form 组织形式 at the end of a name, also where it was cut off or mistyped."""

from __future__ import annotations

from functools import cache

from chengxin.kernel.names.slips import looks_or_sounds_alike, resembles
from chengxin.kernel.names.tables import Form, form_lengths, forms

_JOINT_STOCK = "股份有限公司"
_COMPANY_FORMS = (_JOINT_STOCK, "有限责任公司", "有限公司")
_LONG_FORMS = (_JOINT_STOCK, "有限责任公司")
_MAY_BE_DAMAGED = frozenset({*_COMPANY_FORMS, "公司"})
COMPANY_KINDS = frozenset({"limited", "joint_stock", "company"})
"""Kinds of body that 公司, without more, may stand for."""
GROUP = "集团"
_HOLDING = ("控股", "参股", "持股")
_SHORTEST_CUT = 2


@cache
def damaged_forms() -> dict[str, Form]:
    """Give the company forms with one character lost, doubled or swapped, or cut off at the end of a field."""
    found: dict[str, Form] = {}
    for text in reversed(_COMPANY_FORMS):
        form = forms()[text]
        for place, character in enumerate(text):
            found.setdefault(text[:place] + text[place + 1 :], form)
            found.setdefault(text[:place] + character + text[place:], form)
            found.setdefault(text[:place] + text[place + 1 : place + 2] + character + text[place + 2 :], form)
            if place >= _SHORTEST_CUT:
                found.setdefault(text[:place], form)
    return {text: form for text, form in found.items() if text not in forms()}


def find_form(text: str) -> tuple[Form | None, int, bool]:
    """Find the legal form at the end of a text in usual characters; 集团 before a company form belongs to it.

    Returns:
        The form (None where there is none), the number of characters it takes, and whether it is mistyped.
    """
    exact = _exact(text)
    length, misspelt = len(exact), False
    if not exact or exact in _MAY_BE_DAMAGED:
        damaged = _find_damaged(text, exact)
        if damaged:
            exact, length = damaged
            misspelt = True
    if not exact:
        if len(text) > len(GROUP) + 1 and _one_slip(text[-len(GROUP) :], GROUP):
            return forms()[GROUP], len(GROUP), True
        return None, 0, False
    form = forms()[exact]
    if form.kind in COMPANY_KINDS and not form.group:
        rest = text[: len(text) - length]
        group = _group_at_end(rest)
        if group:
            joined = Form(GROUP + form.text, form.kind, group=True, converts=True)
            return joined, length + group, misspelt or rest[len(rest) - group :] != GROUP
    elif form.group and text[-length - 1 : -length] == GROUP[0]:
        return form, length + 1, True
    return form, length, misspelt


def _exact(text: str) -> str:
    table = forms()
    for length in form_lengths().get(text[-1:], ()):
        if text[-length:] in table:
            return text[-length:]
    return ""


def is_group(text: str) -> bool:
    """Tell whether a text is 集团, perhaps with a character mistyped or lost."""
    return text in (GROUP, *GROUP) or (len(text) == len(GROUP) and (text == GROUP[::-1] or _one_slip(text, GROUP)))


def _group_at_end(text: str) -> int:
    """Give how many characters at the end of a text are the word 集团, whole or mistyped."""
    if text.endswith(GROUP):
        return len(GROUP)
    if text.endswith(("集集团", "集团团")):
        return len(GROUP) + 1
    if len(text) > len(GROUP) + 1 and is_group(text[-len(GROUP) :]):
        return len(GROUP)
    return 0


def _find_damaged(text: str, exact: str) -> tuple[str, int] | None:
    if exact in _COMPANY_FORMS:
        before = text[-len(exact) - 1 : -len(exact)]
        if before and before in "有份股":
            return _from_table(text, exact)
        if exact == _JOINT_STOCK:
            return None
        start = len(text) - len(_JOINT_STOCK)
        if exact == "有限公司" and start >= 0 and (text[start] == "股") != (text[start + 1] == "份"):
            return _JOINT_STOCK, len(_JOINT_STOCK)
        return None
    return (
        _find_substituted(text, _LONG_FORMS, any_character=True)
        or _find_substituted(text, _COMPANY_FORMS, any_character=False)
        or _from_table(text, exact)
        or _find_substituted(text, _COMPANY_FORMS, any_character=True)
    )


def _from_table(text: str, exact: str) -> tuple[str, int] | None:
    table = damaged_forms()
    for length in range(min(len(_JOINT_STOCK) + 1, len(text)), max(len(exact), 1), -1):
        found = table.get(text[-length:])
        holding = text[-length - 1 : 1 - length] in _HOLDING and text[1 - length] != "份"
        if found and not holding:
            return found.text, length
    return None


def _find_substituted(text: str, meant: tuple[str, ...], *, any_character: bool) -> tuple[str, int] | None:
    for form in meant:
        length = len(form)
        end = text[-length:]
        if len(end) < length:
            continue
        wrong = [place for place in range(length) if end[place] != form[place]]
        if len(wrong) == 1 and (any_character or looks_or_sounds_alike(end[wrong[0]], form[wrong[0]])):
            return form, length
    return None


def _one_slip(written: str, meant: str) -> bool:
    wrong = [place for place in range(len(meant)) if written[place] != meant[place]]
    return len(wrong) == 1 and resembles(written[wrong[0]], meant[wrong[0]])
