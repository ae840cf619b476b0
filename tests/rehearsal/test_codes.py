"""Invented codes: valid by other people's arithmetic, all different, nobody's."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.identifiers import (
    RegistrationNumber,
    ResidentId,
    Uscc,
    Verdict,
    organisation_code_check_character,
    registration_number_check_digit,
    resident_id_check_character,
    uscc_check_character,
)
from chengxin.rehearsal import codes

PREFIXES = ("11", "12", "51", "52", "53", "91", "92", "93", "N2")


def numbers(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def flags(*values: bool) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array(values, dtype=np.bool_)


def one_uscc(prefix: str, region: str, index: int, *, numeric: bool) -> str:
    own = codes.organisation_codes(numbers(index), flags(numeric))
    return codes.as_text(codes.usccs(np.array([prefix.encode()], dtype="S2"), region, own))[0]


def plain_uscc_check(first17: str) -> str:
    """Sum the weights by hand, as GB 32100 writes them."""
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(codes.ALPHABET.index(letter) * weight for letter, weight in zip(first17, weights, strict=True))
    return codes.ALPHABET[-total % 31]


def plain_organisation_check(first8: str) -> str:
    """Sum the weights by hand, as GB 11714 writes them."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(letter, 36) * weight for letter, weight in zip(first8, weights, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


class TestUsccs:
    @given(
        prefix=st.sampled_from(PREFIXES),
        region=st.integers(0, 999_999).map(lambda region: f"{region:06d}"),
        index=st.integers(0, codes.NUMERIC_CAPACITY - 1),
        numeric=st.booleans(),
    )
    def test_every_code_passes_both_check_characters(
        self, *, prefix: str, region: str, index: int, numeric: bool
    ) -> None:
        code = one_uscc(prefix, region, index, numeric=numeric)
        assert code[:8] == prefix + region
        assert code[17] == plain_uscc_check(code[:17]) == uscc_check_character(code[:17])
        assert code[16] == plain_organisation_check(code[8:16]) == organisation_code_check_character(code[8:16])

    @given(index=st.integers(0, codes.NUMERIC_CAPACITY - 1), numeric=st.booleans())
    def test_the_kernel_calls_every_code_valid(self, *, index: int, numeric: bool) -> None:
        assert Uscc.parse(one_uscc("91", "320583", index, numeric=numeric)).verdict is Verdict.VALID

    def test_a_remainder_of_nought_gives_the_character_nought(self) -> None:
        own = codes.organisation_codes(np.arange(2_000, dtype=np.int64), np.ones(2_000, dtype=np.bool_))
        made = codes.as_text(codes.usccs(np.full(2_000, b"91", dtype="S2"), "320583", own))
        ending = {code[17] for code in made}
        assert ending == set(codes.ALPHABET)

    def test_both_odd_check_characters_of_organisation_codes_occur(self) -> None:
        own = codes.organisation_codes(np.arange(500, dtype=np.int64), np.ones(500, dtype=np.bool_))
        assert {chr(code) for code in own[:, 8]} == set("0123456789X")

    def test_codes_start_where_no_real_organisations_code_is_known_to_start(self) -> None:
        assert one_uscc("91", "320583", 7, numeric=True)[8] == "9"
        assert re.match(r"R[A-Z]", one_uscc("91", "320583", 7, numeric=False)[8:])

    @given(
        indices=st.sets(st.integers(0, codes.NUMERIC_CAPACITY - 1), min_size=2, max_size=50),
        numeric=st.booleans(),
    )
    def test_different_numbers_give_different_codes(self, *, indices: set[int], numeric: bool) -> None:
        index = numbers(*sorted(indices))
        made = codes.organisation_codes(index, np.full(index.size, numeric))
        assert len({bytes(row) for row in made}) == len(indices)

    def test_letters_left_out_of_the_alphabet_never_occur(self) -> None:
        index = np.arange(3_000, dtype=np.int64)
        own = codes.organisation_codes(index, np.zeros(index.size, dtype=np.bool_))
        made = "".join(codes.as_text(codes.usccs(np.full(index.size, b"91", dtype="S2"), "320583", own)))
        assert not set(made) & set("IOSVZ")


class TestShuffled:
    @given(st.integers(1, 3_000), st.integers(0, 2**40))
    def test_it_is_a_permutation(self, capacity: int, seed: int) -> None:
        index = np.arange(capacity, dtype=np.int64)
        assert sorted(codes.shuffled(index, capacity, seed).tolist()) == index.tolist()

    def test_neighbours_are_spread_out(self) -> None:
        spread = codes.shuffled(np.arange(100, dtype=np.int64), codes.NUMERIC_CAPACITY, 3)
        assert np.abs(np.diff(spread)).min() > 1_000_000

    def test_another_seed_gives_another_order(self) -> None:
        index = np.arange(50, dtype=np.int64)
        assert codes.shuffled(index, 50, 1).tolist() != codes.shuffled(index, 50, 2).tolist()


class TestRegistrationNumbers:
    @given(st.integers(0, 10**8 - 1))
    def test_the_check_digit_is_the_kernels(self, serial: int) -> None:
        code = codes.as_text(codes.registration_numbers("320583", numbers(serial)))[0]
        assert code[:14] == f"320583{serial:08d}"
        assert code[14] == registration_number_check_digit(code[:14])

    def test_the_kernel_calls_them_valid(self) -> None:
        made = codes.as_text(codes.registration_numbers("320583", np.arange(200, dtype=np.int64)))
        assert {RegistrationNumber.parse(code).verdict for code in made} == {Verdict.VALID}

    def test_a_known_number_comes_out(self) -> None:
        assert codes.as_text(codes.registration_numbers("110108", numbers(1))) == ["110108000000016"]


class TestResidentNumbers:
    @given(st.dates(date(1950, 1, 1), date(2005, 12, 31)), st.integers(0, 999))
    def test_the_check_character_is_the_kernels(self, birth: date, serial: int) -> None:
        code = codes.resident_numbers("990101", [birth.strftime("%Y%m%d")], numbers(serial))[0]
        assert code[17] == resident_id_check_character(code[:17])

    def test_the_region_is_nobodys_and_the_kernel_says_so(self) -> None:
        code = codes.resident_numbers("990101", ["19700824"], numbers(310))[0]
        problems = ResidentId.parse(code).problems
        assert any("region" in each.code for each in problems)

    def test_no_births_give_no_numbers(self) -> None:
        assert codes.resident_numbers("990101", [], numbers()) == []

    def test_births_and_serials_must_pair(self) -> None:
        with pytest.raises(ValueError, match="zip"):
            codes.resident_numbers("990101", ["19700824"], numbers(1, 2))


@settings(max_examples=20)
@given(st.lists(st.text("0123456789ABCDEF", min_size=18, max_size=18), min_size=1, max_size=20))
def test_codes_become_the_same_text(held: list[str]) -> None:
    assert codes.as_text(np.array([each.encode() for each in held], dtype="S18")) == held
