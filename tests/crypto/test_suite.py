"""The choice of a suite, and a hardware module behind the same interface."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

import pytest

from chengxin.base.errors import ChengxinError
from chengxin.crypto import add_suite, load_keyring, suite_named, verify
from chengxin.crypto import suite as suites
from chengxin.crypto.suite import Kind, Suite, chosen_suite

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.crypto.suite import Blinder, Sealer, Signer


def test_the_international_suite_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHENGXIN_CRYPTO_SUITE", raising=False)
    assert chosen_suite() == "international"
    monkeypatch.setenv("CHENGXIN_CRYPTO_SUITE", "national")
    assert chosen_suite() == "national"


def test_a_suite_nobody_knows_is_refused_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_CRYPTO_SUITE", "rot13")
    with pytest.raises(ChengxinError) as refused:
        chosen_suite()
    assert refused.value.code == "suite_unknown"
    assert "international, national" in refused.value.message_zh
    assert refused.value.where == "CHENGXIN_CRYPTO_SUITE"


def test_a_suite_cannot_be_replaced_under_the_signatures_it_made() -> None:
    with pytest.raises(ValueError, match="national"):
        add_suite("national", lambda: suite_named("international"))


class Module:
    """Stands for a hardware module: keys stay inside, the platform holds handles.

    It computes with the national suite, as a module would; what is under test is that only handles leave it.
    """

    name = "module"

    def __init__(self) -> None:
        self._inside: dict[bytes, bytes] = {}
        self._algorithms: Suite = suite_named("national")

    def digest(self, message: bytes) -> bytes:
        return self._algorithms.digest(message)

    def make(self, kind: Kind) -> bytes:
        handle = f"slot-{kind}-{secrets.token_hex(4)}".encode()
        self._inside[handle] = self._algorithms.make(kind)
        return handle

    def _key(self, handle: bytes) -> bytes:
        if handle not in self._inside:
            raise ValueError("no such slot")
        return self._inside[handle]

    def signer(self, stored: bytes) -> Signer:
        return self._algorithms.signer(self._key(stored))

    def sealer(self, stored: bytes) -> Sealer:
        return self._algorithms.sealer(self._key(stored))

    def blinder(self, stored: bytes) -> Blinder:
        return self._algorithms.blinder(self._key(stored))

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> None:
        self._algorithms.verify(public_pem, message, signature)


def test_a_hardware_module_serves_without_a_key_in_any_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = Module()
    for registry in (suites._MAKERS, suites._MADE):  # what the test adds is gone after it
        monkeypatch.setitem(registry, "module", None)
        monkeypatch.delitem(registry, "module")
    add_suite("module", lambda: module)
    monkeypatch.setenv("CHENGXIN_CRYPTO_SUITE", "module")
    made = load_keyring(folder)
    signature = made.sign("receipt", b"m")
    assert signature.suite == "module"
    verify(made.public_keys("receipt"), b"m", signature)
    sealed = made.seal("sealed-number", b"330106199001011234", b"c")
    assert load_keyring(folder).open("sealed-number", sealed, b"c") == b"330106199001011234"
    assert len(made.blind("blind-index", "330106199001011234")) == 16
    held = b"".join(one.read_bytes() for one in folder.iterdir() if one.is_file())
    for key in module._inside.values():
        assert key not in held
        assert base64.b64encode(key) not in held
