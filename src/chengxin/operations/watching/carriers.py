"""How lines travel: OTLP over HTTP to a collector, or syslog (RFC 5424) to a relay.

OTLP is the way to choose where there is a choice: every batch is acknowledged, and https with a client's certificate is
a matter of its settings. Syslog is for a machine whose relay takes nothing else: its TCP acknowledges nothing, so lines
on their way when a connection breaks may be lost uncounted.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import ssl
from datetime import datetime
from typing import TYPE_CHECKING

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context

from chengxin.base.errors import ChengxinError
from chengxin.operations.watching.logs import SYSLOG_PLACE
from chengxin.operations.watching.metrics import end_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chengxin.operations.watching.shipping import Line

SEVERITIES = {
    "DEBUG": (SeverityNumber.DEBUG, 7),
    "INFO": (SeverityNumber.INFO, 6),
    "WARNING": (SeverityNumber.WARN, 4),
    "ERROR": (SeverityNumber.ERROR, 3),
    "CRITICAL": (SeverityNumber.FATAL, 2),
}
"""A line's level in OTLP and in syslog."""

LOCAL0 = 16
SECONDS = 5.0
"""Seconds that one step of a syslog connection may take."""

TRACE_DIGITS = 32


class OtlpCarrier:
    """Sends lines to ``OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`` or, with ``/v1/logs``, ``OTEL_EXPORTER_OTLP_ENDPOINT``.

    Certificates, headers and time limits are the exporter's own settings (``OTEL_EXPORTER_OTLP_CERTIFICATE`` …).
    """

    def __init__(self, exporter: OTLPLogExporter | None = None) -> None:
        self._exporter = exporter or OTLPLogExporter()
        self._resource = Resource.create({"service.name": f"chengxin-{end_name()}"})

    def send(self, lines: Sequence[Line]) -> bool:
        """Send the lines; the exporter tries again by itself for its time limit."""
        batch = [ReadableLogRecord(log_record(one), self._resource) for one in lines]
        return self._exporter.export(batch) is LogRecordExportResult.SUCCESS

    def close(self) -> None:
        """End a try that is under way."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def log_record(line: Line) -> LogRecord:
    """Return a line as OTLP carries it: the message, the fields as attributes, the request as the trace."""
    moment = int(datetime.fromisoformat(str(line["at"])).timestamp() * 1000) * 1_000_000
    level = str(line["level"])
    number = str(line.get("request", ""))
    context = None
    if len(number) == TRACE_DIGITS:
        span = SpanContext(int(number, 16), 0, is_remote=False)
        context = set_span_in_context(NonRecordingSpan(span))
    return LogRecord(
        timestamp=moment,
        observed_timestamp=moment,
        context=context,
        severity_text=level,
        severity_number=SEVERITIES.get(level, SEVERITIES["INFO"])[0],
        body=str(line["message"]),
        attributes={name: value for name, value in line.items() if name not in {"at", "level", "message"}},
    )


def syslog_message(line: Line, host: str) -> bytes:
    """Return a line as one message of RFC 5424, facility local0; its text is the line's own JSON."""
    priority = LOCAL0 * 8 + SEVERITIES.get(str(line["level"]), SEVERITIES["INFO"])[1]
    name = str(line["logger"])[:32]
    head = f"<{priority}>1 {line['at']} {host} chengxin-{end_name()} {os.getpid()} {name} -"
    return f"{head} {json.dumps(dict(line), ensure_ascii=False)}".encode()


def place_of(address: str) -> tuple[str, int] | str:
    """Return host and port, or a path; raise ``ChengxinError`` for what is neither."""
    if address.startswith("/"):
        return address
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()):
        raise ChengxinError(
            "setting_wrong",
            f"{SYSLOG_PLACE} 的值“{address}”不对，请写成 /dev/log 或 主机:端口",
            f"{SYSLOG_PLACE} ({address!r}) is wrong: write /dev/log or host:port",
            where=SYSLOG_PLACE,
        )
    return host.strip("[]"), int(port)


class SyslogCarrier:
    """Sends lines to a relay: ``/path`` is a socket of this machine, ``host:port`` TCP, in TLS beyond this machine.

    Messages on a stream have their length in front (RFC 6587 3.4.1, RFC 5425 4.3). The relay's certificate is verified
    against the machine's authorities (``SSL_CERT_FILE``).
    """

    def __init__(self, address: str, context: ssl.SSLContext | None = None) -> None:
        self.address = address
        self.place = place_of(address)
        self._context = context
        self._connection: socket.socket | None = None
        self._counted = True
        self._host = socket.gethostname() or "-"

    def send(self, lines: Sequence[Line]) -> bool:
        """Send the lines over the connection there is, or a new one."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            messages = [syslog_message(one, self._host) for one in lines]
            if self._counted:
                self._connection.sendall(b"".join(b"%d %s" % (len(one), one) for one in messages))
            else:
                for one in messages:
                    self._connection.send(one)
        except OSError:
            self.close()
            return False
        return True

    def _connect(self) -> socket.socket:
        if isinstance(self.place, str):
            return self._connect_here(self.place)
        host, port = self.place
        made = socket.create_connection((host, port), SECONDS)
        if on_this_machine(host):
            return made
        try:
            return (self._context or ssl.create_default_context()).wrap_socket(made, server_hostname=host)
        except OSError:
            made.close()
            raise

    def _connect_here(self, path: str) -> socket.socket:
        """Connect to a socket of datagrams, as syslog has, or else of a stream."""
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            made = socket.socket(socket.AF_UNIX, kind)
            made.settimeout(SECONDS)
            try:
                made.connect(path)
            except OSError:
                made.close()
                if kind is socket.SOCK_STREAM:
                    raise
                continue
            self._counted = kind is socket.SOCK_STREAM
            return made
        raise ConnectionError(path)

    def close(self) -> None:
        """Close the connection."""
        held, self._connection = self._connection, None
        if held is not None:
            held.close()


def on_this_machine(host: str) -> bool:
    """Return whether ``host`` is loopback, the only place lines may go in the clear.

    >>> on_this_machine("127.0.0.1"), on_this_machine("logs.example")
    (True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
