r"""The spool: what a reading leaves behind, one text form for every kind of source.

UTF-8, comma, every text cell in double quotes, ``\n`` line ends, no header. Columns: ``line`` (1-based row or
physical line of the source where the record starts, no quotes), ``flaw`` (one code or empty), ``damaged``
(``;``-joined 0-based column indexes of numbers that lost digits), then exactly the columns of the header.
"""

import os
import re
import unicodedata
from collections.abc import Sequence

from chengxin.intake.reader.limits import Limits
from chengxin.intake.reader.outcome import Kind, Notice, Reading, Where, refuse, shown

_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
_C1_LEAD = b"\xc2"
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_REPLACEMENT = "\ufffd".encode()
_BUFFER_CHARS = 1 << 18
_RECORD_CHARS = 16
_RECORD = '%d,"%s","%s","%s"\n'
_SPACES = re.compile(r"[\s\u200b\u2060\ufeff]+")


class Spool:
    """Writes rows and keeps the count of them; the first row with content is the header.

    Attributes:
        header: Cleaned column names, empty until the header has come.
        sheet: Name of the worksheet the rows come from, for messages.
        lines: Data rows written.
        blank_lines: Blank rows skipped.
    """

    def __init__(self, fd: int, kind: Kind, limits: Limits) -> None:
        os.lseek(fd, 0, os.SEEK_SET)
        os.ftruncate(fd, 0)
        self._fd = fd
        self._buffer: list[tuple[int, str, str, str]] = []
        self._buffered = 0
        self._limits = limits
        self._max_rows = limits.rows_for(kind)
        self._kind = kind
        self._declared = 0
        self._nameless: tuple[int, ...] = ()
        self._damaged = 0
        self._first_damaged: Where | None = None
        self.sheet = ""
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
        body = '","'.join(cells)
        if body.count('"') != 2 * len(cells) - 2:
            body = '","'.join([cell.replace('"', '""') for cell in cells])
        marks = ";".join(map(str, self._note_damage(line, damaged))) if damaged else ""
        self._buffer.append((line, flaw, marks, body))
        self._buffered += len(body) + _RECORD_CHARS
        if self._buffered > _BUFFER_CHARS:
            self._flush()

    def finish(self, encoding: str, notices: Sequence[Notice] = ()) -> Reading:
        """Write what is buffered and tell what was read.

        Raises:
            FileRefused: There was no header, or nothing under it.
        """
        if not self._declared:
            refuse("header_missing")
        if not self.lines:
            refuse("header_only")
        self._flush()
        own = [Notice("header_unnamed", details=(("column", column_letters(index)),)) for index in self._nameless]
        if self._damaged:
            own.append(Notice("numbers_damaged", self._first_damaged, (("size", self._damaged),)))
        return Reading(self.header, encoding, self.lines, self.blank_lines, (*notices, *own))

    def _flush(self) -> None:
        """Write the rows kept back; looking for bad characters once per block costs a fifth of once per row."""
        data = "".join([_RECORD % row for row in self._buffer]).encode()
        if _text_flaw(data):
            marked = [(row[0], _text_flaw(row[3].encode()) or row[1], *row[2:]) for row in self._buffer]
            data = "".join([_RECORD % row for row in marked]).encode()
        left = memoryview(data)
        while left:
            left = left[os.write(self._fd, left) :]
        self._buffer.clear()
        self._buffered = 0

    def _take_header(self, line: int, cells: list[str], flaw: str) -> None:
        """The first row with content: clean names, no duplicates, trailing nameless columns dropped."""
        names = [clean_name(cell) for cell in cells]
        while names and not names[-1]:
            names.pop()
        if not names:
            # characters without width are content to a parser and nothing to an officer
            self.blank_lines += 1
            return
        if len(names) > self._limits.max_columns:
            refuse("too_many_columns", size=len(names), limit=self._limits.max_columns)
        first: dict[str, int] = {}
        for index, name in enumerate(names):
            letters = column_letters(index)
            if len(name) > self._limits.max_header_chars:
                refuse("header_too_long", column=letters, size=len(name), limit=self._limits.max_header_chars)
            if _text_flaw(name.encode()):
                refuse("header_damaged", self._place(line, index), column=letters)
            if name and first.setdefault(name, index) != index:
                refuse("header_duplicate", name=shown(name), first=column_letters(first[name]), second=letters)
        if flaw == "error_value":
            wrong = next(index for index, name in enumerate(names) if name.startswith("#"))
            refuse("header_damaged", self._place(line, wrong), column=column_letters(wrong))
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
        """Keep count of damaged numbers in named columns, and of the first of them."""
        kept = [index for index in damaged if index < len(self.header)]
        if kept and self._first_damaged is None:
            self._first_damaged = self._place(line, kept[0])
        self._damaged += len(kept)
        return kept

    def _place(self, line: int, index: int) -> Where:
        if self._kind == "xlsx":
            return Where(line=line, sheet=self.sheet, cell=f"{column_letters(index)}{line}")
        return Where(line=line)


def _text_flaw(data: bytes) -> str:
    """Flaw of UTF-8 text with control characters (other than tab and line ends) or a replacement character."""
    if len(data.translate(None, _CONTROLS)) != len(data) or (_C1_LEAD in data and _C1.search(data)):
        return "control_character"
    return "replacement_character" if _REPLACEMENT in data else ""


def clean_name(cell: str) -> str:
    r"""A column name as it is matched: spaces of any width become one, none at the ends, none of zero width.

    >>> clean_name("\ufeff　行政相对人 名称 ")
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
