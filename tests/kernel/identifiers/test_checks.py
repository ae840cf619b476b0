"""Check characters of the four schemes, on published numbers and as laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.identifiers.checks import (
    USCC_ALPHABET,
    birth_date,
    is_organisation_code,
    is_person,
    is_registration_number,
    looks_like_old_resident_id,
    looks_like_person,
    looks_like_resident_id,
    organisation_code_check_character,
    registration_number_check_digit,
    resident_id_check_character,
    uscc_check_character,
    uscc_checks_agree,
)

DIGITS = "0123456789"
LETTERS_AND_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

bodies17 = st.tuples(
    st.text(USCC_ALPHABET, min_size=2, max_size=2),
    st.text(DIGITS, min_size=6, max_size=6),
    st.text(USCC_ALPHABET, min_size=9, max_size=9),
).map("".join)


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y43",
        "9132058322470981X0",
        "9132058329141777XX",
        "91320583110704340J",
        "113205839616894686",
        "123205834570870626",
        "523205839109801596",
        "91320583187588026H",
        "923205835532929127",
        "93320583658655492B",
        "N2320583501346843C",
    ],
)
def test_the_published_vectors_agree_in_both_check_characters(code: str) -> None:
    assert uscc_check_character(code[:17]) == code[17]
    assert organisation_code_check_character(code[8:16]) == code[16]
    assert uscc_checks_agree(code)


def test_remainder_zero_of_a_uscc_is_written_0() -> None:
    assert uscc_check_character("9132058322470981X") == "0"
    assert uscc_check_character("0" * 17) == "0"


def test_organisation_code_writes_ten_as_x_and_eleven_as_0() -> None:
    assert organisation_code_check_character("29141777") == "X"
    assert organisation_code_check_character("11070434") == "0"


def test_organisation_code_counts_letters_in_the_full_alphabet() -> None:
    # J is 19 because I is counted though no USCC contains it; the USCC's own alphabet makes it 18, and the
    # check 8.
    assert organisation_code_check_character("0000000J") == "6"
    assert organisation_code_check_character("MA1MABCD") == "6"


@pytest.mark.parametrize(("first14", "digit"), [("11010800000001", "6"), ("37000040000229", "8"), ("1" * 14, "4")])
def test_registration_number_follows_mod_11_10(first14: str, digit: str) -> None:
    assert registration_number_check_digit(first14) == digit
    assert is_registration_number(first14 + digit)


def _by_the_book(first14: str) -> str:
    """The standard's own two steps, with 0 read as 10."""
    product = 10
    for digit in first14:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


@given(st.text(DIGITS, min_size=14, max_size=14))
def test_registration_number_in_one_step_equals_the_two_of_the_standard(first14: str) -> None:
    assert registration_number_check_digit(first14) == _by_the_book(first14)


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",
        "321083197812162119",
        "33010219200403064X",
        "932682198501010017",
        "81000019980902013X",
        "820000200009100032",
        "830000200209060065",
    ],
)
def test_resident_id_check_on_published_numbers(number: str) -> None:
    assert resident_id_check_character(number[:17]) == number[17]
    assert is_person(number)


@given(bodies17)
def test_every_uscc_body_has_one_check_character_of_the_alphabet(body: str) -> None:
    expected = uscc_check_character(body)
    assert expected in USCC_ALPHABET
    weights = [pow(3, i, 31) for i in range(17)]
    total = sum(USCC_ALPHABET.index(c) * w for c, w in zip(body, weights, strict=True))
    assert (total + USCC_ALPHABET.index(expected)) % 31 == 0


@given(bodies17, st.integers(0, 16), st.sampled_from(USCC_ALPHABET))
def test_one_changed_character_changes_the_uscc_check(body: str, position: int, character: str) -> None:
    changed = body[:position] + character + body[position + 1 :]
    assert (uscc_check_character(changed) == uscc_check_character(body)) == (changed == body)


@given(bodies17, st.integers(0, 15))
def test_two_neighbours_swapped_change_the_uscc_check(body: str, position: int) -> None:
    swapped = body[:position] + body[position + 1] + body[position] + body[position + 2 :]
    assert (uscc_check_character(swapped) == uscc_check_character(body)) == (swapped == body)


@given(st.text(DIGITS, min_size=17, max_size=17), st.integers(0, 16), st.sampled_from(DIGITS))
def test_one_changed_digit_changes_the_resident_id_check(body: str, position: int, digit: str) -> None:
    changed = body[:position] + digit + body[position + 1 :]
    assert (resident_id_check_character(changed) == resident_id_check_character(body)) == (changed == body)


@given(st.text(DIGITS, min_size=14, max_size=14), st.integers(0, 13), st.sampled_from(DIGITS))
def test_one_changed_digit_changes_the_registration_check(body: str, position: int, digit: str) -> None:
    changed = body[:position] + digit + body[position + 1 :]
    same = registration_number_check_digit(changed) == registration_number_check_digit(body)
    assert same == (changed == body)


@given(st.text(LETTERS_AND_DIGITS, min_size=8, max_size=8))
def test_every_organisation_body_has_a_digit_or_x(body: str) -> None:
    check = organisation_code_check_character(body)
    assert check in "0123456789X"
    assert is_organisation_code(body + check)
    assert not is_organisation_code(body + "A")


@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        (uscc_check_character, "9132058318758802"),
        (uscc_check_character, "9132058318758802I"),
        (uscc_check_character, "９1320583187588026"),
        (organisation_code_check_character, "1875880"),
        (organisation_code_check_character, "1875880-"),
        (registration_number_check_digit, "1101080000000"),
        (registration_number_check_digit, "1101080000000A"),
        (registration_number_check_digit, "１1010800000001"),
        (resident_id_check_character, "1101051949123100"),
        (resident_id_check_character, "1101051949123100X"),
    ],
)
def test_a_check_character_of_the_wrong_text_is_refused_with_a_sentence(function: object, wrong: str) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match=r"needed|alphabet"):
        function(wrong)


@pytest.mark.parametrize("code", ["", "1875880261", "18758802I", "18758802\n", "１87588026"])
def test_what_is_no_organisation_code(code: str) -> None:
    assert not is_organisation_code(code)


@pytest.mark.parametrize("code", ["", "110108000000017", "11010800000001", "110108000000016\n", "１10108000000016"])
def test_what_is_no_registration_number(code: str) -> None:
    assert not is_registration_number(code)


@pytest.mark.parametrize("code", ["91320583187588026H\n", "９1320583187588026H", "91320583187588026A", "9132058318758"])
def test_what_does_not_agree_as_a_uscc(code: str) -> None:
    assert not uscc_checks_agree(code)


@pytest.mark.parametrize(
    ("digits", "there"),
    [
        ("20000229", True),
        ("19000229", False),
        ("19900431", False),
        ("18991231", False),
        ("21000101", False),
        ("1990010", False),
        ("199001011", False),
        ("１９９０0101", False),
        ("1990010X", False),
    ],
)
def test_a_date_of_birth_must_be_a_day_within_the_years_of_the_settings(digits: str, *, there: bool) -> None:
    assert (birth_date(digits) is not None) == there


def test_a_number_that_is_a_right_resident_id_is_a_person_even_when_the_uscc_sum_agrees() -> None:
    number = "362322198709086409"
    assert uscc_check_character(number[:17]) == number[17]
    assert is_person(number)


def test_after_a_nine_agreeing_uscc_checks_win_over_a_foreigners_number() -> None:
    numbers = (f"91101119{tail:010}" for tail in range(8_701_010_000, 8_701_030_000))
    right = [number for number in numbers if resident_id_check_character(number[:17]) == number[17]]
    both = [number for number in right if uscc_checks_agree(number)]
    assert both, "the range holds numbers that fit both schemes"
    assert all(looks_like_person(number) for number in both)
    assert not any(is_person(number) for number in both)
    assert all(is_person(number) for number in right if number not in both)


@pytest.mark.parametrize(
    ("code", "looks"),
    [
        ("110105194912310029", True),
        ("200105194912310029", False),
        ("110105194913310029", False),
        ("11010519491231002A", False),
        ("830000200209060060", True),
        ("840000200209060060", False),
        ("932682198501010010", True),
        ("900682198501010010", False),
    ],
)
def test_the_look_of_a_persons_number_asks_province_and_date_only(code: str, *, looks: bool) -> None:
    assert looks_like_person(code) == looks


@pytest.mark.parametrize(
    ("code", "looks"),
    [("150102880730303", True), ("150102880732303", False), ("200102880730303", False), ("15010288073030", False)],
)
def test_the_look_of_an_old_resident_id(code: str, *, looks: bool) -> None:
    assert looks_like_old_resident_id(code) == looks
    assert looks_like_resident_id(code) == looks


def test_the_look_of_a_foreigners_number_needs_its_check_character() -> None:
    assert looks_like_resident_id("932682198501010017")
    assert not looks_like_resident_id("932682198501010018")
    assert looks_like_resident_id("11010519491231002X")
    assert looks_like_resident_id("110105194912310021"), "a mistyped person's number is still a person's"
