"""The operations on secrets that are timed, without and with a database, and a control that shows the method works."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from chengxin.base.clock import system_now
from chengxin.cli.timing import Case, Seen
from chengxin.crypto.errors import WrongSeal
from chengxin.crypto.suite import Kind, suite_named

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""The order of SM2's base point (GM/T 0003.5)."""

BITS = 256
MESSAGE = 64
POOL = 64
"""Keys of each class: as many copies of one key as there are different ones."""

SUITES = ("international", "national")


def plain_cases() -> list[Case]:
    """Return the cases that need no database."""
    cases = _controls()
    for suite in SUITES:
        cases += [_signing_messages(suite), _signing_keys(suite), _opening(suite), _blinding(suite)]
    return [*cases, *_nonces()]


def fresh(value: bytes) -> bytes:
    """Return a copy of ``value`` that is an object of its own."""
    return bytes(bytearray(value))


def early_exit(pair: Any) -> bool:  # noqa: ANN401 - a pair of bytes, as a case hands it in
    """Compare as nobody should: byte by byte to the first difference. The control that has to be found."""
    one, other = pair
    for left, right in zip(one, other, strict=True):  # noqa: SIM110 - the loop is the point
        if left != right:
            return False
    return True


def _controls() -> list[Case]:
    secret = secrets.token_bytes(32)

    def pair(which: int) -> object:
        """Return the secret and a guess that is wrong at its last byte (0) or at its first (1)."""
        guess = bytearray(secret)
        guess[0 if which else -1] ^= 1
        return secret, bytes(guess)

    compare: Callable[[Any], object] = lambda held: hmac.compare_digest(*held)  # noqa: E731 - one line, one use
    return [
        Case("control: early exit", "a compare that stops at the first difference", pair, early_exit, 20,
             Seen.DIFFERENCE),
        Case("compare_digest", "wrong at the last byte, at the first byte", pair, compare, 100),
    ]  # fmt: skip


def code_case() -> Case:
    """Return the case of wrong codes of an authenticator app; Django has to be ready."""
    from chengxin.accounts.second_factors import STEP, matching_step, totp_code

    secret, now = secrets.token_bytes(20), system_now()
    right = totp_code(secret, int(now.timestamp()) // STEP)
    last = right[:-1] + str((int(right[-1]) + 5) % 10)
    first = str((int(right[0]) + 5) % 10) + right[1:]

    def code(which: int) -> object:
        return (first if which else last).encode().decode()

    run: Callable[[Any], object] = lambda given: matching_step(secret, given, now)  # noqa: E731 - one line, one use
    return Case("totp code", "wrong at the last digit, at the first digit", code, run, 5)


def _signing_messages(name: str) -> Case:
    suite = suite_named(name)
    signer, fixed = suite.signer(suite.make(Kind.SIGN)), secrets.token_bytes(MESSAGE)
    sign: Callable[[Any], object] = signer.sign

    def message(which: int) -> object:
        return fresh(fixed) if which == 0 else secrets.token_bytes(MESSAGE)

    return Case(f"{name} sign, message", "one message, random messages", message, sign)


def _signing_keys(name: str) -> Case:
    suite = suite_named(name)
    one, message = suite.make(Kind.SIGN), secrets.token_bytes(MESSAGE)
    pools = (
        [suite.signer(fresh(one)) for _ in range(POOL)],
        [suite.signer(suite.make(Kind.SIGN)) for _ in range(POOL)],
    )
    run: Callable[[Any], object] = lambda signer: signer.sign(message)  # noqa: E731 - one line, one use
    return Case(f"{name} sign, key", "one key, random keys", lambda which: secrets.choice(pools[which]), run)


def _opening(name: str) -> Case:
    suite = suite_named(name)
    sealer, nonce = suite.sealer(suite.make(Kind.SEAL)), secrets.token_bytes(12)
    sealed = sealer.encrypt(nonce, b"\0" * MESSAGE, b"")

    def tag(which: int) -> object:
        wrong = bytearray(sealed)
        wrong[-16 if which else -1] ^= 1
        return bytes(wrong)

    def run(given: Any) -> object:  # noqa: ANN401 - bytes, as a case hands them in
        try:
            return sealer.decrypt(nonce, given, b"")
        except WrongSeal:
            return None

    return Case(f"{name} open", "tag wrong at its last byte, at its first byte", tag, run)


def _blinding(name: str) -> Case:
    suite = suite_named(name)
    blinder, fixed = suite.blinder(suite.make(Kind.BLIND)), secrets.token_bytes(18)
    mac: Callable[[Any], object] = blinder.mac

    def value(which: int) -> object:
        return fresh(fixed) if which == 0 else secrets.token_bytes(18)

    return Case(f"{name} blind index", "one value, random values", value, mac, 5)


def _nonces() -> list[Case]:
    """Return the cases that class SM2 signatures by their nonce, which the key's holder computes back from them.

    With s = (1 + d)^-1 (k - r d) the nonce is k = s + d (r + s). A signature whose time tells the length of k gives the
    key away after some thousands (Minerva, 2020; LadderLeak, 2020).
    """
    from chengxin.crypto import sm2

    stored = sm2.make_private()
    key, private = sm2.load_private(stored), private_number(stored)

    def nonce(signature: object) -> int:
        assert isinstance(signature, bytes)  # noqa: S101 - what the case's own run returns
        r, s = decode_dss_signature(signature)
        return (s + private * (r + s)) % ORDER

    def message(_which: int) -> object:
        return secrets.token_bytes(MESSAGE)

    sign: Callable[[Any], object] = lambda given: sm2.sign(key, given)  # noqa: E731 - one line, one use
    return [
        Case("SM2 sign, nonce's length", "nonces of 253 to 256 bits, shorter ones", message, sign,
             classify=lambda _given, made: int(nonce(made).bit_length() < BITS - 3)),
        Case("SM2 sign, nonce's weight", "nonces with more ones than zeros, with fewer", message, sign,
             classify=lambda _given, made: int(nonce(made).bit_count() < BITS // 2)),
    ]  # fmt: skip


def private_number(stored: bytes) -> int:
    """Return the private number of an SM2 key in PKCS#8 DER: the 32 bytes behind the version (SEC 1)."""
    mark = b"\x02\x01\x01\x04\x20"
    place = stored.index(mark) + len(mark)
    return int.from_bytes(stored[place : place + 32], "big")


def log_in_case(names: Sequence[str], name: str) -> Case:
    """Return the case of log-ins with a wrong password: names of officers (0), and names nobody has (1).

    Every log-in comes from an address and a moment of its own, so that none is locked.
    """
    from chengxin.base.context import arriving
    from chengxin.ends.office.log_in import LogIn, LogInRefused

    number = 0
    begun = system_now()

    def attempt(which: int) -> object:
        nonlocal number
        number += 1
        known = names[number % len(names)]
        moment: datetime = begun + timedelta(minutes=20 * number)
        return (
            known if which == 0 else "x" + known[1:],
            f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            moment,
        )

    def run(given: Any) -> object:  # noqa: ANN401 - as a case hands it in
        username, address, moment = given
        try:
            with arriving():
                return LogIn(username, "wrong-password-of-nobody", address, moment).execute()
        except LogInRefused as error:
            return error.code

    return Case(name, "an officer's name, a name nobody has", attempt, run)


def token_case(token: str) -> Case:
    """Return the case of tokens nobody has: digests that begin as the digest of ``token`` does (0), and others (1)."""
    import hashlib

    from chengxin.accounts.actor import CHECK
    from chengxin.accounts.client_queries import caller_by_token
    from chengxin.base.context import arriving

    begins = hashlib.sha256(token.encode()).digest()[:1]
    now = system_now()

    def guess(which: int) -> object:
        while True:
            made = secrets.token_urlsafe(32)
            if (hashlib.sha256(made.encode()).digest()[:1] == begins) == (which == 0):
                return made

    def run(given: Any) -> object:  # noqa: ANN401 - as a case hands it in
        with arriving():
            return caller_by_token(given, CHECK, now)

    return Case("client's token", "digest begins as one on file, otherwise", guess, run)
