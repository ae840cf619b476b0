"""Key folders of both suites, and the OpenSSL command line as the independent other side."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from chengxin.crypto import Keyring, load_keyring

if TYPE_CHECKING:
    from pathlib import Path

SUITES = ("international", "national")
MADE = datetime(2026, 3, 2, 2, tzinfo=UTC)


def ring(folder: Path, suite: str) -> Keyring:
    """Return the key ring of ``folder``; keys that are made are of this suite."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CHENGXIN_CRYPTO_SUITE", suite)
        return load_keyring(folder, clock=lambda: MADE)


@pytest.fixture(scope="module", params=SUITES)
def keyring(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """Return a key ring that a module's tests read and never rotate."""
    return ring(tmp_path_factory.mktemp("keys") / "keys", request.param)


@pytest.fixture(params=SUITES)
def suite_name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Choose each suite in turn for the keys a test makes, and return its name."""
    name = str(request.param)
    monkeypatch.setenv("CHENGXIN_CRYPTO_SUITE", name)
    return name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where a test may have its keys; the folder is not made yet."""
    return tmp_path / "keys"


@dataclass(frozen=True)
class OpenSsl:
    """The OpenSSL command line with a folder for its files."""

    folder: Path

    def file(self, name: str, content: bytes | str) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
        return done.stdout

    def accepts(self, *arguments: str) -> bool:
        """Return whether a verification ends with success."""
        return subprocess.run(["openssl", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSsl:
    """Return the command line, or skip where it is missing or was built without the national algorithms."""
    try:
        found = subprocess.run(["openssl", "list", "-public-key-algorithms"], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = b""
    if b"SM2" not in found:
        pytest.skip("no openssl command with SM2 on this machine: the cross-check needs OpenSSL 3")
    made = tmp_path / "openssl"
    made.mkdir()
    return OpenSsl(made)
