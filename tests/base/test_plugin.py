"""The tests' own server: one for a run, a database for each test that commits, and nothing left afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import connection

from chengxin.accounts.models import Organisation
from chengxin.base.config import ROLES
from chengxin.testing import plugin
from chengxin.testing.making import make_organisation

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_that_commits_leaves_nothing_to_the_next(own_database: str, turn: int) -> None:
    assert not Organisation.objects.exists(), f"turn {turn}"
    make_organisation()
    assert connection.settings_dict["NAME"] == own_database


def test_what_the_test_commits_every_role_that_may_sees(connect_as: Callable[[str], psycopg.Connection]) -> None:
    make_organisation("market")
    for role in ("worker", "office", "api"):
        assert connect_as(role).execute("SELECT code FROM accounts_organisation").fetchall() == [("market",)]
    with pytest.raises(psycopg.errors.UndefinedTable):
        connect_as("public").execute("SELECT code FROM accounts_organisation")


def test_every_role_has_an_address_of_the_tests_own_database(
    database_url: Callable[[str], str], own_database: str
) -> None:
    for role in ROLES:
        with psycopg.connect(database_url(role)) as session:
            assert session.execute("SELECT current_user, current_database()").fetchone() == (
                f"chengxin_{role}",
                own_database,
            )


def test_the_server_of_the_run_is_the_installation_the_settings_see(server_folder: Path) -> None:
    assert os.environ["CHENGXIN_DATA"] == os.environ["CHENGXIN_TEST_SERVER"] == str(server_folder)
    assert "CHENGXIN_DATABASE_URL" not in os.environ
    assert (server_folder / "secrets.json").is_file()


def test_a_fork_that_ends_does_not_stop_the_server(server_folder: Path) -> None:
    plugin._stop(os.getpid() + 1)
    assert (server_folder / "postgres" / "postmaster.pid").exists()


ONE = """
def test_one(server_folder):
    assert (server_folder / "postgres" / "postmaster.pid").exists()
"""


def _run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with a server of its own whose folder is made under ``tmp_path``."""
    (tmp_path / "t").mkdir()
    (tmp_path / "test_one.py").write_text(ONE, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "PYTEST_"))}
    own: list[str | Path] = ["-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *own, *arguments, tmp_path / "test_one.py"],
        env=environment | {"TMPDIR": str(tmp_path / "t")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("arguments", "ends_with"), [(("--no-such-option",), 4), (("-n", "1"), 0)])
def test_however_a_run_ends_it_leaves_no_server_and_no_folder(
    tmp_path: Path, arguments: tuple[str, ...], ends_with: int
) -> None:
    done = _run(tmp_path, *arguments)
    assert done.returncode == ends_with, done.stdout + done.stderr
    assert list((tmp_path / "t").glob("chengxin-*")) == []
