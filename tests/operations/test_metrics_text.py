"""Figures as Prometheus reads them: short lists of labels, sums over processes, one line for one figure."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from chengxin.intake.events import BatchStep
from chengxin.operations.watching import metrics, steps
from chengxin.operations.watching.metrics import (
    BUCKETS,
    GAUGES,
    LABELS,
    METHODS,
    UNMATCHED,
    DatabaseFigures,
    count_request,
    count_step,
    end_name,
    exposition,
)
from chengxin.operations.watching.middleware import route_of, watch
from chengxin.operations.watching.traces import SETTINGS, Steps, Tracing

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client.metrics_core import Metric

LINE = re.compile(r"chengxin_[a-z_]+(\{[a-z_]+=\"[a-z]+\"(,[a-z_]+=\"[a-z]+\")*\})? -?[0-9.e+]+")


class Away(Exception):
    """The database does not answer."""


def figures(answers: dict[str, list[tuple[object, ...]]]) -> DatabaseFigures:
    """Return figures of a database that answers so, by the name of the figure."""
    queries = {query: name for name, (_about, _label, query) in GAUGES.items()}
    return DatabaseFigures(lambda query: answers.get(queries[query], []), (Away,))


def families(folder: Path, database: DatabaseFigures) -> dict[str, Metric]:
    text = exposition(folder, database).decode()
    return {one.name: one for one in text_string_to_metric_families(text)}


def values(metric: Metric) -> dict[str, float]:
    return {"".join(sample.labels.values()): sample.value for sample in metric.samples}


def test_every_line_is_a_comment_or_a_name_labels_and_a_number(tmp_path: Path) -> None:
    text = exposition(tmp_path, figures({"chengxin_queue_jobs": [("todo", 3), ("failed", 0)]})).decode()
    for line in text.splitlines():
        assert line.startswith("# ") or LINE.fullmatch(line), line
    assert text.endswith("\n")
    assert 'chengxin_queue_jobs{state="todo"} 3.0' in text.splitlines()


def test_every_figure_of_the_database_has_its_words_and_its_type(tmp_path: Path) -> None:
    found = families(tmp_path, figures({}))
    for name, (about, _label, _query) in GAUGES.items():
        assert (found[name].type, found[name].documentation) == ("gauge", about)
    assert values(found["chengxin_database_up"]) == {"": 1.0}


def test_a_figure_that_nobody_has_yet_has_no_value_rather_than_a_zero(tmp_path: Path) -> None:
    assert families(tmp_path, figures({}))["chengxin_checkpoint_age_seconds"].samples == []


def test_states_that_are_not_in_the_list_are_added_up_as_other(tmp_path: Path) -> None:
    """Prometheus takes a label's value once from one scrape."""
    rows: list[tuple[object, ...]] = [("todo", 2), ("张三", 5), ("110101199001010015", 7)]
    found = families(tmp_path, figures({"chengxin_queue_jobs": rows}))["chengxin_queue_jobs"]
    assert values(found) == {"todo": 2.0, "other": 12.0}
    assert len(found.samples) == 2


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.text(max_size=6) | st.sampled_from(sorted(LABELS["step"])), st.integers(0, 99)), max_size=8)
)
def test_whatever_a_state_is_called_its_label_is_from_the_list(rows: list[tuple[str, int]]) -> None:
    held = figures({"chengxin_batches_waiting": list(rows)})
    (found,) = [one for one in held.collect() if one.name == "chengxin_batches_waiting"]
    labels = [sample.labels["state"] for sample in found.samples]
    assert len(labels) == len(set(labels))
    assert set(labels) <= LABELS["step"] | LABELS["queue_state"] | {"other"}
    assert sum(sample.value for sample in found.samples) == sum(number for _, number in rows)


def test_a_database_that_goes_away_half_way_gives_no_half_figures(tmp_path: Path) -> None:
    asked = []

    def ask(query: str) -> list[tuple[object, ...]]:
        asked.append(query)
        if len(asked) > 2:
            raise Away
        return []

    found = families(tmp_path, DatabaseFigures(ask, (Away,)))
    assert set(found) == {"chengxin_database_up"}
    assert values(found["chengxin_database_up"]) == {"": 0.0}


def test_an_error_that_is_not_the_databases_is_not_taken_for_one(tmp_path: Path) -> None:
    def ask(_query: str) -> list[tuple[object, ...]]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exposition(tmp_path, DatabaseFigures(ask, (Away,)))


def test_no_query_of_a_figure_reads_anything_about_a_subject() -> None:
    for _about, label, query in GAUGES.values():
        assert not re.search(r"subjects_|records_(?!sealing )|accounts_|linkage_|detail|payload|args", query)
        assert label in {"", "state"}
        assert query.startswith("SELECT ")


COUNT = """
import sys
from chengxin.operations.watching.metrics import count_request, count_step
for _ in range(int(sys.argv[1])):
    count_request("body/<code:uscc>/", "GET", 200, 0.02)
count_step("published", 10)
"""


def test_what_several_processes_counted_is_added_up(tmp_path: Path) -> None:
    for end, times in (("public", 2), ("public", 3), ("office", 1)):
        folder = tmp_path / end
        folder.mkdir(exist_ok=True)
        subprocess.run(
            [sys.executable, "-c", COUNT, str(times)],
            env={"PROMETHEUS_MULTIPROC_DIR": str(folder), "CHENGXIN_PROCESS": end},
            check=True,
        )
    found = families(tmp_path, figures({}))
    totals = {one.labels["end"]: one.value for one in found["chengxin_requests"].samples if one.name.endswith("_total")}
    assert totals == {"public": 5.0, "office": 1.0}
    buckets = [one for one in found["chengxin_request_seconds"].samples if one.name.endswith("_bucket")]
    below = {one.labels["le"]: one.value for one in buckets if one.labels["end"] == "public"}
    assert (below["0.01"], below["0.025"], below["+Inf"]) == (0.0, 5.0, 5.0)
    assert values(found["chengxin_import_rows"]) == {"": 30.0}


def test_times_are_sorted_into_growing_buckets_up_to_the_longest_a_reader_waits() -> None:
    assert list(BUCKETS) == sorted(set(BUCKETS))
    assert BUCKETS[-1] == 10


@pytest.mark.parametrize("name", ["public", "office", "api", "worker", "keeper", "archive"])
def test_a_process_is_called_what_its_starter_calls_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_PROCESS", name)
    assert end_name() == name


@pytest.mark.parametrize("name", ["", "PUBLIC", "张三", "public\n", "serve"])
def test_a_process_of_another_name_is_other(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_PROCESS", name)
    assert end_name() == "other"


@settings(deadline=None, max_examples=40)
@given(method=st.text(max_size=10) | st.sampled_from(sorted(METHODS)))
def test_the_methods_of_requests_are_a_short_list_whatever_is_sent(method: str) -> None:
    count_request("", method, 400, 0.0)
    labels = {sample.labels["method"] for one in metrics.REQUESTS.collect() for sample in one.samples}
    assert labels <= METHODS | {"other"}
    routes = {sample.labels["route"] for one in metrics.REQUESTS.collect() for sample in one.samples}
    assert UNMATCHED in routes


@pytest.mark.parametrize(("step", "rows"), [("parsing", 5), ("published", None), ("published", 0), ("refused", 9)])
def test_rows_that_were_not_published_are_not_counted(step: str, rows: int | None) -> None:
    before = metrics.ROWS._value.get()
    count_step(step, rows)
    assert metrics.ROWS._value.get() == before


@pytest.mark.parametrize("path", ["/health/live/", "/health", "/Health/live", "/health/live/x", "/health/ready/.."])
def test_what_is_no_probe_goes_on_to_the_application(path: str) -> None:
    passed = []

    def application(request: object) -> object:
        passed.append(request)
        raise LookupError

    with pytest.raises(LookupError):
        watch(application)(RequestFactory().get(path))  # type: ignore[arg-type]
    assert len(passed) == 1


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_a_probe_is_asked_with_get_or_head_only(method: str) -> None:
    def application(_request: object) -> object:
        raise LookupError

    with pytest.raises(LookupError):
        watch(application)(getattr(RequestFactory(), method)("/health/live"))  # type: ignore[arg-type]


def test_the_answer_to_a_probe_is_kept_by_nobody_and_says_nothing_more() -> None:
    answer = watch(lambda _request: pytest.fail("asked"))(RequestFactory().head("/health/live"))
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert answer["Content-Type"] == "application/json"


def test_a_request_that_fits_no_address_has_no_route_of_its_own() -> None:
    assert route_of(RequestFactory().get("/张三/110101199001010015")) == UNMATCHED


@pytest.mark.parametrize("name", SETTINGS)
def test_traces_are_off_until_an_address_is_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in SETTINGS:
        monkeypatch.delenv(one, raising=False)
    assert not Tracing().on
    monkeypatch.setenv(name, "http://127.0.0.1:4318")
    assert Tracing().on


def test_each_step_of_an_import_ends_the_one_before_and_the_last_begins_none() -> None:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415 - only here

    exporter = InMemorySpanExporter()
    tracing = Tracing(lambda: exporter)
    following = Steps(tracing)
    for step, rows in (("parsing", None), ("checking", 7), ("published", 7), ("parsing", None), ("refused", None)):
        following.reached(step, rows)
    tracing.provider().force_flush()
    spans = exporter.get_finished_spans()
    assert [one.name for one in spans] == ["import parsing", "import checking", "import parsing"]
    assert [dict(one.attributes or {}) for one in spans] == [{}, {"chengxin.rows": 7}, {}]


def test_the_worker_counts_the_steps_it_hears_of() -> None:
    before = metrics.STEPS.labels("parsing")._value.get()
    steps._note(BatchStep("parsing", None))
    assert metrics.STEPS.labels("parsing")._value.get() == before + 1
