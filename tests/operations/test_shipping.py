"""Log lines leave the machine masked, in order and complete, and whoever writes one waits for nobody."""

from __future__ import annotations

import json
import logging
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from tests.operations.collecting import attributes, collecting, datagrams, relaying, wait_for

from chengxin.base.errors import ChengxinError
from chengxin.operations.watching import shipping
from chengxin.operations.watching.carriers import OtlpCarrier, SyslogCarrier, on_this_machine, place_of, syslog_message
from chengxin.operations.watching.logs import OTLP, REQUEST, SYSLOG, parts_of, ways
from chengxin.operations.watching.metrics import LINES_LOST, LINES_SHIPPED
from chengxin.operations.watching.shipping import Shipping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PLANTED = "110101199001010015"
NAME = "张三丰测试"


class Held:
    """A carrier that keeps what it is given, once it is let; ``goes`` says whether lines arrive."""

    def __init__(self, *, goes: bool = True) -> None:
        self.goes = threading.Event()
        self.lines: list[Mapping[str, str | int]] = []
        self.batches: list[int] = []
        self.tries = 0
        self.closed = False
        if goes:
            self.goes.set()

    def send(self, lines: Sequence[Mapping[str, str | int]]) -> bool:
        """Take the lines."""
        self.tries += 1
        if not self.goes.is_set():
            return False
        self.lines += lines
        self.batches.append(len(lines))
        return True

    def close(self) -> None:
        """Note it."""
        self.closed = True


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """Yield a logger that passes nothing on."""
    held = logging.getLogger("chengxin.test_shipping")
    held.propagate = False
    held.setLevel(logging.INFO)
    yield held
    for handler in list(held.handlers):
        held.removeHandler(handler)
        handler.close()


def count(metric: Any) -> float:
    return float(next(iter(metric.collect())).samples[0].value)


def otlp(address: str, seconds: float = 5) -> OtlpCarrier:
    return OtlpCarrier(OTLPLogExporter(f"{address}/v1/logs", timeout=seconds))


def test_a_collector_gets_each_line_with_its_fields_and_its_request(logger: logging.Logger) -> None:
    with collecting() as collector:
        handler = Shipping(otlp(collector.address))
        logger.addHandler(handler)
        number = REQUEST.set("5bcfbd783615a68785351f174f3d1381")
        logger.info("access %s", "allowed", extra={"fields": {"entrance": "batches", "status": 200}})
        REQUEST.reset(number)
        logger.error("坏了")
        handler.close()
        first, second = collector.records
        (resource,) = [one.resource for one in collector.requests[0].resource_logs]
    assert attributes(list(resource.attributes))["service.name"] == "chengxin-other"
    assert (first.body.string_value, first.severity_text) == ("access allowed", "INFO")
    held = attributes(list(first.attributes))
    assert (held["entrance"], held["status"], held["logger"]) == ("batches", 200, "chengxin.test_shipping")
    assert first.trace_id.hex() == held["request"] == "5bcfbd783615a68785351f174f3d1381"
    assert abs(first.time_unix_nano - time.time_ns()) < 60_000_000_000
    assert (second.body.string_value, second.severity_number, second.trace_id) == ("坏了", 17, b"")


def test_what_leaves_is_masked_as_the_line_that_stays(logger: logging.Logger) -> None:
    with collecting() as collector:
        handler = Shipping(otlp(collector.address))
        logger.addHandler(handler)
        logger.info("证件 %s\r\n2026 ERROR", PLANTED, extra={"fields": {"actor": f"u{PLANTED}", "code": "13800138000"}})
        try:
            int(f"{NAME} {PLANTED}")  # an error that quotes what it was given
        except ValueError:
            logger.exception("写入失败")
        django = logging.LogRecord("django.request", logging.WARNING, "x.py", 1, "Not Found: %s", (f"/{NAME}/",), None)
        handler.handle(django)
        handler.close()
        said = [one.body.string_value for one in collector.records]
        held = [attributes(list(one.attributes)) for one in collector.records]
        everything = collector.everything
    assert said == ["证件 [证件号码已隐去] 2026 ERROR", "写入失败", "Not Found: /…"]
    assert held[0]["code"] == "[电话已隐去]"
    assert str(held[1]["error"]).startswith("ValueError at test_shipping.py:")
    for value in (PLANTED, NAME, NAME.encode("unicode_escape").decode(), "13800138000"):
        assert value not in everything


def test_a_collector_that_is_away_holds_nobody_up_and_gets_the_lines_later(logger: logging.Logger) -> None:
    held = Held(goes=False)
    handler = Shipping(held, waiting_lines=100, first_pause=0.01)
    logger.addHandler(handler)
    before = count(LINES_LOST)
    began = time.monotonic()
    for number in range(50):
        logger.info("line %d", number)
    assert time.monotonic() - began < 2
    wait_for(lambda: held.tries > 2)
    assert held.lines == []
    held.goes.set()
    handler.close()
    assert [one["message"] for one in held.lines] == [f"line {number}" for number in range(50)]
    assert count(LINES_LOST) == before


def test_a_full_queue_counts_what_stays_here_and_says_so_once_a_minute(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    held = Held(goes=False)
    handler = Shipping(held, waiting_lines=10, first_pause=0.01)
    logger.addHandler(handler)
    lost, shipped = count(LINES_LOST), count(LINES_SHIPPED)
    logger.info("first")
    wait_for(lambda: held.tries)  # the thread holds the first line; the queue is empty again
    with caplog.at_level(logging.WARNING, "chengxin.shipping"):
        for number in range(60):
            logger.info("line %d", number)
    assert count(LINES_LOST) == lost + 50
    told = [one.getMessage() for one in caplog.records if one.name == "chengxin.shipping"]
    assert told == ["log lines did not leave this machine: 1"]
    held.goes.set()
    handler.close()
    assert len(held.lines) == 11
    assert count(LINES_SHIPPED) == shipped + 11


def test_the_end_of_a_process_counts_what_could_not_leave(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "LAST_SECONDS", 0.3)
    held = Held(goes=False)
    handler = Shipping(held, waiting_lines=100, first_pause=0.01)
    logger.addHandler(handler)
    before = count(LINES_LOST)
    for number in range(7):
        logger.info("line %d", number)
    handler.close()
    assert count(LINES_LOST) == before + 7
    logger.info("after the end")
    assert count(LINES_LOST) == before + 7


def test_a_collector_that_breaks_is_tried_again(logger: logging.Logger) -> None:
    with collecting() as collector:
        collector.status = 400  # refused for good, so the exporter itself does not try again
        handler = Shipping(otlp(collector.address), first_pause=0.01)
        logger.addHandler(handler)
        logger.info("eins")
        wait_for(lambda: collector.asked > 1)
        assert collector.records == []
        collector.status = 200
        handler.close()
        assert [one.body.string_value for one in collector.records] == ["eins"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://[", "no address"])
def test_an_address_nobody_has_breaks_no_request_and_no_thread(address: str) -> None:
    assert otlp(address, 0.2).send([line("x")]) is False


@pytest.mark.parametrize("name", ["opentelemetry.exporter", "urllib3.connectionpool", "chengxin.shipping", "requests"])
def test_what_the_way_says_about_itself_stays_here(name: str) -> None:
    held = Held()
    handler = Shipping(held)
    handler.handle(logging.LogRecord(name, logging.ERROR, "x.py", 1, "away", (), None))
    handler.close()
    assert held.lines == []


def test_lines_leave_in_batches(logger: logging.Logger) -> None:
    held = Held(goes=False)
    handler = Shipping(held, first_pause=0.01)
    logger.addHandler(handler)
    for number in range(1500):
        logger.info("line %d", number)
    held.goes.set()
    handler.close()
    assert max(held.batches) == shipping.BATCH
    assert len(held.batches) <= 5
    assert [one["message"] for one in held.lines] == [f"line {number}" for number in range(1500)]


def test_a_forked_process_has_a_thread_of_its_own(logger: logging.Logger) -> None:
    with collecting() as collector:
        handler = Shipping(otlp(collector.address))
        logger.addHandler(handler)
        logger.info("parent")
        wait_for(lambda: len(collector.records) == 1)
        child = os.fork()
        if child == 0:
            logger.info("child")
            handler.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        handler.close()
        assert [one.body.string_value for one in collector.records] == ["parent", "child"]


def test_a_program_hands_its_last_lines_over_before_it_ends() -> None:
    with collecting() as collector:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "import django, logging; django.setup(); logging.getLogger('x').error('last words')",
            ],
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "chengxin.settings.public", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
            | {"CHENGXIN_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x", "CHENGXIN_PROCESS": "public"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "last words" in done.stderr
        assert [one.body.string_value for one in collector.records] == ["last words"]
        (resource,) = [one.resource for one in collector.requests[0].resource_logs]
        assert attributes(list(resource.attributes))["service.name"] == "chengxin-public"


def line(message: str) -> Mapping[str, str | int]:
    return parts_of(logging.LogRecord("chengxin.access", logging.INFO, "x.py", 1, message, (), None))


def test_a_relay_gets_messages_of_rfc_5424_with_their_lengths_in_front() -> None:
    with relaying() as relay:
        carrier = SyslogCarrier(f"127.0.0.1:{relay.port}")
        assert carrier.send([line("甲"), line("乙")])
        assert carrier.send([line("丙")])
        wait_for(lambda: relay.text.count(b"<134>") == 3)
        carrier.close()
    shape = re.compile(
        rb"<134>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 \S+ chengxin-other \d+ chengxin\.access - "
    )
    for message, said in zip(relay.messages(), "甲乙丙", strict=True):
        found = shape.match(message)
        assert found is not None
        assert json.loads(message[found.end() :])["message"] == said


def test_the_syslog_of_this_machine_gets_one_datagram_a_line(tmp_path: Path) -> None:
    with datagrams(tmp_path / "log") as held:
        carrier = SyslogCarrier(str(tmp_path / "log"))
        assert carrier.send([line("甲"), line("乙")])
        assert [json.loads(held.recv(9000).partition(b" - ")[2])["message"] for _one in range(2)] == ["甲", "乙"]
        carrier.close()


def test_a_relay_that_went_away_is_found_again(tmp_path: Path) -> None:
    carrier = SyslogCarrier(str(tmp_path / "log"))
    assert not carrier.send([line("甲")])
    with datagrams(tmp_path / "log") as held:
        assert carrier.send([line("乙")])
        assert "乙" in held.recv(9000).decode()
    (tmp_path / "log").unlink()
    assert not carrier.send([line("丙")])
    with datagrams(tmp_path / "log") as held:
        assert carrier.send([line("丙")])
        assert "丙" in held.recv(9000).decode()
        carrier.close()


def certificate(folder: Path) -> Path:
    """Write a certificate of localhost's with its key and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "relay.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def test_beyond_this_machine_lines_go_in_tls_and_to_nobody_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(file)
    monkeypatch.setattr("chengxin.operations.watching.carriers.on_this_machine", lambda _host: False)
    with relaying(served) as relay:
        assert not SyslogCarrier(f"localhost:{relay.port}").send([line("甲")])  # an authority nobody here knows
        carrier = SyslogCarrier(f"localhost:{relay.port}", ssl.create_default_context(cafile=str(file)))
        assert carrier.send([line("乙")])
        wait_for(lambda: relay.text)
        carrier.close()
    assert json.loads(relay.messages()[0].partition(b" - ")[2])["message"] == "乙"


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("logs.example", False)],
)
def test_loopback_only_is_this_machine(host: str, here: bool) -> None:  # noqa: FBT001 - a case of the test
    assert on_this_machine(host) is here


@pytest.mark.parametrize(
    ("text", "place"),
    [("/dev/log", "/dev/log"), ("127.0.0.1:514", ("127.0.0.1", 514)), ("[::1]:6514", ("::1", 6514))],
)
def test_a_relays_place_is_a_path_or_a_host_with_its_port(text: str, place: object) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize("text", ["", "logs", "logs:", ":514", "logs:x", "tcp"])
def test_a_place_that_is_neither_is_told_in_words(text: str) -> None:
    with pytest.raises(ChengxinError) as told:
        place_of(text)
    assert told.value.where == "CHENGXIN_SYSLOG"
    assert text in told.value.message_zh


@pytest.mark.parametrize(("level", "number"), [("DEBUG", 135), ("WARNING", 132), ("CRITICAL", 130), ("odd", 134)])
def test_a_level_is_a_priority_of_local0(level: str, number: int) -> None:
    assert syslog_message(dict(line("x")) | {"level": level}, "h").startswith(f"<{number}>1 ".encode())


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c"}, (OTLP,)),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "https://c"}, (OTLP,)),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c"}, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c", "OTEL_LOGS_EXPORTER": "none"}, ()),
        ({"CHENGXIN_SYSLOG": "/dev/log"}, (SYSLOG,)),
        ({"CHENGXIN_SYSLOG": "/dev/log", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://c"}, (OTLP, SYSLOG)),
    ],
)
def test_the_settings_say_which_ways_lines_take(environment: dict[str, str], found: tuple[str, ...]) -> None:
    assert ways(environment) == found
