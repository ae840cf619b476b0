"""A rehearsal city with a backup and a rehearsed restore, made by the commands themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chengxin.base.config import ROLES, embedded_url, read_secrets
from chengxin.cli.database import embedded_server
from chengxin.crypto import Keyring, load_keyring
from chengxin.operations.doctor import Patient
from chengxin.operations.places import BackupFolder

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class City:
    """A rehearsal city of the test run's own, with its server running."""

    data: Path
    backups: BackupFolder
    environment: dict[str, str]

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run ``chengxin`` in this city."""
        return subprocess.run(
            [sys.executable, "-m", "chengxin.cli.main", *arguments],
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )

    def url(self, role: str) -> str:
        """Return the database's address for a role (``superuser`` included)."""
        return embedded_url(self.data, role, read_secrets(self.data))

    @property
    def keyring(self) -> Keyring:
        """The city's keys."""
        return load_keyring(self.data / "keys")

    def patient(self, **more: object) -> Patient:
        """Return the city as the doctor sees it, with what the test changes about it."""
        held: dict[str, object] = {
            "data": self.data,
            "keys": self.data / "keys",
            "urls": {role: self.url(role) for role in ROLES},
            "now": datetime.now(UTC),
            "environment": {},
        }
        return Patient(**held | more)  # type: ignore[arg-type]


def make_city(room: Path) -> City:
    """Make a small rehearsal city in ``room``, backed up once and restored once for practice."""
    made = city_in(room)
    steps = [
        ("demo", "--no-serve", "--bodies", "20"),
        ("backup", "--to", str(made.backups.root)),
        ("verify-backup", str(made.backups.root), "--rehearse", "--scratch", str(room)),
    ]
    for step in steps:
        done = made.run(*step)
        assert done.returncode == 0, done.stderr + done.stdout
    return made


def city_in(room: Path) -> City:
    """Return the city of ``room``."""
    data = room / "var"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "DJANGO_"))}
    return City(data, BackupFolder(room / "backups"), kept | {"CHENGXIN_DATA": str(data)})


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """Yield a city with its server running; ``CHENGXIN_TEST_CITY`` names a folder that keeps one between two runs."""
    kept = os.environ.get("CHENGXIN_TEST_CITY")
    room = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="chengxin-operations-"))
    room.mkdir(exist_ok=True)
    room.chmod(0o755)
    try:
        made = city_in(room) if (room / "backups").exists() else make_city(room)
        with embedded_server(made.data):
            yield made
    finally:
        if not kept:
            shutil.rmtree(room, ignore_errors=True)
