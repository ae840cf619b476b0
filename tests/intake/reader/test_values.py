"""Numbers and dates of a workbook become the text an officer would have typed."""

import datetime as dt
import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.intake.reader import values
from chengxin.intake.reader.values import date_kind, date_text, number_text, unescaped


def test_the_examples_in_the_documentation_hold() -> None:
    result = doctest.testmod(values)
    assert result.attempted >= 4
    assert result.failed == 0


@pytest.mark.parametrize(
    ("stored", "text", "damaged"),
    [
        ("0", "0", False),
        ("-0", "0", False),
        ("007", "7", False),
        ("42.0", "42", False),
        ("100", "100", False),
        ("1E5", "100000", False),
        ("1.5e-7", "0.00000015", False),
        ("12.949999999999999", "12.95", False),
        ("0.30000000000000004", "0.30000000000000004", True),
        ("999999999999999", "999999999999999", False),
        ("1000000000000000", "1000000000000000", True),
        ("330106199001011234", "330106199001011260", True),
        ("3.3010619900101123E17", "330106199001011200", True),
        ("-1234.5", "-1234.5", False),
        (".5", "0.5", False),
    ],
)
def test_a_number_is_the_shortest_decimal_and_never_scientific(stored: str, text: str, *, damaged: bool) -> None:
    shown, lost = number_text(stored)
    assert "e" not in shown.lower()
    assert lost is damaged
    assert shown == text


@pytest.mark.parametrize("stored", ["", "abc", "1_000", " 1", "1 ", "inf", "nan", "1e9999", "１２", "0x10", "1\n"])
def test_what_is_no_number_is_refused(stored: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        number_text(stored)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_means_the_same_number(value: float) -> None:
    text, _ = number_text(repr(value))
    assert float(text) == value
    assert "e" not in text.lower()
    assert not text.endswith(".0")


@given(st.integers(min_value=10**15, max_value=10**18))
def test_every_integer_of_sixteen_digits_or_more_is_marked_as_damaged(value: int) -> None:
    assert number_text(str(value))[1]


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_every_integer_of_up_to_fifteen_digits_comes_back_unchanged(value: int) -> None:
    assert number_text(str(value)) == (str(value), False)


@pytest.mark.parametrize(
    ("identity", "code", "kind"),
    [
        (0, "", ""),
        (14, "", "date"),
        (22, "", "date"),
        (20, "", "time"),
        (46, "", "elapsed"),
        (31, "", "date"),
        (57, "", "date"),
        (49, "", ""),
        (164, "General", ""),
        (165, "G/通用格式", ""),
        (166, "yyyy\\-mm\\-dd", "date"),
        (167, '[$-804]yyyy"年"m"月"d"日";@', "date"),
        (168, "yyyy年m月", "date"),
        (169, "[h]:mm:ss", "elapsed"),
        (170, "h:mm AM/PM", "time"),
        (171, '0.00"元"', ""),
        (172, "0.00E+00", ""),
        (173, '[Red]-0.00;[Blue]"day"0', ""),
        (174, "#,##0_);(#,##0)", ""),
        (175, "mmm", "date"),
        (176, "[DBNum1]yyyy", "date"),
        (177, "aaaa", "date"),
        (178, "@", ""),
        (179, "\\d0", ""),
    ],
)
def test_a_number_format_is_told_apart_from_a_date_format(identity: int, code: str, kind: str) -> None:
    assert date_kind(identity, code) == kind


@pytest.mark.parametrize(
    ("stored", "kind", "from_1904", "text"),
    [
        ("45838", "date", False, "2025-06-30"),
        ("44376", "date", True, "2025-06-30"),
        ("1", "date", False, "1900-01-01"),
        ("59", "date", False, "1900-02-28"),
        ("60", "date", False, "1900-02-29"),
        ("61", "date", False, "1900-03-01"),
        ("0", "date", False, "1900-01-00"),
        ("0", "date", True, "1904-01-01"),
        ("45838.5", "date", False, "2025-06-30 12:00:00"),
        ("45838.520833333336", "date", False, "2025-06-30 12:30:00"),
        ("45838.999999999999", "date", False, "2025-07-01"),
        ("0.34375", "time", False, "08:15:00"),
        ("45838.34375", "time", False, "2025-06-30 08:15:00"),
        ("1.5", "elapsed", False, "36:00:00"),
        ("0.000005787037037", "time", False, "00:00:00.500"),
        ("2958465", "date", False, "9999-12-31"),
    ],
)
def test_a_date_cell_is_read_as_a_calendar_date(stored: str, kind: str, text: str, *, from_1904: bool) -> None:
    assert date_text(stored, kind, from_1904=from_1904) == text


@pytest.mark.parametrize("stored", ["-1", "2958466", "1e300", "x", "", "-0.5"])
def test_a_date_outside_the_calendar_is_refused(stored: str) -> None:
    with pytest.raises(ValueError, match="no date"):
        date_text(stored, "date", from_1904=False)


def test_both_date_systems_end_with_the_year_9999() -> None:
    assert date_text("2957003", "date", from_1904=True) == "9999-12-31"
    for serial, from_1904 in (("2957004", True), ("2957003.9999999999", True), ("2958465.9999999999", False)):
        with pytest.raises(ValueError, match="no date"):
            date_text(serial, "date", from_1904=from_1904)


@given(st.dates(min_value=dt.date(1900, 3, 1)))
def test_every_date_after_february_1900_comes_back(day: dt.date) -> None:
    serial = (day - dt.date(1899, 12, 30)).days
    assert date_text(str(serial), "date", from_1904=False) == day.isoformat()


@given(st.datetimes(min_value=dt.datetime(1900, 3, 1), max_value=dt.datetime(2200, 1, 1)))  # noqa: DTZ001 - cells have no zone
def test_every_second_of_a_day_survives_the_way_through_a_fraction(moment: dt.datetime) -> None:
    moment = moment.replace(microsecond=0)
    serial = (moment - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)  # noqa: DTZ001 - cells have no zone
    expected = moment.date().isoformat() if moment.time() == dt.time() else moment.isoformat(" ")
    assert date_text(repr(serial), "date", from_1904=False) == expected


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("_x000D_", "\r"),
        ("a_x000a_b", "a\nb"),
        ("_x005F_x000D_", "_x000D_"),
        ("_x0000_", "_x0000_"),
        ("_xD800_", "_xD800_"),
        ("no_xyz_", "no_xyz_"),
        ("张三", "张三"),
    ],
)
def test_escapes_of_control_characters_are_resolved_but_never_to_nul(stored: str, text: str) -> None:
    assert unescaped(stored) == text
