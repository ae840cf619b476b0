"""Figures for Prometheus. Labels come from short lists: a route as the URL configuration writes it, a method, a status.

Processes of one end share a folder of memory-mapped figures (``PROMETHEUS_MULTIPROC_DIR``, set by whoever starts
them); ``chengxin metrics`` adds all of them up on a port of its own, on loopback.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from prometheus_client.metrics_core import Metric

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
"""Route of a request that fits no address: what was asked for is nobody's label."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter("chengxin_requests", "Requests answered", ["end", "route", "method", "status"])
SECONDS = Histogram("chengxin_request_seconds", "Time to answer", ["end", "route"], buckets=BUCKETS)
STEPS = Counter("chengxin_import_steps", "Steps that imports reached", ["step"])
ROWS = Counter("chengxin_import_rows", "Rows of imports that were published")
LINES_SHIPPED = Counter("chengxin_log_lines_shipped", "Log lines that left this machine")
LINES_LOST = Counter("chengxin_log_lines_lost", "Log lines that stayed on this machine though they should have left")

LABELS: dict[str, frozenset[str]] = {
    "queue_state": frozenset({"todo", "doing", "succeeded", "failed", "cancelled", "aborting", "aborted"}),
    "step": frozenset({"received", "parsing", "checking", "linking", "loading", "held", "published", "refused"}),
}
"""Values a label may have, where they are not the URL configuration's."""


def end_name() -> str:
    """Return which process this is, as whoever started it says."""
    name = os.environ.get("CHENGXIN_PROCESS", "")
    return name if name in {"public", "office", "api", "worker", "keeper", "archive"} else "other"


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    shown = method if method in METHODS else "other"
    REQUESTS.labels(end_name(), route or UNMATCHED, shown, str(status)).inc()
    SECONDS.labels(end_name(), route or UNMATCHED).observe(seconds)


def count_step(step: str, rows: int | None) -> None:
    """Count a step of an import, and its rows once they are in."""
    STEPS.labels(step if step in LABELS["step"] else "other").inc()
    if step == "published" and rows:
        ROWS.inc(rows)


GAUGES = {
    "chengxin_queue_jobs": (
        "Jobs by state", "state",
        "SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1",
    ),
    "chengxin_batches_waiting": (
        "Batches on their way by state", "state",
        "SELECT state, count(*) FROM intake_batch WHERE state NOT IN ('published', 'refused') GROUP BY 1",
    ),
    "chengxin_audit_events_waiting": (
        "Audit events not in the tree yet", "",
        "SELECT count(*) FROM audit_event WHERE xid >= (SELECT horizon FROM audit_tree)",
    ),
    "chengxin_checkpoint_age_seconds": (
        "Seconds since a witness had the last checkpoint", "",
        "SELECT extract(epoch FROM now() - covered_at) FROM audit_tree WHERE covered_at IS NOT NULL",
    ),
    "chengxin_seal_age_seconds": (
        "Seconds since every fact had its seal", "",
        "SELECT extract(epoch FROM now() - min(sealed_at)) FROM records_sealing HAVING count(sealed_at) > 0",
    ),
    "chengxin_worker_heartbeat_age_seconds": (
        "Seconds since the last sign of a worker", "",
        "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers HAVING count(*) > 0",
    ),
}  # fmt: skip
"""Figures asked of the database: name -> help, label, query."""


class DatabaseFigures:
    """Asks the database at every scrape; where it is away the figure ``chengxin_database_up`` says so, alone."""

    def __init__(self, ask: Callable[[str], list[tuple[object, ...]]], away: tuple[type[Exception], ...]) -> None:
        self.ask = ask
        self.away = away

    def collect(self) -> Iterable[Metric]:
        """Yield the figures."""
        up = GaugeMetricFamily("chengxin_database_up", "Whether the database answers")
        try:
            found = [(name, about, label, self.ask(query)) for name, (about, label, query) in GAUGES.items()]
        except self.away:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        for name, about, label, rows in found:
            gauge = GaugeMetricFamily(name, about, labels=[label] if label else [])
            known = LABELS["queue_state"] | LABELS["step"]
            sums: dict[tuple[str, ...], float] = {}  # two unknown states are one "other": a scrape takes no label twice
            for row in rows:
                state = str(row[0]) if str(row[0]) in known else "other"
                labels: tuple[str, ...] = (state,) if label else ()
                sums[labels] = sums.get(labels, 0.0) + float(str(row[-1]))
            for labels, value in sums.items():
                gauge.add_metric(labels, value)
            yield gauge


class SharedFigures:
    """The figures of every process, added up from the files they share, in a folder and the folders in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def collect(self) -> Iterable[Metric]:
        """Yield the sums."""
        files = sorted(str(path) for path in self.folder.rglob("*.db"))
        merged: Iterable[Metric] = MultiProcessCollector.merge(files, accumulate=True)  # type: ignore[no-untyped-call]
        return merged


def exposition(folder: Path, database: DatabaseFigures) -> bytes:
    """Return everything in Prometheus' text form: the figures of every process, added up, and the database's."""
    registry = CollectorRegistry()
    registry.register(SharedFigures(folder))
    registry.register(database)
    return generate_latest(registry)
