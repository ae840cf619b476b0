"""Read YAML strictly: every key is expected, every value has its type, nothing is said twice.

A catalogue is law turned into data, so a misspelt key must not pass as an absent one. YAML's own
conveniences work against that: it keeps the last of two equal keys without a word, and it reads an unquoted
``01`` as the number one, although codes are text.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import yaml

if TYPE_CHECKING:
    from pathlib import Path

Choice = TypeVar("Choice", bound=StrEnum)

_SCALAR_ERRORS = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What PyYAML lets through for 2026-02-30, ``? [a]``, ``!!bool x``, ``!!timestamp x`` and deep nesting."""


class CatalogueError(ValueError):
    """A catalogue, mapping or code file that cannot be read as what it claims to be.

    Attributes:
        code: stable name of the problem, e.g. ``unknown_key``.
        file: the file that is wrong.
        path: where in the file, e.g. ``fields[3].aliases``; empty for the file as a whole.
        message_zh: what is wrong and what to do, in Chinese.
        message_en: the same in English.
    """

    def __init__(self, code: str, file: Path, path: str, message_zh: str, message_en: str) -> None:
        self.code = code
        self.file = file
        self.path = path
        self.message_zh = message_zh
        self.message_en = message_en
        where = f"{file.name} {path}".strip()
        super().__init__(f"{where}: {message_zh} / {message_en}")


class _StrictLoader(yaml.SafeLoader):
    """The safe loader, except that a key given twice is an error instead of the last one winning."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002 - the signature is PyYAML's
        """Build one mapping; raise ``yaml.constructor.ConstructorError`` for a repeated key."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError("duplicate key", node.start_mark, str(key), key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_section(file: Path) -> Section:
    """Read one YAML file whose top level is a mapping.

    Raises:
        CatalogueError: ``unreadable``, ``not_yaml``, ``duplicate_key`` or ``wrong_type``.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise CatalogueError(
            "unreadable",
            file,
            "",
            f"无法读取该文件（{problem}），请确认文件存在且为 UTF-8 编码。",
            f"The file cannot be read ({problem}); check that it exists and is UTF-8.",
        ) from problem
    try:
        value = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - _StrictLoader is a SafeLoader
    except yaml.constructor.ConstructorError as problem:
        raise _constructor_error(file, problem) from problem
    except (yaml.YAMLError, *_SCALAR_ERRORS) as problem:
        detail = " ".join(str(problem).split())
        raise CatalogueError(
            "not_yaml", file, "", f"不是合法的 YAML：{detail}。", f"Not valid YAML: {detail}."
        ) from problem
    return Section.of(file, "", value)


def _constructor_error(file: Path, problem: yaml.constructor.ConstructorError) -> CatalogueError:
    """Say on which line a key is repeated or a value has a type YAML's safe subset does not know."""
    line = problem.problem_mark.line + 1 if problem.problem_mark else 0
    if problem.context == "duplicate key":
        return CatalogueError(
            "duplicate_key",
            file,
            f"line {line}",
            f"键“{problem.problem}”重复出现，请删去其中一个。",
            f"The key '{problem.problem}' is given twice; remove one.",
        )
    return CatalogueError(
        "not_yaml",
        file,
        f"line {line}",
        f"YAML 中有不支持的写法：{problem.problem}。",
        f"YAML construct not supported: {problem.problem}.",
    )


@dataclass(frozen=True)
class Section:
    """One mapping of a YAML file, together with where it stands, so that every error can say so."""

    file: Path
    path: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, file: Path, path: str, value: object) -> Section:
        """Wrap a value that must be a mapping with text keys; raise ``CatalogueError`` otherwise."""
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise CatalogueError(
                "wrong_type",
                file,
                path,
                "此处应为“键: 值”，且键为文本（数字键请加引号）。",
                "A mapping with text keys is expected here (put numeric keys in quotes).",
            )
        return cls(file, path, value)

    def at(self, key: str) -> str:
        """Path of a key of this section, as error messages show it."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, code: str, key: str, message_zh: str, message_en: str) -> CatalogueError:
        """Make the error for one key of this section; the caller raises it."""
        return CatalogueError(code, self.file, self.at(key) if key else self.path, message_zh, message_en)

    def only(self, *known: str) -> None:
        """Refuse every key that is not in ``known``: a misspelt rule must not pass as an absent one."""
        for key in self.values:
            if key not in known:
                raise self.wrong(
                    "unknown_key",
                    key,
                    f"不认识的键“{key}”，可用的键：{'、'.join(known)}。",
                    f"Unknown key '{key}'; known keys: {', '.join(known)}.",
                )

    def has(self, key: str) -> bool:
        """Whether the key is given with a value other than null."""
        return self.values.get(key) is not None

    def _needed(self, key: str) -> object:
        if not self.has(key):
            raise self.wrong("missing_key", key, f"缺少“{key}”。", f"'{key}' is missing.")
        return self.values[key]

    def _type(self, key: str, expected_zh: str, expected_en: str) -> CatalogueError:
        value = self.values[key]
        return self.wrong(
            "wrong_type",
            key,
            f"“{key}”应为{expected_zh}，现为 {value!r}。",
            f"'{key}' must be {expected_en}, found {value!r}.",
        )

    def text(self, key: str) -> str:
        """A text that is not empty. Numbers must be quoted: a code is text."""
        value = self._needed(key)
        if not isinstance(value, str) or not value.strip():
            raise self._type(key, "非空文本（代码请加引号）", "text that is not empty (put codes in quotes)")
        return value

    def text_or(self, key: str, default: str) -> str:
        """A text, or the default when the key is absent."""
        return self.text(key) if self.has(key) else default

    def text_or_none(self, key: str) -> str | None:
        """A text, or None when the key is absent or null."""
        return self.text(key) if self.has(key) else None

    def whole_or_none(self, key: str) -> int | None:
        """A whole number above zero, or None when the key is absent or null."""
        if not self.has(key):
            return None
        value = self.values[key]
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise self._type(key, "正整数", "a whole number above zero")
        return value

    def whole(self, key: str) -> int:
        """A whole number above zero."""
        self._needed(key)
        value = self.whole_or_none(key)
        assert value is not None  # noqa: S101 - _needed has refused null
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """True or false; without a default the key is required."""
        if default is not None and not self.has(key):
            return default
        value = self._needed(key)
        if not isinstance(value, bool):
            raise self._type(key, "true 或 false", "true or false")
        return value

    def day_or_none(self, key: str) -> date | None:
        """A calendar day written YYYY-MM-DD, or None when the key is absent or null."""
        if not self.has(key):
            return None
        value = self.values[key]
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self._type(key, "日期 YYYY-MM-DD", "a day, YYYY-MM-DD")
        return value

    def day(self, key: str) -> date:
        """A calendar day written YYYY-MM-DD."""
        self._needed(key)
        value = self.day_or_none(key)
        assert value is not None  # noqa: S101 - _needed has refused null
        return value

    def choice(self, key: str, kind: type[Choice]) -> Choice:
        """One value of a closed list."""
        value = self.text(key)
        if value not in set(kind):
            raise self.wrong(
                "unknown_value",
                key,
                f"“{value}”不在可选值之内：{'、'.join(kind)}。",
                f"'{value}' is not one of: {', '.join(kind)}.",
            )
        return kind(value)

    def choices(self, key: str, kind: type[Choice]) -> tuple[Choice, ...]:
        """Several values of a closed list; absent gives none."""
        found = self.texts(key)
        for value in found:
            Section(self.file, self.path, {key: value}).choice(key, kind)
        return tuple(kind(value) for value in found)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of different texts; absent gives none."""
        if not self.has(key):
            return ()
        value = self.values[key]
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self._type(key, "文本列表（代码请加引号）", "a list of texts (put codes in quotes)")
        repeated = [one for at, one in enumerate(value) if one in value[:at]]
        if repeated:
            raise self.wrong("duplicate_value", key, f"“{repeated[0]}”重复。", f"'{repeated[0]}' is given twice.")
        return tuple(value)

    def section(self, key: str) -> Section:
        """A mapping below this one."""
        return Section.of(self.file, self.at(key), self._needed(key))

    def sections(self, key: str) -> tuple[Section, ...]:
        """A list of mappings below this one; absent gives none."""
        if not self.has(key):
            return ()
        value = self.values[key]
        if not isinstance(value, list):
            raise self._type(key, "列表", "a list")
        return tuple(Section.of(self.file, f"{self.at(key)}[{at}]", one) for at, one in enumerate(value))

    def text_map(self, key: str) -> dict[str, str]:
        """A mapping from text to text (the value may be empty text); absent gives an empty one."""
        if not self.has(key):
            return {}
        below = self.section(key)
        found: dict[str, str] = {}
        for name, value in below.values.items():
            if not isinstance(value, str):
                raise below._type(name, "文本（代码请加引号）", "text (put codes in quotes)")  # noqa: SLF001 - same class
            found[name] = value
        return found

    def by_generation(self, key: str) -> dict[str, tuple[str, ...]]:
        """Texts by generation of the field list: ``{"*": [..], "G2,G3": [..]}``; ``*`` means every one.

        A key may name several generations, separated by commas; their lists add up.
        """
        if not self.has(key):
            return {}
        below = self.section(key)
        found: dict[str, tuple[str, ...]] = {}
        for names in below.values:
            for name in (one.strip() for one in names.split(",")):
                found[name] = found.get(name, ()) + below.texts(names)
        return found
