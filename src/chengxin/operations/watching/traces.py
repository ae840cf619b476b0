"""Traces: a span for each request, each statement and each step of an import, off unless an address is set.

``OTEL_EXPORTER_OTLP_ENDPOINT`` names where they go. A span carries a route, a method, a status, or a statement's verb
and table: no address, no value, no text of a statement.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from chengxin.base.isolation import load_classified
from chengxin.operations.watching.metrics import end_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.sdk.trace.export import SpanExporter

SETTINGS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
VERB = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|COPY|SET|SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)\b", re.IGNORECASE
)
TABLE = re.compile(
    r"\b(?:FROM|INTO|UPDATE|JOIN|COPY)\s+(?:ONLY\s+)?\"?(?:core\"?\.\"?|publication\"?\.\"?)?([a-z_][a-z0-9_]{0,62})",
    re.IGNORECASE,
)


MADE = re.compile(r"CREATE (?:TABLE|VIEW) (?:publication\.)?([a-z_0-9]+)")


class Tracing:
    """The tracer of this process, made at its first use: threads do not survive the fork of a server."""

    def __init__(self, exporter: Callable[[], SpanExporter] | None = None) -> None:
        self._exporter = exporter
        self._held: tuple[int, TracerProvider] | None = None
        self._lock = threading.Lock()

    @property
    def on(self) -> bool:
        """Whether traces are wanted."""
        return self._exporter is not None or any(os.environ.get(name) for name in SETTINGS)

    def provider(self) -> TracerProvider:
        """Return this process's provider."""
        with self._lock:
            if self._held is None or self._held[0] != os.getpid():
                self._held = (os.getpid(), self._make())
            return self._held[1]

    def _make(self) -> TracerProvider:
        provider = TracerProvider(resource=Resource.create({"service.name": f"chengxin-{end_name()}"}))
        if self._exporter is not None:
            exporter = self._exporter()
        else:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - off by default

            exporter = OTLPSpanExporter()
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return provider

    def tracer(self) -> trace.Tracer:
        """Return the tracer."""
        return self.provider().get_tracer("chengxin")

    @contextmanager
    def request(self, method: str) -> Iterator[trace.Span]:
        """Trace a request, and the statements it causes."""
        with self.tracer().start_as_current_span(
            method, kind=trace.SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            span.set_attribute("http.request.method", method)
            with connection.execute_wrapper(self._statement):
                yield span

    def _statement(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:  # noqa: ANN401, FBT001 - Django's signature
        with self.tracer().start_as_current_span(
            statement_name(str(sql)), kind=trace.SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
        ) as span:
            span.set_attribute("db.system.name", "postgresql")
            return execute(sql, params, many, context)


def statement_name(sql: str) -> str:
    """Return a statement as its verb and first table of the platform's, without anything that stands in it.

    >>> statement_name("SELECT 1 WHERE 'FROM secret' = 'x'")
    'SELECT'
    """
    verb = VERB.match(sql)
    tables = known_tables()
    table = next((found[1].lower() for found in TABLE.finditer(sql) if found[1].lower() in tables), "")
    return " ".join(filter(None, (verb[1].upper() if verb else "statement", table)))


@cache
def known_tables() -> frozenset[str]:
    """Return the names of the platform's tables and views: a name is shown only when it is one of them.

    The public end has no models; what it reads stands in the schema of the publication.
    """
    models = {one._meta.db_table for one in apps.get_models()}  # noqa: SLF001 - Django's documented way
    schemas = (resources.files("chengxin.publication") / "schema.sql").read_text(encoding="utf-8")
    return frozenset(models | set(MADE.findall(schemas)) | set(load_classified().tables))


class Steps:
    """Traces the steps of an import: one span from each state to the next."""

    def __init__(self, tracing: Tracing) -> None:
        self.tracing = tracing
        self._span: trace.Span | None = None

    def reached(self, step: str, rows: int | None) -> None:
        """End the step before and begin this one; the last state of an import begins none."""
        if self._span is not None:
            self._span.end()
            self._span = None
        if step not in {"held", "published", "refused"}:
            self._span = self.tracing.tracer().start_span(f"import {step}")
            if rows is not None:
                self._span.set_attribute("chengxin.rows", rows)


TRACING = Tracing()
"""The tracing of this process."""
