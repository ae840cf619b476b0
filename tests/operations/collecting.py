"""A collector and a syslog relay on this machine: real sockets, and what came in by them."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

PATIENCE = 20.0


def wait_for(known: Callable[[], object]) -> None:
    """Wait until ``known`` returns something true; fail after a while."""
    until = time.monotonic() + PATIENCE
    while not known():
        assert time.monotonic() < until, "nothing came"
        time.sleep(0.02)


class Collector:
    """Takes OTLP logs over HTTP; ``status`` is what it answers, 200 unless a test has it broken."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[bytes] = []
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked += 1
                if outer.status == 200:
                    outer.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's signature
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def requests(self) -> list[ExportLogsServiceRequest]:
        """What came in, decoded."""
        return [ExportLogsServiceRequest.FromString(one) for one in self.bodies]

    @property
    def records(self) -> list[LogRecord]:
        """The lines that came in."""
        return [
            record
            for request in self.requests
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    @property
    def everything(self) -> str:
        """All that came in as text, to look for what must not be there."""
        return "".join(str(one) for one in self.requests) + b"".join(self.bodies).decode("utf-8", "replace")


def attributes(held: list[KeyValue]) -> dict[str, str | int]:
    """Return attributes by name."""
    return {one.key: one.value.int_value if one.value.HasField("int_value") else one.value.string_value for one in held}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector."""
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()


class Relay:
    """Takes syslog by TCP, TLS where a context is given; ``text`` is what came in."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context
        self.text = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])

    def take(self) -> None:
        """Read connections to their end until the listener is closed."""
        while True:
            try:
                taken, _address = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(taken, server_side=True) if self.context else taken as held:
                    while piece := held.recv(65536):
                        self.text += piece
            except OSError:
                continue

    def messages(self) -> list[bytes]:
        """Return the messages, taken apart by the lengths in front of them."""
        found, rest = [], self.text
        while rest:
            length, _, rest = rest.partition(b" ")
            found.append(rest[: int(length)])
            rest = rest[int(length) :]
        return found


@contextmanager
def relaying(context: ssl.SSLContext | None = None) -> Iterator[Relay]:
    """Run a relay."""
    made = Relay(context)
    thread = threading.Thread(target=made.take, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.listener.shutdown(socket.SHUT_RDWR)
        made.listener.close()


@contextmanager
def datagrams(path: Path) -> Iterator[socket.socket]:
    """Bind a socket of datagrams, as syslog has on a machine."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as held:
        held.bind(str(path))
        held.settimeout(PATIENCE)
        yield held
