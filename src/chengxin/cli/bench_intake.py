"""``chengxin bench intake``: a file of penalties, from disk to published facts, against a bare COPY of the rows.

Both are measured in one run, in a database server of its own that is gone afterwards, so the ratio holds on any
machine. The bare COPY is the least any importer on PostgreSQL could cost: the finished rows of facts and publication,
already in
COPY's own format, into empty tables with the same columns and indexes.
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

from chengxin.base.clock import system_now
from chengxin.base.embedded import EmbeddedServer, scratch_server
from chengxin.cli.frame import both, output
from chengxin.cli.memory import watched_memory
from chengxin.kernel.calendar import legal_day
from chengxin.rehearsal import write_penalty_file, write_registration_file

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS_PER_BODY = 20
"""Penalties on one body in the measured file."""

ORGANISATION = "ks-scjg"
SEED = 20170502

PAIRS = (("core.records_record", "core.bare_record"), ("publication.fact", "publication.bare_fact"))
"""Tables an import fills, and their empty twins."""


@dataclass(frozen=True)
class IntakeFigures:
    """What was measured: seconds of wall time, memory as the sum of the importer's and its children's resident sets."""

    rows: int
    seconds: float
    rows_per_second: int
    copy_seconds: float
    ratio: float
    peak_rss_mib: int


@click.command(
    "intake",
    short_help="导入 / intake",
    help=both(
        "测量一个行政处罚文件从磁盘到公示的时间，并与同样数据行的裸 COPY 相比。",
        "Measure one file of penalties from disk to published facts, against a bare COPY of the same rows.",
    ),
)
@click.option("--rows", default=1_000_000, show_default=True, help="行数 / rows")
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
def intake(rows: int, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Print the figures."""
    figures = measure(rows)
    if as_json:
        click.echo(json.dumps(asdict(figures)))
        return
    output().print(
        f"{figures.rows:,} 行 rows: {figures.seconds} s, {figures.rows_per_second:,} 行/秒 rows/s; "
        f"COPY {figures.copy_seconds} s, 比值 ratio {figures.ratio}; 内存 memory {figures.peak_rss_mib} MiB"
    )


def measure(rows: int) -> IntakeFigures:
    """Measure an import of ``rows`` penalties on ``rows`` / 20 registered bodies in a scratch server."""
    with tempfile.TemporaryDirectory(prefix="chengxin-bench-") as held, scratch_server() as server:
        folder = Path(held)
        today = legal_day(system_now())
        registered, penalties = folder / "registration.csv", folder / "penalty.csv"
        bodies = max(rows // ROWS_PER_BODY, 100)
        write_registration_file(registered, seed=SEED, bodies=bodies, today=today)
        write_penalty_file(penalties, seed=SEED, rows=rows, bodies=bodies, today=today)
        _program(server, "owner", _PREPARE)
        _import(server, registered, "registration")
        _calm(server)
        seconds, peak = _import(server, penalties, "penalty")
        copy_seconds = _bare_copy(server, folder)
    return IntakeFigures(
        rows=rows,
        seconds=round(seconds, 2),
        rows_per_second=round(rows / seconds),
        copy_seconds=round(copy_seconds, 2),
        ratio=round(seconds / copy_seconds, 2),
        peak_rss_mib=peak >> 20,
    )


_PREPARE = """
import django
django.setup()
from django.core.management import call_command
from chengxin.accounts.actions.load_organisations import LoadOrganisations
from chengxin.base.city import load_city
call_command("migrate", verbosity=0)
LoadOrganisations(load_city("kunshan")).execute()
"""

_IMPORT = """
import sys, time
from pathlib import Path
import django
django.setup()
from chengxin.accounts.actor import operator
from chengxin.base.clock import system_now
from chengxin.intake.actions.import_file import ImportFile
started = time.monotonic()
ImportFile(operator(), sys.argv[1], sys.argv[2], Path(sys.argv[3]), system_now).execute()
print(time.monotonic() - started)
"""


def _environment(server: EmbeddedServer, role: str) -> Mapping[str, str]:
    """Return the environment of a process of ``role``: that role's own address and nothing else."""
    return os.environ | {
        "CHENGXIN_DATA": str(server.folder),
        "CHENGXIN_DATABASE_URL": server.url(role),
        "DJANGO_SETTINGS_MODULE": f"chengxin.settings.{role}",
    }


def _program(server: EmbeddedServer, role: str, program: str) -> None:
    subprocess.run([sys.executable, "-c", program], env=_environment(server, role), check=True, capture_output=True)  # noqa: S603


def _import(server: EmbeddedServer, path: Path, item: str) -> tuple[float, int]:
    """Import a file in a process of its own; return its seconds (without start-up) and its greatest memory in bytes."""
    command = [sys.executable, "-c", _IMPORT, ORGANISATION, item, str(path)]
    with (
        subprocess.Popen(command, env=_environment(server, "worker"), stdout=subprocess.PIPE, text=True) as process,  # noqa: S603
        watched_memory(process.pid) as peak,
    ):
        said, _ = process.communicate()
    if process.returncode != 0:
        raise click.ClickException(f"导入失败 / the import failed: {path.name}")
    return float(said), max(peak)


def _calm(server: EmbeddedServer) -> None:
    """Write what is waiting to the disk, so that no measurement pays for what came before it."""
    with psycopg.connect(server.url("superuser"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def _bare_copy(server: EmbeddedServer, folder: Path) -> float:
    """Return the seconds that COPY takes for the rows of the last batch into empty twins of their tables."""
    with psycopg.connect(server.url("owner")) as connection:
        last = connection.execute("SELECT max(batch_id) FROM core.records_record").fetchone()
        batch = last[0] if last else 0
        facts = f"SELECT id FROM {PAIRS[0][0]} WHERE batch_id = {batch}"
        chosen = {
            PAIRS[0][0]: f"SELECT * FROM {PAIRS[0][0]} WHERE batch_id = {batch}",
            PAIRS[1][0]: f"SELECT * FROM {PAIRS[1][0]} WHERE record_id IN ({facts})",
        }
        files = {}
        for table, twin in PAIRS:
            connection.execute(f"CREATE TABLE {twin} (LIKE {table} INCLUDING ALL)")
            files[twin] = folder / f"{twin}.copy"
            with files[twin].open("wb") as out, connection.cursor().copy(f"COPY ({chosen[table]}) TO STDOUT") as rows:
                for piece in rows:
                    out.write(piece)
        connection.commit()
        _calm(server)
        started = time.monotonic()
        for twin, path in files.items():
            with path.open("rb") as source, connection.cursor().copy(f"COPY {twin} FROM STDIN") as sink:
                while piece := source.read(1 << 18):
                    sink.write(piece)
        connection.commit()
        return time.monotonic() - started
