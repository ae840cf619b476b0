"""A data folder and a terminal for an installation of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chengxin.base.config import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def installation() -> Iterator[Path]:
    """Yield a folder that the database's own account may reach: pytest's own folders are closed to it under root."""
    folder = Path(tempfile.mkdtemp(prefix="chengxin-cli-"))
    folder.chmod(0o755)
    yield folder / "var"
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Terminal:
    """Runs ``chengxin`` as a process of its own against the test's database, as the role the command asks for."""

    environment: dict[str, str]

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Return how the command ended and what it said."""
        return subprocess.run(
            [sys.executable, "-m", "chengxin.cli.main", *arguments],
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def terminal(database_url: Callable[[str], str], tmp_path: Path) -> Terminal:
    """Return a terminal whose commands work in this test's own database, with a city's organisations in it."""
    from chengxin.accounts.actions.load_organisations import LoadOrganisations  # noqa: PLC0415 - Django is ready now
    from chengxin.base.city import load_city  # noqa: PLC0415

    LoadOrganisations(load_city("kunshan")).execute()
    urls = {f"CHENGXIN_DATABASE_URL_{role.upper()}": database_url(role) for role in ROLES}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "DJANGO_"))}
    return Terminal(kept | urls | {"CHENGXIN_DATA": str(tmp_path)})
