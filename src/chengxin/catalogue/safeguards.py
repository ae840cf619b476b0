"""What no catalogue may contain: forbidden content, protected content and the limits, read as data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chengxin.catalogue.model import BasisKind, SubjectKind
from chengxin.catalogue.reading import Section, read_section

if TYPE_CHECKING:
    from chengxin.catalogue.model import Field, Item

PACKAGE_FOLDER = Path(__file__).parent
"""Where the package's own items, code sets and safeguards lie."""


@dataclass(frozen=True)
class ContentKind:
    """A kind of content, and the words that betray it in names of fields and items."""

    key: str
    name: str
    name_en: str
    patterns: tuple[str, ...]
    source: str

    def found_in(self, *names: str) -> str | None:
        """The first name that one of the patterns occurs in, or None.

        Underscores part words, so that a pattern for the word "score" finds ``credit_score``; case does not
        matter.
        """
        for name in names:
            if any(_compiled(one).search(name.replace("_", " ")) for one in self.patterns):
                return name
        return None


@dataclass(frozen=True)
class ForbiddenKind(ContentKind):
    """Content that may not be collected: at all, or (``subject_kinds``) about some kinds of subject."""

    subject_kinds: tuple[SubjectKind, ...]
    items: bool

    def applies_to(self, item: Item) -> bool:
        """Whether the ban concerns an item: always when it names no kind of subject."""
        return not self.subject_kinds or bool(set(self.subject_kinds) & set(item.subject_kinds))


@dataclass(frozen=True)
class ProtectedKind(ContentKind):
    """Content that is never published for the kinds of subject it names."""

    never_public_for: tuple[SubjectKind, ...]


@dataclass(frozen=True)
class Safeguards:
    """The rules of the lint: ranks of legal basis that are enough, limits in years, content."""

    statutory_kinds: tuple[BasisKind, ...]
    negative_years: int
    person_years: int
    forbidden: tuple[ForbiddenKind, ...]
    protected: tuple[ProtectedKind, ...]

    @property
    def content_kinds(self) -> tuple[ContentKind, ...]:
        """Every kind of content a field may declare, forbidden ones included."""
        return (*self.forbidden, *self.protected)


def field_names(field: Field) -> tuple[str, ...]:
    """Everything a field is called: label, English label, key, header names."""
    aliases = [name for names in field.aliases.values() for name in names]
    return (field.label, field.label_en, field.key, *aliases)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def load_safeguards(file: Path | None = None) -> Safeguards:
    """Read the safeguards; without a file the package's own, which is what every catalogue uses.

    Raises:
        CatalogueError: the file is not well formed.
    """
    return _own_safeguards() if file is None else _read(file)


@lru_cache(maxsize=1)
def _own_safeguards() -> Safeguards:
    return _read(PACKAGE_FOLDER / "safeguards.yaml")


def _read(file: Path) -> Safeguards:
    top = read_section(file)
    top.only("statutory_kinds", "statutory_source", "limits", "forbidden", "protected")
    top.text("statutory_source")
    limits = top.section("limits")
    limits.only("negative_years", "negative_source", "person_years", "person_source")
    limits.text("negative_source")
    limits.text("person_source")
    return Safeguards(
        statutory_kinds=top.choices("statutory_kinds", BasisKind),
        negative_years=limits.whole("negative_years"),
        person_years=limits.whole("person_years"),
        forbidden=tuple(_forbidden(one) for one in top.sections("forbidden")),
        protected=tuple(_protected(one) for one in top.sections("protected")),
    )


def _patterns(section: Section) -> tuple[str, ...]:
    found = section.texts("patterns")
    for pattern in found:
        try:
            re.compile(pattern)
        except re.error as problem:
            raise section.wrong(
                "bad_pattern",
                "patterns",
                f"正则表达式“{pattern}”有误：{problem}。",
                f"The regular expression '{pattern}' is wrong: {problem}.",
            ) from problem
    return found


def _forbidden(section: Section) -> ForbiddenKind:
    section.only("key", "name", "name_en", "patterns", "subject_kinds", "items", "source")
    return ForbiddenKind(
        key=section.text("key"),
        name=section.text("name"),
        name_en=section.text("name_en"),
        patterns=_patterns(section),
        source=section.text("source"),
        subject_kinds=section.choices("subject_kinds", SubjectKind),
        items=section.flag("items", default=False),
    )


def _protected(section: Section) -> ProtectedKind:
    section.only("key", "name", "name_en", "patterns", "never_public_for", "source")
    return ProtectedKind(
        key=section.text("key"),
        name=section.text("name"),
        name_en=section.text("name_en"),
        patterns=_patterns(section),
        source=section.text("source"),
        never_public_for=section.choices("never_public_for", SubjectKind),
    )
