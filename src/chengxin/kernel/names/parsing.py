"""Read a name into its parts: 行政区划, 字号, 行业, 组织形式, and the branch behind its parent.

The naming rules order the parts so (企业名称登记管理规定, 国务院令第734号, art. 6); names older than the rules and
names of organs, schools and foreign bodies are read as far as they follow.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from chengxin.kernel.names.brackets import take_brackets
from chengxin.kernel.names.folding import fold_name
from chengxin.kernel.names.forms import find_form, is_group
from chengxin.kernel.names.model import ParsedName
from chengxin.kernel.names.regions import leading_places, places_only, trailing_place
from chengxin.kernel.names.tables import (
    Form,
    Place,
    branch_markers,
    forms,
    remarks,
    trade_fields,
    trade_lengths,
    usual_characters,
)

_SHORTEST_BRAND = 2
_INNER_COMPANY = re.compile("(?<![分支子])公司")
_PARENT_END = re.compile(
    "公司|银行|信用社|合作社|事务所|医院|大学|学院|学校|中学|小学|协会|学会|商会|研究院|集团|联合会|旅行社|出版社|局|厂"
)
_MONEY_HOUSE = re.compile("银行|信用社|联社")
_ORDINAL_END = re.compile("第?[0-9一二三四五六七八九十]+$")
_FOREIGN = re.compile("[A-Z][^\u3400-\u9fff]*$")
_ALIAS_BEHIND = re.compile("(?<=[\u3400-\u9fff])[A-Z][^\u3400-\u9fff]{3,}$")
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_SAYS = re.compile(r"\w")
_AGAIN = ("公司", "司", "有限公司", "有限责任公司", "股份有限公司")


class Reading(NamedTuple):
    """A name in usual characters, read for comparing; the parts are slices of ``text``, which has no brackets.

    Attributes:
        text: the name without its brackets.
        lead: what names places at the start.
        brand: 字号.
        words: the words of the trade 行业, without a place that stands among them.
        trade_slice: everything between brand and form, such a place included.
        form_text: the legal form as written, 集团 included.
        form: the legal form meant, or None.
        form_misspelt: whether the form is mistyped.
        group: whether the name calls the body a group, with or without brackets.
        branch: what names a branch behind the parent.
        unit: the branch, also where a bracket names it.
        remark: what stands behind the name and is no part of it; ``alias`` tells that it is a foreign name.
        alias: see ``remark``.
        leading: the places at the start, the widest first.
        inside: the places in brackets and inside the name.
        unknown_place: whether the last leading place is one that no table knows.
        others: contents of brackets that are neither place nor remark.
        core: brand and trade words, what tells the body from others of its place.
    """

    text: str
    lead: str
    brand: str
    words: tuple[str, ...]
    trade_slice: str
    form_text: str
    form: Form | None
    form_misspelt: bool
    group: bool
    branch: str
    unit: str
    remark: str
    alias: bool
    leading: tuple[Place, ...]
    inside: tuple[Place, ...]
    unknown_place: bool
    others: tuple[str, ...]
    core: str

    @property
    def trade(self) -> str:
        """Give the trade's words one after the other."""
        return self.core[len(self.brand) :]

    @property
    def places(self) -> tuple[Place, ...]:
        """Give all places named, those at the start first."""
        return self.leading + self.inside


def parse_name(text: str) -> ParsedName:
    """Read an organisation's name into its parts. Total: every text has an answer and none raises.

    >>> name = parse_name("昆山市禾映电子科技有限责任公司苏州分公司")
    >>> name.region, name.brand, name.trade, name.form, name.branch
    ('昆山市', '禾映', '电子科技', '有限责任公司', '苏州分公司')
    """
    folded = fold_name(text)
    usual = folded.translate(usual_characters())
    reading = read_usual(usual)
    plain = take_brackets(folded)
    at = len(reading.lead)
    brand = at + len(reading.brand)
    trade = brand + len(reading.trade_slice)
    form = trade + len(reading.form_text)
    branch = form + len(reading.branch)
    shorts = [one.short for one in sorted(reading.places, key=lambda one: len(one.above))]
    return ParsedName(
        plain.text[:at],
        plain.text[at:brand],
        plain.text[brand:trade],
        plain.text[trade:form],
        plain.text[form:branch],
        plain.contents,
        text,
        folded,
        _notes(reading, traditional=usual != folded, unclosed=plain.unclosed),
        plain.text[branch:],
        tuple(dict.fromkeys(shorts)),
    )


def _notes(reading: Reading, *, traditional: bool, unclosed: bool) -> tuple[str, ...]:
    noticed = (
        ("empty", not reading.text),
        ("traditional", traditional),
        ("form_misspelt", reading.form_misspelt),
        ("no_form", reading.form is None),
        ("place_inside", bool(reading.inside)),
        ("unknown_place", reading.unknown_place),
        ("unclosed_bracket", unclosed),
        ("foreign", bool(reading.text) and not _HAN.search(reading.text)),
    )
    return tuple([code for code, is_so in noticed if is_so])


def read_usual(usual: str, *, with_form: bool = True) -> Reading:
    """Read a folded name in usual characters into what comparing needs; without form if the caller knows of none."""
    plain = take_brackets(usual)
    body, branch, remark = _split_tail(plain.text)
    form, form_length, misspelt = find_form(body) if with_form else (None, 0, False)
    rest = body[: len(body) - form_length]
    lead, leading, unknown = leading_places(rest)
    brand, words, inside, trade_slice = _brand_and_trade(rest[lead:])
    bracketed = _read_brackets(plain.contents) if plain.contents else _NO_BRACKETS
    return Reading(
        text=plain.text,
        lead=rest[:lead],
        brand=brand,
        words=words,
        trade_slice=trade_slice,
        form_text=body[len(body) - form_length :],
        form=form,
        form_misspelt=misspelt,
        group=bracketed.group or bool(form and form.group),
        branch=branch,
        unit=branch + bracketed.unit,
        remark=remark,
        alias=bool(remark) and bool(_FOREIGN.fullmatch(remark)),
        leading=leading,
        inside=inside + bracketed.places,
        unknown_place=unknown,
        others=bracketed.others,
        core=brand + "".join(words),
    )


class _Bracketed(NamedTuple):
    """What the brackets of a name hold: places, a branch, the word 集团, and texts that say anything else."""

    places: tuple[Place, ...]
    unit: str
    group: bool
    others: tuple[str, ...]


_NO_BRACKETS = _Bracketed((), "", group=False, others=())


def _read_brackets(contents: tuple[str, ...]) -> _Bracketed:
    found: list[Place] = []
    others: list[str] = []
    unit = ""
    group = False
    whole, starting = remarks()
    for content in contents:
        kind = whole.get(content)
        if kind is not None:
            group = group or kind == "group"
        elif is_group(content):
            group = True
        elif here := places_only(content):
            found += here
        elif content.endswith(branch_markers("always")):
            unit += content
        elif content and not content.startswith(tuple(text for text, _ in starting)) and not _is_alias(content):
            others.append(content)
    return _Bracketed(tuple(found), unit, group, tuple(others))


def _is_alias(text: str) -> bool:
    return bool(_FOREIGN.fullmatch(text)) and len(text) > len("ABC")


def _split_tail(text: str) -> tuple[str, str, str]:
    """Split a text into the body's own name, the branch behind it and the remark behind it."""
    company = _INNER_COMPANY.search(text, _SHORTEST_BRAND)
    if company:
        return _split_behind_company(text, company.end())
    if text.endswith(branch_markers("always")):
        marker = next(one for one in branch_markers("always") if text.endswith(one))
        start = len(text) if text.endswith(_forms_like(marker)) else _branch_start(text[: -len(marker)])
        return text[:start], text[start:], ""
    if text.endswith(branch_markers("after_form")):
        house = [one.end() for one in _MONEY_HOUSE.finditer(text, _SHORTEST_BRAND) if one.end() < len(text)]
        if house:
            return text[: house[-1]], text[house[-1] :], ""
    return text, "", ""


def _split_behind_company(text: str, end: int) -> tuple[str, str, str]:
    """Split a text whose first 公司 ends at ``end``; another company form behind it means that it was no parent's."""
    body, tail = text[:end], text[end:]
    if not tail or tail in _AGAIN or tail in remarks()[0] or _is_alias(tail) or not _SAYS.search(tail):
        return body, "", tail
    alias = _ALIAS_BEHIND.search(tail)
    if alias:
        return body, tail[: alias.start()], tail[alias.start() :]
    if tail.endswith("公司") and _INNER_COMPANY.search(tail):
        return text, "", ""
    return body, tail, ""


@cache
def _forms_like(marker: str) -> tuple[str, ...]:
    """Give the legal forms that end in a branch marker and are none: 街道办事处 is an organ of its own."""
    return tuple(text for text in forms() if text.endswith(marker) and text != marker)


def _branch_start(before: str) -> int:
    """Find where the branch begins, given the text before its marker: behind the parent, else with its place."""
    ends = [one.end() for one in _PARENT_END.finditer(before) if one.start() >= _SHORTEST_BRAND]
    if ends:
        return ends[-1]
    ordinal = _ORDINAL_END.search(before)
    start = ordinal.start() if ordinal else len(before)
    for _ in range(_SHORTEST_BRAND):
        place = trailing_place(before[:start])
        if place is None:
            break
        start = place.at
    return start


def _brand_and_trade(core: str) -> tuple[str, tuple[str, ...], tuple[Place, ...], str]:
    """Split what stands between place and form into brand, trade words, places inside, and the trade's slice.

    The trade is read from the end, the longest known word first. At least two characters stay with the brand, for
    no brand is shorter (企业名称登记管理规定 art. 8).
    """
    inside: list[Place] = []
    end = len(core)
    last = trailing_place(core)
    if last:
        inside.append(last.place)
        end = last.at
    at, words = _trade_words(core[:end])
    brand = core[:at]
    middle = trailing_place(brand) if words else None
    if middle:
        inside.append(middle.place)
        brand = brand[: middle.at]
    return brand, words, tuple(inside), core[len(brand) :]


def _trade_words(core: str) -> tuple[int, tuple[str, ...]]:
    at = len(core)
    words: list[str] = []
    lengths, fields = trade_lengths(), trade_fields()
    while at:
        known = next((n for n in lengths.get(core[at - 2 : at], ()) if n <= at and core[at - n : at] in fields), 0)
        if not known:
            break
        words.append(core[at - known : at])
        at -= known
    while at < _SHORTEST_BRAND and words:
        at += len(words.pop())
    return at, tuple(reversed(words))
