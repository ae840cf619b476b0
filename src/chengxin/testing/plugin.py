"""The pytest plugin: one embedded PostgreSQL for the whole run, shared by its workers, gone afterwards.

It has to be loaded by ``-p`` because Django's settings are read before any ``conftest.py``. The workers of
pytest-xdist are started after it and inherit the folder; each makes its own database in the same server.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db.backends.base.creation import TEST_DATABASE_PREFIX

from chengxin.base.config import embedded_url, read_secrets
from chengxin.base.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper
    from pytest_django.plugin import DjangoDbBlocker

_numbers = itertools.count()
_started: list[EmbeddedServer] = []


def _start() -> None:
    if os.environ.get("CHENGXIN_TEST_SERVER"):
        return
    folder = Path(tempfile.mkdtemp(prefix="chengxin-test-"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder)
    held = server.start()
    # The databases live as long as the run: nothing of them has to outlive the machine, so nothing waits for its disk.
    with psycopg.connect(embedded_url(folder, "superuser", held, "postgres"), autocommit=True) as superuser:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            superuser.execute(f"ALTER SYSTEM SET {setting} = off")
        superuser.execute("SELECT pg_reload_conf()")
    _started.append(server)
    os.environ["CHENGXIN_DATA"] = str(folder)
    os.environ["CHENGXIN_TEST_SERVER"] = str(folder)
    os.environ.pop("CHENGXIN_DATABASE_URL", None)
    atexit.register(_stop, os.getpid())  # pytest tells no plugin when it gives up over its own options


def _stop(starter: int) -> None:
    if starter != os.getpid():
        return  # a fork of the starter that ends has no business with its server
    for server in _started:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
        os.environ.pop("CHENGXIN_TEST_SERVER", None)
    _started.clear()


_start()


def pytest_unconfigure() -> None:
    """Stop the server and take its folder away; only the process that started it does."""
    _stop(os.getpid())


def _folder() -> Path:
    return Path(os.environ["CHENGXIN_TEST_SERVER"])


@pytest.fixture
def server_folder() -> Path:
    """Return the data folder of the run's database server."""
    return _folder()


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:  # noqa: ARG001
    """Give the test a database of its own, a copy of the migrated empty one, and yield its name.

    For tests that commit: facts and audit events refuse to be deleted or emptied, so there is no cleaning up after
    them. Copying the files takes about three hundredths of a second, half of what copying through the log takes.
    """
    from django.db import connection  # noqa: PLC0415 - Django is set up only when the first fixture runs

    with django_db_blocker.unblock():
        _ensure_migrated(connection)
        template = connection.settings_dict["NAME"]
        name = f"{template}_{next(_numbers)}"
        connection.close()
        owner = embedded_url(_folder(), "owner", read_secrets(_folder()), "postgres")
        with psycopg.connect(owner, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        connection.settings_dict["NAME"] = name
        try:
            _count_from_one(connection)
            grant_rooms()  # rights on a database are not part of what a copy takes along
            yield name
        finally:
            connection.close()
            connection.settings_dict["NAME"] = template
            # As superuser: FORCE would otherwise stumble over a session of another role, autovacuum's for one.
            superuser = embedded_url(_folder(), "superuser", read_secrets(_folder()), "postgres")
            with psycopg.connect(superuser, autocommit=True) as admin:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


_COUNT_FROM_ONE = """DO $$
DECLARE one record;
BEGIN
    FOR one IN
        SELECT s.oid::regclass AS counter, t.oid::regclass AS of_table, a.attname AS of_column
        FROM pg_class s
        JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
            AND d.refclassid = 'pg_class'::regclass
        JOIN pg_class t ON t.oid = d.refobjid
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
        WHERE s.relkind = 'S'
    LOOP
        EXECUTE format('SELECT setval(%L, coalesce(max(%I), 0) + 1, false) FROM %s',
            one.counter, one.of_column, one.of_table);
    END LOOP;
END $$"""


def _count_from_one(connection: BaseDatabaseWrapper) -> None:
    """Let every table number its rows from one: a test that is rolled back leaves the original's counters where it got.

    Which tests the same worker ran before would otherwise be seen in the numbers of this one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_FROM_ONE)


def _ensure_migrated(connection: BaseDatabaseWrapper) -> None:
    """Make the migrated empty database where pytest-django did not: it does so only for tests marked ``django_db``."""
    if not str(connection.settings_dict["NAME"]).startswith(TEST_DATABASE_PREFIX):
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)


def grant_rooms() -> None:
    """Apply the grants of every room to the database Django is connected to."""
    from django.db import connection  # noqa: PLC0415

    from chengxin.base.apps import grant_files  # noqa: PLC0415

    with connection.cursor() as cursor:
        for _room, text in grant_files():
            cursor.execute(text)


@pytest.fixture
def database_url(own_database: str) -> Callable[[str], str]:
    """Return a function that gives the address of this test's own database for a role."""

    def url(role: str) -> str:
        return embedded_url(_folder(), role, read_secrets(_folder()), own_database)

    return url


@pytest.fixture
def connect_as(database_url: Callable[[str], str]) -> Iterator[Callable[[str], psycopg.Connection]]:
    """Return a function that connects to this test's own database as a role (``public``, ``office``, ``worker`` …)."""
    opened: list[psycopg.Connection] = []

    def connect(role: str) -> psycopg.Connection:
        path = "publication" if role == "public" else "core,publication"
        made = psycopg.connect(database_url(role), autocommit=True, options=f"-c search_path={path}")
        opened.append(made)
        return made

    yield connect
    for one in opened:
        one.close()
