"""The packed sums that numpy and DuckDB add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.identifiers.checks import (
    USCC_ALPHABET,
    USCC_SHAPE,
    is_organisation_code,
    uscc_check_character,
)
from chengxin.kernel.identifiers.packing import (
    FOREIGN,
    NO_AUTHORITY,
    NO_CHECK_CHARACTER,
    ORGANISATION_MASK,
    ORGANISATION_SHIFT,
    USCC_MASK,
    packed_entry,
)

shaped = st.from_regex(USCC_SHAPE, fullmatch=True)


def _sum(code: str) -> int:
    return sum(packed_entry(position, character) for position, character in enumerate(code))


@given(shaped)
def test_the_sums_say_what_the_check_characters_say(code: str) -> None:
    packed = _sum(code)
    assert ((packed & USCC_MASK) % 31 == 0) == (uscc_check_character(code[:17]) == code[17])
    organisation_agrees = (packed >> ORGANISATION_SHIFT & ORGANISATION_MASK) % 11 == 0
    assert (organisation_agrees and not packed & NO_CHECK_CHARACTER) == is_organisation_code(code[8:17])
    assert packed < FOREIGN


def test_no_sum_spills_into_its_neighbour() -> None:
    largest = [
        max((packed_entry(p, c) for c in USCC_ALPHABET if packed_entry(p, c) < NO_CHECK_CHARACTER), key=int)
        for p in range(18)
    ]
    uscc = sum(max(packed_entry(p, c) & USCC_MASK for c in USCC_ALPHABET) for p in range(18))
    organisation = sum(
        max(packed_entry(p, c) >> ORGANISATION_SHIFT & ORGANISATION_MASK for c in USCC_ALPHABET) for p in range(18)
    )
    assert uscc <= 9_180 <= USCC_MASK
    assert organisation <= 1_642 <= ORGANISATION_MASK
    assert sum(largest) < NO_CHECK_CHARACTER
    assert 18 * FOREIGN + NO_AUTHORITY + NO_CHECK_CHARACTER + sum(largest) < 2**32


@pytest.mark.parametrize(
    ("position", "character", "flag"),
    [
        (0, "B", NO_AUTHORITY),
        (0, "9", 0),
        (1, "B", 0),
        (2, "A", FOREIGN),
        (8, "A", 0),
        (16, "A", NO_CHECK_CHARACTER),
        (16, "X", 0),
        (17, "A", 0),
        (17, "I", FOREIGN),
        (0, "a", FOREIGN),
        (0, "é", FOREIGN),
    ],
)
def test_flags_stand_where_they_belong(position: int, character: str, flag: int) -> None:
    assert packed_entry(position, character) & (NO_AUTHORITY | NO_CHECK_CHARACTER | FOREIGN) == flag
