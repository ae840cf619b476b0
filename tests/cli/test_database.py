"""The embedded server runs while somebody uses it, and stops with the last one, however that one ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import connection

from chengxin.base.config import ROLES, read_secrets
from chengxin.base.embedded import EmbeddedServer
from chengxin.base.errors import ChengxinError
from chengxin.cli import keeper
from chengxin.cli.database import embedded_server, external_url, external_urls, stop_when_unused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USER = """
import sys, time
from pathlib import Path
from chengxin.cli.database import embedded_server
with embedded_server(Path(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder(installation: Path) -> Path:
    return installation


@pytest.fixture(autouse=True)
def no_outside_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHENGXIN_DATABASE_URL", *(f"CHENGXIN_DATABASE_URL_{role.upper()}" for role in ROLES)):
        monkeypatch.delenv(name, raising=False)


def user(folder: Path) -> subprocess.Popen[str]:
    """Start another command that uses the server; return once it does."""
    started = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "up\n"
    return started


def stops(server: EmbeddedServer, seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not server.running():
            return True
        time.sleep(0.1)
    return False


def test_the_server_runs_for_the_block_and_every_role_can_log_in(folder: Path) -> None:
    with embedded_server(folder) as server:
        for role in ROLES:
            with psycopg.connect(server.url(role)) as session:
                row = session.execute("SELECT current_user").fetchone()
                assert row == (f"chengxin_{role}",)
    assert not server.running()


def test_two_commands_share_the_server_and_the_last_one_stops_it(folder: Path) -> None:
    other = user(folder)
    with embedded_server(folder) as server:
        assert not stop_when_unused(server)
    assert server.running()
    other.communicate("")
    assert other.returncode == 0
    assert not server.running()


def test_a_short_command_beside_a_long_one_does_not_wait_for_it(folder: Path) -> None:
    other = user(folder)
    try:
        with embedded_server(folder) as server:
            begun = time.monotonic()
        assert time.monotonic() - begun < keeper.PATIENCE
        assert server.running()
    finally:
        other.communicate("")
    assert not server.running()


def test_the_server_stops_when_the_block_fails(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt), embedded_server(folder) as server:
        raise KeyboardInterrupt
    assert not server.running()


def test_a_command_killed_with_minus_9_leaves_no_server_behind(folder: Path) -> None:
    other = user(folder)
    server = EmbeddedServer(folder)
    assert server.running()
    other.send_signal(signal.SIGKILL)
    other.communicate()
    assert stops(server)


def test_a_command_killed_with_minus_9_takes_nothing_from_another(folder: Path) -> None:
    other = user(folder)
    with embedded_server(folder) as server:
        other.send_signal(signal.SIGKILL)
        other.communicate()
        time.sleep(1.5)
        assert server.running()
    assert not server.running()


def test_a_server_killed_with_minus_9_comes_up_again_with_what_was_committed(folder: Path) -> None:
    with embedded_server(folder) as server:
        with psycopg.connect(server.url("superuser"), autocommit=True) as session:
            session.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS one")
        pid = int((server.cluster / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        assert stops(server)
    with embedded_server(folder) as server, psycopg.connect(server.url("superuser")) as session:
        row = session.execute("SELECT one FROM kept").fetchone()
    assert row == (1,)


def test_the_secrets_are_for_the_installing_user_only(folder: Path) -> None:
    with embedded_server(folder):
        assert (folder / "secrets.json").stat().st_mode & 0o077 == 0
        assert len(set(read_secrets(folder).passwords.values())) == len(ROLES) + 1


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ChengxinError) as caught, embedded_server(tmp_path / "file" / "data"):
        pytest.fail("there is no folder to work in")
    assert caught.value.code == "folder_not_writable"
    assert "--data" in caught.value.message_zh


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ChengxinError) as caught, embedded_server(tmp_path):
        pytest.fail("nothing can be written here")
    tmp_path.chmod(0o700)
    assert caught.value.code == "folder_not_writable"


def test_an_outside_database_is_named_once_for_each_role(monkeypatch: pytest.MonkeyPatch) -> None:
    assert external_urls() == {}
    given = {role: f"postgresql://{role}@host/city" for role in ROLES}
    for role, url in given.items():
        monkeypatch.setenv(f"CHENGXIN_DATABASE_URL_{role.upper()}", url)
    assert external_urls() == given
    assert external_url("worker") == given["worker"]


def test_a_role_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_DATABASE_URL_OWNER", "postgresql://owner@host/city")
    with pytest.raises(ChengxinError) as caught:
        external_urls()
    assert "CHENGXIN_DATABASE_URL_PUBLIC" in caught.value.message_zh
    assert "CHENGXIN_DATABASE_URL_OWNER" not in caught.value.message_zh


def test_one_address_for_all_roles_is_refused_where_several_processes_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", "postgresql://owner@host/city")
    with pytest.raises(ChengxinError, match="每个角色"):
        external_urls()
    assert external_url("owner") == "postgresql://owner@host/city"


@pytest.mark.django_db
def test_migrations_run_as_the_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("chengxin_owner",)


REACH = """
from chengxin.cli.database import enter, reach
import os
with reach("worker"):
    from django.db import connection
    def who():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return cursor.fetchone()[0]
    first = who()
    enter("owner", os.environ["OTHER"])
    print(first, who())
"""


def test_a_command_logs_in_as_its_role_and_may_change_it(database_url: Callable[[str], str]) -> None:
    environment = os.environ | {"CHENGXIN_DATABASE_URL": database_url("worker"), "OTHER": database_url("owner")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run([sys.executable, "-c", REACH], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["chengxin_worker", "chengxin_owner"], done.stderr
