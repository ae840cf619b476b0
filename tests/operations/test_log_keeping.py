"""Lines of a log go when they are older than the setting says: not earlier, and not from under whoever writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.operations.doctor import Patient
from chengxin.operations.doctor.machine import logs_too_old
from chengxin.operations.settings import load_settings
from chengxin.operations.watching.log_keeping import (
    DailyForgetting,
    first_kept,
    forget_lines,
    held_open,
    last_day,
    oldest_day,
)

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
DAYS = load_settings().log_days


def line(days_ago: int, message: str = "问题", form: str = "json") -> str:
    at = (NOW - timedelta(days=days_ago)).isoformat(timespec="milliseconds")
    if form == "json":
        return json.dumps({"at": at, "level": "WARNING", "message": message}, ensure_ascii=False) + "\n"
    if form == "postgres":
        return f"{at[:10]} {at[11:23]} UTC [7] LOG:  {message}\n"
    return f"{at} WARNING x {message}\n"


@pytest.mark.parametrize("form", ["json", "text", "postgres"])
def test_lines_older_than_the_setting_go_and_no_others(tmp_path: Path, form: str) -> None:
    log = tmp_path / "office.log"
    kept = [line(DAYS, "六个月", form), line(1, "昨天", form)]
    log.write_text("".join([line(DAYS + 40, "旧", form), line(DAYS + 2, "旧", form), *kept]), encoding="utf-8")
    log.chmod(0o640)
    gone = forget_lines(tmp_path, NOW)
    assert log.read_text(encoding="utf-8") == "".join(kept)
    assert gone == {"office.log": len((line(DAYS + 40, "旧", form) + line(DAYS + 2, "旧", form)).encode())}
    assert log.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [log], "no draft is left"
    assert forget_lines(tmp_path, NOW) == {}


def test_the_law_asks_for_six_months_and_a_line_stays_at_least_so_long() -> None:
    assert DAYS >= 184
    for hours in range(48):
        now = NOW + timedelta(hours=hours)
        for zone in (-12, 14):
            written = now - timedelta(days=DAYS)
            shown = (written + timedelta(hours=zone)).date()
            assert shown >= last_day(now, DAYS), "whatever zone the day was written in"


def test_a_line_without_a_day_goes_with_the_one_above_it(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    young = line(3, "新", "postgres") + "\tSTATEMENT: 第二行\n"
    log.write_text(line(DAYS + 9, "旧", "postgres") + "\tDETAIL: 旧的第二行\n" + young, encoding="utf-8")
    forget_lines(tmp_path, NOW)
    assert log.read_text(encoding="utf-8") == young


def test_a_log_that_is_old_from_end_to_end_is_empty_afterwards(tmp_path: Path) -> None:
    (tmp_path / "api.log").write_text(line(DAYS + 9) * 3, encoding="utf-8")
    undated = tmp_path / "worker.log"
    undated.write_text("没有日期的一行\n", encoding="utf-8")
    long_ago = (NOW - timedelta(days=DAYS + 9)).timestamp()
    os.utime(undated, (long_ago, long_ago))
    forget_lines(tmp_path, NOW)
    assert [(tmp_path / name).stat().st_size for name in ("api.log", "worker.log")] == [0, 0]


def test_an_undated_log_of_today_and_undated_lines_before_young_ones_stay(tmp_path: Path) -> None:
    fresh, mixed = tmp_path / "a.log", tmp_path / "b.log"
    fresh.write_text("没有日期的一行\n", encoding="utf-8")
    os.utime(fresh, (NOW.timestamp(), NOW.timestamp()))
    mixed.write_text("没有日期的一行\n" + line(1), encoding="utf-8")
    before = [one.read_bytes() for one in (fresh, mixed)]
    assert forget_lines(tmp_path, NOW) == {}
    assert [one.read_bytes() for one in (fresh, mixed)] == before


def test_other_files_and_links_are_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.txt"
    target.write_text(line(DAYS + 9), encoding="utf-8")
    (tmp_path / "office.log").symlink_to(target)
    (tmp_path / "folder.log").mkdir()
    assert forget_lines(tmp_path, NOW) == {}
    assert target.read_text(encoding="utf-8") == line(DAYS + 9)


WRITER = """
import sys, time
with open(sys.argv[1], "ab", buffering=0) as log:
    print("ready", flush=True)
    for number in range(int(sys.argv[2])):
        log.write(f"2026-11-30T00:00:00.000+00:00 WARNING x {number}\\n".encode())
        time.sleep(0.001)
"""


def test_a_log_that_is_written_to_loses_its_old_lines_and_nothing_else(tmp_path: Path) -> None:
    log = tmp_path / "office.log"
    log.write_text(line(DAYS + 9, "不该再有的内容") * 400, encoding="utf-8")
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(log), "600"], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    assert str(log) in held_open(tmp_path)
    rounds = 0
    while writer.poll() is None:
        forget_lines(tmp_path, NOW)
        rounds += 1
    writer.stdout.close()
    assert rounds >= 1
    text = log.read_text(encoding="utf-8")
    assert "不该再有的内容" not in text
    assert [int(one.rsplit(" ", 1)[1]) for one in text.split("\n") if one] == list(range(600))


def test_the_room_of_what_went_comes_back_when_nobody_writes(tmp_path: Path) -> None:
    log = tmp_path / "office.log"
    log.write_text(line(DAYS + 9) * 100 + line(1), encoding="utf-8")
    with log.open("ab"):
        assert forget_lines(tmp_path, NOW) == {"office.log": len(line(DAYS + 9).encode()) * 100 - 100}
        assert log.stat().st_size == len((line(DAYS + 9) * 100 + line(1)).encode())
        assert forget_lines(tmp_path, NOW) == {}, "nothing is taken out twice"
    forget_lines(tmp_path, NOW)
    assert log.read_text(encoding="utf-8") == line(1)


@given(ages=st.lists(st.integers(0, 2 * DAYS), max_size=12).map(lambda held: sorted(held, reverse=True)))
def test_what_is_kept_is_the_end_of_the_log_and_holds_every_young_line(
    tmp_path_factory: pytest.TempPathFactory, ages: list[int]
) -> None:
    log = tmp_path_factory.mktemp("log") / "x.log"
    lines = [line(age, str(age)) for age in ages]
    log.write_text("".join(lines), encoding="utf-8")
    os.utime(log, (NOW.timestamp(), NOW.timestamp()))
    place = first_kept(log, last_day(NOW, DAYS))
    kept = log.read_bytes()[place:].decode().splitlines(keepends=True)
    assert kept == lines[len(lines) - len(kept) :]
    assert {
        one for one in lines if json.loads(one)["message"].isdigit() and int(json.loads(one)["message"]) <= DAYS
    } <= set(kept)
    assert all(int(json.loads(one)["message"]) <= DAYS + 1 for one in kept)


def test_forgetting_is_done_at_once_and_then_daily(tmp_path: Path) -> None:
    ticks = iter([0.0, 0.0, 10.0, 86_399.0, 86_400.0, 86_400.0])
    asked: list[datetime] = []

    def clock() -> datetime:
        asked.append(NOW)
        return NOW

    daily = DailyForgetting(tmp_path, clock, lambda: next(ticks))
    for _ in range(4):
        daily()
    assert len(asked) == 2


def test_a_folder_that_is_not_there_stops_nothing(tmp_path: Path) -> None:
    DailyForgetting(tmp_path / "none", lambda: NOW)()
    assert forget_lines(tmp_path / "none", NOW) == {}


def test_the_doctor_names_a_log_that_was_not_looked_after(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    log = tmp_path / "log" / "office.log"
    patient = Patient(tmp_path, tmp_path / "keys", {}, NOW)
    log.write_text(line(DAYS + 2) + line(1), encoding="utf-8")
    assert list(logs_too_old(patient)) == [], "the daily run has a day"
    log.write_text(line(DAYS + 3) + line(1), encoding="utf-8")
    (complaint,) = logs_too_old(patient)
    assert (complaint.code, complaint.where) == ("logs_too_old", str(log))
    assert str(oldest_day(log)) in complaint.zh
    forget_lines(tmp_path / "log", NOW)
    assert list(logs_too_old(patient)) == []


def test_the_oldest_day_is_that_of_the_first_dated_line(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("无日期\n" + line(0) + line(5), encoding="utf-8")
    assert oldest_day(log) == NOW.date()
    log.write_text("无日期\n", encoding="utf-8")
    assert oldest_day(log) is None


def test_a_year_of_a_busy_log_is_looked_through_in_seconds(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text(line(DAYS + 9) * 50_000 + line(1), encoding="utf-8")
    began = time.monotonic()
    forget_lines(tmp_path, NOW)
    assert time.monotonic() - began < 10
    assert first_kept(log, date(2026, 1, 1)) == 0
