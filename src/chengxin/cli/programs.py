"""The processes of an installation: three ends, the worker, and the keeper of the audit trail's evidence.

Each has the database address of one role and nothing else; the keeper shares the worker's.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from chengxin.base.config import ensure_secrets
from chengxin.cli.supervision import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

ENDS = ("public", "office", "api")
WORKERS = "2"
THREADS = "4"
"""Processes and threads of each end: enough for one machine with two cores, and a slow request blocks nobody."""

PASSED_ON = (
    "CHENGXIN_CITY",
    "CHENGXIN_NOW",
    "CHENGXIN_LOG_LEVEL",
    "CHENGXIN_HOSTS",
    "CHENGXIN_PROXIES",
    "CHENGXIN_PROXY_ADDRESSES",
    "CHENGXIN_API_ADDRESS",
    "CHENGXIN_API_LIMITS",
    "CHENGXIN_OFFICE_ACCESS",
    "CHENGXIN_SECOND_FACTOR",
    "CHENGXIN_BREACHED_PASSWORDS",
    "CHENGXIN_KEYS",
    "CHENGXIN_CRYPTO_SUITE",
    "CHENGXIN_WITNESSES",
    "CHENGXIN_BACKUPS",
    "CHENGXIN_LOG_FORMAT",
    "CHENGXIN_SYSLOG",
)
"""Settings of ours that every process may see; none of them is a secret."""


OF_A_ROLE = ("CHENGXIN_DATABASE_URL", "CHENGXIN_WEB_KEY", "DJANGO_SETTINGS_MODULE")
"""Parts of an environment that belong to a process with a role of the platform."""


@dataclass(frozen=True)
class Ports:
    """Where the three ends listen on 127.0.0.1."""

    public: int = 8000
    office: int = 8001
    api: int = 8002

    def as_dict(self) -> dict[str, int]:
        """Return the ports by the name of their end."""
        return {"public": self.public, "office": self.office, "api": self.api}


class PortsType(click.ParamType[Ports]):
    """Reads ``P,O,A``: three different ports between 1 and 65535."""

    name = "P,O,A"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Ports:
        """Return the ports, or end with a sentence that says what is wrong with them."""
        if isinstance(value, Ports):
            return value
        parts = str(value).split(",")
        if len(parts) != len(ENDS) or not all(part.isascii() and part.isdigit() for part in parts):
            self.fail("要三个端口，如 8000,8001,8002 / three ports are needed, e.g. 8000,8001,8002", param, ctx)
        numbers = [int(part) for part in parts]
        highest = 65535
        if len(set(numbers)) != len(numbers) or not all(0 < one <= highest for one in numbers):
            self.fail("端口应各不相同，在 1–65535 之间 / ports must differ and lie in 1–65535", param, ctx)
        return Ports(*numbers)


def programs(folder: Path, url: Callable[[str], str], ports: Ports) -> tuple[Program, ...]:
    """Return the five programs of the installation in ``folder``; ``url`` gives the database address of a role."""
    logs = folder / "log"
    logs.mkdir(parents=True, exist_ok=True)
    key = ensure_secrets(folder).web_key
    ends = tuple(
        Program(
            name, _gunicorn(name, port), _environment(name, folder, url, key, ports), logs / f"{name}.log", port,
            restarts=True,
        )
        for name, port in ports.as_dict().items()
    )  # fmt: skip
    own = (sys.executable, "-m", "chengxin.cli.main")
    alone = _environment("worker", folder, url, key, ports)
    # A worker that a file kills takes no page away from anybody, and its job goes back to the queue.
    worker = Program("worker", (*own, "worker"), alone, logs / "worker.log", restarts=True)
    # Killed by whoever it disturbs, the keeper comes back and puts the gap on record (等保 GB/T 22239 8.1.4.3 d).
    apart = alone | {"CHENGXIN_WEB_KEY": _web_key(key, "keeper"), "CHENGXIN_PROCESS": "keeper"}
    keeper = Program("keeper", (*own, "audit", "keep"), apart, logs / "evidence.log", restarts=True)
    return (*ends, worker, keeper, *_archive(folder, own, alone), *_figures(folder, own, alone))


def _figures(folder: Path, own: Sequence[str], held: Mapping[str, str]) -> tuple[Program, ...]:
    """Return the program that serves the figures, where ``CHENGXIN_METRICS_PORT`` asks for it; old figures go."""
    port = os.environ.get("CHENGXIN_METRICS_PORT", "")
    if not port:
        return ()
    (folder / "metrics").mkdir(mode=0o700, exist_ok=True)
    for left in (folder / "metrics").glob("*.db"):
        left.unlink()
    kept = {name: value for name, value in held.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    return (Program("metrics", (*own, "metrics", "--port", port), kept, folder / "log" / "metrics.log", restarts=True),)


def _archive(folder: Path, own: Sequence[str], held: Mapping[str, str]) -> tuple[Program, ...]:
    """Return the program that archives the embedded server's log; it logs in by itself, as nobody the ends know."""
    if not (folder / "postgres").is_dir():
        return ()
    kept = {name: value for name, value in held.items() if name not in OF_A_ROLE} | {"CHENGXIN_PROCESS": "archive"}
    return (Program("archive", (*own, "archive"), kept, folder / "log" / "archive.log", restarts=True),)


def _web_key(key: str, name: str) -> str:
    return hmac.new(key.encode(), name.encode(), hashlib.sha256).hexdigest()


def _gunicorn(end: str, port: int) -> tuple[str, ...]:
    # No access log: a search for a name or a code is nobody's business, and the address carries it.
    return (
        sys.executable, "-m", "gunicorn", f"chengxin.ends.{end}.wsgi:application", "--bind", f"127.0.0.1:{port}",
        "--workers", WORKERS, "--worker-class", "gthread", "--threads", THREADS, "--preload", "--no-control-socket",
        "--graceful-timeout", "10", "--error-logfile", "-", "--log-level", "warning",
        "--logger-class", "chengxin.operations.watching.server_log.ServerLogger",
    )  # fmt: skip


def _environment(role: str, folder: Path, url: Callable[[str], str], key: str, ports: Ports) -> dict[str, str]:
    """Return the environment of the process of ``role``: its own database address and signing key, no other's.

    The signing key is derived for each end, so that none of them can forge another's sessions.
    """
    held = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "PG", "DJANGO_"))}
    held |= {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    held.setdefault("CHENGXIN_LOG_FORMAT", "json")
    if os.environ.get("CHENGXIN_METRICS_PORT"):
        held["PROMETHEUS_MULTIPROC_DIR"] = str(folder / "metrics")
    if role == "public":
        held.pop("CREDENTIALS_DIRECTORY", None)  # keys and addresses of others: this end has no business there
        held.setdefault("CHENGXIN_API_ADDRESS", f"http://127.0.0.1:{ports.api}/api/v1/openapi.json")
    if role == "office":
        held |= {name: value for name, value in os.environ.items() if name.startswith("CHENGXIN_OIDC_")}
    return held | {
        "DJANGO_SETTINGS_MODULE": f"chengxin.settings.{role}",
        "CHENGXIN_DATABASE_URL": url(role),
        "CHENGXIN_WEB_KEY": _web_key(key, role),
        "CHENGXIN_DATA": str(folder),
        "CHENGXIN_PROCESS": role,
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
    }
