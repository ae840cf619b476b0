"""What reading a file ends in: a reading, or a refusal that says what, where and what to do.

The sentences live in ``messages.csv`` (code, kind, Chinese, English); code is part of the API and pinned by
tests.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NoReturn, Self

Kind = Literal["csv", "xlsx"]
Language = Literal["zh", "en"]
Detail = str | int

_SHOWN_CHARS, _KEPT_CHARS = 40, 200
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]")


class ReaderFailed(RuntimeError):
    """The reader itself could not work (disk full, missing program): the file is not to blame, try again."""


@dataclass(frozen=True)
class Where:
    """A place in a file as its author sees it.

    Attributes:
        line: 1-based physical line of a text file, or spreadsheet row.
        byte: 0-based byte offset in the file.
        sheet: Name of the worksheet.
        cell: Cell or range reference such as ``B3`` or ``A1:C1``.
        part: Name of the member inside a package.
    """

    line: int | None = None
    byte: int | None = None
    sheet: str = ""
    cell: str = ""
    part: str = ""

    def text(self, language: Language) -> str:
        """The place in words, for example ``工作表“名单”B3 单元格`` or ``sheet “名单” cell B3``."""
        zh, en = [], []
        if self.part:
            zh.append(f"部件 {shown(self.part)} ")
            en.append(f"part {shown(self.part)}")
        if self.sheet:
            zh.append(f"工作表“{shown(self.sheet)}”")
            en.append(f"sheet “{shown(self.sheet)}”")
        if self.cell:
            zh.append(f"{shown(self.cell)} 单元格")
            en.append(f"cell {shown(self.cell)}")
        elif self.line is not None:
            zh.append(f"第 {self.line} 行")
            en.append(f"line {self.line}")
        if self.byte is not None:
            zh.append(f"（字节偏移 {self.byte}）")
            en.append(f"(byte offset {self.byte})")
        return "".join(zh) if language == "zh" else " ".join(en)


@dataclass(frozen=True)
class Notice:
    """Something the officer should know about a file that was read.

    Attributes:
        code: Row of ``messages.csv`` of kind ``notice``.
        where: First place it concerns, or None.
        details: Values for the sentence, as pairs so that a notice stays hashable.
    """

    code: str
    where: Where | None = None
    details: tuple[tuple[str, Detail], ...] = ()

    @property
    def message_zh(self) -> str:
        """The Chinese sentence."""
        return sentence(self.code, "zh", self.where, dict(self.details))

    @property
    def message_en(self) -> str:
        """The English sentence."""
        return sentence(self.code, "en", self.where, dict(self.details))


@dataclass(frozen=True)
class Reading:
    """A table that was read and now lies in the spool.

    Attributes:
        header: Column names, cleaned; ``""`` for a column with neither name nor content.
        encoding: ``utf-8``, ``utf-8-sig``, ``gb18030``, ``utf-16`` or ``xlsx``.
        lines: Data rows in the spool; blank rows are not among them.
        blank_lines: Blank rows that were skipped.
        notices: What the officer should know.
    """

    header: tuple[str, ...]
    encoding: str
    lines: int
    blank_lines: int
    notices: tuple[Notice, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The reading as plain values, for the way from the child to the parent."""
        return {
            "header": list(self.header),
            "encoding": self.encoding,
            "lines": self.lines,
            "blank_lines": self.blank_lines,
            "notices": [[n.code, _place_to_json(n.where), dict(n.details)] for n in self.notices],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of :meth:`to_json`; wrong shapes raise KeyError, TypeError or ValueError."""
        return cls(
            tuple(str(name) for name in value["header"]),
            str(value["encoding"]),
            int(value["lines"]),
            int(value["blank_lines"]),
            tuple(
                Notice(str(code), _place_from_json(where), tuple(sorted(details.items())))
                for code, where, details in value["notices"]
            ),
        )


class FileRefused(Exception):
    """A file is not taken in; says what is wrong, where, and what to do.

    Attributes:
        code: Row of ``messages.csv`` of kind ``refusal``.
        where: The place, or None where the whole file is meant.
        details: Values for the sentence.
    """

    def __init__(self, code: str, where: Where | None = None, **details: Detail) -> None:
        super().__init__(code, where, details)
        self.code = code
        self.where = where
        self.details = details

    def __str__(self) -> str:
        return self.message_zh

    @property
    def message_zh(self) -> str:
        """The Chinese sentence."""
        return sentence(self.code, "zh", self.where, self.details)

    @property
    def message_en(self) -> str:
        """The English sentence."""
        return sentence(self.code, "en", self.where, self.details)

    def to_json(self) -> dict[str, Any]:
        """The refusal as plain values, for the way from the child to the parent."""
        details = {key: _brief(value) for key, value in self.details.items()}
        return {"code": self.code, "where": _place_to_json(self.where), "details": details}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of :meth:`to_json`; wrong shapes raise KeyError or TypeError."""
        return cls(str(value["code"]), _place_from_json(value["where"]), **value["details"])


def refuse(code: str, where: Where | None = None, **details: Detail) -> NoReturn:
    """Raise :class:`FileRefused`; a function so that handlers called from C can refuse in one expression."""
    raise FileRefused(code, where, **details)


def shown(text: str) -> str:
    """Text out of a hostile file made fit for a message: 40 characters, nothing invisible or turning."""
    clean = _UNSHOWABLE.sub("·", text[: _SHOWN_CHARS + 1])
    return clean if len(text) <= _SHOWN_CHARS else clean[:_SHOWN_CHARS] + "…"


def codes(kind: str) -> frozenset[str]:
    """All documented codes of one kind: ``refusal``, ``notice`` or ``flaw``."""
    return frozenset(code for code, row in _catalogue().items() if row["kind"] == kind)


def sentence(
    code: str, language: Language, where: Where | None = None, details: dict[str, Detail] | None = None
) -> str:
    """The message for a code, also for the flaws of the spool.

    Raises:
        KeyError: The code is not in ``messages.csv`` or a value of its sentence is missing.
    """
    values = {key: shown(value) if isinstance(value, str) else value for key, value in (details or {}).items()}
    place = where.text(language) if where else ""
    return _catalogue()[code][language].format(where=place, **values)


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("messages.csv").read_text(encoding="utf-8")
    return {row["code"]: row for row in csv.DictReader(text.splitlines())}


def _place_to_json(where: Where | None) -> list[Any] | None:
    if where is None:
        return None
    return [where.line, where.byte, _brief(where.sheet), _brief(where.cell), _brief(where.part)]


def _brief(value: Detail) -> Detail:
    """Names in a hostile file have no end; more than 200 characters are never shown."""
    return value[:_KEPT_CHARS] if isinstance(value, str) else value


def _place_from_json(value: list[Any] | None) -> Where | None:
    return None if value is None else Where(*value)
