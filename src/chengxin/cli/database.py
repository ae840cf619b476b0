"""Reach the database as one role: an address from the environment, or the embedded server, started when needed.

Several commands may share the embedded server: each holds a shared lock while it works, and the last one to let go
stops it. A process that was killed holds no lock, so nothing has to be tidied up after it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chengxin.base.config import ROLES, data_folder
from chengxin.base.credentials import secret_setting
from chengxin.base.errors import ChengxinError
from chengxin.cli.frame import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import TextIOWrapper
    from pathlib import Path

    from chengxin.base.embedded import EmbeddedServer

RELEASED = b"released"
"""What a command that ends in order tells its keeper: it has let go of the server itself."""

KEEPER_PATIENCE = 60.0
"""Seconds the keeper gets to end; a fast stop of PostgreSQL took under a second in every measurement."""


def external_url(role: str) -> str:
    """Return the address of an outside database for ``role``, or an empty text when the embedded one is meant.

    ``CHENGXIN_DATABASE_URL_OWNER``, ``…_WORKER`` and so on name one address for each role; a single process may get
    its own as ``CHENGXIN_DATABASE_URL``. Each may be a credential of that name instead.
    """
    return secret_setting(f"CHENGXIN_DATABASE_URL_{role.upper()}") or secret_setting("CHENGXIN_DATABASE_URL")


def external_urls() -> dict[str, str]:
    """Return the outside address of every role, or nothing when none is set.

    Raises ``ChengxinError`` when some roles have one and others not, and when one address stands for all: each
    process must log in as its own role.
    """
    given = {role: secret_setting(f"CHENGXIN_DATABASE_URL_{role.upper()}") for role in ROLES}
    missing = [f"CHENGXIN_DATABASE_URL_{role.upper()}" for role, url in given.items() if not url]
    if len(missing) == len(ROLES) and not secret_setting("CHENGXIN_DATABASE_URL"):
        return {}
    if missing:
        names = "、".join(missing)
        raise ChengxinError(
            "database_address_missing",
            f"使用外部数据库时每个角色都要有自己的地址，还缺：{names}",
            f"with an outside database every role needs its own address; missing: {', '.join(missing)}",
            where=missing[0],
        )
    return given


@contextmanager
def embedded_server(folder: Path) -> Iterator[EmbeddedServer]:
    """Yield the embedded server of ``folder``, running; stop it afterwards unless another command uses it.

    Raises ``ChengxinError`` when the folder cannot be written or the server does not start.
    """
    from chengxin.base.embedded import EmbeddedServer

    server = EmbeddedServer(folder)
    users = _open_lock(folder, "users.lock")
    keeper: subprocess.Popen[bytes] | None = None
    try:
        with _open_lock(folder, "start.lock") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)
            server.start()
            keeper = _start_keeper(folder)
        yield server
    finally:
        with undisturbed():
            users.close()
            stop_when_unused(server)
            if keeper is not None:
                keeper.communicate(RELEASED, KEEPER_PATIENCE)


def start_again(folder: Path) -> None:
    """Start the embedded server of ``folder``, which died while a command held it; that command stops it as before.

    Raises ``ChengxinError`` when the server does not start, and ``psycopg.OperationalError`` when it dies meanwhile.
    """
    from chengxin.base.embedded import EmbeddedServer

    with _open_lock(folder, "start.lock") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        EmbeddedServer(folder).start()


def renew(folder: Path) -> None:
    """Give every role of the embedded server of ``folder``, which runs, a new password; no start happens meanwhile."""
    from chengxin.operations.server import renew_database_passwords

    with _open_lock(folder, "start.lock") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        renew_database_passwords(folder)


def finish_renewal(folder: Path) -> None:
    """Finish a renewal that was killed; where one is under way, or there is none, do nothing."""
    from chengxin.base.renewal import COMING, settle_passwords

    if not (folder / COMING).exists():
        return
    from psycopg import OperationalError

    with _open_lock(folder, "start.lock") as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            settle_passwords(folder)
        except (BlockingIOError, OperationalError):
            return  # whoever holds the lock is at it; a database that is away is started again first


def stop_when_unused(server: EmbeddedServer) -> bool:
    """Stop ``server`` unless another command holds it; return whether nobody does."""
    with _open_lock(server.folder, "start.lock") as gate, _open_lock(server.folder, "users.lock") as users:
        fcntl.flock(gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        server.stop()
        return True


@contextmanager
def reach(role: str) -> Iterator[None]:
    """Make Django ready as ``role`` for the block: the command's one way to the database."""
    given = external_url(role)
    if given:
        enter(role, given)
        try:
            yield
        finally:
            leave()
        return
    with embedded_server(data_folder()) as server:
        enter(role, server.lasting_url(role))
        try:
            yield
        finally:
            leave()


def enter(role: str, url: str) -> None:
    """Set Django up for ``role`` at ``url``; where it is set up already, log in as this role from now on."""
    import django
    from django.apps import apps

    os.environ["CHENGXIN_DATABASE_URL"] = url
    if not apps.ready:
        os.environ["DJANGO_SETTINGS_MODULE"] = f"chengxin.settings.{role}"
        django.setup()
        return
    from django.db import connections

    from chengxin.base.config import django_database

    held = connections["default"]
    held.close()
    held.settings_dict.update(django_database(role))


def leave() -> None:
    """Close the connection, so that the server can stop at once."""
    from django.db import connections

    connections.close_all()
    os.environ.pop("CHENGXIN_DATABASE_URL", None)


def _open_lock(folder: Path, name: str) -> TextIOWrapper:
    """Open a lock file of the data folder; raise ``ChengxinError`` when the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / name).open("a", encoding="ascii")
    except OSError as error:
        raise ChengxinError(
            "folder_not_writable",
            f"数据目录 {folder} 不能写入（{error.strerror}），请用 --data 或 CHENGXIN_DATA 换一个目录",
            f"the data folder {folder} cannot be written ({error.strerror}): choose another with --data",
            where=str(folder),
        ) from error


def _start_keeper(folder: Path) -> subprocess.Popen[bytes]:
    """Start the process that stops the database should this one be killed."""
    with (folder / "log" / "keeper.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "chengxin.cli.keeper", str(folder)],
            stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd="/",
        )  # fmt: skip
