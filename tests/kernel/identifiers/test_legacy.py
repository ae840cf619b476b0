"""Numbers from before the unified code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.identifiers import (
    Kind,
    PublicInstitutionCertificate,
    RegistrationNumber,
    SocialOrganisationCertificate,
    TaxNumber,
    Verdict,
    organisation_code_check_character,
    registration_number_check_digit,
)
from chengxin.kernel.identifiers.identification import Identification


def _told(found: Identification) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.position) for problem in found.problems]


@pytest.mark.parametrize("number", ["110108000000016", "370000400002298", "440306104281321", "100000000003498"])
def test_real_registration_numbers_are_valid(number: str) -> None:
    found = RegistrationNumber.parse(number)
    assert (found.kind, found.verdict) == (Kind.REGISTRATION_NUMBER, Verdict.VALID)
    assert found.derived == {"region": number[:6]}


@pytest.mark.parametrize(
    ("number", "meaning"),
    [
        ("110108000000016", "domestic enterprise"),
        ("370000400002298", "foreign-invested enterprise"),
        ("320583600000017", "individual business"),
    ],
)
def test_the_sequence_tells_the_class_of_body(number: str, meaning: str) -> None:
    assert meaning in RegistrationNumber.parse(number).parts[1].meaning_en


def test_a_wrong_check_digit_is_suspect_at_position_15() -> None:
    found = RegistrationNumber.parse("110108000000017")
    assert found.verdict is Verdict.SUSPECT
    assert _told(found) == [("check_character", 15)]
    assert "应为 6，现为 7" in found.problems[0].message_zh


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("11010800000001", [("length", None)]),
        ("11010800000O016", [("not_a_digit", 12)]),
        ("1101080000000１6", []),
        ("11010800000000٣", [("character_not_allowed", 15)]),
        ("1.10108E+14", [("damaged_by_spreadsheet", None)]),
    ],
)
def test_registration_numbers_of_wrong_shape(text: str, problems: list[tuple[str, int | None]]) -> None:
    assert _told(RegistrationNumber.parse(text)) == problems


def test_an_unknown_region_of_a_registration_number_is_a_note() -> None:
    body = "99010800000001"
    found = RegistrationNumber.parse(body + registration_number_check_digit(body))
    assert found.verdict is Verdict.VALID
    assert _told(found) == [("region_unknown", 1)]


@given(st.text("0123456789", min_size=14, max_size=14))
def test_exactly_one_check_digit_makes_a_registration_number_valid(body: str) -> None:
    valid = [digit for digit in "0123456789" if RegistrationNumber.parse(body + digit).verdict is Verdict.VALID]
    assert valid == [registration_number_check_digit(body)]


def test_the_old_tax_number_is_region_and_organisation_code() -> None:
    found = TaxNumber.parse("320583187588026")
    assert (found.kind, found.verdict) == (Kind.TAX_NUMBER, Verdict.VALID)
    assert found.derived == {"region": "320583", "organisation_code": "187588026"}


def test_the_new_tax_number_is_the_uscc() -> None:
    found = TaxNumber.parse("91320583187588026H")
    assert (found.kind, found.verdict) == (Kind.TAX_NUMBER, Verdict.VALID)
    assert found.derived == {
        "uscc": "91320583187588026H",
        "organisation_code": "187588026",
        "region": "320583",
    }
    assert found.part("region") == "320583"


def test_a_tax_number_that_is_a_persons_id_is_refused() -> None:
    found = TaxNumber.parse("11010519491231002X")
    assert found.verdict is Verdict.INVALID
    assert found.derived == {}
    assert "11010519491231002X" not in str(found.as_dict()["derived"])


@pytest.mark.parametrize(
    ("text", "verdict", "problems"),
    [
        ("320583187588027", Verdict.SUSPECT, [("check_character", 15)]),
        ("32O583187588026", Verdict.INVALID, [("not_a_digit", 3)]),
        ("32058318758802A", Verdict.INVALID, [("character_not_allowed", 15)]),
        ("32058318758802", Verdict.INVALID, [("length", None)]),
        ("990583187588026", Verdict.VALID, [("region_unknown", 1)]),
        ("91320583187588026A", Verdict.SUSPECT, [("check_character", 18)]),
    ],
)
def test_tax_numbers_with_something_wrong(text: str, verdict: Verdict, problems: list[tuple[str, int | None]]) -> None:
    found = TaxNumber.parse(text)
    assert found.verdict is verdict
    assert _told(found) == problems


@given(
    st.text("0123456789", min_size=6, max_size=6), st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8)
)
def test_region_and_organisation_code_make_a_valid_tax_number(region: str, body: str) -> None:
    code = body + organisation_code_check_character(body)
    found = TaxNumber.parse(region + code)
    assert found.verdict is Verdict.VALID
    assert found.derived["organisation_code"] == code


@pytest.mark.parametrize(
    "text", ["事证第132058300123号", "132058300123", "事证第 1320 5830 0123 号", "１３２０５８３００１２３"]
)
def test_a_public_institution_certificate_is_written_one_way(text: str) -> None:
    found = PublicInstitutionCertificate.parse(text)
    assert (found.kind, found.verdict) == (Kind.PUBLIC_INSTITUTION_CERTIFICATE, Verdict.VALID)
    assert found.normalised == "132058300123"
    assert found.derived == {"region": "320583"}


@pytest.mark.parametrize(
    "text", ["事证第13205830012号", "232058300123", "132058300123号号", "事证字132058300123", "13205830012٣"]
)
def test_other_ways_of_writing_it_are_refused_with_an_example(text: str) -> None:
    found = PublicInstitutionCertificate.parse(text)
    assert found.verdict is Verdict.INVALID
    assert "事证第132058300123号" in found.problems[0].message_zh


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("苏社证字第0123号", "苏社证字第0123号"),
        ("苏 社证字 第 0123 号", "苏社证字第0123号"),
        ("社证字4012345", "社证字第4012345号"),
        ("昆民证字第０１２３号", "昆民证字第0123号"),
        ("基证字第0012号", "基证字第0012号"),
    ],
)
def test_a_social_organisation_certificate_is_written_one_way(text: str, normalised: str) -> None:
    found = SocialOrganisationCertificate.parse(text)
    assert (found.kind, found.verdict) == (Kind.SOCIAL_ORGANISATION_CERTIFICATE, Verdict.VALID)
    assert found.normalised == normalised


@pytest.mark.parametrize("text", ["社证字", "苏社证第0123号", "江苏省昆山市社证字第1号", "苏社证字第0123号副本"])
def test_other_certificates_are_refused(text: str) -> None:
    found = SocialOrganisationCertificate.parse(text)
    assert _told(found) == [("form", None)]


def test_a_certificate_says_that_nothing_but_its_form_was_checked() -> None:
    assert _told(PublicInstitutionCertificate.parse("132058300123")) == [("no_check_character", None)]
    assert _told(SocialOrganisationCertificate.parse("苏社证字第0123号")) == [("no_check_character", None)]
    assert _told(PublicInstitutionCertificate.parse("199999900123"))[0] == ("region_unknown", 2)


@pytest.mark.parametrize("kind", [PublicInstitutionCertificate, SocialOrganisationCertificate])
def test_the_canonical_form_is_read_as_itself(kind: type[Identification]) -> None:
    for text in ("事证第132058300123号", "昆民证字123"):
        once = kind.parse(text)
        assert kind.parse(once.normalised).normalised == once.normalised
