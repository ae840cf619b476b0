"""Valid invented codes by the million: check characters over whole columns of codes at once.

The identifiers of the kernel judge and explain codes; this module only makes them, which is why it has
its own
arithmetic: the tests hold each against the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Characters of a 统一社会信用代码 in the order of their values (GB 32100-2015)."""

NUMERIC_CAPACITY = 10**7
"""How many organisation codes ``9ddddddd`` there are."""

LETTER_CAPACITY = 21 * 31**6
"""How many organisation codes ``R`` + letter + six characters there are."""

_LETTERS = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
_USCC_WEIGHTS = np.array([pow(3, position, 31) for position in range(17)], dtype=np.int32)
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
_RESIDENT_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
_ORGANISATION_CHECKS = np.frombuffer(b"-123456789X0", dtype=np.uint8)
"""Check characters of GB 11714 by 11 minus the remainder, which is never 0."""

_RESIDENT_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)


def _table(alphabet: str) -> NDArray[np.int32]:
    values = np.full(256, -1, dtype=np.int32)
    for value, letter in enumerate(alphabet):
        values[ord(letter)] = value
    return values


_USCC_VALUES = _table(ALPHABET)
_ORGANISATION_VALUES = _table("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def shuffled(index: NDArray[np.int64], capacity: int, seed: int) -> NDArray[np.int64]:
    """Return ``index`` spread over ``range(capacity)``: different numbers stay different.

    Args:
        index: Numbers in ``range(capacity)``.
        capacity: Size of the range; at most 2**31.
        seed: Any number; other seeds give other orders.
    """
    step = int(capacity * 0.6180339887) | 1
    while np.gcd(step, capacity) != 1:
        step += 2
    return np.asarray((index * step + seed % capacity) % capacity, dtype=np.int64)


def organisation_codes(index: NDArray[np.int64], numeric: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return organisation codes (GB 11714) as ASCII, shape (n, 9), one for each different ``index``.

    Bodies of the codes start with ``9`` where ``numeric`` and with ``R`` and a letter elsewhere. That
    neither start has been given out to a real organisation is recalled, not read in a register.

    Args:
        index: Numbers below ``NUMERIC_CAPACITY``.
        numeric: Which codes consist of digits only, but for a check character that may be ``X``.
    """
    codes = np.empty((index.size, 9), dtype=np.uint8)
    rest = index % NUMERIC_CAPACITY
    for place in range(7, 0, -1):
        codes[:, place] = rest % 10 + ord("0")
        rest = rest // 10
    codes[:, 0] = ord("9")
    lettered = ~numeric
    rest = (index[lettered] * 7_368_787 + 911) % LETTER_CAPACITY
    body = np.empty((rest.size, 8), dtype=np.uint8)
    for place in range(7, 1, -1):
        body[:, place] = _LETTERS[rest % 31]
        rest = rest // 31
    body[:, 1] = _LETTERS[10 + rest % 21]
    body[:, 0] = ord("R")
    codes[lettered, :8] = body
    check = 11 - _ORGANISATION_VALUES[codes[:, :8]] @ _ORGANISATION_WEIGHTS % 11
    codes[:, 8] = _ORGANISATION_CHECKS[check]
    return codes


def usccs(prefixes: NDArray[np.bytes_], region: str, organisations: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Return valid 统一社会信用代码, dtype ``S18``.

    Args:
        prefixes: Registering authority and category, dtype ``S2``.
        region: Six-digit region code.
        organisations: What ``organisation_codes`` gives.
    """
    codes = np.empty((prefixes.size, 18), dtype=np.uint8)
    codes[:, :2] = prefixes.view(np.uint8).reshape(-1, 2)
    codes[:, 2:8] = np.frombuffer(region.encode("ascii"), dtype=np.uint8)
    codes[:, 8:17] = organisations
    total = _USCC_VALUES[codes[:, :17]] @ _USCC_WEIGHTS % 31
    codes[:, 17] = _LETTERS[(31 - total) % 31]
    return codes.view("S18").ravel()


def registration_numbers(region: str, serials: NDArray[np.int64]) -> NDArray[np.bytes_]:
    """Return fifteen-digit 工商注册号 with their check digit (GS 15-2006, ISO 7064 MOD 11,10), dtype ``S15``.

    Args:
        region: Six-digit code of the authority that registered the body first.
        serials: Eight-digit serial numbers (顺序码).
    """
    digits = np.empty((serials.size, 15), dtype=np.uint8)
    digits[:, :6] = np.frombuffer(region.encode("ascii"), dtype=np.uint8) - ord("0")
    rest = serials
    for place in range(13, 5, -1):
        digits[:, place] = rest % 10
        rest = rest // 10
    product = np.full(serials.size, 10, dtype=np.int32)
    for place in range(14):
        total = (product + digits[:, place]) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    digits[:, 14] = (11 - product) % 10
    return (digits + ord("0")).astype(np.uint8).view("S15").ravel()


def resident_numbers(region: str, births: list[str], serials: NDArray[np.int64]) -> list[str]:
    """Return eighteen-character identity numbers with their check character (GB 11643-1999).

    Args:
        region: Six digits; the rehearsal uses a region that does not exist, so the number is nobody's.
        births: Eight-digit birth dates.
        serials: Serial numbers from 0 to 999.
    """
    heads = [f"{region}{birth}{serial:03d}" for birth, serial in zip(births, serials.tolist(), strict=True)]
    if not heads:
        return []
    digits = np.frombuffer("".join(heads).encode("ascii"), dtype=np.uint8).reshape(-1, 17) - ord("0")
    checks = _RESIDENT_CHECKS[digits.astype(np.int32) @ _RESIDENT_WEIGHTS % 11]
    return [f"{head}{chr(check)}" for head, check in zip(heads, checks.tolist(), strict=True)]


def as_text(codes: NDArray[np.bytes_]) -> list[str]:
    """Return codes as a list of text."""
    return codes.astype(f"U{codes.dtype.itemsize}").tolist()  # type: ignore[no-any-return]
