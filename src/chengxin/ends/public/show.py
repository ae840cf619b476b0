"""Facts and bodies as pages show them: labels from the catalogue, values in words, in the language of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from chengxin.catalogue import Catalogue, Disclosure, Field, FieldType, Item, SubjectKind, load_catalogue
from chengxin.ends.public.forms import mask_person_numbers
from chengxin.ends.public.site import speaks_english
from chengxin.kernel.clocks import publicity_period
from chengxin.kernel.identifiers import Uscc
from chengxin.kernel.publicity import PublicityRules, load_publicity_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chengxin.publication.queries import Fact

LICENCE = "licence"
PENALTY = "penalty"
REGISTRATION = "registration"
ITEMS = (LICENCE, PENALTY)
"""The items this end shows lists of, in this order."""

OPEN_END = date(2099, 12, 31)
"""The day departments write for "without end" (双公示 data standard)."""

_HEADED = {"subject_name", "uscc", "status"}
"""Fields of a registration that head its page and are not repeated below."""


_HEADS = ("document_number", "issuer_name", "decided_on")


@dataclass(frozen=True)
class Line:
    """One field on a page. ``text`` is ready to show; ``day`` is set for a date; ``chinese`` marks source text."""

    label: str
    text: str
    day: date | None = None
    chinese: bool = True
    code: bool = False


@dataclass(frozen=True)
class CodePart:
    """One section of a unified social credit code and its meaning."""

    text: str
    meaning: str


@cache
def catalogue() -> Catalogue:
    """Return the catalogue; it is read once for each process."""
    return load_catalogue()


@cache
def publicity_rules() -> PublicityRules:
    """Return the dated rules on publicity; they are read once for each process."""
    return load_publicity_rules()


def item_name(key: str) -> str:
    """Return an item's name in the language of the page; an item the catalogue no longer has keeps its key."""
    found = _item(key)
    return key if found is None else found.name_en if speaks_english() else found.name


def kind_name(kind: str) -> str:
    """Return the kind of a body in words; a kind this end does not know is called a body."""
    return {
        "enterprise": _("企业"),
        "individual_business": _("个体工商户"),
        "cooperative": _("农民专业合作社"),
        "institution": _("事业单位"),
        "social_organisation": _("社会组织"),
        "legal_person": _("法人"),
        "unincorporated": _("非法人组织"),
    }.get(kind, _("登记主体"))


def status_name(status: str) -> str:
    """Return a registration status in the language of the page, as it stands where the code set lacks it."""
    return _coded("registration_status", status) or _("未填报")


def code_parts(uscc: str) -> tuple[CodePart, ...]:
    """Return the sections of a code with their meanings; none for a code of another shape."""
    english = speaks_english()
    return tuple(CodePart(one.text, one.meaning_en if english else one.meaning_zh) for one in Uscc.parse(uscc).parts)


def grouped(uscc: str) -> str:
    """Return a code of eighteen characters in groups that can be read aloud (authority, region, body, check)."""
    return " ".join(part for part in (uscc[:2], uscc[2:8], uscc[8:17], uscc[17:]) if part)


def title(fact: Fact) -> str:
    """Return what heads a fact: the field its item names for that, else its document number."""
    found = _item(fact.item)
    keys = (found.roles.title, found.roles.title_otherwise) if found else ()
    texts = (fact.content.get(key) for key in keys if key and _is_public(found, key))
    return mask_person_numbers(next((text for text in texts if text), None) or fact.document_number)


def fact_lines(fact: Fact, kind: str) -> tuple[Line, ...]:
    """Return the public fields of a fact that hold something, in the order of the catalogue.

    Those that head the page (``heads``, the body's name and code) and the source unit are not repeated.
    """
    roles = _item_roles(fact.item)
    return _lines(fact.item, fact.content, kind, skipped={"subject_name", "uscc", "source_name", *roles.values()})


def heads(item: str) -> dict[str, str]:
    """Return the catalogue's labels for what heads a fact: its document number, issuing organ and day, by role."""
    found = _item(item)
    labels = {}
    for role, key in _item_roles(item).items():
        field = found.field(key) if found else None
        labels[role] = "" if field is None else field.label_en if speaks_english() else field.label
    return labels


def registration_lines(content: Mapping[str, str], kind: str) -> tuple[Line, ...]:
    """Return the public fields of a body's registration that hold something."""
    return _lines(REGISTRATION, content, kind, skipped=_HEADED)


def source_of(fact: Fact) -> str:
    """Return the unit that handed the fact in; the issuing organ where no other is named."""
    return mask_person_numbers(fact.content.get("source_name") or fact.issuer)


def tie_of(fact: Fact) -> str:
    """Say what ties the fact to its body: which code, or that a person found it; empty for facts from before that.

    Never who decided: the public reads that a person looked, and may object.
    """
    return {
        "uscc": _("按统一社会信用代码关联"),
        "organisation_code": _("按组织机构代码关联"),
        "registration_number": _("按工商注册号关联"),
        "tax_number": _("按税务登记号关联"),
        "decision": _("经人工核实关联"),
    }.get(fact.link or "", "")


def period_reason(fact: Fact, on_day: date) -> str:
    """Say in a sentence which rule sets how long a penalty is shown; empty for other items.

    The store's own dates decide what is shown; where the rules on file no longer give the same last day (the period
    was shortened, say by repair) the sentence about the rule would mislead and is left out.
    """
    if fact.item != PENALTY:
        return ""
    kinds = "；".join(filter(None, (fact.content.get(key) for key in ("penalty_kind", "penalty_kind_2"))))
    stated = _day(fact.content.get("public_until") or "")
    found = publicity_period(publicity_rules(), kinds, fact.decided_on, on=on_day, stated_until=stated)
    if found.until_day != fact.shown_until:
        return ""
    return found.reason_en if speaks_english() else found.reason_zh


def _lines(item: str, content: Mapping[str, str], kind: str, *, skipped: Iterable[str]) -> tuple[Line, ...]:
    found = _item(item)
    if found is None:
        return ()
    allowed = found.public_fields(_subject_kind(kind))
    return tuple(_line(one, content[one.key]) for one in allowed if content.get(one.key) and one.key not in skipped)


def _line(field: Field, held: object) -> Line:
    english = speaks_english()
    label = field.label_en if english else field.label
    text = mask_person_numbers(str(held))
    if field.type is FieldType.DATE:
        day = _day(text)
        if day is not None and day >= OPEN_END:
            return Line(label, _("长期"), chinese=False)
        return Line(label, text, day=day, chinese=day is None)
    if field.type is FieldType.AMOUNT:
        return Line(label, amount(text, field.unit or ""), chinese=False)
    if field.type is FieldType.ENUM and field.code_set:
        return Line(label, _several(field, text), chinese=False)
    return Line(label, text, code=field.type in {FieldType.CODE, FieldType.USCC})


def amount(text: str, unit: str) -> str:
    """Return an amount with its thousands parted and its unit; a text that is no figure stays as it is.

    >>> amount("12345.600000", "")
    '12,345.6'
    """
    try:
        figure = Decimal(text)
    except InvalidOperation:
        return text
    if not figure.is_finite():
        return text
    if speaks_english() and unit == "万元":  # English has no word for ten thousand yuan
        figure, unit = figure * 10_000, "yuan"
    whole, _point, rest = f"{figure:,f}".partition(".")
    written = f"{whole}.{rest}".rstrip("0").rstrip(".") if rest else whole
    return f"{written} {unit}".strip()


def _several(field: Field, text: str) -> str:
    """Return the values of a coded field in the language of the page."""
    code_set = field.code_set or ""
    if not field.multiple:
        return _coded(code_set, text)
    parts = [text]
    for separator in (*catalogue().code_set(code_set).separators, "；", "，"):
        parts = [piece for part in parts for piece in part.split(separator)]
    words = [_coded(code_set, part.strip()) for part in parts if part.strip()]
    return ("; " if speaks_english() else "；").join(words)


def _coded(code_set: str, text: str) -> str:
    found = catalogue().code_set(code_set).read(text)
    if found is None:
        return text
    label = found.value.label_en if speaks_english() else found.value.label
    return f"{label} - {found.annotation}" if found.annotation else label


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _item(key: str) -> Item | None:
    return next((one for one in catalogue().items if one.key == key), None)


def _item_roles(key: str) -> dict[str, str]:
    """Return the fields that play the parts which head a fact, by part."""
    found = _item(key)
    parts = found.roles.as_dict() if found else {}
    return {name: parts[name] or "" for name in _HEADS if parts.get(name)}


def _is_public(item: Item | None, key: str) -> bool:
    return item is not None and item.field(key).disclosure is Disclosure.PUBLIC


def _subject_kind(kind: str) -> SubjectKind:
    """Return the catalogue's kind of a body, for which some fields are not public (addresses, say)."""
    if kind in {one.value for one in SubjectKind}:
        return SubjectKind(kind)
    return {
        "enterprise": SubjectKind.LEGAL_PERSON,
        "cooperative": SubjectKind.LEGAL_PERSON,
        "institution": SubjectKind.LEGAL_PERSON,
        "social_organisation": SubjectKind.LEGAL_PERSON,
    }.get(kind, SubjectKind.INDIVIDUAL_BUSINESS)
