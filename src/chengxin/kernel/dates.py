"""Dates as departments write them, read into ``date`` or into "no end".

Accepted: ``2026/1/2``, ``2026-01-02``, ``2026.1.2``, ``20260102``, ``2026年1月2日``, each in either width
and with a time of day behind it; an Excel serial number only where the caller says the cell was numeric;
``2099/12/31`` and 长期 as an open end. Everything else is refused with a reason. The bounds and the open ends
are data (``data/dates.yaml``). ``date_sql`` and ``is_open_end_sql`` say the same in DuckDB.

>>> parse_date("２０２６年１月２日")
datetime.date(2026, 1, 2)
>>> parse_date("2099/12/31") is OPEN_END
True
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from importlib import resources
from typing import Any, Final, Literal

import yaml

from chengxin.kernel.text import fold_for_reading, fold_for_reading_sql, sql_literal, translate_sql


class OpenEnd(Enum):
    """The one value of a term without an end (长期)."""

    OPEN_END = "open-end"


OPEN_END: Final[Literal[OpenEnd.OPEN_END]] = OpenEnd.OPEN_END


class DateFault(Enum):
    """Why a text is no date; the value is the code that reports and statistics carry."""

    EMPTY = "date-empty"
    IMPOSSIBLE = "date-impossible"
    TWO_DIGIT_YEAR = "date-two-digit-year"
    INCOMPLETE = "date-incomplete"
    DAY_FIRST = "date-day-first"
    OUT_OF_RANGE = "date-out-of-range"
    TIME_ZONE = "date-time-zone"
    NUMBER = "date-number"
    UNREADABLE = "date-unreadable"


_MESSAGES: Final[dict[DateFault, tuple[str, str]]] = {
    DateFault.EMPTY: ("日期为空，请填写，例如 2026-01-02。", "The date is empty; write it like 2026-01-02."),
    DateFault.IMPOSSIBLE: (
        "日期“{text}”在日历上不存在，请对照文书改正。",
        "No calendar has the date '{text}'; correct it after the document.",
    ),
    DateFault.TWO_DIGIT_YEAR: (
        "日期“{text}”的年份只有两位，请写四位年份，例如 2026-01-02。",
        "The date '{text}' has a two-digit year; write four digits, like 2026-01-02.",
    ),
    DateFault.INCOMPLETE: (
        "日期“{text}”缺少月或日，请写到日，例如 2026-01-02。",
        "The date '{text}' lacks its month or day; write it in full, like 2026-01-02.",
    ),
    DateFault.DAY_FIRST: (
        "日期“{text}”年份不在最前，无法分清月和日，请写成 2026-01-02。",
        "The date '{text}' starts with no year: month and day cannot be told apart; write 2026-01-02.",
    ),
    DateFault.OUT_OF_RANGE: (
        "日期“{text}”不在 {first} 年至 {last} 年之间，请对照文书改正。",
        "The date '{text}' lies outside the years {first} to {last}; correct it after the document.",
    ),
    DateFault.TIME_ZONE: (
        "日期“{text}”带有其他时区，请改为北京时间的日期，例如 2026-01-02。",
        "The date '{text}' carries a foreign time zone; write the date in Beijing time, like 2026-01-02.",
    ),
    DateFault.NUMBER: (
        "单元格中的数字“{text}”不是日期，请把该列设为日期或文本格式后重新填写。",
        "The number '{text}' in the cell is no date; format the column as date or text and enter it again.",
    ),
    DateFault.UNREADABLE: (
        "“{text}”不是可识别的日期，请写成 2026-01-02。",
        "'{text}' cannot be read as a date; write it like 2026-01-02.",
    ),
}

# A value of one megabyte must not become a message of one megabyte.
_QUOTED: Final = 40


class DateError(ValueError):
    """A text that is no date.

    Attributes:
        fault: the reason.
        text: what was handed in.
        message_zh: what is wrong and what to do, in Chinese; ``str(error)`` is this.
        message_en: the same in English.
    """

    def __init__(self, fault: DateFault, text: str) -> None:
        """Build both messages for ``text``, cut to 40 characters in the quotation."""
        quoted = text if len(text) <= _QUOTED else text[:_QUOTED] + "…"
        values = {"text": quoted, "first": FORMS.first_year, "last": FORMS.last_year}
        self.fault = fault
        self.text = text
        self.message_zh, self.message_en = (message.format(**values) for message in _MESSAGES[fault])
        super().__init__(self.message_zh)


@dataclass(frozen=True, slots=True)
class DateForms:
    """The bounds and open ends of ``data/dates.yaml``.

    Attributes:
        first_year: the first year taken for a date.
        last_year: the last one, inclusive.
        first_serial: the smallest Excel day number (1900 base) taken for a date.
        last_serial: the largest one, inclusive.
        open_end_days: calendar days that stand for "no end".
        open_end_words: words that stand for "no end".
    """

    first_year: int
    last_year: int
    first_serial: int
    last_serial: int
    open_end_days: frozenset[date]
    open_end_words: frozenset[str]


def _load_forms() -> DateForms:
    """Read the data file that ships with the package."""
    source = resources.files("chengxin.kernel").joinpath("data/dates.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(source)
    return DateForms(
        first_year=data["years"]["first"],
        last_year=data["years"]["last"],
        first_serial=data["excel_serial"]["first"],
        last_serial=data["excel_serial"]["last"],
        open_end_days=frozenset(entry["day"] for entry in data["open_end_days"]),
        open_end_words=frozenset(entry["word"] for entry in data["open_end_words"]),
    )


FORMS: Final = _load_forms()

_DASH_LOOKALIKES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"
_DASHES: Final = dict.fromkeys(_DASH_LOOKALIKES, "-")
_DASH_TABLE: Final = str.maketrans(_DASHES)

# These patterns are run by Python's re and by DuckDB's RE2, so they use only what both read alike: [0-9] for
# \d, which in Python also takes full-width digits, and no $, which in Python also stands before a final
# newline.
_COLON_CLOCK: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?: ?\+08(?::?00)?)?"
_CHINESE_CLOCK: Final = r"(?:[01]?[0-9]|2[0-3])时(?:[0-5]?[0-9]分(?:[0-5]?[0-9]秒)?)?"
_CLOCK: Final = rf"(?:{_COLON_CLOCK}|{_CHINESE_CLOCK})"
_DIGITS_CLOCK: Final = r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"
_SEPARATED: Final = (
    r"([0-9]{4})(?:"
    r"(?:/([0-9]{1,2})/([0-9]{1,2})|-([0-9]{1,2})-([0-9]{1,2})|\.([0-9]{1,2})\.([0-9]{1,2}))"
    rf"(?:[T ]{_CLOCK})?"
    rf"| ?年 ?([0-9]{{1,2}}) ?月 ?([0-9]{{1,2}}) ?[日号](?: ?{_CLOCK})?"
    r")"
)
_COMPACT: Final = rf"([0-9]{{4}})([0-9]{{2}})([0-9]{{2}})(?:{_DIGITS_CLOCK}|[T ]{_CLOCK})?"
_CANONICAL: Final = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"

_SEPARATED_FORM: Final = re.compile(_SEPARATED)
_COMPACT_FORM: Final = re.compile(_COMPACT)
_NUMERIC_CELL: Final = re.compile(r"([0-9]+)(?:\.[0-9]+)?")

# Read in this order once no accepted form fits; the first that matches names the fault.
_FAULTY_SHAPES: Final[tuple[tuple[re.Pattern[str], DateFault], ...]] = (
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}T?.*(?:Z|[+-][0-9]{2}:?[0-9]{2})"), DateFault.TIME_ZONE),
    (re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}(?: .*)?"), DateFault.DAY_FIRST),
    (re.compile(r"'?[0-9]{2}(?:[/.-][0-9]{1,2}[/.-][0-9]{1,2}| ?年.*)"), DateFault.TWO_DIGIT_YEAR),
    (re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}"), DateFault.TWO_DIGIT_YEAR),
    (re.compile(r"[0-9]{4}(?:[/.-][0-9]{1,2}| ?年(?: ?[0-9]{1,2} ?月)?)?|[0-9]{6}"), DateFault.INCOMPLETE),
    (re.compile(r"[0-9]{1,2}(?:[/-]| ?月 ?)[0-9]{1,2} ?[日号]?"), DateFault.INCOMPLETE),
    (re.compile(r"[0-9]{1,5}(?:\.[0-9]+)?"), DateFault.NUMBER),
)


def parse_date(text: str, *, numeric_cell: bool = False) -> date | OpenEnd:
    """Read a date as a department wrote it.

    A time of day is checked and dropped; ``+08:00`` is the only zone accepted, because any other may mean
    another legal day.

    Args:
        text: the cell's text.
        numeric_cell: whether the spreadsheet held a number; only then is a bare number read as an Excel day
            number (1900 base, its fraction the time of day). Eight digits are a compact date in either case.

    Returns:
        The date, or ``OPEN_END`` for 长期 and its like.

    Raises:
        DateError: with the reason; nothing else, whatever the text.

    >>> parse_date("46024", numeric_cell=True)
    datetime.date(2026, 1, 2)
    """
    folded = fold_for_reading(text).translate(_DASH_TABLE)
    if folded.replace(" ", "") in FORMS.open_end_words:
        return OPEN_END
    parts = _date_parts(folded)
    if parts is None:
        number = _NUMERIC_CELL.fullmatch(folded) if numeric_cell else None
        if number:
            return _excel_day(number.group(1), text)
        raise DateError(_fault_of(folded), text)
    year, month, day = parts
    try:
        found = date(year, month, day)
    except ValueError:
        raise DateError(DateFault.IMPOSSIBLE, text) from None
    if found in FORMS.open_end_days:
        return OPEN_END
    if not FORMS.first_year <= year <= FORMS.last_year:
        raise DateError(DateFault.OUT_OF_RANGE, text)
    return found


def _date_parts(folded: str) -> tuple[int, int, int] | None:
    """Take year, month and day out of one of the accepted forms, None when none fits."""
    match = _COMPACT_FORM.fullmatch(folded) or _SEPARATED_FORM.fullmatch(folded)
    if match is None:
        return None
    year, month, day = (int(group) for group in match.groups() if group is not None)
    return year, month, day


def _excel_day(digits: str, text: str) -> date:
    """Turn an Excel day number into a date; the bounds keep clear of the 1900 base's false 1900-02-29."""
    # Ten digits are beyond the last date; int() refuses texts of more than 4300 digits with another error.
    number = int(digits) if len(digits) < 10 else FORMS.last_serial + 1  # noqa: PLR2004
    if not FORMS.first_serial <= number <= FORMS.last_serial:
        raise DateError(DateFault.NUMBER, text)
    return date(1899, 12, 30) + timedelta(days=number)


def _fault_of(folded: str) -> DateFault:
    """Name the reason why no accepted form fits."""
    if not folded:
        return DateFault.EMPTY
    return next((fault for shape, fault in _FAULTY_SHAPES if shape.fullmatch(folded)), DateFault.UNREADABLE)


def _folded_sql(column: str) -> str:
    """Write the folding that both SQL twins start from."""
    folded = fold_for_reading_sql(column)
    guard = sql_literal("[" + "".join(f"\\x{{{ord(dash):X}}}" for dash in _DASH_LOOKALIKES) + "]")
    dashed = translate_sql(folded, _DASHES)
    return f"(CASE WHEN regexp_matches({column}, {guard}) THEN {dashed} ELSE {folded} END)"


def _calendar_sql(folded: str) -> str:
    """Write the reading of folded text as a DATE, bounds not checked; NULL when no accepted form fits."""
    compact = f"regexp_replace({folded}, {sql_literal(f'^{_COMPACT}$')}, '\\1-\\2-\\3')"
    separated = sql_literal(f"^{_SEPARATED}$")
    # RE2 writes a group that did not take part as nothing, so the four alternatives fall into one shape.
    canonical = f"regexp_replace({compact}, {separated}, '\\1-\\2\\4\\6\\8-\\3\\5\\7\\9')"
    return f"TRY_CAST(regexp_extract({canonical}, '^{_CANONICAL}$') AS DATE)"


def _let_sql(name: str, value: str, body: str) -> str:
    """Name a value inside an expression, so that DuckDB computes it once (a list of one, transformed)."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"


def date_sql(column: str) -> str:
    """Write ``parse_date`` for text cells as a DuckDB expression of type DATE.

    NULL where Python raises or gives ``OPEN_END``: tell the two apart with ``is_open_end_sql``.
    """
    bounds = f"BETWEEN DATE '{FORMS.first_year}-01-01' AND DATE '{FORMS.last_year}-12-31'"
    body = f"CASE WHEN found {bounds} AND found NOT IN ({_open_days_sql()}) THEN found END"
    return _let_sql("found", _calendar_sql(_folded_sql(column)), body)


def is_open_end_sql(column: str) -> str:
    """Write the test ``parse_date(text) is OPEN_END`` as a DuckDB expression; false for NULL."""
    words = ", ".join(sql_literal(word) for word in sorted(FORMS.open_end_words))
    day = f"coalesce({_calendar_sql('folded')} IN ({_open_days_sql()}), FALSE)"
    body = f"replace(folded, ' ', '') IN ({words}) OR {day}"
    return f"coalesce({_let_sql('folded', _folded_sql(column), body)}, FALSE)"


def _open_days_sql() -> str:
    """List the open-end days as SQL date literals."""
    return ", ".join(f"DATE '{day.isoformat()}'" for day in sorted(FORMS.open_end_days))
