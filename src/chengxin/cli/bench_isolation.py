"""``chengxin bench isolation``: what row security costs a page, a list and a check.

Two copies of one database in a server of their own: in one the policies are in force and every transaction says who
acts, in the other neither. For each kind of request two processes of the end, one on each copy, are asked in turn, so
that whatever else the machine does meets both alike; medians are compared.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click
import psycopg

from chengxin.base.embedded import EmbeddedServer, scratch_server
from chengxin.cli.frame import both, output

if TYPE_CHECKING:
    from collections.abc import Mapping

ON, OFF = "chengxin", "chengxin_off"
"""The two databases: with policies, and without."""

WARMING = 10
"""Requests of each process before the first that counts."""

SURFACES = {
    "public_body_page": "public",
    "office_batch_list": "office",
    "office_batch_page": "office",
    "api_batch": "api",
    "api_check": "api",
}
"""What is asked, and the end that answers it."""


@dataclass(frozen=True)
class Surface:
    """Medians of one kind of request, in milliseconds, with policies and without, and the first by the second."""

    on_ms: float
    off_ms: float
    ratio: float


@dataclass(frozen=True)
class IsolationFigures:
    """What was measured: requests of each process, and the figures of each kind of request."""

    requests: int
    facts: int
    worst: float
    surfaces: Mapping[str, Surface]


@click.command(
    "isolation",
    short_help="行级隔离 / row security",
    help=both(
        "测量行级隔离使页面、列表和核查各慢多少（同一次运行，开与关交替测量）。",
        "Measure what row security costs a page, a list and a check (one run, on and off in turn).",
    ),
)
@click.option("--requests", default=300, show_default=True, help="每种请求的次数 / requests of each kind")
@click.option("--facts", default=50_000, show_default=True, help="信息条数 / facts on file")
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
def isolation(requests: int, facts: int, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Print the figures."""
    figures = measure(requests, facts)
    if as_json:
        click.echo(json.dumps(asdict(figures)))
        return
    for name, surface in figures.surfaces.items():
        output().print(f"{name}: {surface.on_ms} ms, 关 off {surface.off_ms} ms, 比值 ratio {surface.ratio}")


def measure(requests: int, facts: int) -> IsolationFigures:
    """Measure ``requests`` of each kind with and without policies, over a database of ``facts`` facts."""
    with scratch_server() as server:
        program = [sys.executable, "-c", _PREPARE, str(facts)]
        subprocess.run(program, env=_environment(server, "owner", ON), check=True, capture_output=True)  # noqa: S603
        _copy_without_policies(server)
        surfaces = {name: _compare(server, name, end, requests) for name, end in SURFACES.items()}
    return IsolationFigures(requests, facts, max(one.ratio for one in surfaces.values()), surfaces)


def _copy_without_policies(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("owner", "postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{OFF}" TEMPLATE "{ON}"')
    with psycopg.connect(server.url("superuser", OFF), autocommit=True) as held:
        for (statement,) in held.execute(
            """SELECT format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', c.oid::regclass) FROM pg_class c
            WHERE c.relrowsecurity
            UNION ALL SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), rolname) FROM pg_roles
            WHERE rolname LIKE 'chengxin\\_%'"""
        ).fetchall():
            held.execute(statement)
    for database in (ON, OFF):
        with psycopg.connect(server.url("superuser", database), autocommit=True) as held:
            held.execute("VACUUM ANALYZE")
            held.execute("CHECKPOINT")


def _compare(server: EmbeddedServer, surface: str, end: str, requests: int) -> Surface:
    """Ask two processes of ``end`` in turn, the one that is first changing places each time."""
    with ExitStack() as running:
        asked = {database: running.enter_context(_start(server, surface, end, database)) for database in (ON, OFF)}
        taken: dict[str, list[float]] = {ON: [], OFF: []}
        for number in range(WARMING + requests):
            for database in (ON, OFF) if number % 2 else (OFF, ON):
                seconds = _ask(asked[database], number)
                if number >= WARMING:
                    taken[database].append(seconds)
        for process in asked.values():
            process.communicate("")
    on, off = (statistics.median(taken[database]) * 1000 for database in (ON, OFF))
    return Surface(round(on, 3), round(off, 3), round(on / off, 3))


def _start(server: EmbeddedServer, surface: str, end: str, database: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _END, surface, "on" if database == ON else "off"]
    environment = _environment(server, end, database)
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603


def _ask(process: subprocess.Popen[Any], number: int) -> float:
    """Have one request sent and return its seconds; raise ``ClickException`` when the process could not."""
    assert process.stdin is not None  # noqa: S101 - pipes were asked for
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(f"{number}\n")
    process.stdin.flush()
    said = process.stdout.readline()
    if not said:
        raise click.ClickException("测速的进程没有应答 / a measured process did not answer")
    return float(said)


def _environment(server: EmbeddedServer, role: str, database: str) -> Mapping[str, str]:
    """Return the environment of a process of ``role`` on ``database``."""
    return os.environ | {
        "CHENGXIN_DATA": str(server.folder),
        "CHENGXIN_DATABASE_URL": server.url(role, database),
        "CHENGXIN_HOSTS": "127.0.0.1,testserver",
        "CHENGXIN_SECOND_FACTOR": "optional",
        "DJANGO_SETTINGS_MODULE": f"chengxin.settings.{role}",
    }


_PREPARE = """
import sys
from datetime import timedelta
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from chengxin.base.clock import system_now
from chengxin.kernel.calendar import legal_day
from chengxin.testing import making
from chengxin.testing.city import uscc

facts = int(sys.argv[1])
now, bodies = system_now(), max(facts // 20, 20)
call_command("migrate", verbosity=0)
organisations = [making.make_organisation(f"o{number}", uscc=f"U{number:017d}") for number in range(40)]
making.make_officer(organisations[0], "zhang")
making.make_client(organisations[0], "checks.run", "batches.read", "subjects.read", token="measured")
receipt = dict.fromkeys(("lines", "accepted", "updated", "duplicate", "quarantined", "linked", "unlinked"), 5)
receipt |= {"batch_id": 1, "state": "published", "encoding": "utf-8", "generation": "G3", "seconds": 1.0}
for number in range(2000):
    making.make_batch(organisations[number % 40], lines=5, receipt=receipt)
with connection.cursor() as cursor:
    cursor.execute('''
        INSERT INTO intake_quarantinedrow (batch_id, line, cells, findings)
        SELECT id, line, '["x", "y", "z"]',
            '[{"rule": "r", "field": "f", "value": "v", "message": "m", "expected": "e"}]'
        FROM intake_batch, generate_series(1, 5) AS line;
        INSERT INTO intake_timeliness (batch_id, item, month, reported, on_time, late, provisional)
        SELECT id, 'licence', date_trunc('month', now())::date, 5, 4, 1, 0 FROM intake_batch''')
    cursor.execute('''
        INSERT INTO subjects_subject (id, kind, name, uscc, status, registrar, made_at, changed_at)
        SELECT n, 'legal_person', '昆山' || n || '有限公司', n::text, '存续', '', now(), now()
        FROM generate_series(1, %s) AS n''', [bodies])
    codes = [(uscc(number), number) for number in range(1, bodies + 1)]
    cursor.executemany("UPDATE subjects_subject SET uscc = %s WHERE id = %s", codes)
    cursor.execute('''
        INSERT INTO subjects_identifier (subject_id, kind, value, first_seen_at)
        SELECT id, 'uscc', uscc, now() FROM subjects_subject;
        INSERT INTO subjects_name (subject_id, kind, name, folded, first_seen_at)
        SELECT id, 'current', name, name, now() FROM subjects_subject;
        INSERT INTO records_record (id, key, version, kind, item, generation, subject_id, link, identifier,
            organisation_id, batch_id, line, document_number, decided_on, valid_from, due_provisional, public,
            recorded_at, digest, content)
        SELECT n, gen_random_uuid(), 1, 'new', 'penalty', 'G3', 1 + n %% %(bodies)s, 'uscc', s.uscc,
            (SELECT min(id) FROM accounts_organisation) + n %% 40, 1, 2, '昆罚〔2026〕' || n || '号', %(day)s, %(day)s,
            false, true, %(now)s, gen_random_uuid(), jsonb_build_object('subject_name', s.name, 'issuer_name', '某局',
            'penalty_content', repeat('罚款', 40))
        FROM generate_series(1, %(facts)s) AS n JOIN subjects_subject s ON s.id = 1 + n %% %(bodies)s;
        INSERT INTO publication.body SELECT id, uscc, kind, name, status, %(day)s, NULL, '{}' FROM subjects_subject;
        INSERT INTO publication.body_name SELECT subject_id, kind, name, folded FROM subjects_name;
        INSERT INTO publication.fact SELECT id, subject_id, item, document_number, decided_on, '某局', valid_from, NULL,
            content FROM records_record;
        INSERT INTO publication.state VALUES (true, %(bodies)s, %(now)s);''',
        {"bodies": bodies, "facts": facts, "day": legal_day(now) - timedelta(days=30), "now": now})
"""

_END = """
import os, sys, time
import django
import logging
surface, isolated = sys.argv[1], sys.argv[2] == "on"
django.setup()
logging.getLogger().handlers[0].setStream(open(os.devnull, "w"))  # lines about access are made, and not shown
from django.db import connection
from django.test import Client
if not isolated:
    import chengxin.base.postgres.base
    chengxin.base.postgres.base.current = lambda: None
client = Client()
if surface.startswith("office"):
    from chengxin.testing.making import PASSWORD
    assert client.post("/log-in/", {"username": "zhang", "password": PASSWORD}).status_code == 302
if surface in ("public_body_page", "api_check"):
    table = "publication.body" if surface == "public_body_page" else "core.subjects_subject"
    with connection.cursor() as cursor:
        cursor.execute("SELECT uscc FROM " + table + " ORDER BY 1 LIMIT 100")
        codes = [row[0] for row in cursor.fetchall()]
bearer = {"Authorization": "Bearer measured"}
def ask(number):
    batch = 1 + 40 * (number % 40)
    if surface == "public_body_page":
        return client.get(f"/body/{codes[number % len(codes)]}/")
    if surface == "office_batch_list":
        return client.get("/batches/")
    if surface == "office_batch_page":
        return client.get(f"/batches/{batch}/")
    if surface == "api_batch":
        return client.get(f"/api/v1/batches/{batch}", headers=bearer)
    asked = {"code": codes[number % len(codes)], "purpose": "政府采购投标资格审查"}
    return client.post("/api/v1/checks", asked, content_type="application/json", headers=bearer)
for line in sys.stdin:
    started = time.perf_counter()
    response = ask(int(line))
    taken = time.perf_counter() - started
    assert response.status_code == 200, (response.status_code, response.content[:500])
    print(taken, flush=True)
"""
