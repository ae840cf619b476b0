"""Both check sums of a USCC and the table's say on it, packed into one number per character.

Bits 0–13 hold what the character adds to the USCC sum (all 18 together at most 9,180), bits 14–24 what it
adds to the organisation code's sum (at most 1,642), higher bits are flags. Both check characters have weight
1, so a code is right when 31 and 11 divide its two sums. Adding the entries of 18 characters thus judges a code
without a branch; ``bulk`` does it in numpy and ``sql`` in DuckDB.
"""

from chengxin.kernel.identifiers.checks import USCC_ALPHABET
from chengxin.kernel.identifiers.tables import authorities, check_scheme

ORGANISATION_SHIFT = 14
USCC_MASK = (1 << ORGANISATION_SHIFT) - 1
ORGANISATION_MASK = (1 << 11) - 1

NO_CHECK_CHARACTER = 1 << 25
"""Flag: the organisation code ends in a letter that is no check character."""

NO_AUTHORITY = 1 << 26
"""Flag: the first character is no known registering authority."""

FOREIGN = 1 << 27
"""Flag: the character may not stand here. Even 18 of them stay below 2**32."""

REGION = range(2, 8)
ORGANISATION_BODY = range(8, 16)
ORGANISATION_CHECK = 16


def packed_entry(position: int, character: str) -> int:
    """Give the packed number of one character at one position, counted from 0.

    >>> packed_entry(17, "H"), packed_entry(2, "H") == FOREIGN
    (17, True)
    """
    if character not in USCC_ALPHABET or (position in REGION and not character.isdigit()):
        return FOREIGN
    weights = (*check_scheme("uscc").weights, 1)
    packed = USCC_ALPHABET.index(character) * weights[position]
    if position in ORGANISATION_BODY:
        organisation = check_scheme("organisation_code")
        weight = organisation.weights[position - ORGANISATION_BODY.start]
        packed += organisation.alphabet.index(character) * weight << ORGANISATION_SHIFT
    elif position == ORGANISATION_CHECK:
        value = "0123456789X".find(character)
        packed += value << ORGANISATION_SHIFT if value >= 0 else NO_CHECK_CHARACTER
    elif position == 0 and character not in authorities():
        packed += NO_AUTHORITY
    return packed
