"""``chengxin database-passwords`` on an installation under load: nothing fails, and what was known opens nothing."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from chengxin.base.config import ROLES, embedded_url, read_secrets
from chengxin.base.renewal import COMING, REFUSED
from chengxin.cli.database import embedded_server, finish_renewal, renew
from chengxin.cli.frame import REFUSED as REFUSAL
from chengxin.cli.main import run
from chengxin.operations.server import archive_url, prepare_archive
from chengxin.testing.faults import Client, Guard, Ledger, Load, examine, settle
from chengxin.testing.rig import Rig, build, own_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYBODY = ("superuser", *ROLES)


@pytest.fixture
def rig() -> Iterator[Rig]:
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="chengxin-passwords-"))
    folder.chmod(0o755)
    try:
        yield build(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def command(rig: Rig) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chengxin.cli.main", "database-passwords"],
        env=own_environment(rig.folder), capture_output=True, text=True, check=False,
    )  # fmt: skip


def opens(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as error:
        if REFUSED in str(error):
            return False
        raise
    return True


def end_connections(rig: Rig) -> None:
    """Take every connection of the ends and the worker away, so that each has to be opened anew."""
    with psycopg.connect(rig.url("superuser"), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'chengxin_%'")


class Watching(Client):
    """A client that keeps the status of every answer; 0 is none."""

    def __init__(self, rig: Rig, ledger: Ledger) -> None:
        super().__init__(rig, ledger)
        self.statuses: list[int] = []

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> tuple[int, Any]:
        answer = super().ask(method, path, body, kind)
        self.statuses.append(answer[0])
        return answer


@pytest.mark.timeout(600)
def test_renewed_under_load_nothing_fails_and_old_passwords_open_nothing(rig: Rig) -> None:
    before = read_secrets(rig.folder)
    ledger = Ledger()
    client = Watching(rig, ledger)
    with Guard(rig) as guard:
        client.ready(120)
        at_start = read_secrets(rig.folder)
        assert not set(before.passwords.values()) & set(at_start.passwords.values()), "serve began with new ones"
        known = [before, at_start]
        client.statuses.clear()
        with Load(client):
            for _ in range(4):
                done = command(rig)
                assert done.returncode == 0, done.stderr
                assert "不需要重启" in done.stderr
                known.append(read_secrets(rig.folder))
                assert not any(one in done.stdout + done.stderr for one in known[-1].passwords.values())
                time.sleep(0.5)
        assert len(client.statuses) > 10
        assert [one for one in client.statuses if not 0 < one < 500] == []
        end_connections(rig)  # programs that run since the start open new connections, four passwords later
        client.ready(60)
        settle(client)
        found = examine(rig.url("superuser"), ledger)
        assert (found.lost, found.twice) == ((), ())
        assert ledger.acknowledged > 4
        assert guard.ends == [], "nothing had to be started again"
        for old in known[:-1]:
            for role in EVERYBODY:
                assert not opens(embedded_url(rig.folder, role, old, "postgres"))
        assert all(opens(rig.url(role)) for role in ROLES)
    logs = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in (rig.folder / "log").glob("*.log"))
    assert not any(one in logs for held in known for one in held.passwords.values())


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [one for one in os.environ if one.startswith("CHENGXIN_DATABASE_URL")]:
        monkeypatch.delenv(name)
    made = tmp_path_factory.mktemp(f"p{secrets.token_hex(2)}")
    made.chmod(0o755)
    monkeypatch.setenv("CHENGXIN_DATA", str(made))
    return made


def test_the_archives_role_gets_the_password_that_follows_from_the_new_ones(folder: Path) -> None:
    with embedded_server(folder):
        prepare_archive(folder)
        old = archive_url(folder)
        renew(folder)
        assert archive_url(folder) != old
        assert opens(archive_url(folder))
        assert not opens(old)


def test_a_renewal_that_was_killed_is_finished_while_serving_but_not_while_one_is_under_way(folder: Path) -> None:
    with embedded_server(folder):
        held = read_secrets(folder)
        (folder / COMING).write_text("{", encoding="utf-8")
        with embedded_server(folder):
            assert not (folder / COMING).exists(), "every start looks"
        (folder / COMING).write_text("{", encoding="utf-8")
        import fcntl  # noqa: PLC0415 - only here

        with (folder / "start.lock").open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            finish_renewal(folder)
            assert (folder / COMING).exists(), "somebody is at it"
        finish_renewal(folder)
        assert not (folder / COMING).exists()
        assert read_secrets(folder) == held
        finish_renewal(folder)


def test_of_an_outside_database_nothing_is_renewed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for role in ROLES:
        monkeypatch.setenv(f"CHENGXIN_DATABASE_URL_{role.upper()}", f"postgresql://{role}@nowhere.invalid/chengxin")
    assert run(["database-passwords"]) == REFUSAL
    said = capsys.readouterr().err
    assert "运维方" in said
    assert "its operator" in said
    assert list(folder.iterdir()) == []


def test_without_an_installation_there_is_nothing_to_renew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["database-passwords"]) == REFUSAL
    assert "还没有安装平台" in capsys.readouterr().err
    assert list(folder.iterdir()) == []
