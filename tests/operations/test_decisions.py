"""What a line about access says of each answer, and that a flood of strangers fills no disk."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import NonRecordingSpan, SpanContext

from chengxin.accounts.entrances import load_entrances
from chengxin.operations.settings import load_settings
from chengxin.operations.watching import decisions
from chengxin.operations.watching.decisions import (
    ALLOWED,
    FAILED,
    REFUSALS,
    REFUSED,
    Seen,
    Told,
    age_class,
    decision,
    needs_of,
    recognise,
    refuse,
)
from chengxin.operations.watching.logs import LONGEST_WORD, REQUEST, LogLine, clean_word, parts_of, without_address
from chengxin.operations.watching.middleware import number_of, watch
from chengxin.testing.ends import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest

OFFICER = Seen("officer", "zhang", "housing", "1-4 h")


@pytest.mark.parametrize(
    ("needs", "seen", "status", "refusal", "expected"),
    [
        ("public", None, 200, "", (ALLOWED, "")),
        ("public", None, 302, "", (ALLOWED, "")),
        ("officer", OFFICER, 302, "", (ALLOWED, "")),
        ("officer", None, 302, "", (REFUSED, "not_logged_in")),
        ("batches.read", OFFICER, 302, "first_steps", (REFUSED, "first_steps")),
        ("batches.read", OFFICER, 204, "session_ended", (REFUSED, "session_ended")),
        ("batches.read", OFFICER, 403, "", (REFUSED, "not_permitted")),
        ("batches.read", OFFICER, 403, "other_organisation", (REFUSED, "other_organisation")),
        ("batches.read", OFFICER, 404, "", (REFUSED, "not_found")),
        ("", None, 404, "", (REFUSED, "not_found")),
        ("", OFFICER, 405, "", (REFUSED, "method_not_allowed")),
        ("checks.run", OFFICER, 422, "wrong_code", (ALLOWED, "")),
        ("checks.run", OFFICER, 409, "ambiguous_code", (ALLOWED, "")),
        ("checks.run", OFFICER, 500, "", (FAILED, "internal_error")),
        ("checks.run", OFFICER, 503, "evidence_unavailable", (FAILED, "evidence_unavailable")),
    ],
)
def test_an_answer_says_what_was_decided(
    needs: str, seen: Seen | None, status: int, refusal: str, expected: tuple[str, str]
) -> None:
    assert decision(needs, seen, status, refusal) == expected


@given(
    st.sampled_from(["", "public", "officer", "batches.read"]),
    st.sampled_from([None, OFFICER]),
    st.integers(100, 599),
    st.sampled_from(["", "other_organisation"]),
)
def test_a_refusal_always_has_a_code_and_what_is_allowed_none(
    needs: str, seen: Seen | None, status: int, refusal: str
) -> None:
    decided, code = decision(needs, seen, status, refusal)
    assert (decided == ALLOWED) == (code == "")
    if status in REFUSALS:
        assert decided == REFUSED


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "under 1 h"), (59, "under 1 h"), (60, "1-4 h"), (239, "1-4 h"), (240, "over 4 h"), (6000, "over 4 h")],
)
def test_a_sessions_age_is_told_by_its_class(minutes: int, shown: str) -> None:
    assert age_class(timedelta(minutes=minutes)) == shown


def test_what_an_entrance_needs_comes_from_the_list_of_entrances() -> None:
    for one in load_entrances():
        assert needs_of(one.end, one.name, one.method) == one.needs
    assert needs_of("office", "batches", "HEAD") == needs_of("office", "batches", "GET") == "batches.read"
    assert needs_of("office", "batches", "DELETE") == ""
    assert needs_of("public", "batches", "GET") == ""


class Lines(logging.Handler):
    """Keeps lines."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.records.append(record)

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The fields of each line."""
        return [getattr(one, "fields", {}) for one in self.records]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Yield the lines about access."""
    held = Lines()
    decisions.LOG.addHandler(held)
    level, decisions.LOG.level = decisions.LOG.level, logging.INFO
    yield held
    decisions.LOG.removeHandler(held)
    decisions.LOG.level = level


def asked(name: str | None, seen: Seen | None = None, method: str = "GET") -> HttpRequest:
    request = RequestFactory().generic(method, "/secret-path/?q=secret")
    if name is not None:
        request.resolver_match = SimpleNamespace(url_name=name, route="r/")  # type: ignore[assignment]
    if seen is not None:
        recognise(request, seen)
    return request


def test_a_line_has_the_same_fields_whoever_asked(lines: Lines) -> None:
    told = Told()
    told.write("office", asked("batches", OFFICER), HttpResponse(), 0.0124)
    told.write("office", asked("batches"), HttpResponse(status=302), 0.001)
    first, second = lines.fields
    assert list(first) == list(second)
    assert first == {
        "entrance": "batches", "operation": "batches.read", "method": "GET", "actor_kind": "officer", "actor": "zhang",
        "organisation": "housing", "session": "1-4 h", "decision": "allowed", "code": "", "status": 200, "ms": 12,
    }  # fmt: skip
    assert (second["actor"], second["decision"], second["code"]) == ("", "refused", "not_logged_in")


def test_a_method_somebody_made_up_is_not_told(lines: Lines) -> None:
    Told().write("office", asked("batches", OFFICER, "ZHANGSAN"), HttpResponse(status=405), 0.0)
    assert (lines.fields[0]["method"], lines.fields[0]["operation"]) == ("other", "")


def test_a_static_file_is_no_decision_and_an_unknown_address_is_one(lines: Lines) -> None:
    told = Told()
    told.write("office", asked(None), HttpResponse(), 0.0)
    assert not lines.records
    with settings_of("office"):
        told.write("office", asked(None), HttpResponse(status=404), 0.0)
    assert (lines.fields[0]["entrance"], lines.fields[0]["code"]) == ("unmatched", "not_found")


def test_a_refusal_before_the_address_is_looked_up_names_its_entrance(lines: Lines) -> None:
    request = RequestFactory().get("/batches/")
    recognise(request, OFFICER)
    response = HttpResponse(status=302)
    refuse(response, "session_ended")
    with settings_of("office"):
        Told().write("office", request, response, 0.0)
        Told().write("office", RequestFactory().post("/upload/"), HttpResponse(status=413), 0.0)
    assert [(one["entrance"], one["code"]) for one in lines.fields] == [
        ("batches", "session_ended"), ("upload", "too_large"),
    ]  # fmt: skip


@pytest.mark.parametrize(("status", "shown"), [(200, "2xx"), (301, "3xx"), (404, "4xx"), (503, "5xx")])
def test_the_public_end_tells_page_and_class(lines: Lines, status: int, shown: str) -> None:
    Told().write("public", asked("body"), HttpResponse(status=status), 0.5)
    assert lines.fields == [{"entrance": "body", "status": shown}]


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let three lines of strangers a minute through, by a clock the test sets."""
    monkeypatch.setattr(decisions, "load_settings", lambda: replace(load_settings(), stranger_lines=3))
    moment = [0.0]

    def to(seconds: float) -> None:
        moment[0] = seconds

    to.ticks = lambda: moment[0]  # type: ignore[attr-defined]
    return to


def test_of_a_flood_of_strangers_a_few_lines_and_a_number_remain(lines: Lines, three: Callable[[float], None]) -> None:
    told = Told(three.ticks)  # type: ignore[attr-defined]
    for _ in range(40):
        told.write("api", asked("check_one"), HttpResponse(status=401), 0.0)
    assert len(lines.records) == 3
    told.write("api", asked("check_one", OFFICER), HttpResponse(), 0.0)
    assert len(lines.records) == 4  # who is known is always told
    assert "not_told" not in lines.fields[3]
    three(60.0)
    told.write("api", asked("check_one"), HttpResponse(status=401), 0.0)
    told.write("api", asked("check_one"), HttpResponse(status=401), 0.0)
    assert [one.get("not_told", 0) for one in lines.fields[4:]] == [37, 0]


@given(st.lists(st.integers(0, 30), max_size=12))
def test_every_stranger_is_told_or_counted(counts: list[int]) -> None:
    moment = [0.0]
    told = Told(lambda: moment[0])
    held = Lines()
    decisions.LOG.addHandler(held)
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(decisions, "load_settings", lambda: replace(load_settings(), stranger_lines=3))
            for minute, number in enumerate([*counts, 1]):
                moment[0] = minute * 60.0
                for _ in range(number):
                    told.write("public", asked("body"), HttpResponse(), 0.0)
    finally:
        decisions.LOG.removeHandler(held)
    assert len(held.fields) + sum(one.get("not_told", 0) for one in held.fields) == sum(counts) + 1


def test_an_answer_keeps_the_code_of_whoever_refused(lines: Lines) -> None:
    response = HttpResponse(status=401)
    refuse(response, "signature_missing")
    Told().write("api", asked("check_one"), response, 0.0)
    assert lines.fields[0]["code"] == "signature_missing"


def test_lines_during_a_request_carry_its_number_and_lines_outside_none(lines: Lines) -> None:
    numbers: list[str] = []

    def answer(_request: HttpRequest) -> HttpResponse:
        numbers.append(REQUEST.get())
        return HttpResponse(status=404)

    middleware = watch(answer)
    with settings_of("public"):
        middleware(RequestFactory().get("/", headers={"X-Request-Id": "mine", "Traceparent": "00-" + "a" * 32}))
        middleware(RequestFactory().get("/"))
    assert REQUEST.get() == ""
    assert len(set(numbers)) == 2
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in numbers)
    assert len(lines.records) == 2
    assert "request" not in parts_of(lines.records[0])


def test_a_traced_request_is_numbered_by_its_trace() -> None:
    assert number_of(NonRecordingSpan(SpanContext(0xABC, 1, is_remote=False))) == f"{0xABC:032x}"


def record(fields: dict[str, Any]) -> logging.LogRecord:
    made = logging.LogRecord("chengxin.access", logging.INFO, "x.py", 1, "access allowed", (), None)
    made.fields = fields
    return made


def test_fields_are_cleaned_like_a_message_in_both_forms() -> None:
    held = record({"actor": "110101199001010015\r\nERROR", "status": 200, "code": "a" * 400})
    shown = json.loads(LogLine("json").format(held))
    assert shown["actor"] == "[证件号码已隐去] ERROR"
    assert shown["status"] == 200
    assert len(shown["code"]) == LONGEST_WORD
    text = LogLine("text").format(held)
    assert 'access allowed actor="[证件号码已隐去] ERROR" status=200 code="aaa' in text
    assert "\n" not in text


@given(st.text(max_size=300))
def test_a_word_is_short_and_on_one_line(word: str) -> None:
    held = clean_word(word)
    assert len(held) <= LONGEST_WORD
    assert len(held.splitlines()) <= 1


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Not Found: /张三/", "Not Found: /…"),
        ("Forbidden (CSRF token missing.): /bodies/?q=x", "Forbidden (CSRF token missing.): /…"),
        ("no address here", "no address here"),
    ],
)
def test_the_frameworks_own_lines_hold_no_address(said: str, shown: str) -> None:
    assert without_address(said) == shown
    made = logging.LogRecord("django.request", logging.WARNING, "x.py", 1, said, (), None)
    assert parts_of(made)["message"] == shown
    assert parts_of(logging.LogRecord("chengxin", logging.WARNING, "x.py", 1, "see /tmp/x", (), None))["message"] == (
        "see /tmp/x"
    )
