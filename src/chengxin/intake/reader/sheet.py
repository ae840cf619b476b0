"""One pass over a worksheet: checks and values together, with memory for one row only.

No step depends on the size of the used range: a sheet with cells A1 and XFD1048576 costs two cells.
"""

from chengxin.intake.reader.limits import Limits
from chengxin.intake.reader.outcome import FileRefused, Where, refuse
from chengxin.intake.reader.spool import Spool, column_letters
from chengxin.intake.reader.values import date_text, iso_date_text, number_text, unescaped
from chengxin.intake.reader.workbook import Ender, Handler, Package, Sheet, Workbook, main_names, walk

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_DIGITS = "0123456789"
_HIDDEN = ("1", "true", "on")
_NOTHING = ("0", "0.0")
_MAX_LETTERS, _MAX_DIGITS = 3, 9


class Occupied(Exception):
    """A sheet that is only looked at has content; ``cell`` is the first."""

    def __init__(self, cell: str) -> None:
        super().__init__(cell)
        self.cell = cell


def read_sheet(package: Package, book: Workbook, sheet: Sheet, limits: Limits, spool: Spool) -> None:
    """Write the rows of a sheet into the spool.

    Raises:
        FileRefused: Formulas, merged cells, hidden rows or columns with content, a range too large, or
            damage.
    """
    spool.sheet = sheet.name
    _Scan(book, sheet, limits, spool).run(package)


def first_content(package: Package, book: Workbook, sheet: Sheet, limits: Limits) -> str:
    """Reference of the first cell with content, or ``""`` for an empty sheet; stops at that cell.

    Raises:
        FileRefused: The part is damaged.
    """
    try:
        _Scan(book, sheet, limits, None).run(package)
    except Occupied as found:
        return found.cell
    return ""


class _Scan:
    """State of the pass: the row and the cell the parser is in."""

    def __init__(self, book: Workbook, sheet: Sheet, limits: Limits, spool: Spool | None) -> None:
        self._book = book
        self._sheet = sheet
        self._limits = limits
        self._spool = spool
        self._columns: dict[str, int] = {}
        self._hidden_columns: set[int] = set()
        self._row, self._row_text, self._row_hidden = 0, "0", False
        self._last_filled_row = 0
        self._cells: list[str] = []
        self._damaged: list[int] = []
        self._flaw = ""
        self._column = -1
        self._in_cell = self._phonetic = False
        self._type = self._style = ""
        self._text: list[str] = []
        self._value = ""

    def run(self, package: Package) -> None:
        starts: dict[str, Handler] = {
            "col": self._start_col,
            "row": self._start_row,
            "c": self._start_cell,
            "f": self._start_formula,
            "v": self._start_text,
            "t": self._start_text,
            "rPh": self._start_phonetic,
            "mergeCell": self._start_merge,
        }
        ends: dict[str, Ender] = {
            "row": self._end_row,
            "c": self._end_cell,
            "v": self._end_text,
            "t": self._end_text,
            "rPh": self._end_phonetic,
        }
        walk(package, self._sheet.part, main_names(starts), main_names(ends), self._text.append)

    def _start_col(self, attributes: dict[str, str]) -> None:
        """Note hidden columns; a range up to the last column of the sheet is cut to the columns allowed."""
        if attributes.get("hidden") in _HIDDEN or attributes.get("width") in _NOTHING:
            first, last = self._number(attributes.get("min", "")), self._number(attributes.get("max", ""))
            self._hidden_columns.update(range(first - 1, min(last, self._limits.max_columns)))

    def _start_row(self, attributes: dict[str, str]) -> None:
        """Row numbers are optional, and must rise."""
        text = attributes.get("r")
        number = self._row + 1 if text is None else self._number(text)
        if not self._row < number <= _LAST_ROW:
            self._broken("行号有误 (row number)")
        self._row, self._row_text = number, str(number)
        self._row_hidden = attributes.get("hidden") in _HIDDEN or attributes.get("ht") in _NOTHING
        self._column = -1
        self._cells, self._damaged, self._flaw = [], [], ""

    def _end_row(self) -> None:
        """Hand a row with content to the spool; gaps between rows count as blank."""
        if self._cells and self._spool is not None:
            self._spool.blank_lines += self._row - self._last_filled_row - 1
            self._last_filled_row = self._row
            self._spool.row(self._row, self._cells, self._flaw, self._damaged)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        """References are optional, must rise, and must lie in their row."""
        reference = attributes.get("r")
        if reference is None:
            column = self._column + 1
        else:
            letters = reference.rstrip(_DIGITS)
            known = self._columns.get(letters)
            column = self._learn(letters) if known is None else known
            if reference[len(letters) :] != self._row_text:
                self._broken("单元格位置与行不符 (cell outside its row)")
        if column <= self._column:
            self._broken("单元格次序有误 (cells out of order)")
        self._column = column
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._value = ""
        self._in_cell = True

    def _start_formula(self, _: dict[str, str]) -> None:
        """A formula is never read: its stored value may be old or come from elsewhere."""
        if self._in_cell:
            if self._spool is None:
                raise Occupied(self._reference())
            refuse("cell_formula", self._here())

    def _start_text(self, _: dict[str, str]) -> None:
        self._text.clear()

    def _end_text(self) -> None:
        if self._in_cell and not self._phonetic:
            self._value += "".join(self._text)

    def _start_phonetic(self, _: dict[str, str]) -> None:
        self._phonetic = True

    def _end_phonetic(self) -> None:
        self._phonetic = False

    def _start_merge(self, attributes: dict[str, str]) -> None:
        """Merged ranges are listed behind the rows; they matter where the sheet has content."""
        if self._last_filled_row:
            refuse("cell_merged", Where(sheet=self._sheet.name, cell=attributes.get("ref", "")))

    def _end_cell(self) -> None:
        """Place the text of a cell in its row."""
        self._in_cell = False
        if not self._value:
            return
        try:
            text = self._cell_text()
        except (ValueError, IndexError):
            self._broken(f"值有误 (value) {self._value[:20]}")
        if not text:
            return
        if len(text) > self._limits.max_cell_chars:
            refuse("cell_too_long", self._here(), limit=self._limits.max_cell_chars)
        if not text.isspace():
            self._check_place()
        elif self._column >= self._limits.max_columns:
            return
        if len(self._cells) < self._column:
            self._cells.extend([""] * (self._column - len(self._cells)))
        self._cells.append(text)

    def _cell_text(self) -> str:
        """The text of the cell; also notes its flaw or damage."""
        kind, value = self._type, self._value
        if kind == "s":
            return self._book.strings[self._number(value)]
        if kind == "n":
            return self._number_or_date(value)
        if kind in ("str", "inlineStr"):
            return unescaped(value)
        if kind == "b":
            return "TRUE" if value in _HIDDEN else "FALSE"
        if kind == "e":
            self._flaw = "error_value"
            return value
        if kind == "d":
            return iso_date_text(value)
        raise ValueError(kind)

    def _number_or_date(self, value: str) -> str:
        """A number as its style shows it: date, time or plain."""
        kind = self._book.kinds[self._number(self._style)] if self._style else ""
        if kind:
            try:
                return date_text(value, kind, from_1904=self._book.from_1904)
            except ValueError:
                self._flaw = self._flaw or "date_out_of_range"
        text, damaged = number_text(value)
        if damaged:
            self._damaged.append(self._column)
        return text

    def _check_place(self) -> None:
        """A cell with content must lie where it is allowed and where the user can see it."""
        if self._spool is None:
            raise Occupied(self._reference())
        limits = self._limits
        if self._column >= limits.max_columns or self._row > limits.max_xlsx_rows + 1:
            refuse("range_too_large", self._here(), rows=limits.max_xlsx_rows, columns=limits.max_columns)
        if self._row_hidden:
            refuse("row_hidden", self._here())
        if self._column in self._hidden_columns:
            refuse("column_hidden", self._here())

    def _learn(self, letters: str) -> int:
        """The 0-based index of column letters, kept for the rows to come."""
        number = 0
        if not letters or len(letters) > _MAX_LETTERS or not (letters.isascii() and letters.isalpha()):
            self._broken("单元格位置有误 (cell reference)")
        for letter in letters.upper():
            number = number * 26 + ord(letter) - ord("A") + 1
        if number > _LAST_COLUMN:
            self._broken("单元格位置有误 (cell reference)")
        self._columns[letters] = number - 1
        return number - 1

    def _number(self, text: str) -> int:
        """A number in an attribute; only plain ASCII digits."""
        if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
            self._broken("编号有误 (number)")
        return int(text)

    def _reference(self) -> str:
        return f"{column_letters(self._column)}{self._row}"

    def _here(self) -> Where:
        return Where(line=self._row, sheet=self._sheet.name, cell=self._reference())

    def _broken(self, problem: str) -> None:
        """Refuse the sheet at the current row."""
        raise FileRefused("xlsx_broken", Where(line=self._row, sheet=self._sheet.name), problem=problem)
