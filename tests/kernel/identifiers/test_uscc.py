"""统一社会信用代码 and the organisation code inside it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.identifiers import Kind, OrganisationCode, Severity, Uscc, Verdict, make_uscc
from chengxin.kernel.identifiers.checks import USCC_ALPHABET, is_person, uscc_check_character
from chengxin.kernel.identifiers.tables import authority_categories
from chengxin.kernel.identifiers.uscc import was_rounded

DIGITS = "0123456789"
GOOD = "91320583187588026H"

usccs = st.builds(
    lambda pair, region, body: make_uscc(pair[0], pair[1], region, body),
    st.sampled_from(sorted(authority_categories())),
    st.text(DIGITS, min_size=6, max_size=6),
    st.text(USCC_ALPHABET, min_size=8, max_size=8),
).filter(lambda code: not is_person(code))


def _told(code: str, on: date | None = None) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.position) for problem in Uscc.parse(code, on=on).problems]


def test_a_right_code_is_taken_apart() -> None:
    code = Uscc.parse(GOOD)
    assert (code.kind, code.verdict, code.problems) == (Kind.USCC, Verdict.VALID, ())
    assert (code.authority_category, code.region) == ("91", "320583")
    assert code.organisation_code == OrganisationCode.parse("187588026")
    assert code.organisation_code.hyphenated == "18758802-6"
    assert code.derived == {"organisation_code": "187588026", "region": "320583", "tax_number": GOOD}


@pytest.mark.parametrize("code", ["91350211M00013FA1N", "91350203M0001QKT19"])
def test_two_published_codes_of_xiamen_are_for_a_person_to_judge_not_refused(code: str) -> None:
    assert Uscc.parse(code).verdict is Verdict.SUSPECT
    assert _told(code) == [("check_character", 18)]
    assert Uscc.parse(code).derived["organisation_code"] == code[8:17]


def test_a_resident_id_that_passes_the_sum_is_no_uscc() -> None:
    assert Uscc.parse("362322198709086409").verdict is Verdict.INVALID
    assert _told("362322198709086409") == [("is_personal_number", None)]
    assert Uscc.parse("362322198709086409").parts == ()
    assert Uscc.parse("362322198709086409").derived == {}


@pytest.mark.parametrize("letter", "IOSVZ")
@pytest.mark.parametrize("position", [1, 2, 9, 17, 18])
def test_an_unused_letter_makes_the_code_invalid_at_its_position(letter: str, position: int) -> None:
    code = GOOD[: position - 1] + letter + GOOD[position:]
    assert Uscc.parse(code).verdict is Verdict.INVALID
    assert _told(code) == [("letter_not_used", position)]


def test_a_letter_in_the_region_is_invalid() -> None:
    assert _told("913A0583187588026H") == [("not_a_digit", 4)]


def test_a_wrong_embedded_organisation_code_is_suspect_and_not_derived() -> None:
    first17 = "91320583187588027"
    code = first17 + uscc_check_character(first17)
    assert _told(code) == [("embedded_organisation_code", 17)]
    assert Uscc.parse(code).verdict is Verdict.SUSPECT
    assert "organisation_code" not in Uscc.parse(code).derived


def test_an_organisation_code_ending_in_a_letter_other_than_x_is_suspect() -> None:
    first17 = "9132058318758802A"
    assert _told(first17 + uscc_check_character(first17)) == [("embedded_organisation_code", 17)]


def test_both_checks_wrong_are_both_told() -> None:
    assert _told("91320583187588020A") == [("embedded_organisation_code", 17), ("check_character", 18)]


def test_an_unknown_category_is_a_note_and_the_code_stays_valid() -> None:
    code = make_uscc("9", "7", "320583", "18758802")
    assert Uscc.parse(code).verdict is Verdict.VALID
    assert _told(code) == [("category_unknown", 2)]
    assert Uscc.parse(code).problems[0].severity is Severity.NOTE


def test_an_unknown_authority_is_for_a_person_to_judge() -> None:
    code = make_uscc("0", "0", "320583", "18758802")
    assert Uscc.parse(code).verdict is Verdict.SUSPECT
    assert _told(code) == [("authority_unknown", 1)]


def test_eighteen_zeros_pass_both_sums_and_are_still_not_valid() -> None:
    assert Uscc.parse("0" * 18).verdict is Verdict.SUSPECT


def test_an_unknown_region_is_a_note_and_the_code_stays_valid() -> None:
    code = make_uscc("9", "1", "990583", "18758802")
    assert Uscc.parse(code).verdict is Verdict.VALID
    assert _told(code) == [("region_unknown", 3)]


def test_the_national_registrar_is_a_known_region() -> None:
    assert _told(make_uscc("9", "1", "100000", "18758802")) == []


def test_a_category_is_judged_on_the_day_asked_for() -> None:
    assert _told(GOOD, on=date(2015, 9, 30)) == [("category_unknown", 2)]
    assert _told(GOOD, on=date(2015, 10, 1)) == []
    assert Uscc.parse(GOOD, on=date(2015, 9, 30)).verdict is Verdict.VALID


def test_a_code_rounded_by_a_spreadsheet_gets_a_hint() -> None:
    assert _told("113205839616894000") == [
        ("embedded_organisation_code", 17),
        ("check_character", 18),
        ("code_rounded", None),
    ]


@pytest.mark.parametrize(
    ("digits", "rounded"),
    [
        ("320583199001011264", True),
        ("320583199001011000", True),
        ("320583199001011234", False),
        ("320583199001011265", False),
    ],
)
def test_rounding_shows_in_the_last_digits(digits: str, *, rounded: bool) -> None:
    assert was_rounded(digits) == rounded


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("9132058318758802H", "length"),
        ("91320583187588026HH", "length"),
        ("９1320583187588026Ｈ", None),
        ("91320583187588026H\n", None),
        ("91320583187588026H\x00", "length"),
        ("9132058318758802٣H", "character_not_allowed"),
    ],
)
def test_shapes_that_trip_careless_patterns(code: str, problem: str | None) -> None:
    problems = [found.code for found in Uscc.parse(code).problems]
    assert problems[:1] == ([problem] if problem else [])


@given(usccs)
def test_every_code_built_is_valid(code: str) -> None:
    found = Uscc.parse(code)
    assert found.verdict is Verdict.VALID
    assert found.derived["organisation_code"] == code[8:17]
    assert make_uscc(code[0], code[1], found.region, code[8:16]) == code


@given(usccs, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_no_single_slip_turns_a_valid_code_into_another_valid_one(code: str, position: int, character: str) -> None:
    slipped = code[:position] + character + code[position + 1 :]
    assert (Uscc.parse(slipped).verdict is Verdict.VALID) == (slipped == code)


@given(usccs, st.integers(0, 16))
def test_no_swap_of_neighbours_turns_a_valid_code_into_another_valid_one(code: str, position: int) -> None:
    swapped = code[:position] + code[position + 1] + code[position] + code[position + 2 :]
    assert (Uscc.parse(swapped).verdict is Verdict.VALID) == (swapped == code)


@given(st.text(USCC_ALPHABET + "IOSVZ ", min_size=16, max_size=20))
def test_positions_always_lie_within_the_normalised_text(text: str) -> None:
    found = Uscc.parse(text)
    for problem in found.problems:
        assert problem.position is None or 1 <= problem.position <= len(found.normalised)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        (("9", "1", "32058", "18758802"), "1, 1, 6 and 8"),
        (("91", "", "320583", "18758802"), "1, 1, 6 and 8"),
        (("9", "1", "32058A", "18758802"), "position 8"),
        (("9", "1", "320583", "1875880I"), "position 16"),
        (("９", "1", "320583", "18758802"), "position 1"),
    ],
)
def test_a_code_is_not_built_from_wrong_parts(parts: tuple[str, str, str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        make_uscc(*parts)


@pytest.mark.parametrize(
    ("text", "verdict", "problems"),
    [
        ("61399181-2", Verdict.VALID, []),
        ("MA5EE7EF-6", Verdict.VALID, []),
        ("16928036-x", Verdict.VALID, []),
        ("61399181-3", Verdict.SUSPECT, [("check_character", 9)]),
        ("6139918l-2", Verdict.SUSPECT, [("check_character", 9)]),
        ("61399181A", Verdict.INVALID, [("character_not_allowed", 9)]),
        ("6139918", Verdict.INVALID, [("length", None)]),
        ("61399181(2", Verdict.INVALID, [("length", None), ("character_not_allowed", 9)]),
    ],
)
def test_organisation_codes(text: str, verdict: Verdict, problems: list[tuple[str, int | None]]) -> None:
    found = OrganisationCode.parse(text)
    assert found.verdict is verdict
    assert [(problem.code, problem.position) for problem in found.problems] == problems
