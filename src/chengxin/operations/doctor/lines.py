"""Whether log lines leave the machine: set up, taken by whoever shall have them, and none lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

from chengxin.base.errors import ChengxinError
from chengxin.operations.doctor.frame import Check, Complaint, Patient, Severity
from chengxin.operations.doctor.switches import severity
from chengxin.operations.watching.carriers import OtlpCarrier, SyslogCarrier
from chengxin.operations.watching.logs import OTLP, SYSLOG_PLACE, ways
from chengxin.operations.watching.metrics import SharedFigures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chengxin.operations.watching.shipping import Carrier

SECONDS = 5.0
"""Seconds that the collector may take to answer."""

LOST = "chengxin_log_lines_lost_total"


def lines_stay(patient: Patient) -> Iterator[Complaint]:
    """Look whether lines go anywhere; a city may also have its journal forwarded, which nobody here can see."""
    if not ways(patient.environment):
        yield Complaint(
            "lines_stay",
            min(severity(patient), Severity.WATCH, key=_MILD.index),
            "日志只留在本机：没有设置 OTEL_EXPORTER_OTLP_ENDPOINT 或 CHENGXIN_SYSLOG",
            "log lines stay on this machine: neither OTEL_EXPORTER_OTLP_ENDPOINT nor CHENGXIN_SYSLOG is set",
            "设置其一，或由系统日志服务转发到日志审计系统",
            "set one of them, or have the journal forwarded to the system that keeps logs",
        )


def lines_away(patient: Patient) -> Iterator[Complaint]:
    """Look whether whoever shall have the lines takes them: an empty batch is sent."""
    for way in ways(patient.environment):
        try:
            carrier = carrier_of(way, patient.environment)
        except ChengxinError as error:
            yield Complaint(
                "lines_away", Severity.WRONG, error.message_zh, error.message_en, f"改正 {SYSLOG_PLACE}",
                f"correct {SYSLOG_PLACE}", error.where,
            )  # fmt: skip
            continue
        arrived = carrier.send([])
        carrier.close()
        if not arrived:
            yield Complaint(
                "lines_away",
                Severity.WRONG,
                "日志接收方没有应答，日志暂存本机队列，满后只留在本地日志",
                "whoever shall have the log lines does not answer: they wait here, and once the queue is full they "
                "stay in the local log",
                "检查接收方、网络和证书，以及 OTEL_EXPORTER_OTLP_* 或 CHENGXIN_SYSLOG 的设置",
                "check the receiver, the network, the certificates and OTEL_EXPORTER_OTLP_* or CHENGXIN_SYSLOG",
                way,
            )


def lines_lost(patient: Patient) -> Iterator[Complaint]:
    """Look whether lines were lost on their way since the programs started, where figures are kept."""
    given = patient.environment.get("CHENGXIN_METRICS_FOLDER")
    folder = Path(given) if given else patient.data / "metrics"
    lost = sum(
        sample.value for metric in SharedFigures(folder).collect() for sample in metric.samples if sample.name == LOST
    )
    if lost:
        yield Complaint(
            "lines_lost",
            Severity.WATCH,
            f"{lost:.0f} 行日志没有送出，只在本地日志里",
            f"{lost:.0f} log lines did not leave this machine and stand in the local log only",
            "恢复接收方后，从本地日志补送这段时间的内容",
            "once the receiver is back, send it this time's lines from the local log",
        )


_MILD = (Severity.NOTE, Severity.WATCH, Severity.WRONG)


def carrier_of(way: str, environment: Mapping[str, str]) -> Carrier:
    """Return the carrier of one way by these settings; raise ``ChengxinError`` for a place that is none."""
    if way != OTLP:
        return SyslogCarrier(environment[SYSLOG_PLACE])
    whole = environment.get("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")
    address = whole or f"{environment['OTEL_EXPORTER_OTLP_ENDPOINT'].rstrip('/')}/v1/logs"
    return OtlpCarrier(OTLPLogExporter(address, timeout=SECONDS))


CHECKS = (
    Check("lines_stay", "日志外送", "log lines leave", lines_stay),
    Check("lines_away", "日志接收方", "who takes log lines", lines_away),
    Check("lines_lost", "没有送出的日志", "lost log lines", lines_lost),
)
