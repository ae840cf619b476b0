"""``chengxin serve``, ``chengxin worker`` and ``chengxin migrate``."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chengxin.base.config import data_folder, read_secrets
from chengxin.cli.database import embedded_server, external_urls, reach
from chengxin.cli.frame import both, choose_data, interruptible, output, progress, tell
from chengxin.cli.programs import Ports, PortsType, programs
from chengxin.cli.supervision import ProcessEnded, Supervisor, require_free

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
        "任何一个进程意外退出，其余一并停止，退出码为 3。",
        "Run the database (unless an outside one is set), the three ends and the worker until Ctrl-C. When one of "
        "them ends by itself the others are stopped and the exit code is 3.",
    ),
)
@data_option
@ports_option
def serve(data: Path | None, ports: Ports) -> None:
    """Serve an installation that exists; ``chengxin demo`` makes one."""
    choose_data(data)
    require_free(ports.as_dict())
    with interruptible(), addresses(data_folder()) as url:
        serve_until_stopped(data_folder(), url, ports, Supervisor(), announce=lambda: show_addresses(ports))


@contextmanager
def addresses(folder: Path) -> Iterator[Callable[[str], str]]:
    """Yield the function that gives each role's database address: the outside one, or the embedded server's.

    Raises ``ChengxinError`` where the folder holds no installation: an empty database would look like an answer.
    """
    given = external_urls()
    if given:
        yield given.__getitem__
        return
    read_secrets(folder)
    with embedded_server(folder) as server:
        yield server.url


def serve_until_stopped(
    folder: Path,
    url: Callable[[str], str],
    ports: Ports,
    supervisor: Supervisor,
    announce: Callable[[], None],
) -> None:
    """Start the ends and the worker, call ``announce`` once everything answers, and watch until Ctrl-C or SIGTERM.

    Raises ``ProcessEnded`` when a process or the embedded database ends by itself; whatever happens, none is left
    running.
    """
    wanted = programs(folder, url, ports)
    if not external_urls():
        supervisor.require = partial(require_database, folder)
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


def require_database(folder: Path) -> None:
    """Raise ``ProcessEnded`` when the embedded database of ``folder`` is gone: only a new start brings it back.

    Its process is looked for by number, which costs no more than a file to read; a number that another program has by
    now is found out by the next start.
    """
    try:
        number = (folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        state = Path("/proc", number, "stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2][:1]
    except (OSError, IndexError):
        state = "Z" if Path("/proc/self").exists() else ""  # without /proc (macOS) nobody can tell this way
    if state == "Z":
        raise ProcessEnded(
            "database_ended",
            f"数据库意外退出，其余进程已停止；日志 {folder / 'log' / 'postgres.log'}",
            f"the database ended unexpectedly, the others were stopped; its log is {folder / 'log' / 'postgres.log'}",
            where="postgres",
        )


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
