"""The embedded database is looked after while it is served: gone, it is started again; broken, that is said."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from chengxin.cli import serve
from chengxin.cli.database import embedded_server
from chengxin.cli.serve import KeptDatabase, database_gone
from chengxin.cli.supervision import PATIENCE, SHORT_LIVES, ProcessEnded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chengxin.base.embedded import EmbeddedServer


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedServer]:
    """Yield a server in a folder of its own, held by this command as ``chengxin serve`` holds it."""
    monkeypatch.delenv("CHENGXIN_DATABASE_URL", raising=False)
    folder = tmp_path_factory.mktemp("kept")
    folder.chmod(0o755)
    with embedded_server(folder) as server:
        yield server


def postmaster(server: EmbeddedServer) -> int:
    return int((server.cluster / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def kill(server: EmbeddedServer) -> None:
    os.kill(postmaster(server), signal.SIGKILL)
    until = time.monotonic() + 20
    while not database_gone(server.folder):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_database_that_runs_is_left_alone(served: EmbeddedServer) -> None:
    before = postmaster(served)
    kept = KeptDatabase(served.folder)
    kept.require()
    assert not database_gone(served.folder)
    assert postmaster(served) == before
    assert kept.deaths == []


def test_a_killed_database_comes_back_with_what_was_committed_and_stays_ours(
    served: EmbeddedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(served.url("superuser"), autocommit=True) as session:
        session.execute("CREATE TABLE kept AS SELECT 1 AS one")
        busy = session.execute("SELECT pg_backend_pid()").fetchone()
        before = postmaster(served)
        kill(served)  # with a session open: its process has to notice before another server may begin
        told: list[bool] = []
        KeptDatabase(served.folder, lambda: told.append(database_gone(served.folder))).require()
    assert told == [True], "who rests on it is told once, before it is back"
    assert busy is not None
    assert postmaster(served) != before
    with psycopg.connect(served.url("superuser")) as session:
        assert session.execute("SELECT one FROM kept").fetchone() == (1,)
    said = capsys.readouterr().err
    assert "数据库意外退出，正在重新启动" in said
    assert "started again" in said
    with embedded_server(served.folder):
        pass
    assert served.running(), "the command that serves still holds it"


def test_a_database_that_dies_again_and_again_is_broken(served: EmbeddedServer) -> None:
    kept = KeptDatabase(served.folder, deaths=[time.monotonic()] * (SHORT_LIVES - 1))
    kill(served)
    with pytest.raises(ProcessEnded) as caught:
        kept.require()
    assert caught.value.code == "database_ended"
    assert "postgres.log" in caught.value.message_zh
    assert not served.running()


def test_deaths_of_long_ago_do_not_count(served: EmbeddedServer) -> None:
    kept = KeptDatabase(served.folder, deaths=[time.monotonic() - PATIENCE - 1] * SHORT_LIVES)
    kill(served)
    kept.require()
    assert served.running()
    assert len(kept.deaths) == 1


def test_a_database_that_does_not_start_is_said_after_its_time(
    served: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "PATIENCE", 0.5)
    kill(served)
    conf = served.cluster / "postgresql.conf"
    sound = conf.read_text(encoding="utf-8")
    conf.write_text(f"{sound}\nno_such_setting_of_anybody = 1\n", encoding="utf-8")
    with pytest.raises(ProcessEnded) as caught:
        KeptDatabase(served.folder).require()
    assert caught.value.where == "postgres"
    conf.write_text(sound, encoding="utf-8")


def test_a_folder_without_a_mark_of_a_server_has_none(tmp_path: Path) -> None:
    assert database_gone(tmp_path)
    (tmp_path / "postgres").mkdir()
    mark = tmp_path / "postgres" / "postmaster.pid"
    mark.write_text("", encoding="utf-8")
    assert database_gone(tmp_path)
    mark.write_text(f"{os.getpid()}\n", encoding="utf-8")
    assert not database_gone(tmp_path)
