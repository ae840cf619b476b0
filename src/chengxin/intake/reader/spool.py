"""The spool: what a reading leaves behind, one text form for every kind of source.

UTF-8, comma, every text cell in double quotes, ``\\n`` line ends, no header. Columns: ``line`` (1-based row or physical
line of the source where the record starts, no quotes), ``flaw`` (one code or empty), ``damaged`` (``;``-joined 0-based
column indexes of numbers that lost digits), then exactly the columns of the header.
"""

import re
import unicodedata
from collections.abc import Sequence

from chengxin.intake.reader.limits import Limits
from chengxin.intake.reader.outcome import Kind, Notice, Reading, Where, refuse, shown

_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_REPLACEMENT = "\ufffd"
_BUFFER_BYTES = 1 << 20
_SPACES = re.compile(r"[\s\u200b\u2060\ufeff]+")


class Spool:
    """Writes rows and keeps the count of them; the first row with content is the header.

    Attributes:
        header: Cleaned column names, empty until the header has come.
        lines: Data rows written.
        blank_lines: Blank rows skipped.
    """

    def __init__(self, fd: int, kind: Kind, limits: Limits, sheet: str = "") -> None:
        self._out = open(fd, "wb", buffering=_BUFFER_BYTES, closefd=False)  # noqa: SIM115, PTH123 - closed by finish()
        self._limits = limits
        self._max_rows = limits.rows_for(kind)
        self._kind = kind
        self._declared = 0
        self._nameless: tuple[int, ...] = ()
        self._damaged = 0
        self._first_damaged: Where | None = None
        self.sheet = sheet
        self.header: tuple[str, ...] = ()
        self.lines = 0
        self.blank_lines = 0

    def row(self, line: int, cells: list[str], flaw: str = "", damaged: Sequence[int] = ()) -> None:
        """Write one row, or take it as the header, or skip it as blank.

        Args:
            line: Row number in the source, from 1.
            cells: Texts of the cells; may be shorter or longer than the header.
            flaw: What the source already knows to be wrong with the row.
            damaged: Indexes of the cells whose number lost digits.

        Raises:
            FileRefused: The header cannot be used, a nameless column has content, or there are too many rows.
        """
        if not any(map(str.strip, cells)):
            self.blank_lines += 1
            return
        if not self._declared:
            self._take_header(line, cells, flaw)
            return
        if len(cells) != len(self.header):
            cells, flaw = self._fit(line, cells, flaw)
        for index in self._nameless:
            if cells[index].strip():
                refuse("header_blank", self._place(line, index), column=column_letters(index))
        self.lines += 1
        if self.lines > self._max_rows:
            refuse("too_many_rows", limit=self._max_rows)
        body = "\0".join(cells)
        if _CONTROL.search(body):
            flaw = "control_character"
        elif _REPLACEMENT in body:
            flaw = "replacement_character"
        marks = ";".join(map(str, self._note_damage(line, damaged))) if damaged else ""
        body = body.replace('"', '""').replace("\0", '","')
        self._out.write(f'{line},"{flaw}","{marks}","{body}"\n'.encode())

    def finish(self, encoding: str, notices: Sequence[Notice] = ()) -> Reading:
        """Write what is buffered and tell what was read.

        Raises:
            FileRefused: There was no header, or nothing under it.
        """
        if not self._declared:
            refuse("header_missing")
        if not self.lines:
            refuse("header_only")
        self._out.close()
        own = [Notice("header_unnamed", details=(("column", column_letters(index)),)) for index in self._nameless]
        if self._damaged:
            own.append(Notice("numbers_damaged", self._first_damaged, (("size", self._damaged),)))
        return Reading(self.header, encoding, self.lines, self.blank_lines, (*notices, *own))

    def abandon(self) -> None:
        """Drop what is buffered: the reading failed or starts again under another encoding."""
        self._out.detach().close()

    def _take_header(self, line: int, cells: list[str], flaw: str) -> None:
        names = [clean_name(cell) for cell in cells]
        while not names[-1]:
            names.pop()
        if len(names) > self._limits.max_columns:
            refuse("too_many_columns", size=len(names), limit=self._limits.max_columns)
        first: dict[str, int] = {}
        for index, name in enumerate(names):
            letters = column_letters(index)
            if len(name) > self._limits.max_header_chars:
                refuse("header_too_long", column=letters, size=len(name), limit=self._limits.max_header_chars)
            if _CONTROL.search(name) or _REPLACEMENT in name:
                refuse("header_damaged", self._place(line, index), column=letters)
            if name and first.setdefault(name, index) != index:
                refuse("header_duplicate", name=shown(name), first=column_letters(first[name]), second=letters)
        if flaw:
            refuse("header_damaged", Where(line=line, sheet=self.sheet), column=column_letters(len(names) - 1))
        self.header = tuple(names)
        self._declared = len(cells)
        self._nameless = tuple(index for index, name in enumerate(names) if not name)

    def _fit(self, line: int, cells: list[str], flaw: str) -> tuple[list[str], str]:
        """Pad a short row; cut a long one, which is a flaw only if what is cut has content."""
        width = len(self.header)
        if len(cells) < width:
            return [*cells, *[""] * (width - len(cells))], flaw
        for index in range(width, len(cells)):
            if cells[index].strip():
                if index < self._declared:
                    refuse("header_blank", self._place(line, index), column=column_letters(index))
                return cells[:width], flaw or "extra_cells"
        return cells[:width], flaw

    def _note_damage(self, line: int, damaged: Sequence[int]) -> list[int]:
        kept = [index for index in damaged if index < len(self.header)]
        if kept and self._first_damaged is None:
            self._first_damaged = self._place(line, kept[0])
        self._damaged += len(kept)
        return kept

    def _place(self, line: int, index: int) -> Where:
        if self._kind == "xlsx":
            return Where(line=line, sheet=self.sheet, cell=f"{column_letters(index)}{line}")
        return Where(line=line)


def clean_name(cell: str) -> str:
    """A column name as it is matched: spaces of any width become one, none at the ends, none of zero width.

    >>> clean_name("\\ufeff　行政相对人 名称 ")
    '行政相对人 名称'
    """
    visible = "".join(c for c in cell if unicodedata.category(c) != "Cf")
    return _SPACES.sub(" ", visible).strip()


def column_letters(index: int) -> str:
    """The spreadsheet letters of a 0-based column index.

    >>> column_letters(0), column_letters(27), column_letters(16383)
    ('A', 'AB', 'XFD')
    """
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
