"""``chengxin bench audit``: audited events a second, how fast they become evidence, and how fast all of it is verified.

In a database server of its own that is gone afterwards. The clients are processes of their own, each in its end's role:
one transaction with one event at a time, committed to the disk (synchronous_commit on) before the next. The keeper of
the evidence runs beside them, as it does in an installation, with two witnesses.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import psycopg

from chengxin.base.embedded import EmbeddedServer, scratch_server
from chengxin.cli.frame import both, output

if TYPE_CHECKING:
    from collections.abc import Mapping

GOAL = 10_000_000
"""Events that have to be verified within ten minutes on two cores."""

HEAD_START = 4.0
"""Seconds the clients get to load before the measured time begins, all at once."""

INTERVAL = 60
"""Seconds between two checkpoints."""


@dataclass(frozen=True)
class AuditFigures:
    """What was measured.

    ``events_per_second`` is what the clients together got committed, ``lag_seconds`` how long after the last of them
    everything had its leaf, ``built_per_second`` what one builder adds when much is waiting, ``verified_per_second``
    what the independent verifier reads and computes; ``ten_million_minutes`` is extrapolated from that. ``load`` is
    the machine's load average before anything began: above 0.5 the figures are too low.
    """

    cores: int
    load: float
    clients: int
    seconds: float
    events: int
    events_per_second: int
    lag_seconds: float
    built: int
    built_per_second: int
    verified: int
    verify_seconds: float
    verified_per_second: int
    ten_million_minutes: float


@click.command(
    "audit",
    short_help="审计留痕 / audit",
    help=both(
        "测量每秒审计事件数、检查点生成速度和全量核验速度。",
        "Measure audited events a second, how fast they become evidence, and how fast all of it is verified.",
    ),
)
@click.option(
    "--clients", type=click.IntRange(1, 64), default=8, show_default=True, help="并发进程数 / client processes"
)
@click.option(
    "--seconds", type=click.IntRange(1, 600), default=15, show_default=True, help="写入时长 / seconds of writing"
)
@click.option("--events", default=500_000, show_default=True, help="核验的事件数 / events to verify")
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
def audit(clients: int, seconds: int, events: int, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Print the figures."""
    figures = measure(clients, seconds, events)
    if as_json:
        click.echo(json.dumps(asdict(figures)))
        return
    output().print(
        f"写入 written {figures.events_per_second:,}/s（{figures.clients} 个进程 processes，{figures.cores} 核 cores，"
        f"负载 load {figures.load}）；编入滞后 lag {figures.lag_seconds} s；编入 built {figures.built_per_second:,}/s；"
        f"核验 verified {figures.verified:,} 条 / {figures.verify_seconds} s = {figures.verified_per_second:,}/s，"
        f"一千万条约 10 million: {figures.ten_million_minutes} 分钟 minutes"
    )


def measure(clients: int, seconds: int, events: int) -> AuditFigures:
    """Measure ``clients`` processes for ``seconds``, then building and verifying of ``events`` events in all."""
    load = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory(prefix="chengxin-bench-") as held, scratch_server() as server:
        folder = Path(held)
        _run(server, "owner", folder, _PREPARE)
        written, lag = _write(server, folder, clients, seconds)
        _fill(server, max(0, events - written))
        built, build_seconds = json.loads(_run(server, "worker", folder, _BUILD))
        verified, verify_seconds = _verify(server, folder)
    return AuditFigures(
        cores=len(os.sched_getaffinity(0)),
        load=load,
        clients=clients,
        seconds=seconds,
        events=written,
        events_per_second=round(written / seconds),
        lag_seconds=round(lag, 2),
        built=built,
        built_per_second=round(built / build_seconds) if built else 0,
        verified=verified,
        verify_seconds=verify_seconds,
        verified_per_second=round(verified / verify_seconds),
        ten_million_minutes=round(GOAL / verified * verify_seconds / 60, 1),
    )


_PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""

_CLIENT = """
import sys, time
import django
django.setup()
from django.db import connection, transaction
from chengxin.audit.actions import record_event
from chengxin.base.clock import system_now
from chengxin.base.context import acting
from chengxin.base.memory import settle
name, begin, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
def look(number):
    with transaction.atomic():
        record_event(at=system_now(), actor=("client", name, "market"), action="check.answered", object_kind="subject",
            object_id=str(number), subject_id=number, purpose="政府采购投标资格审查", case_number="昆采〔2026〕3号",
            detail={"code": "91320583187588026H", "on": "2026-03-02", "result": "found", "records": [1, 2, 3]})
with acting("client", name, None):
    look(0)
    settle()  # as every end does before it answers
    time.sleep(max(0.0, begin - time.time()))
    done, until = 0, begin + seconds
    while time.time() < until:
        done += 1
        look(done)
print(done)
"""

_KEEPER = """
import django
django.setup()
import signal, threading
from chengxin.cli.audit import make_keeper
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
make_keeper().run(stop)
"""

_BUILD = """
import json, time
import django
django.setup()
from chengxin.cli.audit import make_keeper
began = time.monotonic()
added = make_keeper().round()
print(json.dumps([added, time.monotonic() - began]))
"""


def _environment(server: EmbeddedServer, role: str, folder: Path) -> Mapping[str, str]:
    """Return the environment of a process of ``role``, with keys and witnesses of the measurement's own."""
    return os.environ | {
        "CHENGXIN_DATA": str(server.folder),
        "CHENGXIN_DATABASE_URL": server.url(role),
        "CHENGXIN_KEYS": str(folder / "keys"),
        "CHENGXIN_WITNESSES": f"{folder / 'first.jsonl'},{folder / 'second.jsonl'}",
        "DJANGO_SETTINGS_MODULE": f"chengxin.settings.{role}",
    }


def _run(server: EmbeddedServer, role: str, folder: Path, program: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], env=_environment(server, role, folder), check=True, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    return done.stdout


def _write(server: EmbeddedServer, folder: Path, clients: int, seconds: int) -> tuple[int, float]:
    """Let the clients write beside the keeper; return what they got committed and how far behind the keeper was."""
    worker = _environment(server, "worker", folder)
    with subprocess.Popen([sys.executable, "-c", _KEEPER], env=worker) as keeper:  # noqa: S603
        begin = time.time() + HEAD_START + clients / 2
        started = [
            subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", _CLIENT, str(number), str(begin), str(seconds)],
                env=_environment(server, "api", folder), stdout=subprocess.PIPE, text=True,
            )
            for number in range(clients)
        ]  # fmt: skip
        written = sum(int(one.communicate()[0]) for one in started)
        ended = time.monotonic()
        lag = _until_built(server, ended)
        keeper.terminate()
        keeper.wait()
    return written, lag


def _until_built(server: EmbeddedServer, ended: float) -> float:
    """Return the seconds until every event of the clients has a leaf; the interval between two checkpoints is in it."""
    until = ended + 2 * INTERVAL
    with psycopg.connect(server.url("owner"), autocommit=True) as connection:
        last = connection.execute("SELECT max(id) FROM core.audit_event").fetchone()
        while time.monotonic() < until:
            waiting = connection.execute(
                """SELECT EXISTS (SELECT FROM core.audit_event e WHERE e.id <= %s
                AND e.xid >= (SELECT horizon FROM core.audit_tree)
                AND NOT EXISTS (SELECT FROM core.audit_leaf l WHERE l.event_id = e.id))""",
                last,
            ).fetchone()
            if waiting == (False,):
                break
            time.sleep(0.2)
    return time.monotonic() - ended


def _fill(server: EmbeddedServer, events: int) -> None:
    """Add events as many checks would have left them, a thousand to a transaction's worth of time."""
    with psycopg.connect(server.url("owner"), autocommit=True) as connection:
        connection.execute(
            """INSERT INTO core.audit_event (at, actor_kind, actor, organisation, action, object_kind, object, detail,
                purpose, case_number, subject_id)
            SELECT clock_timestamp(), 'client', (n %% 40)::text, 'market', 'check.answered', 'subject', n::text,
                '{"code": "91320583187588026H", "on": "2026-03-02", "result": "found", "records": [1, 2, 3]}',
                '政府采购投标资格审查', '昆采〔2026〕3号', n
            FROM generate_series(1, %s) n""",
            [events],
        )
        connection.execute("VACUUM ANALYZE core.audit_event")


def _verify(server: EmbeddedServer, folder: Path) -> tuple[int, float]:
    """Verify everything as an operator would; return the events and the seconds, start of the program included."""
    with psycopg.connect(server.url("superuser"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "chengxin.cli.main", "audit", "verify", "--json"],
        env={**_environment(server, "owner", folder), "CHENGXIN_DATABASE_URL_OWNER": server.url("owner")},
        check=False, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    seconds = time.monotonic() - began
    report = json.loads(done.stdout)
    if not report["clean"]:
        raise click.ClickException(f"核验发现问题 / the verification found: {report['findings']}")
    return int(report["leaves"]), round(seconds, 2)
