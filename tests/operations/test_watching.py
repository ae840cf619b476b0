"""Figures, traces and probes of the real ends over a real city: they work, and name nobody."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.test import RequestFactory
from prometheus_client.parser import text_string_to_metric_families

from chengxin.operations.watching import metrics
from chengxin.operations.watching.metrics import GAUGES, LABELS, DatabaseFigures, count_request, count_step, exposition
from chengxin.operations.watching.middleware import watch
from chengxin.operations.watching.traces import Tracing, statement_name

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.conftest import City

PLANTED = "110101199001010015"
NAME = "张三丰测试"

DRIVE = """
import json, os, sys
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import django
django.setup()
from django.test import Client
from chengxin.operations.watching import traces
held = InMemorySpanExporter()
traces.TRACING._exporter = lambda: held
client = Client(raise_request_exception=False)
said = []
for path in json.loads(sys.argv[1]):
    answer = client.get(path, HTTP_HOST="127.0.0.1")
    said.append([answer.status_code, answer.content.decode("utf-8", "replace") if path.startswith("/health") else ""])
traces.TRACING.provider().force_flush()
from prometheus_client import generate_latest
spans = [one.to_json() for one in held.get_finished_spans()]
print(json.dumps({"said": said, "figures": generate_latest().decode(), "spans": spans}))
"""


def drive(city: City, end: str, *paths: str, **more: str) -> dict[str, Any]:
    """Send requests to the application of an end, in a process of its own, and return what was answered and seen."""
    environment = city.environment | {
        "DJANGO_SETTINGS_MODULE": f"chengxin.settings.{end}",
        "CHENGXIN_DATABASE_URL": city.url(end),
        "CHENGXIN_PROCESS": end,
    }
    done = subprocess.run(
        [sys.executable, "-c", DRIVE, json.dumps(paths)],
        env=environment | more,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    held: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return held


def body(city: City) -> tuple[str, str]:
    """Return a body's code and name."""
    with psycopg.connect(city.url("owner"), options="-c search_path=publication,core") as connection:
        row = connection.execute(
            "SELECT i.value, n.name FROM subjects_identifier i JOIN subjects_name n USING (subject_id)"
            " WHERE length(i.value) = 18 LIMIT 1"
        ).fetchone()
    assert row is not None
    return str(row[0]), str(row[1])


def test_no_value_of_a_row_or_a_request_is_in_a_span_or_a_figure(city: City) -> None:
    code, name = body(city)
    held = drive(
        city, "public", f"/search/?q={NAME}", f"/search/?q={name}", f"/body/{code}/", f"/body/{PLANTED}/", f"/{NAME}"
    )
    everything = held["figures"] + "".join(held["spans"])
    for value in (code, name, PLANTED, NAME):
        assert value not in everything
        assert json.dumps(value)[1:-1] not in everything
    names = [json.loads(one)["name"] for one in held["spans"]]
    assert "GET search/" in names
    assert any(name.startswith("SELECT ") for name in names)
    assert 'route="body/<code:uscc>/"' in held["figures"]
    assert 'route="unmatched"' in held["figures"]


def test_the_office_and_the_api_are_watched_too(city: City) -> None:
    for end, path, route in (("office", "/log-in/", "log-in/"), ("api", "/api/v1/healthz", "api/v1/healthz")):
        held = drive(city, end, path)
        assert (
            f'chengxin_requests_total{{end="{end}",method="GET",route="{route}",status="200"}} 1.0' in held["figures"]
        )
        assert f"GET {route}" in [json.loads(one)["name"] for one in held["spans"]]


@pytest.mark.parametrize("end", ["public", "office", "api"])
def test_every_end_says_that_it_lives_and_is_ready(city: City, end: str) -> None:
    held = drive(city, end, "/health/live", "/health/ready")
    assert [status for status, _text in held["said"]] == [200, 200]
    assert json.loads(held["said"][0][1]) == {"status": "live"}
    assert json.loads(held["said"][1][1])["status"] == "ready"
    assert "health" not in held["figures"]


def test_without_its_database_an_end_lives_and_is_not_ready(city: City) -> None:
    away = "postgresql://chengxin_public:none@127.0.0.1:1/chengxin"
    held = drive(city, "public", "/health/live", "/health/ready", CHENGXIN_DATABASE_URL=away)
    assert [status for status, _text in held["said"]] == [200, 503]
    assert json.loads(held["said"][1][1]) == {"status": "not ready", "database": "away"}


def test_without_checkpoints_the_ends_that_read_persons_data_are_not_ready(city: City) -> None:
    with psycopg.connect(city.url("superuser"), autocommit=True) as connection:
        row = connection.execute("SELECT covered_at FROM core.audit_tree").fetchone()
        connection.execute("UPDATE core.audit_tree SET covered_at = now() - interval '5 hours'")
        try:
            assert drive(city, "office", "/health/ready")["said"][0][0] == (503 if row else 200)
            assert drive(city, "public", "/health/ready")["said"][0][0] == 200
        finally:
            connection.execute("UPDATE core.audit_tree SET covered_at = %s", [row and row[0]])


def test_a_middleware_that_is_not_traced_costs_no_provider() -> None:
    assert not Tracing().on


def test_a_probe_is_answered_before_anything_else_is_asked() -> None:
    def never(_request: object) -> Any:
        raise AssertionError("the probe went further")

    assert watch(never)(RequestFactory().get("/health/live", headers={"host": "anything"})).status_code == 200


def test_an_unknown_method_is_no_label_of_its_own() -> None:
    count_request("x/", PLANTED, 405, 0.1)
    labels = {sample.labels.get("method") for metric in metrics.REQUESTS.collect() for sample in metric.samples}
    assert PLANTED not in labels
    assert "other" in labels


def test_a_step_that_is_not_in_the_list_is_other() -> None:
    count_step(NAME, 5)
    labels = {sample.labels.get("step") for metric in metrics.STEPS.collect() for sample in metric.samples}
    assert labels <= LABELS["step"] | {"other", None}


def test_rows_count_once_they_are_in() -> None:
    before = metrics.ROWS._value.get()
    for step in ("parsing", "checking", "linking", "published"):
        count_step(step, 7)
    assert metrics.ROWS._value.get() - before == 7


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT a FROM subjects_name WHERE text = 'FROM secrets'", "SELECT subjects_name"),
        ('INSERT INTO "audit_event" (x) VALUES (%s)', "INSERT audit_event"),
        ("UPDATE core.intake_batch SET state = 1", "UPDATE intake_batch"),
        (f"SELECT 1 FROM {NAME}", "SELECT"),  # noqa: S608 - nothing runs it
        (f"  select '{PLANTED}'", "SELECT"),
        (f"VACUUM {NAME}", "statement"),
    ],
)
def test_a_statement_is_its_verb_and_a_known_table(sql: str, name: str) -> None:
    assert statement_name(sql) == name


def test_figures_of_the_database_have_short_lists_of_labels(city: City, tmp_path: Path) -> None:
    with psycopg.connect(city.url("worker"), autocommit=True, options="-c search_path=core,publication") as connection:
        connection.execute("SELECT 1")
        text = exposition(
            tmp_path, DatabaseFigures(lambda query: connection.execute(query.encode()).fetchall(), (psycopg.Error,))
        )
    found = {metric.name: metric for metric in text_string_to_metric_families(text.decode())}
    assert found["chengxin_database_up"].samples[0].value == 1
    assert set(GAUGES) <= set(found)
    allowed = LABELS["queue_state"] | LABELS["step"] | {"other"}
    assert all(set(sample.labels.values()) <= allowed for metric in found.values() for sample in metric.samples)


def test_without_a_database_one_figure_says_so(tmp_path: Path) -> None:
    def away(_query: str) -> list[tuple[object, ...]]:
        raise psycopg.OperationalError("away")

    text = exposition(tmp_path, DatabaseFigures(away, (psycopg.Error,))).decode()
    assert re.findall(r"^chengxin.*", text, re.MULTILINE) == ["chengxin_database_up 0.0"]


def test_the_figures_are_served_on_loopback_and_nothing_else_is(city: City) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "chengxin.cli.main", "metrics", "--port", "8399"],
        env=city.environment,
        stderr=subprocess.PIPE,
    ) as serving:
        try:
            for _ in range(100):
                try:
                    with urllib.request.urlopen("http://127.0.0.1:8399/metrics", timeout=5) as answer:
                        text = answer.read().decode()
                    break
                except OSError:
                    assert serving.poll() is None
                    time.sleep(0.3)
            assert "chengxin_database_up 1.0" in text
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen("http://127.0.0.1:8399/", timeout=5)
        finally:
            serving.terminate()
            serving.communicate()
