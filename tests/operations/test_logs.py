"""A log line is one line, and nobody's number is in it."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.operations.watching.logs import LogLine, clean, describe
from chengxin.operations.watching.server_log import without_address

NUMBER = "110101199001010015"
PHONE = "13800138000"


def record(message: str, *values: object, error: bool = False) -> logging.LogRecord:
    info = sys.exc_info() if error else None
    return logging.LogRecord("chengxin.test", logging.WARNING, __file__, 1, message, values, info)


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_planted_number_and_telephone_are_not_in_the_line(form: str) -> None:
    line = LogLine(form).format(record("负责人%s，电话%s，导入失败", NUMBER, PHONE))
    assert NUMBER not in line
    assert PHONE not in line
    assert "导入失败" in line


@pytest.mark.parametrize("form", ["json", "text"])
@given(name=st.text(max_size=60))
def test_one_event_is_one_line_whatever_a_name_holds(form: str, name: str) -> None:
    line = LogLine(form).format(record("%s", f"甲\r\n{name}\u2028乙\x85"))
    assert len(line.splitlines()) == 1


def test_a_forged_line_stays_inside_its_message() -> None:
    held = json.loads(LogLine("json").format(record("%s", '甲\r\n{"level": "CRITICAL"}')))
    assert held["level"] == "WARNING"
    assert "CRITICAL" in held["message"]


def test_an_error_is_told_without_what_it_says() -> None:
    try:
        try:
            raise ValueError(f"Key (name)=(张三{NUMBER}) already exists")  # noqa: TRY301 - the error is what is tested
        except ValueError as inner:
            raise RuntimeError("张三") from inner
    except RuntimeError:
        line = LogLine("json").format(record("failed", error=True))
    assert "RuntimeError from ValueError at test_logs.py:" in json.loads(line)["error"]
    assert "张三" not in line
    assert NUMBER not in line


def test_an_error_without_a_place_is_its_type() -> None:
    assert describe(KeyError("x"), None).startswith("KeyError at")


def test_a_failed_requests_address_is_not_in_the_servers_log() -> None:
    held = record("Error handling request %s", "/search/?q=张三&code=1")
    assert without_address(held)
    assert held.getMessage() == "Error handling request /…"


def test_a_very_long_message_is_cut() -> None:
    assert len(clean("长" * 100_000)) == 4000
