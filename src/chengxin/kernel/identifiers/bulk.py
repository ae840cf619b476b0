"""USCCs by the million: verdicts and rehearsal codes computed on whole arrays with numpy.

The sums are those of ``packing``: one table of 256 bytes' entries per position, 18 looked-up numbers added
per code. The verdicts are those of ``Uscc.parse``.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from chengxin.kernel.identifiers.checks import USCC_ALPHABET, USCC_LENGTH, is_person
from chengxin.kernel.identifiers.folding import normalise
from chengxin.kernel.identifiers.model import Verdict
from chengxin.kernel.identifiers.packing import (
    FOREIGN,
    NO_CHECK_CHARACTER,
    ORGANISATION_MASK,
    ORGANISATION_SHIFT,
    USCC_MASK,
    packed_entry,
)
from chengxin.kernel.identifiers.tables import check_scheme

INVALID, SUSPECT, VALID = 0, 1, 2
"""The verdicts as they stand in the arrays."""

VERDICTS = (Verdict.INVALID, Verdict.SUSPECT, Verdict.VALID)
"""The verdict of each number: ``VERDICTS[int(array[i])]``."""

_BYTES = 256

# A few thousand codes at a time keep every intermediate array in the processor's cache.
_CHUNK = 8192

_MODERN_BODIES = 10**8
_MODERN_DIGITS = 6


@cache
def _tables() -> NDArray[np.uint32]:
    """Give the packed numbers, shape (18, 256). Small letters count as capitals, as in normalised text."""
    table = np.full((USCC_LENGTH, _BYTES), FOREIGN, dtype=np.uint32)
    for position in range(USCC_LENGTH):
        for character in USCC_ALPHABET:
            table[position, ord(character)] = table[position, ord(character.lower())] = packed_entry(
                position, character
            )
    return table


def _verdicts(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Judge ASCII codes of 18 bytes, shape (n, 18); gives shape (n,)."""
    verdicts = np.empty(len(codes), dtype=np.uint8)
    tables = _tables()
    uscc, organisation = check_scheme("uscc").modulus, check_scheme("organisation_code").modulus
    for start in range(0, len(codes), _CHUNK):
        columns = np.ascontiguousarray(codes[start : start + _CHUNK].T)
        packed = tables[0].take(columns[0])
        for position in range(1, USCC_LENGTH):
            packed += tables[position].take(columns[position])
        agrees = (packed & USCC_MASK) % uscc == 0
        agrees &= ((packed >> ORGANISATION_SHIFT) & ORGANISATION_MASK) % organisation == 0
        agrees &= packed < NO_CHECK_CHARACTER
        chunk = np.where(agrees, np.uint8(VALID), np.uint8(SUSPECT))
        chunk[packed >= FOREIGN] = INVALID
        _reject_persons(codes[start : start + _CHUNK], columns, chunk)
        verdicts[start : start + _CHUNK] = chunk
    return verdicts


def _reject_persons(codes: NDArray[np.uint8], columns: NDArray[np.uint8], verdicts: NDArray[np.uint8]) -> None:
    """Mark persons' numbers invalid, in place; only codes with 19 or 20 at positions 7–8 are read."""
    century = ((columns[6] == ord("1")) & (columns[7] == ord("9"))) | (
        (columns[6] == ord("2")) & (columns[7] == ord("0"))
    )
    for index in np.flatnonzero(century & (verdicts != INVALID)):
        if is_person(codes[index].tobytes().decode("ascii").upper()):
            verdicts[index] = INVALID


def validate_usccs(codes: Sequence[str] | NDArray[np.str_] | NDArray[np.bytes_]) -> NDArray[np.uint8]:
    """Judge many USCCs at once, with the verdicts of ``Uscc.parse``.

    Args:
        codes: texts as found, or a one-dimensional numpy array of text, ASCII bytes or objects.

    Returns:
        An array of ``INVALID``, ``SUSPECT`` and ``VALID``, in the order of the codes.

    >>> validate_usccs(["91320583187588026H", "91320583187588026A", "９１320583-187588026h", ""]).tolist()
    [2, 1, 2, 0]
    """
    if isinstance(codes, np.ndarray):
        return _validate_array(codes)
    return _validate_texts(codes)


def _validate_array(codes: NDArray[np.str_] | NDArray[np.bytes_]) -> NDArray[np.uint8]:
    if codes.dtype == np.dtype(f"S{USCC_LENGTH}"):
        flat = np.ascontiguousarray(codes)
        return _verdicts(flat.view(np.uint8).reshape(-1, USCC_LENGTH))
    if codes.dtype == np.dtype(f"U{USCC_LENGTH}"):
        points = np.ascontiguousarray(codes).view(np.uint32).reshape(-1, USCC_LENGTH)
        # A code point past ASCII may be a full-width digit: only the text path folds those.
        if points.size == 0 or points.max() < _BYTES // 2:
            return _verdicts(points.astype(np.uint8))
    if codes.dtype.kind == "S":
        return _validate_texts([text.decode("ascii", "replace") for text in codes.tolist()])
    return _validate_texts(codes.tolist())


def _validate_texts(texts: Sequence[str]) -> NDArray[np.uint8]:
    joined = "".join(texts)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    right = lengths == USCC_LENGTH
    if joined.isascii() and right.all():
        return _verdicts(_as_bytes(joined))
    verdicts = np.full(len(texts), INVALID, dtype=np.uint8)
    # An ASCII text of 18 characters needs no folding: capitals come from the tables, and with a space or
    # hyphen in it too few characters are left.
    tidy = [text if len(text) == USCC_LENGTH and text.isascii() else normalise(text) for text in texts]
    chosen = [index for index, text in enumerate(tidy) if len(text) == USCC_LENGTH and text.isascii()]
    verdicts[chosen] = _verdicts(_as_bytes("".join([tidy[index] for index in chosen])))
    return verdicts


def _as_bytes(joined: str) -> NDArray[np.uint8]:
    return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, USCC_LENGTH)


def make_usccs(
    authority_category: NDArray[np.str_], regions: NDArray[np.int64], bodies: NDArray[np.int64]
) -> NDArray[np.str_]:
    """Make many valid USCCs at once, for rehearsal data. All arguments have the shape (n,).

    Args:
        authority_category: the first two characters of each code.
        regions: the region codes, 0 to 999,999.
        bodies: the bodies' serial numbers. Below 10**8 they become eight digits, as in codes given before
            2015; from there up to 31**6 more they become ``MA`` and six characters, as in codes given since.

    Returns:
        The codes as an array of dtype ``<U18``.

    Raises:
        ValueError: if a number is out of range, a character not in the alphabet, or the shapes differ.

    >>> make_usccs(np.array(["91"]), np.array([320583]), np.array([18758802])).tolist()
    ['91320583187588026H']
    """
    count = len(regions)
    if not len(authority_category) == len(bodies) == count:
        raise ValueError("authority_category, regions and bodies must have the same length")
    _require_range("region", regions, 10**6)
    _require_range("body", bodies, _MODERN_BODIES + len(USCC_ALPHABET) ** _MODERN_DIGITS)
    codes = np.empty((USCC_LENGTH, count), dtype=np.uint8)
    codes[:2] = _pairs(authority_category)
    for offset in range(6):
        codes[7 - offset] = regions // 10**offset % 10 + ord("0")
    codes[8:16] = _bodies(bodies)
    tables = _tables()
    packed = np.zeros(count, dtype=np.uint32)
    for position in range(16):
        packed += tables[position].take(codes[position])
    if (packed >= FOREIGN).any():
        raise ValueError(f"authority and category must be two characters of {USCC_ALPHABET}")
    organisation = (packed >> ORGANISATION_SHIFT & ORGANISATION_MASK) % 11
    codes[16] = np.frombuffer(b"0X987654321", dtype=np.uint8).take(organisation)
    packed += tables[16].take(codes[16])
    alphabet = np.frombuffer(USCC_ALPHABET.encode("ascii"), dtype=np.uint8)
    codes[17] = alphabet.take(-(packed & USCC_MASK).astype(np.int64) % len(USCC_ALPHABET))
    return codes.T.astype(np.uint32, order="C").view(f"<U{USCC_LENGTH}").reshape(count)


def _require_range(name: str, numbers: NDArray[np.int64], end: int) -> None:
    if len(numbers) and (numbers.min() < 0 or numbers.max() >= end):
        raise ValueError(f"every {name} number must be from 0 to {end - 1:,}")


def _pairs(authority_category: NDArray[np.str_]) -> NDArray[np.uint8]:
    """Give the two characters of each pair as bytes, shape (2, n)."""
    points = authority_category.astype("<U2").view(np.uint32).reshape(-1, 2)
    if authority_category.dtype.itemsize > points.itemsize * 2 or (points >= _BYTES // 2).any():
        raise ValueError(f"authority and category must be two characters of {USCC_ALPHABET}")
    return points.T.astype(np.uint8)


def _bodies(bodies: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Give the eight characters of each body, shape (8, n)."""
    characters = np.empty((8, len(bodies)), dtype=np.uint8)
    for offset in range(8):
        characters[7 - offset] = bodies // 10**offset % 10 + ord("0")
    modern = np.flatnonzero(bodies >= _MODERN_BODIES)
    if len(modern):
        alphabet = np.frombuffer(USCC_ALPHABET.encode("ascii"), dtype=np.uint8)
        serial = bodies[modern] - _MODERN_BODIES
        characters[0, modern], characters[1, modern] = ord("M"), ord("A")
        for offset in range(_MODERN_DIGITS):
            characters[7 - offset, modern] = alphabet.take(serial // len(alphabet) ** offset % len(alphabet))
    return characters
