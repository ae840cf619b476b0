"""What the catalogue says: items, their fields, legal bases, generations and retention, as frozen values.

The row shape follows the local supplement catalogues that peer laws ask for (behaviour, source, degree of
publicity, sharing, retention, legal basis) and the national base catalogue 全国公共信用信息基础目录: what is
not in it may not be collected.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

EVERY = "*"
"""Stands for every generation in aliases and spellings."""


class SubjectKind(StrEnum):
    """Whom an item can be about (信用主体)."""

    LEGAL_PERSON = "legal_person"  # 法人
    UNINCORPORATED = "unincorporated"  # 非法人组织
    INDIVIDUAL_BUSINESS = "individual_business"  # 个体工商户
    PRACTITIONER = "practitioner"  # 重点职业从业人员, only in that capacity
    NATURAL_PERSON = "natural_person"  # 自然人


HUMAN = frozenset({SubjectKind.PRACTITIONER, SubjectKind.NATURAL_PERSON})
"""Kinds of subject who are people: nothing about them is scored, ranked or counted."""


class FieldType(StrEnum):
    """How a field's text is read."""

    TEXT = "text"
    CODE = "code"  # a code or number that is text: leading zeros count
    DATE = "date"
    AMOUNT = "amount"  # a decimal figure in the field's unit
    ENUM = "enum"  # one value (or several) of a code set
    USCC = "uscc"  # 统一社会信用代码, GB 32100


class Disclosure(StrEnum):
    """Who may see a field (公开属性)."""

    PUBLIC = "public"  # 社会公开
    SHARED = "shared"  # 政务共享
    RESTRICTED = "restricted"  # 授权查询
    NEVER = "never"  # 不公开、不共享


class Nature(StrEnum):
    """What an item's facts say about a body; negative facts have a cap on how long they are kept."""

    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    POSITIVE = "positive"


class BasisKind(StrEnum):
    """Rank of a legal basis; which ranks are enough is data, see ``Safeguards``."""

    LAW = "law"  # 法律
    REGULATION = "regulation"  # 行政法规
    STATE_DOCUMENT = "state_document"  # 党中央、国务院文件
    LOCAL_REGULATION = "local_regulation"  # 地方性法规
    DEPARTMENT_RULE = "department_rule"  # 部门规章及规范性文件


@dataclass(frozen=True)
class LegalBasis:
    """A rule that orders or allows the item, with the days it is in force (both inclusive).

    ``organs`` names the organs the rule allows to hold or receive the fact; an item about natural persons
    needs a rule that names them.
    """

    name: str
    article: str
    kind: BasisKind
    number: str
    from_day: date
    until_day: date | None
    organs: tuple[str, ...] = ()
    note: str = ""

    def in_force(self, on: date) -> bool:
        """Whether the rule is in force on a day."""
        return self.from_day <= on and (self.until_day is None or on <= self.until_day)


@dataclass(frozen=True)
class Generation:
    """One generation of an item's field list, and when it was the current one.

    The days order the generations and explain old files; a file in an older list is still recognised.
    """

    key: str
    from_day: date
    until_day: date | None
    source: str
    note: str = ""


@dataclass(frozen=True)
class ItemVersion:
    """One dated version of an item's definition."""

    version: int
    from_day: date
    note: str
    source: str


@dataclass(frozen=True)
class RequiredIf:
    """A field must be filled when another holds one of some values (codes of its code set)."""

    field: str
    values: tuple[str, ...]
    generations: frozenset[str]
    note: str = ""


@dataclass(frozen=True)
class Field:
    """One field of an item.

    Attributes:
        key: name in code and storage.
        label: Chinese name, as officers know it.
        label_en: English name.
        type: how its text is read.
        max_length: longest text in characters, or None where no table states one.
        required: generations whose list marks the field as required.
        required_if: condition under which it is required.
        code_set: key of the code set of an ``enum`` field.
        multiple: whether several values of the code set may stand in one cell.
        unit: unit of an ``amount``, e.g. 万元.
        disclosure: who may see it.
        public_for: kinds of subject whose value is public; None means every kind of the item.
        keep: false when the value is dropped on arrival and never stored.
        pattern: regular expression the normalised text must match in full, or None.
        content_kind: what kind of content its author declares, e.g. ``identity_number``; None if ordinary.
        aliases: header names by generation; ``*`` means every generation.
        source: standard or table the definition was read in.
        note: anything uncertain about it.
    """

    key: str
    label: str
    label_en: str
    type: FieldType
    max_length: int | None
    required: frozenset[str]
    required_if: RequiredIf | None
    code_set: str | None
    multiple: bool
    unit: str | None
    disclosure: Disclosure
    public_for: tuple[SubjectKind, ...] | None
    keep: bool
    pattern: str | None
    content_kind: str | None
    aliases: Mapping[str, tuple[str, ...]]
    source: str = ""
    note: str = ""

    def names_in(self, generation: str) -> tuple[str, ...]:
        """Header names that mean this field in one generation; empty when that list does not have it."""
        return self.aliases.get(EVERY, ()) + self.aliases.get(generation, ())

    def is_public_for(self, kind: SubjectKind) -> bool:
        """Whether the value may be published for a subject of this kind."""
        if self.disclosure is not Disclosure.PUBLIC:
            return False
        return self.public_for is None or kind in self.public_for


@dataclass(frozen=True)
class OneOf:
    """A group of fields of which at least one must be filled, e.g. the identifiers of a body."""

    key: str
    label: str
    label_en: str
    fields: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True)
class Roles:
    """Which field plays which part, by field key; None where the item has no such part.

    ``title`` heads a fact on a page; ``title_otherwise`` serves where an older list lacks it.
    """

    subject_name: str | None
    title: str | None
    title_otherwise: str | None
    document_number: str | None
    decided_on: str | None
    valid_from: str | None
    valid_until: str | None
    issuer_name: str | None
    issuer_code: str | None

    def as_dict(self) -> dict[str, str | None]:
        """The roles by name, in a fixed order."""
        return {name: getattr(self, name) for name in ROLE_NAMES}


ROLE_NAMES = tuple(Roles.__dataclass_fields__)


@dataclass(frozen=True)
class Retention:
    """How long a fact is kept: years from the day that ``counted_from`` describes.

    ``years`` is None when the item does not state it, which the lint refuses.
    """

    years: int | None
    counted_from: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class Item:
    """One catalogue item: a kind of fact that may be collected, with everything the law says about it."""

    key: str
    name: str
    name_en: str
    description: str
    nature: Nature
    subject_kinds: tuple[SubjectKind, ...]
    double_publicity: bool
    disclosure: Disclosure
    versions: tuple[ItemVersion, ...]
    generations: tuple[Generation, ...]
    fields: tuple[Field, ...]
    one_of: tuple[OneOf, ...]
    legal_bases: tuple[LegalBasis, ...]
    roles: Roles
    retention: Retention
    ignored_headers: tuple[str, ...] = ()

    @property
    def retention_years(self) -> int | None:
        """Years a fact is kept, or None when not stated."""
        return self.retention.years

    def field(self, key: str) -> Field:
        """The field with this key; raises ``KeyError`` naming the item when there is none."""
        for one in self.fields:
            if one.key == key:
                return one
        raise KeyError(f"事项“{self.name}”没有字段 {key} / item '{self.key}' has no field '{key}'")

    def generation(self, key: str) -> Generation:
        """The generation with this key; raises ``KeyError`` naming the item when there is none."""
        for one in self.generations:
            if one.key == key:
                return one
        raise KeyError(f"事项“{self.name}”没有字段版本 {key} / item '{self.key}' has no generation '{key}'")

    def fields_in(self, generation: str) -> tuple[Field, ...]:
        """Fields that one generation's list has, in catalogue order."""
        return tuple(one for one in self.fields if one.names_in(generation))

    def required_in(self, generation: str) -> tuple[Field, ...]:
        """Fields that one generation's list marks as required whatever the other fields say."""
        return tuple(one for one in self.fields if generation in one.required)

    def public_fields(self, kind: SubjectKind | None = None) -> tuple[Field, ...]:
        """Fields that may be published: for one kind of subject, or (None) for at least one kind.

        A page about one body must pass its kind: an address is public for a company and not for an
        individual business.
        """
        kinds = self.subject_kinds if kind is None else (kind,)
        return tuple(one for one in self.fields if any(one.is_public_for(each) for each in kinds))

    def version_on(self, day: date) -> ItemVersion:
        """The version of the definition on a day; raises ``KeyError`` for a day before the first one."""
        found = [one for one in self.versions if one.from_day <= day]
        if not found:
            raise KeyError(
                f"事项“{self.name}”在 {day} 尚未列入目录 / item '{self.key}' is not in the catalogue on {day}"
            )
        return max(found, key=lambda one: one.from_day)

    def bases_in_force(self, on: date) -> tuple[LegalBasis, ...]:
        """Legal bases in force on a day."""
        return tuple(one for one in self.legal_bases if one.in_force(on))
