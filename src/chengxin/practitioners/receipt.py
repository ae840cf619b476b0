"""What became of a file of practitioners: figures about lines, and the lines that go back with their reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chengxin.practitioners.rows import load_file_form

if TYPE_CHECKING:
    import uuid


@dataclass(frozen=True)
class ReturnedRow:
    """A line that goes back: where it stands in the file, which column, and why. Nothing of the row itself."""

    line: int
    column: str
    code: str

    @property
    def header(self) -> str:
        """Return the column's usual header, or nothing where the reason is not about one column."""
        return str(load_file_form()["columns"][self.column]["headers"][0]) if self.column else ""

    @property
    def message_zh(self) -> str:
        """Return the reason in Chinese."""
        return str(load_file_form()["reasons"][self.code][0])

    @property
    def message_en(self) -> str:
        """Return the reason in English."""
        return str(load_file_form()["reasons"][self.code][1])

    def as_dict(self) -> dict[str, Any]:
        """Return the row as the command line's JSON has it."""
        return {
            "line": self.line,
            "column": self.header,
            "code": self.code,
            "message": self.message_zh,
            "message_en": self.message_en,
        }


@dataclass(frozen=True)
class FileReceipt:
    """What became of a file's lines (回执): always ``lines = added + changed + same + len(returned)``."""

    file: uuid.UUID
    occupation: str
    lines: int
    added: int
    changed: int
    same: int
    returned: tuple[ReturnedRow, ...]

    def __post_init__(self) -> None:
        """Refuse a receipt that does not add up."""
        if self.lines != self.added + self.changed + self.same + len(self.returned):
            raise ValueError(f"the receipt's lines do not add up: {self}")

    def kept(self) -> dict[str, Any]:
        """Return what is stored of the receipt."""
        returned = [[one.line, one.column, one.code] for one in self.returned]
        return {**self.figures(), "returned": returned}

    def figures(self) -> dict[str, int]:
        """Return the figures about lines."""
        return {"lines": self.lines, "added": self.added, "changed": self.changed, "same": self.same}

    def as_dict(self) -> dict[str, Any]:
        """Return the receipt as the command line's JSON has it."""
        returned = [one.as_dict() for one in self.returned]
        return {"file": str(self.file), "occupation": self.occupation, **self.figures(), "returned": returned}


def receipt_of(file: uuid.UUID, occupation: str, kept: dict[str, Any]) -> FileReceipt:
    """Return the receipt that ``kept`` was made of."""
    returned = tuple(ReturnedRow(*one) for one in kept["returned"])
    return FileReceipt(file, occupation, kept["lines"], kept["added"], kept["changed"], kept["same"], returned)
