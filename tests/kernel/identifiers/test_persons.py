"""Numbers of natural persons."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.identifiers import (
    ForeignPermanentResidence,
    HmtResidencePermit,
    Kind,
    PersonNumber,
    ResidentId,
    Uscc,
    Verdict,
    resident_id_check_character,
)
from chengxin.kernel.identifiers.tables import person_provinces

TODAY = date(2026, 6, 30)

born_days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
homes = st.sampled_from(sorted(person_provinces() - {"81", "82"}))
sequences = st.integers(0, 999).map("{:03}".format)


def _number(home: str, born: date, sequence: str) -> str:
    first17 = f"{home}0105{born:%Y%m%d}{sequence}"
    return first17 + resident_id_check_character(first17)


residents = st.builds(_number, homes, born_days, sequences)


def _told(found: PersonNumber) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.position) for problem in found.problems]


@given(residents)
def test_every_right_number_is_valid_and_no_uscc(number: str) -> None:
    found = ResidentId.parse(number)
    assert found.verdict is Verdict.VALID
    assert Uscc.parse(number).verdict is Verdict.INVALID


@given(residents, st.integers(0, 16), st.sampled_from("0123456789"))
def test_no_single_slip_leaves_a_right_number(number: str, position: int, digit: str) -> None:
    slipped = number[:position] + digit + number[position + 1 :]
    assert (ResidentId.parse(slipped).verdict is Verdict.VALID) == (slipped == number)


@given(residents)
def test_the_birthday_in_the_number_is_the_birthday_read(number: str) -> None:
    born = ResidentId.parse(number).born
    assert born is not None
    assert f"{born:%Y%m%d}" == number[6:14]


def test_small_x_becomes_capital_x_and_nothing_else_changes() -> None:
    found = ResidentId.parse("33010219200403064x")
    assert (found.normalised, found.verdict) == ("33010219200403064X", Verdict.VALID)


def test_fifteen_digits_are_never_turned_into_eighteen() -> None:
    found = ResidentId.parse("110105491231002")
    assert found.normalised == "110105491231002"
    assert found.verdict is Verdict.VALID
    assert _told(found) == [("fifteen_digits", None)]
    assert found.derived == {"birth_date": "1949-12-31", "resident_id": "11010519491231002X"}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("330102192013010647", [("birth_date_impossible", 7), ("check_character", 18)]),
        ("330102192002300647", [("birth_date_impossible", 7), ("check_character", 18)]),
        ("330102189904030649", [("birth_date_impossible", 7), ("check_character", 18)]),
        ("33010219200403064A", [("character_not_allowed", 18)]),
        ("33010219200403O64X", [("not_a_digit", 15)]),
        ("3301022011022000D6", [("not_a_digit", 17)]),
        ("33010219200403064", [("length", None)]),
        ("33010219200403064XX", [("length", None)]),
        ("360198910283844", [("fifteen_digits", None), ("birth_date_impossible", 7)]),
        ("36019891O203844", [("not_a_digit", 9)]),
        ("3.30102E+17", [("damaged_by_spreadsheet", None)]),
        ("330102192004030640", [("check_character", 18)]),
        ("320583199001011264", [("check_character", 18), ("person_number_rounded", None)]),
        ("320583199001011000", [("check_character", 18), ("person_number_rounded", None)]),
        ("990102192004030645", [("region_unknown", 1), ("check_character", 18)]),
    ],
)
def test_each_fault_has_its_exact_reason(text: str, problems: list[tuple[str, int | None]]) -> None:
    assert [told for told in _told(ResidentId.parse(text)) if told[0] != "other_document"] == problems


def test_a_wrong_check_character_alone_is_for_a_person_to_judge() -> None:
    assert ResidentId.parse("330102192004030640").verdict is Verdict.SUSPECT


def test_a_number_rounded_by_a_spreadsheet_is_refused_and_not_guessed() -> None:
    found = ResidentId.parse("320583199001011264")
    assert found.verdict is Verdict.INVALID
    assert found.suggestions == ()
    assert "身份证号被表格改坏" in found.problems[-1].message_zh


def test_birth_after_the_day_of_checking_is_refused_only_when_a_day_is_given() -> None:
    number = _number("32", date(2026, 7, 1), "001")
    assert _told(ResidentId.parse(number, on=TODAY)) == [("birth_date_in_future", 7)]
    assert ResidentId.parse(number).verdict is Verdict.VALID
    assert ResidentId.parse(_number("32", TODAY, "001"), on=TODAY).verdict is Verdict.VALID
    assert _told(ResidentId.parse("110105491231002", on=date(1949, 12, 30)))[-1] == ("birth_date_in_future", 7)


def test_an_unknown_province_is_a_note() -> None:
    found = ResidentId.parse(_number("20", date(1990, 1, 1), "001"))
    assert found.verdict is Verdict.VALID
    assert _told(found) == [("region_unknown", 1)]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("81000019980902013X", "香港居民居住证"),
        ("820000200009100032", "澳门居民居住证"),
        ("830000200209060065", "台湾居民居住证"),
    ],
)
def test_residence_permits_of_hong_kong_macau_and_taiwan(number: str, name: str) -> None:
    found = HmtResidencePermit.parse(number)
    assert (found.kind, found.verdict) == (Kind.HMT_RESIDENCE_PERMIT, Verdict.VALID)
    assert found.parts[0].meaning_zh == name
    assert found.born is not None
    as_resident = ResidentId.parse(number)
    assert as_resident.verdict is Verdict.SUSPECT
    assert name in next(p.message_zh for p in as_resident.problems if p.code == "other_document")


def test_a_permit_with_another_prefix_is_refused_naming_the_right_ones() -> None:
    found = HmtResidencePermit.parse("11010519491231002X")
    assert _told(found) == [("prefix", 1)]
    assert "810000、820000、830000" in found.problems[0].message_zh
    assert HmtResidencePermit.parse("932682198501010017").verdict is Verdict.INVALID
    assert _told(HmtResidencePermit.parse("8100001998090201")) == [("length", None)]


def test_a_foreigners_number_of_the_2023_form() -> None:
    found = ForeignPermanentResidence.parse("932682198501010017")
    assert (found.kind, found.verdict) == (Kind.FOREIGN_PERMANENT_RESIDENCE, Verdict.VALID)
    assert (found.part("region"), found.part("nationality")) == ("32", "682")
    assert found.born == date(1985, 1, 1)


@pytest.mark.parametrize(
    ("text", "verdict", "problems"),
    [
        ("932682198501010018", Verdict.SUSPECT, [("check_character", 18)]),
        ("932682198513010017", Verdict.INVALID, [("birth_date_impossible", 7), ("check_character", 18)]),
        ("11010519491231002X", Verdict.INVALID, [("prefix", 1)]),
        ("93268219850101001", Verdict.INVALID, [("length", None)]),
        ("USA320085010112", Verdict.VALID, [("no_check_character", None)]),
        ("usa320000022912", Verdict.VALID, [("no_check_character", None)]),
        ("USA320085130112", Verdict.INVALID, [("birth_date_impossible", 8), ("no_check_character", None)]),
        ("USA990085010112", Verdict.VALID, [("region_unknown", 4), ("no_check_character", None)]),
        ("U5A320085010112", Verdict.INVALID, [("character_not_allowed", 2)]),
        ("USA32008501011O", Verdict.INVALID, [("not_a_digit", 15)]),
    ],
)
def test_foreigners_numbers(text: str, verdict: Verdict, problems: list[tuple[str, int | None]]) -> None:
    found = ForeignPermanentResidence.parse(text)
    assert _told(found) == problems
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("born", "on", "minor"),
    [
        (date(2008, 6, 30), date(2026, 6, 29), True),
        (date(2008, 6, 30), date(2026, 6, 30), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
        (date(1950, 1, 1), date(2026, 1, 1), False),
        (date(2026, 1, 1), date(2026, 1, 1), True),
    ],
)
def test_a_minor_is_under_eighteen_full_years(born: date, on: date, *, minor: bool) -> None:
    assert ResidentId.parse(_number("32", born, "001")).is_minor(on) == minor


def test_a_number_without_a_date_of_birth_gives_no_age() -> None:
    found = ResidentId.parse("33010219201301064X")
    assert found.born is None
    assert not found.is_minor(TODAY)


@given(born_days, born_days)
def test_who_is_of_age_stays_of_age(born: date, on: date) -> None:
    found = ResidentId.parse(_number("32", born, "001"))
    later = on.replace(year=on.year + 1, day=min(on.day, 28))
    assert found.is_minor(on) or not found.is_minor(later)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("11010519491231002x", "110105***********X"),
        ("110105491231002", "110105********2"),
        ("USA320085010112", "USA320********2"),
        ("123", "123"),
        ("", ""),
    ],
)
def test_masked_numbers_show_region_and_last_character_only(text: str, masked: str) -> None:
    assert ResidentId.parse(text).masked == masked


@given(residents)
def test_no_part_speaks_of_sex(number: str) -> None:
    told = " ".join(ResidentId.parse(number).explain()) + str(ResidentId.parse(number).as_dict())
    assert not any(word in told for word in ("男", "女", "male", "sex", "gender"))
