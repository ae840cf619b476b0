"""Passwords of the embedded database change while it is used: who is in stays in, old ones open nothing."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest
from django.db import connections
from django.db.utils import ConnectionHandler
from psycopg.conninfo import conninfo_to_dict

from chengxin.base import renewal
from chengxin.base.config import ROLES, Secrets, django_database, embedded_url, read_secrets
from chengxin.base.embedded import EmbeddedServer
from chengxin.base.lasting import base as lasting
from chengxin.base.renewal import (
    COMING,
    change_roles,
    lasting_url,
    new_passwords,
    pass_file,
    renew_passwords,
    settle_passwords,
    write_pass_files,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYBODY = ("superuser", *ROLES)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """Give a running server in a folder of its own, with a name that addresses have to quote."""
    room = Path(tempfile.mkdtemp(prefix="cx-", dir="/tmp"))
    room.chmod(0o755)
    made = EmbeddedServer(room / "数据 a&b?c%")
    made.start()
    yield made
    made.stop()
    shutil.rmtree(room)


def who(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row is not None
    return str(row[0])


def refused(url: str) -> bool:
    with pytest.raises(psycopg.OperationalError, match=renewal.REFUSED):
        psycopg.connect(url)
    return True


@pytest.mark.parametrize("role", ROLES)
def test_an_address_for_a_process_holds_no_password_and_opens(server: EmbeddedServer, role: str) -> None:
    url = server.lasting_url(role)
    assert "password" not in conninfo_to_dict(url)
    assert not any(one in url for one in read_secrets(server.folder).passwords.values())
    assert who(url) == f"chengxin_{role}"


def test_the_files_are_for_the_installing_user_only_and_hold_one_password_each(server: EmbeddedServer) -> None:
    held = read_secrets(server.folder).passwords
    assert stat.S_IMODE((server.folder / "passwords").stat().st_mode) == 0o700
    for role in ROLES:
        path = pass_file(server.folder, role)
        text = path.read_text(encoding="utf-8")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert text == f"*:*:*:chengxin_{role}:{held[role]}\n"
    assert not (server.folder / "passwords" / "superuser.pgpass").exists(), (
        "no process of the platform is the superuser"
    )


def test_a_start_writes_no_file_that_is_right_already(server: EmbeddedServer) -> None:
    before = {role: pass_file(server.folder, role).stat().st_ino for role in ROLES}
    server.start()
    assert {role: pass_file(server.folder, role).stat().st_ino for role in ROLES} == before
    pass_file(server.folder, "api").write_text("*:*:*:chengxin_api:wrong\n", encoding="utf-8")
    server.start()
    assert who(server.lasting_url("api")) == "chengxin_api"


def test_a_renewal_changes_every_password_and_old_ones_open_nothing(server: EmbeddedServer) -> None:
    old = read_secrets(server.folder)
    with psycopg.connect(server.lasting_url("office"), autocommit=True) as held:
        renew_passwords(server.folder)
        assert held.execute("SELECT current_user").fetchone() == ("chengxin_office",), "who is in stays in"
    new = read_secrets(server.folder)
    assert new.web_key == old.web_key, "sessions go on"
    for role in EVERYBODY:
        assert new.passwords[role] != old.passwords[role]
        assert len(new.passwords[role]) >= 32
        assert refused(embedded_url(server.folder, role, old, "postgres"))
        assert who(server.url(role, "postgres" if role == "superuser" else "chengxin"))
    assert all(who(server.lasting_url(role)) == f"chengxin_{role}" for role in ROLES)
    assert not (server.folder / COMING).exists()
    assert stat.S_IMODE((server.folder / "secrets.json").stat().st_mode) == 0o600


def test_further_roles_are_changed_where_they_are_there(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("superuser", "postgres"), autocommit=True) as superuser:
        superuser.execute("CREATE ROLE another LOGIN PASSWORD 'before'")
        superuser.execute("GRANT CONNECT ON DATABASE postgres TO another")
        try:
            renew_passwords(server.folder, {"another": "after", "nobody": "x"})
            host = quote(conninfo_to_dict(server.url("api"))["host"], safe="")  # type: ignore[arg-type]
            assert who(f"postgresql://another:after@{host}/postgres") == "another"
            assert refused(f"postgresql://another:before@{host}/postgres")
        finally:
            superuser.execute("REVOKE CONNECT ON DATABASE postgres FROM another")
            superuser.execute("DROP ROLE another")


def test_the_server_is_never_sent_a_password(server: EmbeddedServer) -> None:
    held = new_passwords(read_secrets(server.folder))
    with psycopg.connect(server.url("superuser", "postgres"), autocommit=True) as superuser:
        superuser.execute("ALTER SYSTEM SET log_statement = 'all'")
        superuser.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)
        try:
            renew_passwords(server.folder, coming=held)
        finally:
            superuser.execute("ALTER SYSTEM RESET log_statement")
            superuser.execute("SELECT pg_reload_conf()")
    said = server.log.read_text(encoding="utf-8", errors="replace")
    assert "ALTER ROLE" in said, "the log did hold the statements"
    assert "SCRAM-SHA-256$" in said
    assert not any(one in said for one in held.passwords.values())


def begun(server: EmbeddedServer) -> Secrets:
    """Write down what a renewal is going to do, as one that is killed right afterwards leaves it."""
    coming = new_passwords(read_secrets(server.folder))
    text = json.dumps({"web_key": coming.web_key, "passwords": coming.passwords})
    (server.folder / COMING).write_text(text, encoding="utf-8")
    return coming


def test_one_that_was_killed_before_the_database_knew_is_forgotten(server: EmbeddedServer) -> None:
    old = read_secrets(server.folder)
    begun(server)
    assert settle_passwords(server.folder)
    assert read_secrets(server.folder) == old
    assert all(who(server.lasting_url(role)) for role in ROLES)
    assert not settle_passwords(server.folder), "settled once"


def test_one_that_was_killed_after_the_database_knew_is_finished(server: EmbeddedServer) -> None:
    old = read_secrets(server.folder)
    coming = begun(server)
    change_roles(embedded_url(server.folder, "superuser", old, "postgres"), coming, {})
    assert refused(server.lasting_url("public")), "now nobody knows a password that holds, but the note"
    server.start()
    assert read_secrets(server.folder) == coming
    assert all(who(server.lasting_url(role)) for role in ROLES)
    assert not (server.folder / COMING).exists()


def test_one_that_was_killed_between_two_files_is_finished(server: EmbeddedServer) -> None:
    old = read_secrets(server.folder)
    coming = begun(server)
    change_roles(embedded_url(server.folder, "superuser", old, "postgres"), coming, {})
    write_pass_files(server.folder, coming)
    assert settle_passwords(server.folder)
    assert read_secrets(server.folder) == coming


@pytest.mark.parametrize("text", ["", "{", "[]", '{"web_key": "x", "passwords": {}}'])
def test_a_note_that_is_not_whole_was_never_used(server: EmbeddedServer, text: str) -> None:
    old = read_secrets(server.folder)
    (server.folder / COMING).write_text(text, encoding="utf-8")
    assert settle_passwords(server.folder)
    assert read_secrets(server.folder) == old
    assert not (server.folder / COMING).exists()


def test_while_the_database_is_away_nothing_is_decided(tmp_path: Path) -> None:
    made = EmbeddedServer(tmp_path)
    secrets = Secrets("k", dict.fromkeys(EVERYBODY, "p"))
    (tmp_path / COMING).write_text(json.dumps({"web_key": "k", "passwords": secrets.passwords}), encoding="utf-8")
    with pytest.raises(psycopg.OperationalError):
        settle_passwords(made.folder)
    assert (tmp_path / COMING).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for somebody else")
def test_what_root_renews_still_belongs_to_whom_the_installation_belongs(server: EmbeddedServer) -> None:
    path = server.folder / "secrets.json"
    os.chown(path, 65_534, 65_534)
    try:
        renew_passwords(server.folder)
        assert path.stat().st_uid == 65_534
        assert pass_file(server.folder, "worker").stat().st_uid == 65_534
        assert (server.folder / "passwords").stat().st_uid == 65_534
    finally:
        os.chown(path, 0, 0)
        renew_passwords(server.folder)
    assert path.stat().st_uid == 0


def django_at(url: str, role: str, monkeypatch: pytest.MonkeyPatch) -> lasting.DatabaseWrapper:
    """Return Django's connection of a process of ``role`` that was given this address."""
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", url)
    held = connections["default"].settings_dict | django_database(role)
    made = ConnectionHandler({"default": held})["default"]
    assert isinstance(made, lasting.DatabaseWrapper)
    return made


def opened(made: lasting.DatabaseWrapper) -> str:
    """Open a connection as Django does and return who one is on it."""
    with made.get_new_connection(made.get_connection_params()) as connection:
        return str(connection.execute("SELECT current_user").fetchone()[0])


def test_django_opens_later_connections_with_the_password_of_that_moment(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = django_at(server.lasting_url("office"), "office", monkeypatch)
    assert made.settings_dict["PASSWORD"] == ""
    assert opened(made) == "chengxin_office"
    renew_passwords(server.folder)
    assert opened(made) == "chengxin_office"


def test_an_address_with_its_password_needs_no_backend_that_tries_again(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_DATABASE_URL", server.url("office"))
    assert django_database("office")["ENGINE"] == "chengxin.base.postgres"


def test_a_connection_that_begins_in_the_middle_of_a_renewal_tries_again(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = django_at(server.lasting_url("api"), "api", monkeypatch)
    path = pass_file(server.folder, "api")
    right = path.read_text(encoding="utf-8")
    path.write_text("*:*:*:chengxin_api:of-yesterday\n", encoding="utf-8")
    later = threading.Timer(0.2, lambda: path.write_text(right, encoding="utf-8"))
    later.start()
    assert opened(made) == "chengxin_api"
    later.join()


def test_connections_opened_without_a_pause_while_passwords_change_all_open(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = django_at(server.lasting_url("worker"), "worker", monkeypatch)
    names: list[str] = []
    stopping = threading.Event()

    def go_on() -> None:
        while not stopping.is_set():
            names.append(opened(made))
        names.append("done")

    threads = [threading.Thread(target=go_on) for _ in range(3)]
    for one in threads:
        one.start()
    for _ in range(15):
        renew_passwords(server.folder)
    stopping.set()
    for one in threads:
        one.join()
    assert names.count("done") == 3, "none of them was refused"
    assert names.count("chengxin_worker") > 15
    assert set(names) == {"chengxin_worker", "done"}


def test_a_password_that_stays_wrong_is_said_after_its_time(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting, "PATIENCE", 0.3)
    made = django_at(server.lasting_url("public"), "public", monkeypatch)
    path = pass_file(server.folder, "public")
    right = path.read_text(encoding="utf-8")
    path.write_text("*:*:*:chengxin_public:wrong\n", encoding="utf-8")
    began = time.monotonic()
    try:
        with pytest.raises(psycopg.OperationalError, match=renewal.REFUSED):
            opened(made)
    finally:
        path.write_text(right, encoding="utf-8")
    assert time.monotonic() - began >= 0.3


def test_a_server_that_is_away_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "PATIENCE", 60.0)
    made = django_at(lasting_url(tmp_path, "public"), "public", monkeypatch)
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        opened(made)
    assert time.monotonic() - began < 30
