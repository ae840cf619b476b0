"""Check characters of the four numbering schemes, and tests of whole codes built on them.

Each function takes the characters before the check character and raises ``ValueError`` for anything else: a
caller with dirty text wants ``identify``, which explains instead of raising.
"""

import re
from datetime import date
from functools import cache

from chengxin.kernel.identifiers.tables import check_scheme, permits, person_provinces, setting

USCC_LENGTH = 18
ORGANISATION_CODE_LENGTH = 9
REGISTRATION_NUMBER_LENGTH = 15
RESIDENT_ID_LENGTH = 18
OLD_RESIDENT_ID_LENGTH = 15

# ISO 7064 MOD 11-2 writes the value 10 as X, in GB 11643 by remainder and in GB 11714 by 11 − remainder.
_RESIDENT_ID_CHECK = "10X98765432"
_ORGANISATION_CODE_CHECK = "0X987654321"
_HALF_MODULUS = 10

USCC_ALPHABET = check_scheme("uscc").alphabet
USCC_SHAPE = re.compile(f"[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}")
PERSON_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
OLD_PERSON_SHAPE = re.compile(r"[0-9]{15}")


@cache
def _weighted(scheme: str) -> tuple[dict[str, int], tuple[int, ...], int]:
    read = check_scheme(scheme)
    return {character: value for value, character in enumerate(read.alphabet)}, read.weights, read.modulus


def _remainder(text: str, scheme: str) -> int:
    values, weights, modulus = _weighted(scheme)
    if len(text) != len(weights):
        raise ValueError(f"{len(weights)} characters are needed before the check character, not {len(text)}")
    try:
        return sum(values[character] * weight for character, weight in zip(text, weights, strict=True)) % modulus
    except KeyError as unknown:
        raise ValueError(f"character {unknown} is not in the alphabet {check_scheme(scheme).alphabet}") from None


def uscc_check_character(first17: str) -> str:
    """Compute the 18th character of a USCC 统一社会信用代码 (GB 32100-2015).

    The remainder 0 gives ``0``: published code that subtracts it from 31 indexes past the alphabet's end.

    >>> uscc_check_character("9132058322470981X")
    '0'

    Raises:
        ValueError: unless given 17 characters of the USCC alphabet.
    """
    return check_scheme("uscc").alphabet[-_remainder(first17, "uscc")]


def organisation_code_check_character(first8: str) -> str:
    """Compute the ninth character of an organisation code 组织机构代码 (GB 11714-1997).

    >>> organisation_code_check_character("29141777"), organisation_code_check_character("11070434")
    ('X', '0')

    Raises:
        ValueError: unless given eight digits or capital letters.
    """
    return _ORGANISATION_CODE_CHECK[_remainder(first8, "organisation_code")]


def resident_id_check_character(first17: str) -> str:
    """Compute the 18th character of a resident ID 公民身份号码 (GB 11643-1999).

    >>> resident_id_check_character("11010519491231002")
    'X'

    Raises:
        ValueError: unless given 17 digits.
    """
    return _RESIDENT_ID_CHECK[_remainder(first17, "resident_id")]


def registration_number_check_digit(first14: str) -> str:
    """Compute the 15th digit of a registration number 工商注册号 (GS 15-2006, ISO 7064 MOD 11,10).

    >>> registration_number_check_digit("11010800000001")
    '6'

    Raises:
        ValueError: unless given 14 digits.
    """
    if len(first14) != REGISTRATION_NUMBER_LENGTH - 1 or not (first14.isascii() and first14.isdigit()):
        raise ValueError("14 digits are needed before the check digit of a registration number")
    product = _HALF_MODULUS
    for digit in first14:
        # (p + d) mod 10 with 0 read as 10, in one step: the same form serves in SQL.
        product = ((product + int(digit) + 9) % _HALF_MODULUS + 1) * 2 % (_HALF_MODULUS + 1)
    return str((_HALF_MODULUS + 1 - product) % _HALF_MODULUS)


def is_organisation_code(code: str) -> bool:
    """Tell whether a normalised text is an organisation code with the right check character."""
    if len(code) != ORGANISATION_CODE_LENGTH:
        return False
    try:
        return organisation_code_check_character(code[:8]) == code[8]
    except ValueError:
        return False


def is_registration_number(code: str) -> bool:
    """Tell whether a normalised text is a 15-digit registration number with the right check digit."""
    if len(code) != REGISTRATION_NUMBER_LENGTH or not (code.isascii() and code.isdigit()):
        return False
    return registration_number_check_digit(code[:14]) == code[14]


def uscc_checks_agree(code: str) -> bool:
    """Tell whether a normalised text has the shape of a USCC and both its check characters agree."""
    if not USCC_SHAPE.fullmatch(code):
        return False
    return is_organisation_code(code[8:17]) and uscc_check_character(code[:17]) == code[17]


def birth_date(digits: str) -> date | None:
    """Read YYYYMMDD as a date of birth within the years of the settings; None where there is no such day."""
    if len(digits) != len("YYYYMMDD") or not (digits.isascii() and digits.isdigit()):
        return None
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if not setting("first_birth_year") <= year <= setting("last_birth_year"):
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def looks_like_person(code: str) -> bool:
    """Tell whether 18 normalised characters have province and birth date where a person's number has.

    The check character is not asked. Numbers that start with 9 (foreigners, 2023 form) hold the province
    after it.
    """
    if not PERSON_SHAPE.fullmatch(code):
        return False
    province = code[1:3] if code[0] == "9" else code[:2]
    known = province in person_provinces() or code[:6] in {permit.prefix for permit in permits()}
    return known and birth_date(code[6:14]) is not None


def is_person(code: str) -> bool:
    """Tell whether a normalised text of 18 characters is a person's number and must not pass for a USCC.

    Nearly all numbers that are a right resident ID belong to people, even those that also pass the USCC sum
    (one in 31). Only with 9 in front, where enterprises outnumber resident foreigners by thousands, do
    agreeing USCC checks win.
    """
    if not looks_like_person(code) or resident_id_check_character(code[:17]) != code[17]:
        return False
    return code[0] != "9" or not uscc_checks_agree(code)


def looks_like_old_resident_id(code: str) -> bool:
    """Tell whether a normalised text is 15 digits with a known province and a date of the 1900s."""
    if not OLD_PERSON_SHAPE.fullmatch(code):
        return False
    return code[:2] in person_provinces() and birth_date("19" + code[6:12]) is not None


def looks_like_resident_id(code: str) -> bool:
    """Tell whether a normalised text looks like a person's number of 15 or 18 characters.

    Meant for masking, so it errs towards yes: 18 characters need no right check character, except after a
    leading 9, where the same shape is common among enterprises.
    """
    if looks_like_old_resident_id(code):
        return True
    return looks_like_person(code) and (code[0] != "9" or is_person(code))
