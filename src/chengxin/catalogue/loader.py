"""Build items and code sets from their YAML files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeVar

from chengxin.catalogue.codes import CodeSet, CodeValue
from chengxin.catalogue.model import (
    ROLE_NAMES,
    BasisKind,
    Disclosure,
    Field,
    FieldType,
    Generation,
    Item,
    ItemVersion,
    LegalBasis,
    Nature,
    OneOf,
    RequiredIf,
    Retention,
    Roles,
    SubjectKind,
)
from chengxin.catalogue.reading import CatalogueError, Section, read_section
from chengxin.catalogue.safeguards import PACKAGE_FOLDER, Safeguards, load_safeguards

if TYPE_CHECKING:
    from pathlib import Path


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


Keyed = TypeVar("Keyed", bound=_Keyed)


@dataclass(frozen=True)
class Catalogue:
    """Everything that may be collected: items and code sets by key, and the safeguards they obey."""

    items: tuple[Item, ...]
    code_sets: tuple[CodeSet, ...]
    safeguards: Safeguards

    def item(self, key: str) -> Item:
        """The item with this key; raises ``KeyError`` listing the known keys when there is none."""
        return _find(self.items, key, "目录中没有事项", "the catalogue has no item")

    def code_set(self, key: str) -> CodeSet:
        """The code set with this key; raises ``KeyError`` listing the known keys when there is none."""
        return _find(self.code_sets, key, "目录中没有代码集", "the catalogue has no code set")


def _find(among: tuple[Keyed, ...], key: str, message_zh: str, message_en: str) -> Keyed:
    for one in among:
        if one.key == key:
            return one
    known = ", ".join(one.key for one in among)
    raise KeyError(f"{message_zh} {key}（可用：{known}） / {message_en} '{key}' (known: {known})")


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read a catalogue: ``items/*.yaml`` and ``codes/*.yaml`` of a folder, or the package's own (cached).

    The safeguards are the package's in either case: a city may add items, not weaken what they obey.

    Raises:
        CatalogueError: a file is not well formed, or two files have one key.
    """
    return _own_catalogue() if folder is None else _read_catalogue(folder)


@lru_cache(maxsize=1)
def _own_catalogue() -> Catalogue:
    return _read_catalogue(PACKAGE_FOLDER)


def _read_catalogue(folder: Path) -> Catalogue:
    item_files = sorted((folder / "items").glob("*.yaml"))
    if not item_files:
        raise CatalogueError(
            "empty_catalogue",
            folder,
            "",
            "该目录下没有 items/*.yaml 事项文件。",
            "There is no items/*.yaml file in this folder.",
        )
    return Catalogue(
        items=_unique([(file, load_item(file)) for file in item_files]),
        code_sets=_unique([(file, load_code_set(file)) for file in sorted((folder / "codes").glob("*.yaml"))]),
        safeguards=load_safeguards(),
    )


def _unique(found: list[tuple[Path, Keyed]]) -> tuple[Keyed, ...]:
    seen: dict[str, Path] = {}
    for file, one in found:
        first = seen.setdefault(one.key, file)
        if first is not file:
            raise CatalogueError(
                "duplicate_key",
                file,
                "key",
                f"“{one.key}”已由 {first.name} 定义。",
                f"'{one.key}' is already defined by {first.name}.",
            )
    return tuple(one for _, one in found)


def load_item(file: Path) -> Item:
    """Read one item file.

    References between parts (roles, groups, code sets) are the lint's business, so that an item under
    work can be read, shown and compared.

    Raises:
        CatalogueError: unknown, missing or repeated key, or a value of the wrong type.
    """
    top = read_section(file)
    top.only(
        *(
            "key",
            "name",
            "name_en",
            "description",
            "nature",
            "double_publicity",
            "subject_kinds",
            "disclosure",
        ),
        *(
            "versions",
            "generations",
            "legal_bases",
            "retention",
            "roles",
            "one_of",
            "ignored_headers",
            "fields",
        ),
    )
    disclosure = top.choice("disclosure", Disclosure)
    generations = tuple(_generation(one) for one in top.sections("generations"))
    known = frozenset(one.key for one in generations)
    item = Item(
        key=top.text("key"),
        name=top.text("name"),
        name_en=top.text("name_en"),
        description=top.text("description").strip(),
        nature=top.choice("nature", Nature),
        subject_kinds=top.choices("subject_kinds", SubjectKind),
        double_publicity=top.flag("double_publicity"),
        disclosure=disclosure,
        versions=tuple(_version(one) for one in top.sections("versions")),
        generations=generations,
        fields=tuple(_field(one, disclosure, known) for one in top.sections("fields")),
        one_of=tuple(_one_of(one) for one in top.sections("one_of")),
        legal_bases=tuple(_basis(one) for one in top.sections("legal_bases")),
        roles=_roles(top.section("roles")),
        retention=_retention(top.section("retention")),
        ignored_headers=top.texts("ignored_headers"),
    )
    for part in ("subject_kinds", "versions", "generations", "fields"):
        if not getattr(item, part):
            raise top.wrong("missing_key", part, f"“{part}”不能为空。", f"'{part}' must not be empty.")
    _no_repeat(top, "fields", [one.key for one in item.fields])
    _no_repeat(top, "generations", [one.key for one in generations])
    _no_repeat(top, "one_of", [one.key for one in item.one_of])
    return item


def _no_repeat(section: Section, part: str, keys: list[str]) -> None:
    for at, key in enumerate(keys):
        if key in keys[:at]:
            raise section.wrong("duplicate_key", f"{part}[{at}]", f"“{key}”重复。", f"'{key}' is given twice.")


def _period(section: Section) -> None:
    """Refuse a period that ends before it begins."""
    first, last = section.day_or_none("from"), section.day_or_none("until")
    if first and last and last < first:
        raise section.wrong(
            "period_reversed",
            "until",
            f"终止日 {last} 早于起始日 {first}。",
            f"The last day {last} is before the first day {first}.",
        )


def _version(section: Section) -> ItemVersion:
    section.only("version", "from", "note", "source")
    return ItemVersion(
        section.whole("version"), section.day("from"), section.text_or("note", ""), section.text("source")
    )


def _generation(section: Section) -> Generation:
    section.only("key", "from", "until", "source", "note")
    _period(section)
    return Generation(
        key=section.text("key"),
        from_day=section.day("from"),
        until_day=section.day_or_none("until"),
        source=section.text("source"),
        note=section.text_or("note", ""),
    )


def _basis(section: Section) -> LegalBasis:
    section.only("name", "article", "kind", "number", "from", "until", "organs", "note")
    _period(section)
    return LegalBasis(
        name=section.text("name"),
        article=section.text("article"),
        kind=section.choice("kind", BasisKind),
        number=section.text("number"),
        from_day=section.day("from"),
        until_day=section.day_or_none("until"),
        organs=section.texts("organs"),
        note=section.text_or("note", ""),
    )


def _retention(section: Section) -> Retention:
    section.only("years", "counted_from", "source", "note")
    return Retention(
        section.whole_or_none("years"),
        section.text("counted_from"),
        section.text("source"),
        section.text_or("note", ""),
    )


def _roles(section: Section) -> Roles:
    section.only(*ROLE_NAMES)
    return Roles(**{name: section.text_or_none(name) for name in ROLE_NAMES})


def _one_of(section: Section) -> OneOf:
    section.only("key", "label", "label_en", "fields", "source")
    return OneOf(
        key=section.text("key"),
        label=section.text("label"),
        label_en=section.text("label_en"),
        fields=section.texts("fields"),
        source=section.text_or("source", ""),
    )


def _known_generations(section: Section, key: str, named: frozenset[str], known: frozenset[str]) -> None:
    unknown = sorted(named - known - {"*"})
    if unknown:
        raise section.wrong(
            "unknown_generation",
            key,
            f"没有字段版本“{unknown[0]}”，可用：{'、'.join(sorted(known))}。",
            f"There is no generation '{unknown[0]}'; known: {', '.join(sorted(known))}.",
        )


def _required_if(section: Section, known: frozenset[str]) -> RequiredIf:
    section.only("field", "values", "generations", "note")
    generations = frozenset(section.texts("generations")) or known
    _known_generations(section, "generations", generations, known)
    return RequiredIf(section.text("field"), section.texts("values"), generations, section.text_or("note", ""))


def _pattern(section: Section) -> str | None:
    pattern = section.text_or_none("pattern")
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as problem:
            raise section.wrong(
                "bad_pattern",
                "pattern",
                f"正则表达式有误：{problem}。",
                f"The regular expression is wrong: {problem}.",
            ) from problem
    return pattern


def _field(section: Section, default: Disclosure, known: frozenset[str]) -> Field:
    section.only(
        *(
            "key",
            "label",
            "label_en",
            "type",
            "max_length",
            "required",
            "required_if",
            "code_set",
            "multiple",
        ),
        *("unit", "disclosure", "public_for", "keep", "pattern", "content_kind", "aliases", "source", "note"),
    )
    required = frozenset(section.texts("required"))
    _known_generations(section, "required", required, known)
    aliases = section.by_generation("aliases")
    _known_generations(section, "aliases", frozenset(aliases), known)
    return Field(
        key=section.text("key"),
        label=section.text("label"),
        label_en=section.text("label_en"),
        type=section.choice("type", FieldType),
        max_length=section.whole_or_none("max_length"),
        required=required,
        required_if=_required_if(section.section("required_if"), known) if section.has("required_if") else None,
        code_set=section.text_or_none("code_set"),
        multiple=section.flag("multiple", default=False),
        unit=section.text_or_none("unit"),
        disclosure=section.choice("disclosure", Disclosure) if section.has("disclosure") else default,
        public_for=section.choices("public_for", SubjectKind) if section.has("public_for") else None,
        keep=section.flag("keep", default=True),
        pattern=_pattern(section),
        content_kind=section.text_or_none("content_kind"),
        aliases=MappingProxyType(aliases),
        source=section.text_or("source", ""),
        note=section.text_or("note", ""),
    )


def load_code_set(file: Path) -> CodeSet:
    """Read one code set file.

    Raises:
        CatalogueError: not well formed, two values with one code, a spelling that means two values in one
            generation, or a ``means`` that names nothing.
    """
    top = read_section(file)
    top.only("key", "name", "name_en", "source", "note", "open", "separators", "vocabulary", "values")
    separators = top.values.get("separators", "")
    if not isinstance(separators, str):
        raise top.wrong("wrong_type", "separators", "“separators”应为文本。", "'separators' must be text.")
    sections = top.sections("values")
    found = CodeSet(
        key=top.text("key"),
        name=top.text("name"),
        name_en=top.text("name_en"),
        source=top.text("source"),
        open_in=frozenset(top.texts("open")),
        separators=separators,
        values=tuple(_code_value(one) for one in sections),
        note=top.text_or("note", ""),
    )
    codes = [one.code for one in found.values]
    _no_repeat(top, "values", codes)
    vocabularies: dict[str, set[str]] = {
        "self": set(codes),
        "subject_kind": {one.value for one in SubjectKind},
    }
    known: set[str] = vocabularies.get(top.text_or("vocabulary", ""), set())
    for section, value in zip(sections, found.values, strict=True):
        lost = [one for one in value.means if one not in known]
        if lost:
            raise section.wrong("unknown_value", "means", f"“{lost[0]}”没有定义。", f"'{lost[0]}' is not defined.")
    for generation, spelling, first, second in found.clashes():
        raise top.wrong(
            "ambiguous_spelling",
            "values",
            f"在 {generation} 中“{spelling}”同时表示 {first} 和 {second}。",
            f"In {generation} '{spelling}' means both {first} and {second}.",
        )
    return found


def _code_value(section: Section) -> CodeValue:
    section.only("code", "label", "label_en", "spellings", "means", "annotated", "from", "until", "note")
    _period(section)
    return CodeValue(
        code=section.text("code"),
        label=section.text("label"),
        label_en=section.text("label_en"),
        spellings=MappingProxyType(section.by_generation("spellings")),
        means=section.texts("means"),
        annotated=section.flag("annotated", default=False),
        from_day=section.day_or_none("from"),
        until_day=section.day_or_none("until"),
        note=section.text_or("note", ""),
    )
