"""``chengxin health`` and ``chengxin metrics``: for service managers, probes and Prometheus."""

from __future__ import annotations

import http.client
import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chengxin.base.config import data_folder
from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data, interruptible, tell
from chengxin.cli.serve import data_option, ports_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from chengxin.cli.programs import Ports

SICK = 1
OK = 200
ENDS = ("public", "office", "api")
PROCESSES = (*ENDS, "worker", "keeper")
METRICS_PORT = 8009


@click.command(
    short_help="一个进程是否正常 / is a process well",
    help=both(
        "PROCESS 是否存活（--ready：能否办事）。正常时退出码为 0，否则为 1；供服务管理器和容器探测使用。",
        "Whether PROCESS is alive (with --ready: can do its work). Exit code 0 or 1, for service managers and probes.",
    ),
)
@click.argument("process", type=click.Choice(PROCESSES), metavar="PROCESS")
@click.option("--ready", is_flag=True, help="能否办事 / whether it can do its work")
@ports_option
@data_option
@click.pass_context
def health(ctx: click.Context, process: str, ready: bool, ports: Ports, data: Path | None) -> None:  # noqa: FBT001 - click hands flags in by name
    """Ask an end over HTTP, and the database about the processes without a port."""
    choose_data(data)
    said = of_end(ports.as_dict()[process], ready=ready) if process in ENDS else of_process(process)
    click.echo(json.dumps({"process": process, **said}, ensure_ascii=False))
    ctx.exit(0 if said["status"] in {"live", "ready"} else SICK)


def of_end(port: int, *, ready: bool) -> dict[str, str]:
    """Return what the end behind ``port`` says of itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready" if ready else "/health/live")
        held = json.loads(connection.getresponse().read())
        return {str(name): str(value) for name, value in held.items()} if isinstance(held, dict) else {"status": "?"}
    except (OSError, ValueError, http.client.HTTPException):
        return {"status": "away"}
    finally:
        connection.close()


def of_process(process: str) -> dict[str, str]:
    """Return whether the worker or the keeper gave a sign of life in time."""
    with reach("worker"):
        from django.db import connection

        from chengxin.operations.settings import load_settings

        query = {
            "worker": "SELECT now() - max(last_heartbeat) < make_interval(secs => %s) FROM procrastinate_workers",
            "keeper": "SELECT now() - max(seen_at) < make_interval(secs => %s) FROM audit_tree",
        }[process]
        settings = load_settings()
        limit = settings.worker_silence_seconds if process == "worker" else settings.checkpoint_seconds
        with connection.cursor() as cursor:
            cursor.execute(query, [limit])
            row = cursor.fetchone()
    return {"status": "ready" if row and row[0] else "silent"}


@click.command(
    short_help="Prometheus 指标 / figures for Prometheus",
    help=both(
        "在本机回环地址上提供 /metrics，汇总各进程和数据库的指标，直到 SIGTERM；从不对外。"
        "设置 CHENGXIN_METRICS_PORT 后 chengxin serve 会自动启动它。",
        "Serve /metrics on loopback, the figures of all processes and of the database, until SIGTERM; never beyond "
        "this machine. With CHENGXIN_METRICS_PORT set, chengxin serve starts it.",
    ),
)
@click.option("--port", type=click.IntRange(1, 65535), default=METRICS_PORT, show_default=True, help="端口 / port")
@data_option
def metrics(port: int, data: Path | None) -> None:
    """Serve the figures as the worker's role."""
    choose_data(data)
    with interruptible(), reach("worker"):
        from django.db import DatabaseError, InterfaceError, connection

        from chengxin.operations.watching.metrics import DatabaseFigures, exposition

        def ask(query: str) -> list[tuple[object, ...]]:
            try:
                with connection.cursor() as cursor:
                    cursor.execute(query)
                    return list(cursor.fetchall())
            except (DatabaseError, InterfaceError):
                connection.close()
                raise

        figures = DatabaseFigures(ask, (DatabaseError, InterfaceError))
        folder = metrics_folder()
        try:
            serve_text(port, lambda: exposition(folder, figures))
        except KeyboardInterrupt:
            tell("已停止", "Stopped")


def metrics_folder() -> Path:
    """Return where the processes share their figures: ``CHENGXIN_METRICS_FOLDER``, else a part of the data folder."""
    given = os.environ.get("CHENGXIN_METRICS_FOLDER")
    return Path(given) if given else data_folder() / "metrics"


def serve_text(port: int, text: Callable[[], bytes]) -> None:
    """Answer ``GET /metrics`` on loopback with ``text`` until interrupted; anything else is 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text() if self.path == "/metrics" else b""
            self.send_response(OK if body else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's signature
            """Keep no access log."""

    with HTTPServer(("127.0.0.1", port), Handler) as server:
        server.serve_forever()
