"""The departments' files themselves: CSV in three encodings and XLSX, the same bytes for the same rows."""

from __future__ import annotations

import codecs
import csv
import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Protocol

import xlsxwriter  # type: ignore[import-untyped]

from chengxin.rehearsal import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from chengxin.rehearsal.sheet import Cell, Sheet
    from chengxin.rehearsal.vocabulary import Column, Profile

DAY_COLUMNS = frozenset({"decided_on", "valid_from", "valid_until", "public_until", "established_on", "updated_at"})
AMOUNT_COLUMNS = frozenset({"fine_amount", "confiscated_amount", "registered_capital"})
MADE_ON = datetime(2026, 1, 1, tzinfo=UTC)
"""Fixed in the properties of every workbook, so that the same rows give the same bytes."""


class Table(Protocol):
    """A file being written, sheet by sheet."""

    def write(self, sheet: Sheet) -> None:
        """Add the rows of ``sheet``."""

    def __enter__(self) -> Self:
        """Start."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file."""


def columns_of(profile: Profile) -> tuple[Column, ...]:
    """Return the file's columns in its order; a ``moved`` file has them in another order than the list."""
    columns = vocabulary.layouts().columns[profile.item, profile.generation]
    return columns[7:] + columns[:7] if profile.moved else columns


def header_of(profile: Profile) -> list[str]:
    """Return the file's header; a ``moved`` file ends with a column of the department's own."""
    held = vocabulary.layouts()
    columns = columns_of(profile)
    if profile.headers == "codes":
        header = [column.code for column in columns]
    else:
        notes = held.notes if profile.headers == "noted" else {}
        header = [column.chinese + notes.get(column.key, "") for column in columns]
    return [*header, held.carried] if profile.moved else header


def _written(sheet: Sheet, profile: Profile) -> list[Sequence[Cell]]:
    columns: list[Sequence[Cell]] = [
        sheet.shown.get(column.key, sheet.clean[column.key]) for column in columns_of(profile)
    ]
    if profile.moved:
        columns.append(["综合科"] * sheet.rows)
    return columns


class CsvTable:
    """A CSV file as spreadsheets write it: header, commas, CR LF at line ends, quotes where needed."""

    def __init__(self, path: Path, profile: Profile) -> None:
        self.profile = profile
        self._out = path.open("wb")
        self._encode = codecs.getincrementalencoder(profile.encoding)("strict").encode
        self._put([header_of(profile)])

    def _put(self, rows: Iterable[Sequence[Cell]]) -> None:
        # One encoding call for a sheet: a text file would encode after every few kilobytes.
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._out.write(self._encode(text.getvalue()))

    def write(self, sheet: Sheet) -> None:
        """Add the rows of ``sheet``."""
        self._put(zip(*_written(sheet, self.profile), strict=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()


class XlsxTable:
    """A workbook with one sheet; amounts are number cells, days date cells where the profile says so."""

    def __init__(self, path: Path, profile: Profile) -> None:
        self.profile = profile
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties({"created": MADE_ON, "title": "演练数据", "comments": "rehearsal data, invented"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheet = self._book.add_worksheet("数据")
        self._next = 0
        self._sheet.write_row(0, 0, header_of(profile))

    def write(self, sheet: Sheet) -> None:
        """Add the rows of ``sheet``."""
        keys = [column.key for column in columns_of(self.profile)]
        days = [key in DAY_COLUMNS and self.profile.dates == "cell" for key in keys]
        amounts = [key in AMOUNT_COLUMNS for key in keys]
        extra = [False] * self.profile.moved
        for row in zip(*_written(sheet, self.profile), strict=True):
            self._next += 1
            for place, (value, day, amount) in enumerate(zip(row, days + extra, amounts + extra, strict=True)):
                self._cell(place, value, day=day, amount=amount)

    def _cell(self, place: int, value: Cell, *, day: bool, amount: bool) -> None:
        if value == "":
            return
        if isinstance(value, int) or amount:
            self._sheet.write_number(self._next, place, float(value))
            return
        moment = _day(value) if day else None
        if moment is None:
            self._sheet.write_string(self._next, place, value)
        else:
            self._sheet.write_datetime(self._next, place, moment, self._day)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()


def _day(text: str) -> date | None:
    """Return the day, or None for a text that is none (a date no calendar has is written as text)."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def open_table(path: Path, profile: Profile) -> Table:
    """Return a new file at ``path`` in the profile's format."""
    return XlsxTable(path, profile) if profile.format == "xlsx" else CsvTable(path, profile)
