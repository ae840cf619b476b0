"""The doctor looks whether log lines leave the machine, and says in words when they do not."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.operations.collecting import collecting, datagrams, relaying

from chengxin.operations.doctor import ALL_CHECKS, Complaint, Patient, Severity
from chengxin.operations.doctor.lines import carrier_of, lines_away, lines_lost, lines_stay
from chengxin.operations.watching.logs import OTLP, SYSLOG

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)

LOSE = """
import sys
from chengxin.operations.watching.metrics import LINES_LOST, LINES_SHIPPED
LINES_LOST.inc(int(sys.argv[1]))
LINES_SHIPPED.inc(100)
"""


def patient(room: Path, **environment: str) -> Patient:
    return Patient(room, room / "keys", {}, NOW, environment)


def told(found: Complaint) -> None:
    assert found.zh
    assert found.en.isascii()
    assert found.mend_zh
    assert found.mend_en.isascii()


def test_lines_that_go_nowhere_are_a_note_in_a_rehearsal_and_more_elsewhere(tmp_path: Path) -> None:
    (found,) = lines_stay(patient(tmp_path))
    assert (found.code, found.severity) == ("lines_stay", Severity.NOTE)
    told(found)
    (found,) = lines_stay(patient(tmp_path, CHENGXIN_CITY="no city of this name"))
    assert found.severity == Severity.WATCH
    assert not list(lines_away(patient(tmp_path)))


@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "CHENGXIN_SYSLOG"])
def test_lines_that_go_somewhere_are_no_complaint(tmp_path: Path, name: str) -> None:
    assert not list(lines_stay(patient(tmp_path, **{name: "http://c"})))


def test_a_collector_that_answers_is_asked_with_nothing_in_hand(tmp_path: Path) -> None:
    with collecting() as collector:
        assert not list(lines_away(patient(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=f"{collector.address}/")))
        assert collector.asked == 1
        assert not list(lines_away(patient(tmp_path, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=f"{collector.address}/v1/logs")))
        assert collector.asked == 2
        assert collector.records == []


@pytest.mark.parametrize("status", [401, 404])
def test_a_collector_that_refuses_is_wrong(tmp_path: Path, status: int) -> None:
    with collecting() as collector:
        collector.status = status
        (found,) = lines_away(patient(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=collector.address))
    assert (found.code, found.severity, found.where) == ("lines_away", Severity.WRONG, OTLP)
    told(found)


def test_a_relay_is_knocked_at(tmp_path: Path) -> None:
    with relaying() as relay:
        assert not list(lines_away(patient(tmp_path, CHENGXIN_SYSLOG=f"127.0.0.1:{relay.port}")))
    with datagrams(tmp_path / "log"):
        assert not list(lines_away(patient(tmp_path, CHENGXIN_SYSLOG=str(tmp_path / "log"))))
    (found,) = lines_away(patient(tmp_path, CHENGXIN_SYSLOG=str(tmp_path / "nothing")))
    assert (found.severity, found.where) == (Severity.WRONG, SYSLOG)
    told(found)


def test_a_place_that_is_none_is_told_as_a_wrong_setting(tmp_path: Path) -> None:
    (found,) = lines_away(patient(tmp_path, CHENGXIN_SYSLOG="logs"))
    assert (found.code, found.where) == ("lines_away", "CHENGXIN_SYSLOG")
    assert "logs" in found.zh
    told(found)


def test_both_ways_are_looked_at(tmp_path: Path) -> None:
    with collecting() as collector:
        held = patient(tmp_path, CHENGXIN_SYSLOG=str(tmp_path / "no"), OTEL_EXPORTER_OTLP_ENDPOINT=collector.address)
        assert [one.where for one in lines_away(held)] == [SYSLOG]


def test_lost_lines_of_all_processes_are_added_up(tmp_path: Path) -> None:
    assert not list(lines_lost(patient(tmp_path)))
    folder = tmp_path / "metrics"
    folder.mkdir()
    for number in ("0", "3", "4"):
        subprocess.run(
            [sys.executable, "-c", LOSE, number], env={"PROMETHEUS_MULTIPROC_DIR": str(folder)}, check=True
        )  # fmt: skip
        if number == "0":
            assert not list(lines_lost(patient(tmp_path)))
    (found,) = lines_lost(patient(tmp_path))
    assert found.zh.startswith("7 行日志")
    assert found.severity == Severity.WATCH
    told(found)
    elsewhere = patient(tmp_path / "other", CHENGXIN_METRICS_FOLDER=str(folder))
    assert [one.code for one in lines_lost(elsewhere)] == ["lines_lost"]


def test_the_doctor_makes_these_checks() -> None:
    assert {"lines_stay", "lines_away", "lines_lost"} <= {one.code for one in ALL_CHECKS}
    assert carrier_of(SYSLOG, {"CHENGXIN_SYSLOG": "/dev/log"}) is not None
