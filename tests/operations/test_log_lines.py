"""Log lines under attack: line ends, terminals, other people's numbers, errors that quote rows."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.masking import MARK, PHONE_MARK
from chengxin.operations.watching.logs import CAUSES, CONTROL, LONGEST, LogLine, clean, describe
from chengxin.operations.watching.server_log import without_address

FORMS = ["json", "text"]
NUMBER = "110101199001010015"


def record(message: object, *values: object, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("chengxin.intake", level, "x.py", 1, message, values, None)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], ids=hex)
def test_no_control_character_leaves_by_a_line(form: str, code: int) -> None:
    line = LogLine(form).format(record("甲%s乙", chr(code)))
    assert chr(code) not in line
    assert "甲 乙" in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb", "a b"),
        ("a\n\n\n\r\tb", "a b"),
        ("\x1b[31m红\x1b[0m", " [31m红 [0m"),
        ("\x9b31m红", " 31m红"),
        ("\x1b]0;title\x07x", " ]0;title x"),
        ("a\x00b", "a b"),
        ("中文，标点。", "中文，标点。"),
        ("", ""),
    ],
)
def test_what_would_command_a_terminal_is_a_blank(text: str, shown: str) -> None:
    assert clean(text) == shown


@settings(deadline=None)
@given(st.text(max_size=200))
def test_a_cleaned_text_is_clean_and_short(text: str) -> None:
    held = clean(text)
    assert CONTROL.search(held) is None
    assert len(held.splitlines()) <= 1
    assert len(held) <= LONGEST
    assert clean(held) == held


@pytest.mark.parametrize("form", FORMS)
def test_lines_written_one_after_the_other_are_as_many_as_events(form: str) -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LogLine(form))
    for name in ("甲\r\n2026-01-01 CRITICAL 乙", "\u2028", "\x85", "丙\x0b丁\x0c戊", "\x1c\x1d\x1e"):
        handler.handle(record("导入 %s 失败", name))
    assert len(out.getvalue().splitlines()) == 5


def test_a_line_of_json_has_always_the_same_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_PROCESS", "worker")
    held = json.loads(LogLine("json").format(record("批次 %d 完成", 7)))
    assert held.keys() == {"at", "level", "logger", "message", "process"}
    assert (held["level"], held["logger"], held["message"]) == ("INFO", "chengxin.intake", "批次 7 完成")
    assert held["process"] == "worker"
    assert datetime.fromisoformat(held["at"]).utcoffset() == datetime.now(UTC).utcoffset()


def test_a_line_of_text_begins_with_its_time_and_level() -> None:
    line = LogLine("text").format(record("完成", level=logging.ERROR))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 ERROR chengxin\.intake 完成", line)


def test_the_environment_says_which_form_a_line_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHENGXIN_LOG_FORMAT", raising=False)
    assert not LogLine().json
    monkeypatch.setenv("CHENGXIN_LOG_FORMAT", "json")
    assert LogLine().json
    monkeypatch.setenv("CHENGXIN_LOG_FORMAT", "JSON please")
    assert not LogLine().json


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        (f"身份证{NUMBER}", MARK),
        (f"({NUMBER[:-1]}x)", MARK),
        ("１１０１０１１９９００１０１００１５", MARK),
        ("电话13800138000。", PHONE_MARK),
        ("tel 0512-57300000 ", PHONE_MARK),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_persons_numbers_are_masked_however_they_are_written(form: str, text: str, mark: str) -> None:
    line = LogLine(form).format(record("%s", text))
    assert mark in line
    assert not re.search("[0-9０-９]{11}", line)


@pytest.mark.parametrize("text", ["批次 20260302001", "91320583MA1MABCD0X", "耗时 1234567 毫秒", "罚款13800138000元"])
def test_numbers_of_batches_bodies_and_sums_stay_readable(text: str) -> None:
    assert clean(text) == text


def test_a_message_is_masked_before_it_is_cut() -> None:
    held = clean("字" * (LONGEST - 10) + NUMBER)
    assert not re.search("[0-9]{4}", held)
    assert len(held) <= LONGEST


def test_what_is_no_text_is_logged_as_text() -> None:
    assert LogLine("text").format(record({"甲": 1})).endswith("{'甲': 1}")


def chain(length: int) -> BaseException:
    error: BaseException = ValueError("0")
    for number in range(length):
        above = RuntimeError(str(number))
        above.__cause__ = error
        error = above
    return error


def test_a_long_chain_of_errors_is_told_by_its_first_six() -> None:
    assert describe(chain(50), None).count("RuntimeError") == CAUSES


def test_two_errors_that_name_each_other_as_their_cause_come_to_an_end() -> None:
    one, other = KeyError("张三"), OSError("李四")
    one.__cause__, other.__cause__ = other, one
    said = describe(one, None)
    assert said.startswith("KeyError from OSError from KeyError")
    assert "张三" not in said


def raised(depth: int) -> None:
    if depth:
        raised(depth - 1)
    else:
        raise LookupError(f"Key (name)=({NUMBER})")


def test_the_place_of_an_error_is_its_last_eight_files_and_lines() -> None:
    try:
        raised(30)
    except LookupError as error:
        said = describe(error, error.__traceback__)
    assert said.count("test_log_lines.py:") == 8
    assert said.startswith("LookupError at ")
    assert "/" not in said
    assert NUMBER not in said


def test_an_error_stands_behind_the_text_in_brackets() -> None:
    try:
        raised(0)
    except LookupError:
        held = logging.LogRecord("chengxin", logging.ERROR, "x.py", 1, "坏了", (), sys.exc_info())
    assert re.search(r"坏了 \[LookupError at .*test_log_lines\.py:\d+\]$", LogLine("text").format(held))


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Error handling request /search/?q=a'b\"c", "Error handling request /…"),
        ("Error handling request /search/?q='%E5%BC%A0'&code=1", "Error handling request /…"),
        ("Invalid request 'GET /body/91320583MA1MABCD0X/ HTTP/1.1'", "Invalid request 'GET /… HTTP/1.1'"),
        ("http://127.0.0.1/search?q=a b", "http:/… b"),
        ("Booting worker with pid: 7", "Booting worker with pid: 7"),
        ("1/2 done", "1/2 done"),
    ],
)
def test_no_address_of_a_request_stays_in_the_servers_log(message: str, shown: str) -> None:
    held = record(message)
    assert without_address(held)
    assert held.getMessage() == shown


def test_an_address_in_a_value_of_the_message_is_taken_out_too() -> None:
    held = record("%s took %d ms: 100%%", "/search/?q=x", 5)
    assert without_address(held)
    assert held.getMessage() == "/… took 5 ms: 100%"
