"""Stored numbers of a workbook as the text an officer would have typed.

Source: ISO/IEC 29500-1, 18.8.30 (number formats) and 18.17.4 (dates).
"""

import datetime as dt
import re
from decimal import ROUND_HALF_EVEN, Decimal

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_SAFE_DIGITS = 15
_UNSAFE_FROM = Decimal(10) ** _SAFE_DIGITS
_MILLISECONDS_A_DAY = 86_400_000
_END_1900, _END_1904 = 2_958_466, 2_957_004  # 10000-01-01 in both systems
_FALSE_LEAP_DAY = 60  # the 1900 system counts a 29 February 1900 that never was
_ISO_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)Z?)?")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

# Formats without a stored code: 14-22 and 45-47 everywhere, 27-36 and 50-58 in Chinese and other East Asian
# versions.
_TIME_IDS = frozenset({18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56})
_ELAPSED_IDS = frozenset({46})
_DATE_IDS = frozenset({*range(14, 23), *range(27, 37), *range(50, 59)}) - _TIME_IDS
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|g/通用格式|general', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BRACKETED = re.compile(r"\[[^\]]*\]")
_EXPONENT = re.compile(r"e[+-]", re.IGNORECASE)


def number_text(stored: str) -> tuple[str, bool]:
    """The shortest decimal that means the stored number, and whether it lost digits.

    Args:
        stored: Content of the cell's ``v`` element.

    Returns:
        Text without exponent and without a useless fraction; True where the value has more than 15
        significant digits or is 1e15 or more, so that a spreadsheet cannot have kept what was typed.

    Raises:
        ValueError: Not a finite number.

    >>> number_text("12.949999999999999"), number_text("3.3010619900101123E17")
    (('12.95', False), ('330106199001011200', True))
    """
    if len(stored) <= _SAFE_DIGITS and stored.isascii() and stored.isdigit() and stored[0] != "0":
        return stored, False
    if not _NUMBER.fullmatch(stored):
        raise ValueError(f"no number: {stored!r}")
    value = Decimal(repr(float(stored)))
    if not value.is_finite():
        raise ValueError(f"no number: {stored!r}")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    digits = text.replace("-", "").replace(".", "").strip("0")
    damaged = len(digits) > _SAFE_DIGITS or abs(value) >= _UNSAFE_FROM
    return ("0" if text == "-0" else text), damaged


def date_kind(format_id: int, code: str) -> str:
    """Whether a number format shows a date.

    Args:
        format_id: Number of the format.
        code: Its code where the workbook stores one, else ``""``.

    Returns:
        ``date``, ``time`` (no day in it), ``elapsed`` (hours may pass 24) or ``""`` for a plain number.

    >>> date_kind(165, 'yyyy"年"m"月"d"日"'), date_kind(166, "0.00E+00"), date_kind(167, '[红色]"日"0')
    ('date', '', '')
    """
    if not code:
        found = {"date": _DATE_IDS, "time": _TIME_IDS, "elapsed": _ELAPSED_IDS}
        return next((kind for kind, ids in found.items() if format_id in ids), "")
    plain = _QUOTED.sub("", code).split(";")[0]
    if _ELAPSED.search(plain):
        return "elapsed"
    plain = _EXPONENT.sub("", _BRACKETED.sub("", plain)).lower()
    if any(token in plain for token in "yde") or "aaa" in plain:
        return "date"
    if "h" in plain or "s" in plain:
        return "time"
    return "date" if "m" in plain else ""


def date_text(stored: str, kind: str, *, from_1904: bool) -> str:
    """A date serial as ``YYYY-MM-DD``, with the time of day only where there is one.

    Args:
        stored: Content of the cell's ``v`` element, days since the epoch.
        kind: What :func:`date_kind` said.
        from_1904: The workbook counts from 1904-01-01 instead of 1899-12-31.

    Returns:
        For example ``2025-06-30``, ``2025-06-30 08:15:00``, ``08:15:00`` (a time alone) or ``36:00:00``
        (elapsed). The day 60 of the 1900 system is ``1900-02-29``, as a spreadsheet shows it; the rules for
        dates refuse it.

    Raises:
        ValueError: Not a number, or outside what the calendar of a spreadsheet covers.

    >>> date_text("45838", "date", from_1904=False), date_text("45838.34375", "date", from_1904=False)
    ('2025-06-30', '2025-06-30 08:15:00')
    """
    if not _NUMBER.fullmatch(stored):
        raise ValueError(f"no date: {stored!r}")
    value = Decimal(repr(float(stored)))
    end = _END_1904 if from_1904 else _END_1900
    if not 0 <= value < end:
        raise ValueError(f"no date: {stored!r}")
    total = int((value * _MILLISECONDS_A_DAY).to_integral_value(ROUND_HALF_EVEN))
    days, clock = divmod(total, _MILLISECONDS_A_DAY)
    if days >= end:
        raise ValueError(f"no date: {stored!r}")
    if kind == "elapsed" or (kind == "time" and days == 0):
        return _clock_text(total)
    day = _day_text(days, from_1904=from_1904)
    return f"{day} {_clock_text(clock)}" if clock else day


def iso_date_text(stored: str) -> str:
    """A date stored as ISO 8601 text (cell type ``d``) in the form of :func:`date_text`; other text unchanged.

    >>> iso_date_text("2025-06-30T00:00:00.000Z"), iso_date_text("2025-06-30T08:15:00"), iso_date_text("?")
    ('2025-06-30', '2025-06-30 08:15:00', '?')
    """
    match = _ISO_DATE.fullmatch(stored)
    if not match:
        return stored
    day, clock = match[1], match[2] or ""
    return f"{day} {clock}" if clock.strip("0:.") else day


def unescaped(text: str) -> str:
    r"""Resolve ``_xHHHH_``, the way a workbook stores control characters.

    Source: ISO/IEC 29500-1, 22.9.2.19 ST_Xstring. NUL and lone surrogates stay as they are written: no text
    may hold them.

    >>> unescaped("a_x000D_b_x005F_x0041_")
    'a\rb_x0041_'
    """
    return _ESCAPE.sub(_unescape_one, text) if "_x" in text else text


def _unescape_one(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return match[0] if char == "\0" or "\ud800" <= char <= "\udfff" else char


def _day_text(days: int, *, from_1904: bool) -> str:
    if from_1904:
        return (dt.date(1904, 1, 1) + dt.timedelta(days=days)).isoformat()
    if days == 0:
        return "1900-01-00"
    if days == _FALSE_LEAP_DAY:
        return "1900-02-29"
    epoch = dt.date(1899, 12, 31) if days < _FALSE_LEAP_DAY else dt.date(1899, 12, 30)
    return (epoch + dt.timedelta(days=days)).isoformat()


def _clock_text(milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    tail = f".{fraction:03d}" if fraction else ""
    return f"{hour:02d}:{minute:02d}:{second:02d}{tail}"
