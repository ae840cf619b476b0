"""``chengxin serve``, ``chengxin worker`` and ``chengxin migrate``."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chengxin.accounts.breached import require_breached_list
from chengxin.base.clock import system_now
from chengxin.base.config import data_folder, proxies_in_front, read_secrets
from chengxin.base.errors import ChengxinError
from chengxin.cli.database import embedded_server, external_urls, finish_renewal, reach, renew, start_again
from chengxin.cli.frame import both, choose_data, interruptible, output, progress, tell
from chengxin.cli.programs import Ports, PortsType, programs
from chengxin.cli.supervision import LOOK, PATIENCE, SHORT_LIVES, ProcessEnded, Supervisor, require_free

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCK_PATIENCE = "15s"
"""How long a migration may wait for a lock."""

data_option = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path),
    help="数据目录，默认当前目录下的 var（或 CHENGXIN_DATA） / data folder, by default var here (or CHENGXIN_DATA)",
)  # fmt: skip
ports_option = click.option(
    "--ports", type=PortsType(), default="8000,8001,8002", show_default=True,
    help="公示端、政务端、接口端的端口 / ports of the public, office and API end",
)  # fmt: skip


@click.command(
    short_help="启动全部服务 / run all services",
    help=both(
        "启动数据库（未设置外部数据库时）、公示端、政务端、接口端和后台任务进程，直到 Ctrl-C。"
        "任何一个进程意外退出，会单独重新启动；反复退出时全部停止，退出码为 3。",
        "Run the database (unless an outside one is set), the three ends and the worker until Ctrl-C. What ends by "
        "itself is started again; when it does so again and again all are stopped and the exit code is 3.",
    ),
)
@data_option
@ports_option
def serve(data: Path | None, ports: Ports) -> None:
    """Serve an installation that exists; ``chengxin demo`` makes one."""
    choose_data(data)
    proxies_in_front(os.environ)
    require_breached_list(os.environ)
    from chengxin.crypto.places import key_place, require_every_purpose

    require_every_purpose(key_place())
    require_free(ports.as_dict())
    with interruptible(), addresses(data_folder()) as url:
        serve_until_stopped(data_folder(), url, ports, Supervisor(), announce=lambda: show_addresses(ports))


@contextmanager
def addresses(folder: Path) -> Iterator[Callable[[str], str]]:
    """Yield the function that gives each role's database address: the outside one, or the embedded server's.

    The embedded server's roles get new passwords first (OWASP ASVS 5.0, 13.2.1: credentials that change).
    Raises ``ChengxinError`` where the folder holds no installation: an empty database would look like an answer.
    """
    given = external_urls()
    if given:
        yield given.__getitem__
        return
    read_secrets(folder)
    with embedded_server(folder) as server:
        renew(folder)
        yield server.lasting_url


def serve_until_stopped(
    folder: Path,
    url: Callable[[str], str],
    ports: Ports,
    supervisor: Supervisor,
    announce: Callable[[], None],
) -> None:
    """Start the ends and the worker, call ``announce`` once everything answers, and watch until Ctrl-C or SIGTERM.

    Raises ``ProcessEnded`` when a process or the embedded database ends by itself again and again; whatever happens,
    none is left running.
    """
    from chengxin.operations.watching.log_keeping import DailyForgetting

    wanted = programs(folder, url, ports)
    forget = DailyForgetting(folder / "log", system_now)
    forget()  # before anything is started: what nobody has open gives its room back
    # The worker would take seconds to find out that its connections are gone, and to end in order.
    database = None if external_urls() else KeptDatabase(folder, partial(supervisor.kill, "worker"))

    def look_after() -> None:
        if database is not None:
            database.require()
            finish_renewal(folder)
        forget()

    supervisor.require = look_after
    try:
        for program in wanted:
            if program.port:
                supervisor.start(program)
        with progress() as report:
            supervisor.wait_until_ready(report)
        # Only now: on two cores the worker's start would keep the ends from answering for most of a second.
        for program in wanted:
            if not program.port:
                supervisor.start(program)
        announce()
        supervisor.watch()
    except KeyboardInterrupt:
        tell("正在停止……", "Stopping …")
    finally:
        supervisor.stop()


@dataclass
class KeptDatabase:
    """The embedded database of ``folder`` while it is served: looked for ten times a second, started again when gone.

    Its users lose their connections and make new ones; ``at_death`` is called before it is started again.
    ``SHORT_LIVES`` deaths within ``PATIENCE`` seconds count as broken. Another command may start it first.
    """

    folder: Path
    at_death: Callable[[], None] = field(default=lambda: None)
    deaths: list[float] = field(default_factory=list)

    def require(self) -> None:
        """Return with the database running; raise ``ProcessEnded`` when it does not come back."""
        if not database_gone(self.folder):
            return
        now = time.monotonic()
        self.deaths = [one for one in (*self.deaths, now) if now - one < PATIENCE]
        if len(self.deaths) >= SHORT_LIVES:
            raise self._trouble()
        tell("数据库意外退出，正在重新启动", "the database ended unexpectedly and is started again")
        self.at_death()
        while database_gone(self.folder):
            self._start(until=now + PATIENCE)

    def _start(self, until: float) -> None:
        """Start it. Processes that a killed server left behind keep it from starting until they notice: a second."""
        from psycopg import OperationalError

        try:
            start_again(self.folder)
        except (ChengxinError, OperationalError) as error:
            if time.monotonic() > until:
                raise self._trouble() from error
            time.sleep(LOOK)

    def _trouble(self) -> ProcessEnded:
        log = self.folder / "log" / "postgres.log"
        return ProcessEnded(
            "database_ended",
            f"数据库意外退出，没有恢复，其余进程已停止；日志 {log}",
            f"the database ended unexpectedly and did not come back, the others were stopped; its log is {log}",
            where="postgres",
        )


def database_gone(folder: Path) -> bool:
    """Return whether the embedded database of ``folder`` has ended.

    Its process is looked for by number, which costs no more than a file to read; a number that another program has by
    now is found out by the next start.
    """
    try:
        number = (folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        state = Path("/proc", number, "stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2][:1]
    except (OSError, IndexError):
        state = "Z" if Path("/proc/self").exists() else ""  # without /proc (macOS) nobody can tell this way
    return state == "Z"


def show_addresses(ports: Ports) -> None:
    """Say what to open."""
    console = output()
    console.print(f"公示端 public  http://127.0.0.1:{ports.public}/")
    console.print(f"政务端 office  http://127.0.0.1:{ports.office}/")
    console.print(f"接口端 API     http://127.0.0.1:{ports.api}/api/v1/openapi.json")
    console.print("按 Ctrl-C 停止全部服务 / Ctrl-C stops everything")


@click.command(
    short_help="后台任务进程 / run the worker",
    help=both("运行后台任务进程（导入文件），直到 SIGTERM。", "Run the worker, which imports files, until SIGTERM."),
)
@data_option
def worker(data: Path | None) -> None:
    """Run jobs as the database role of the worker."""
    choose_data(data)
    with reach("worker"):
        from procrastinate.contrib.django import app
        from procrastinate.contrib.django.django_connector import DjangoConnector

        from chengxin.operations.watching.steps import follow_imports

        follow_imports()
        connector = app.connector
        if not isinstance(connector, DjangoConnector):
            raise TypeError(f"the jobs' connector is a {type(connector).__name__}, not Django's")
        with app.replace_connector(connector.get_worker_connector()) as jobs:
            jobs.run_worker(install_signal_handlers=True)


@click.command(
    short_help="建立或升级数据库结构 / migrate the database",
    help=both(
        "建立或升级数据库结构，并重新授予各角色权限；可以重复运行。",
        "Make or upgrade the database's tables and grant each role its rights; may be repeated.",
    ),
)
@data_option
def migrate(data: Path | None) -> None:
    """Migrate as the owner."""
    choose_data(data)
    with interruptible(), reach("owner"):
        run_migrations()
    tell("数据库结构已是最新", "The database is up to date")


def run_migrations() -> None:
    """Bring the database Django is connected to up to date; grants are applied at its end.

    A migration that waits for a lock makes everybody wait behind it: after ``LOCK_PATIENCE`` it gives up, and the same
    command may be run again.
    """
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_PATIENCE])
    call_command("migrate", interactive=False, verbosity=0)
