"""Second factors that need no browser of their own: codes of an authenticator app (TOTP) and recovery codes.

The codes are those of RFC 6238 with SHA-1, six digits and thirty seconds, because that is what authenticator apps read;
the key is 160 random bits, sealed for its officer in the database. What was accepted is never accepted again: the last
time step is kept in the row, so it holds for every process of the office end. How long a code counts is a setting
(``second_factors.yaml``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import yaml
from django.db import transaction

from chengxin.accounts.actor import officer_actor
from chengxin.accounts.models import SecondFactor
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.crypto import context_of

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.models import Officer
    from chengxin.crypto import Keyring

STEP = 30
"""Seconds a code stands for (RFC 6238, 5.2)."""

DIGITS = 6

MOST_TOLERANT = 1
"""The most steps to either side that a setting may accept (RFC 6238, 5.2: at most one for the network's delay)."""

SECRET_BYTES = 20
"""Bytes of a key: as long as the HMAC's output (RFC 4226, 4 R6)."""

RECOVERY_CODES = 10
RECOVERY_BYTES = 15
"""120 random bits: enough to keep only a plain digest of the code (OWASP ASVS 5.0, 6.5.2 draws the line at 112)."""

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two signs without 0, 1, I and O."""


@dataclass(frozen=True)
class Lifetime:
    """How far from the present a code counts, and how far away one is recognised when an app is set up, in steps."""

    tolerance: int
    measured: int


@cache
def lifetime() -> Lifetime:
    """Return the figures of ``second_factors.yaml``; raise ``ValueError`` for a tolerance RFC 6238 advises against."""
    held = yaml.safe_load((resources.files("chengxin.accounts") / "second_factors.yaml").read_text(encoding="utf-8"))
    return lifetime_of(int(held["totp_tolerance_steps"]), int(held["totp_measured_steps"]))


def lifetime_of(tolerance: int, measured: int) -> Lifetime:
    """Return these figures; raise ``ValueError`` unless 0 <= tolerance <= 1 and tolerance <= measured.

    >>> lifetime_of(0, 10)
    Lifetime(tolerance=0, measured=10)
    """
    if not 0 <= tolerance <= min(MOST_TOLERANT, measured):
        raise ValueError(f"second_factors.yaml: tolerance {tolerance}, measured {measured}")
    return Lifetime(tolerance, measured)


@dataclass(frozen=True)
class Factor:
    """A second factor as its officer sees it."""

    id: int
    kind: str
    name: str
    made_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """An officer's second factors, and how many recovery codes are left."""

    listed: tuple[Factor, ...]
    recovery_left: int

    def has(self, kind: str) -> bool:
        """Return whether there is one of this kind."""
        return any(one.kind == kind for one in self.listed)


def factors_of(officer: Officer) -> Factors:
    """Return the officer's factors, the oldest first."""
    held = tuple(officer.second_factors.order_by("made_at", "pk"))
    listed = tuple(
        Factor(one.pk, one.kind, one.name, one.made_at, one.last_used_at)
        for one in held
        if one.kind != SecondFactor.Kind.RECOVERY
    )
    return Factors(listed, len(held) - len(listed))


def new_totp_secret() -> bytes:
    """Return a random key for an authenticator app."""
    return secrets.token_bytes(SECRET_BYTES)


def totp_code(secret: bytes, step: int) -> str:
    """Return the six digits of time step ``step`` (RFC 4226, 5.3; RFC 6238, 4).

    >>> totp_code(b"12345678901234567890", 59 // 30)
    '287082'
    """
    mac = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = mac[-1] & 0x0F
    value = struct.unpack(">I", mac[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{value % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: bytes, code: str, now: datetime, tolerance: int | None = None) -> int | None:
    """Return the time step near ``now`` whose code this is, or None; every step is compared whatever the outcome.

    ``tolerance`` is in steps to either side, by default the setting. Of two steps with the same code the later counts.
    """
    near = lifetime().tolerance if tolerance is None else tolerance
    present = int(now.timestamp()) // STEP
    given = "".join(code.split()).encode("utf-8", "surrogatepass")
    found = None
    for step in range(max(present - near, 0), present + near + 1):
        if hmac.compare_digest(totp_code(secret, step).encode(), given):
            found = step
    return found


def clock_drift(secret: bytes, code: str, now: datetime) -> int | None:
    """Return by how many seconds the clock that made ``code`` is ahead (behind: negative), in whole steps of thirty.

    None where the code belongs to no step within the limit of the settings: it is not of this key. Only for whoever
    holds the key and sets it up: at a log-in it would tell a guesser which old codes were right.
    """
    step = matching_step(secret, code, now, lifetime().measured)
    return None if step is None else (step - int(now.timestamp()) // STEP) * STEP


def totp_address(secret: bytes, username: str, issuer: str) -> str:
    """Return the otpauth address that an authenticator app reads from a QR code."""
    named = quote(f"{issuer}:{username}", safe="")
    return f"otpauth://totp/{named}?{urlencode({'secret': totp_text(secret), 'issuer': issuer}, quote_via=quote)}"


def totp_text(secret: bytes) -> str:
    """Return the key as it is typed into an app: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def add_totp(officer: Officer, secret: bytes, code: str, now: datetime, keyring: Keyring) -> None:
    """Give ``officer`` the authenticator app that just showed ``code``, in place of an older one.

    Raises ``ChengxinError`` when the code is not the one of this moment: ``totp_clock`` where it is this key's at
    another moment, with the difference, else ``totp_wrong``. The app was not set up then.
    """
    step = matching_step(secret, code, now)
    if step is None:
        raise _not_now(clock_drift(secret, code, now))
    with transaction.atomic():
        officer.second_factors.filter(kind=SecondFactor.Kind.TOTP).delete()
        SecondFactor.objects.create(
            officer=officer,
            kind=SecondFactor.Kind.TOTP,
            secret=keyring.seal("mfa", secret, _context(officer)),
            counter=step,
            made_at=now,
        )
        note_factor(officer, "officer.second_factor_added", SecondFactor.Kind.TOTP, now)


def _not_now(drift: int | None) -> ChengxinError:
    if drift is None:
        return ChengxinError(
            "totp_wrong",
            "动态口令不对：口令每 30 秒变一次，可能刚刚变过，请输入应用里当前的 6 位数字，并把手机时间设为自动校准",
            "the code is wrong: it changes every 30 seconds and may have changed just now. Enter the six digits the "
            "app shows now, and let the telephone set its clock automatically",
            where="code",
        )
    zh, en = ("快", "ahead") if drift > 0 else ("慢", "behind")
    seconds = abs(drift)
    return ChengxinError(
        "totp_clock",
        f"密钥是对的，但手机时间{zh}了约 {seconds} 秒，或输入时口令刚刚变过。请把手机时间设为自动校准，"
        "再输入当前的口令",
        f"the key is right, but the telephone's clock is about {seconds} seconds {en}, or the code changed while it "
        "was typed: let the telephone set its clock automatically, then enter the code it shows now",
        where="code",
    )


def use_totp(officer: Officer, code: str, now: datetime, keyring: Keyring) -> bool:
    """Return whether ``code`` is right and was not used before; it counts as used from now on."""
    with transaction.atomic():
        held = officer.second_factors.select_for_update().filter(kind=SecondFactor.Kind.TOTP).first()
        if held is None:
            return False
        step = matching_step(keyring.open("mfa", bytes(held.secret), _context(officer)), code, now)
        if step is None or step <= held.counter:
            return False
        held.counter, held.last_used_at = step, now
        held.save(update_fields=["counter", "last_used_at"])
    return True


def make_recovery_codes(officer: Officer, now: datetime) -> tuple[str, ...]:
    """Return ten new recovery codes, shown this once; older ones open nothing any more."""
    codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
    with transaction.atomic():
        officer.second_factors.filter(kind=SecondFactor.Kind.RECOVERY).delete()
        SecondFactor.objects.bulk_create(
            SecondFactor(officer=officer, kind=SecondFactor.Kind.RECOVERY, key=_digest(code), made_at=now)
            for code in codes
        )
        note_factor(officer, "officer.recovery_codes_made", SecondFactor.Kind.RECOVERY, now)
    return codes


def use_recovery_code(officer: Officer, code: str, now: datetime) -> bool:
    """Return whether ``code`` was one of the officer's that are left; it is gone then, on file."""
    with transaction.atomic():
        gone, _ = officer.second_factors.filter(kind=SecondFactor.Kind.RECOVERY, key=_digest(code)).delete()
        if gone:
            note_factor(officer, "officer.recovery_code_used", SecondFactor.Kind.RECOVERY, now)
    return gone > 0


def remove_factor(officer: Officer, factor_id: int, now: datetime, *, needed: bool) -> None:
    """Take one of the officer's own factors away; raise ``ChengxinError`` for the last one where one is needed."""
    with transaction.atomic():
        held = [one for one in officer.second_factors.select_for_update() if one.kind != SecondFactor.Kind.RECOVERY]
        chosen = next((one for one in held if one.pk == factor_id), None)
        if chosen is None:
            raise ChengxinError("unknown_factor", "没有这个第二因素", "there is no such second factor")
        if needed and len(held) == 1:
            raise ChengxinError(
                "last_factor",
                "这是最后一个第二因素，请先添加新的再移除",
                "this is the last second factor: add another one before taking it away",
            )
        chosen.delete()
        note_factor(officer, "officer.second_factor_removed", chosen.kind, now)


def note_factor(officer: Officer, action: str, kind: str, now: datetime) -> None:
    """Write an event about a factor of ``officer`` done by the officer."""
    actor = officer_actor(officer)
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action=action,
        object_kind="officer",
        object_id=officer.username,
        detail={"kind": str(kind)},
    )


def _context(officer: Officer) -> bytes:
    return context_of("accounts_secondfactor", "secret", str(officer.pk))


def _recovery_code() -> str:
    number = int.from_bytes(secrets.token_bytes(RECOVERY_BYTES), "big")
    signs = "".join(ALPHABET[number >> shift & 31] for shift in range(0, RECOVERY_BYTES * 8, 5))
    return "-".join(signs[start : start + 6] for start in range(0, len(signs), 6))


def _digest(code: str) -> str:
    plain = "".join(one for one in code.upper() if one in ALPHABET)
    return hashlib.sha256(plain.encode()).hexdigest()
