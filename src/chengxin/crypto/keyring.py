"""The key ring: signs, seals and blinds with the current key of a purpose, opens and verifies with every older one."""

from __future__ import annotations

import os
import re
import secrets
import threading
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.base.clock import system_now
from chengxin.base.credentials import is_credential
from chengxin.crypto import keyfiles
from chengxin.crypto.errors import KeyMissing, KeysUnsafe, WrongSeal
from chengxin.crypto.places import key_place, not_handed_over, read_only_credentials
from chengxin.crypto.purposes import PURPOSES, purpose_of
from chengxin.crypto.signatures import PublicKey, Signature
from chengxin.crypto.suite import NONCE, Kind, chosen_suite, suite_named

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from chengxin.crypto.suite import Blinder, Sealer, Signer

FORM = 1
"""First byte of sealed data: which form it has."""

BLIND = 16
"""Bytes of a blind index: 128 bits; 10 million values collide by accident with a chance of 1.5e-25."""

_NAME = re.compile(rb"[a-z-]+\.[1-9][0-9]*\.[0-9a-f]{8}")


@dataclass(frozen=True)
class KeyFacts:
    """What may be said about a key: everything but the key. ``state`` is ``current`` or ``retired``."""

    key_id: str
    purpose: str
    version: int
    suite: str
    state: str
    made_at: datetime


@dataclass(frozen=True, repr=False)
class _Held:
    """A key in use; exactly one of the three workers is set, as the purpose's kind has it."""

    file: keyfiles.KeyFile
    signer: Signer | None = None
    sealer: Sealer | None = None
    blinder: Blinder | None = None


def context_of(*parts: str) -> bytes:
    """Return a context for ``seal`` from its parts, such as table, column and record.

    Each part goes in with its length, so that ``("ab", "c")`` and ``("a", "bc")`` differ.
    """
    encoded = [part.encode("utf-8") for part in parts]
    return b"".join(len(one).to_bytes(4, "big") + one for one in encoded)


class Keyring:
    """The keys of one folder; safe to share between threads. Make it with ``load_keyring``.

    Before it makes something new it looks whether another process rotated the purpose (one ``stat``), and when it meets
    the name of a key it does not know it reads the folder again: rotation needs no restart.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[_Held, ...]] = {name: self._read(name) for name in PURPOSES}

    def __repr__(self) -> str:
        return f"Keyring({sum(map(len, self._keys.values()))} keys)"

    def __reduce__(self) -> tuple[type[Keyring], tuple[Path]]:
        return type(self), (self._folder,)

    # Signing

    def sign(self, purpose: str, message: bytes) -> Signature:
        """Return the signature of ``message`` by the current key; raise ``WrongPurpose`` or ``KeyMissing``."""
        held = self._current(purpose, Kind.SIGN)
        assert held.signer is not None  # noqa: S101 - the kind was checked
        return Signature(held.file.suite, held.file.key_id, held.signer.sign(message))

    def public_keys(self, purpose: str) -> tuple[PublicKey, ...]:
        """Return the public keys of ``purpose``, the current one first; raise ``WrongPurpose`` or ``KeyMissing``."""
        current = self._current(purpose, Kind.SIGN)
        return tuple(
            PublicKey(
                one.file.key_id,
                one.file.suite,
                "current" if one is current else "retired",
                one.file.made_at.isoformat(),
                one.signer.public_pem(),
            )
            for one in reversed(self._keys[purpose])
            if one.signer is not None
        )

    # Sealing

    def seal(self, purpose: str, plain: bytes, context: bytes) -> bytes:
        """Return ``plain`` encrypted and bound to ``context``, with the names of suite and key in front.

        The nonce is random for every call. NIST SP 800-38D 8.3 allows 2**32 calls with one key; rotate long before.
        Raises ``WrongPurpose`` or ``KeyMissing``.
        """
        held = self._current(purpose, Kind.SEAL)
        assert held.sealer is not None  # noqa: S101 - the kind was checked
        front = _front(held.file)
        nonce = secrets.token_bytes(NONCE)
        return front + nonce + held.sealer.encrypt(nonce, plain, front + context)

    def open(self, purpose: str, sealed: bytes, context: bytes) -> bytes:
        """Return what was sealed for this purpose with this context.

        Raises ``WrongSeal`` when a byte, the context, the purpose or the key is another one; ``KeyMissing``, which is a
        ``WrongSeal``, when the key that is named is not in the folder.
        """
        purpose_of(purpose, Kind.SEAL)
        held = self._named(purpose, sealed_by(sealed))
        front = _front(held.file)
        start = len(front) + NONCE
        if held.sealer is None or not sealed.startswith(front) or len(sealed) < start:
            raise WrongSeal(held.file.key_id)
        try:
            return held.sealer.decrypt(sealed[len(front) : start], sealed[start:], front + context)
        except WrongSeal:
            raise WrongSeal(held.file.key_id) from None

    def is_current(self, purpose: str, sealed: bytes) -> bool:
        """Return whether ``sealed`` names the current key; a job that re-encrypts skips these."""
        return sealed_by(sealed) == self._current(purpose, Kind.SEAL).file.key_id

    # Blinding

    def blind(self, purpose: str, value: str) -> bytes:
        """Return the blind index of ``value`` under the current key, 16 bytes; NFC, otherwise as it is given."""
        return _blind(self._current(purpose, Kind.BLIND), value)

    def blinds(self, purpose: str, value: str) -> tuple[bytes, ...]:
        """Return the blind indexes of ``value`` under every key, the current one first, for a look-up to compare."""
        self._current(purpose, Kind.BLIND)
        return tuple(_blind(one, value) for one in reversed(self._keys[purpose]))

    # Keys

    def facts(self) -> tuple[KeyFacts, ...]:
        """Return what may be said about the keys, by purpose, the newest first; the folder is read again."""
        for purpose in PURPOSES:
            self._refresh(purpose)
        return tuple(
            _facts(one.file, current=one is held[-1]) for held in self._keys.values() for one in reversed(held)
        )

    def has(self, key_id: str) -> bool:
        """Return whether the key of this id is in the folder; for a check that stored data can be opened."""
        return any(one.key_id == key_id for one in self.facts())

    def rotate(self, purpose: str, now: datetime) -> KeyFacts:
        """Make the next key of ``purpose`` in the chosen suite and return its facts; the present one is retired.

        Retired keys go on opening and verifying. Of two rotations at once both make a key, one after the other.
        Raises ``WrongPurpose`` for an unknown purpose, ``KeysUnsafe`` where the folder may not be written; where the
        keys are credentials it names the commands that rotate them.
        """
        if purpose not in PURPOSES:
            purpose_of(purpose, Kind.SIGN)
        if is_credential(self._folder):
            self._refresh(purpose)
            held = self._keys[purpose]
            raise read_only_credentials(purpose, held[-1].file.version + 1 if held else 1)
        _require_writable(self._folder)
        with keyfiles.one_at_a_time(self._folder):
            self._refresh(purpose)
            held = self._keys[purpose]
            if not held:
                raise KeyMissing(purpose)
            made = _make(self._folder, purpose, held[-1].file.version + 1, now)
        self._refresh(purpose)
        return _facts(made, current=True)

    def _current(self, purpose: str, kind: Kind) -> _Held:
        purpose_of(purpose, kind)
        held = self._keys[purpose]
        newer = keyfiles.key_path(self._folder, purpose, held[-1].file.version + 1 if held else 1)
        if os.path.lexists(newer):
            self._refresh(purpose)
            held = self._keys[purpose]
        if not held and is_credential(self._folder):
            raise not_handed_over(self._folder, (purpose,))
        if not held:
            raise KeyMissing(purpose)
        return held[-1]

    def _named(self, purpose: str, key_id: str) -> _Held:
        for attempt in range(2):
            if attempt:
                self._refresh(purpose)
            for one in reversed(self._keys[purpose]):
                if one.file.key_id == key_id:
                    return one
        raise KeyMissing(key_id) if key_id.startswith(f"{purpose}.") else WrongSeal(key_id)

    def _refresh(self, purpose: str) -> None:
        with self._lock:
            self._keys = {**self._keys, purpose: self._read(purpose)}

    def _read(self, purpose: str) -> tuple[_Held, ...]:
        return tuple(_hold(self._folder, one) for one in keyfiles.read_keys(self._folder, purpose))


def load_keyring(folder: Path | None = None, *, clock: Callable[[], datetime] = system_now) -> Keyring:
    """Return the keys of ``folder``, else of ``key_place``; make the missing ones.

    Processes that start at once end up with the same keys. A folder with mode 0500 and the service manager's
    credentials hold the keys that were given: nothing is made there, and a purpose without a key is refused when it is
    used.

    Raises ``KeysUnsafe`` when others can read a key, a file is damaged, or a key that was made is gone.
    """
    chosen = folder or key_place().folder
    keyfiles.require_private_folder(chosen)
    if keyfiles.may_make(chosen):
        _make_missing(chosen, clock)
    return Keyring(chosen)


def _make_missing(folder: Path, clock: Callable[[], datetime]) -> None:
    if keyfiles.read_made(folder) >= PURPOSES.keys() and not _without_keys(folder):
        return
    with keyfiles.one_at_a_time(folder):
        made = keyfiles.read_made(folder)
        missing = _without_keys(folder)
        lost = [name for name in missing if name in made]
        if lost:
            raise KeysUnsafe(
                "key_lost",
                f"密钥目录 {folder} 里用途 {'、'.join(lost)} 的密钥文件不见了，请从密钥备份恢复；"
                "平台不会另造新密钥代替",
                f"the key files for {', '.join(lost)} are gone from {folder}: restore them from the backup of the "
                "keys; the platform makes no new ones in their place",
                where=str(folder),
            )
        for name in missing:
            _make(folder, name, 1, clock())
        keyfiles.write_made(folder, made | PURPOSES.keys())


def _without_keys(folder: Path) -> list[str]:
    present = {found["purpose"] for entry in os.scandir(folder) if (found := keyfiles.NAME.fullmatch(entry.name))}
    return [name for name in PURPOSES if name not in present]


def _make(folder: Path, purpose: str, version: int, now: datetime) -> keyfiles.KeyFile:
    made = new_key(purpose, version, now)
    if not keyfiles.write_key(folder, made):
        raise KeysUnsafe(
            "key_exists",
            f"密钥文件 {keyfiles.key_path(folder, purpose, version)} 已经存在，没有覆盖，请重试",
            f"the key file {keyfiles.key_path(folder, purpose, version)} exists and was not overwritten: try again",
            where=made.key_id,
        )
    return made


def new_key(purpose: str, version: int, now: datetime) -> keyfiles.KeyFile:
    """Return a new key of ``purpose`` in the chosen suite, kept nowhere."""
    chosen = chosen_suite()
    stored = suite_named(chosen).make(PURPOSES[purpose].kind)
    return keyfiles.KeyFile(f"{purpose}.{version}.{secrets.token_hex(4)}", purpose, version, chosen, now, stored)


def _require_writable(folder: Path) -> None:
    if not keyfiles.may_make(folder):
        raise KeysUnsafe(
            "keys_read_only",
            f"密钥目录 {folder} 是只读的，请在保管密钥的机器上更换密钥后再分发",
            f"the key folder {folder} is read-only: rotate where the keys are kept, then hand them out",
            where=str(folder),
        )


def _hold(folder: Path, key: keyfiles.KeyFile) -> _Held:
    kind = PURPOSES[key.purpose].kind
    algorithms = suite_named(key.suite)
    try:
        if kind is Kind.SIGN:
            return _Held(key, signer=algorithms.signer(key.stored))
        if kind is Kind.SEAL:
            return _Held(key, sealer=algorithms.sealer(key.stored))
        return _Held(key, blinder=algorithms.blinder(key.stored))
    except ValueError:
        raise keyfiles.damaged(keyfiles.key_path(folder, key.purpose, key.version), key.key_id) from None


def _facts(key: keyfiles.KeyFile, *, current: bool) -> KeyFacts:
    state = "current" if current else "retired"
    return KeyFacts(key.key_id, key.purpose, key.version, key.suite, state, key.made_at)


def _front(key: keyfiles.KeyFile) -> bytes:
    named = f"{key.suite}:{key.key_id}".encode("ascii")
    return bytes((FORM, len(named))) + named


def sealed_by(sealed: bytes) -> str:
    """Return the id of the key that ``sealed`` names, without opening it; raise ``WrongSeal`` when it names none."""
    if len(sealed) < 2 or sealed[0] != FORM:  # noqa: PLR2004 - form and length come first
        raise WrongSeal
    named = sealed[2 : 2 + sealed[1]].partition(b":")[2]
    if not _NAME.fullmatch(named):
        raise WrongSeal
    return named.decode("ascii")


def _blind(held: _Held, value: str) -> bytes:
    assert held.blinder is not None  # noqa: S101 - the kind was checked
    return held.blinder.mac(unicodedata.normalize("NFC", value).encode("utf-8"))[:BLIND]
