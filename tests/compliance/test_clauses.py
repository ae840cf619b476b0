"""What an assessor would try and no other test tries in just this way: transport, evidence of log-ins, accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import RequestFactory, override_settings

from chengxin.audit.models import Event
from chengxin.operations.doctor import Patient
from chengxin.operations.doctor.database import log_holds_values
from chengxin.operations.doctor.switches import accounts_idle, proxies_wrong
from chengxin.operations.settings import load_settings
from chengxin.testing.ends import RoleClient, settings_of
from chengxin.testing.making import NOW, PASSWORD, make_officer, make_organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest

    from chengxin.accounts.models import Officer

QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def officer(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Officer]:
    """Give an officer, and the office end in process."""
    assert own_database
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "optional")
    monkeypatch.setenv("CHENGXIN_NOW", NOW.isoformat())
    with settings_of("office"), override_settings(PASSWORD_HASHERS=QUICK):
        yield make_officer(make_organisation())


def test_a_record_has_date_time_user_kind_object_and_whether_it_succeeded(officer: Officer) -> None:
    browser = RoleClient("office")
    wrong: Any = browser.post("/log-in/", {"username": officer.username, "password": "wrong"})
    right: Any = browser.post("/log-in/", {"username": officer.username, "password": PASSWORD})
    assert (wrong.status_code, right.status_code) == (403, 302)
    failed, succeeded = Event.objects.exclude(action="officer.device_new").order_by("id")
    assert (failed.action, succeeded.action) == ("officer.log_in_failed", "officer.logged_in")
    for event in (failed, succeeded):
        assert event.at == NOW
        assert event.object_kind == "officer"
        assert event.detail["address"] == "127.0.0.1"
    assert (succeeded.actor_kind, succeeded.actor, succeeded.organisation) == ("officer", "zhang", "market")


@pytest.mark.parametrize("end", ["office", "api"])
def test_over_tls_a_browser_or_client_is_told_to_stay_there_and_without_tls_nothing_is_promised(end: str) -> None:
    def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("x")

    with settings_of(end):
        middleware = SecurityMiddleware(answer)
        over_tls: Any = middleware(RequestFactory().get("/", secure=True))
        in_the_clear: Any = middleware(RequestFactory().get("/"))
    assert over_tls["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "Strict-Transport-Security" not in in_the_clear


def patient(**more: Any) -> Patient:
    held: dict[str, Any] = {"data": Path("/nonexistent"), "keys": Path("/nonexistent"), "urls": {}, "now": NOW}
    return Patient(**held | {"environment": {}} | more)


class Asked(Patient):
    """An installation whose database gives these answers."""

    answers: dict[str, list[tuple[object, ...]]]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return next((rows for part, rows in self.answers.items() if part in query), [])


def asked(**answers: list[tuple[object, ...]]) -> Asked:
    made = Asked(Path("/nonexistent"), Path("/nonexistent"), {}, datetime(2026, 12, 1, tzinfo=UTC), {})
    made.answers = answers
    made.__dict__["owner"] = object()
    return made


def test_accounts_that_nobody_uses_are_named_for_the_administrator(
    own_database: str, database_url: Callable[[str], str]
) -> None:
    assert own_database
    days = load_settings().idle_account_days
    organisation = make_organisation()
    ages = {"gone": days + 1, "busy": days - 1, "closed": days + 9, "new": None}
    for number, (name, age) in enumerate(ages.items()):
        made = make_officer(organisation, name)
        made.last_login = None if age is None else NOW - timedelta(days=age)
        made.is_active = name != "closed"
        made.staff_number = f"S{number}"
        made.save()
    looked_at = patient(urls={"owner": database_url("owner")})
    try:
        (complaint,) = accounts_idle(looked_at)
    finally:
        looked_at.close()
    assert (complaint.code, complaint.where, complaint.severity) == ("accounts_idle", "gone", "watch")
    assert "停用" in complaint.mend_zh


@pytest.mark.parametrize(
    ("verbosity", "statement", "found"),
    [
        ("terse", "panic", 0),
        ("terse", "fatal", 0),
        ("default", "panic", 1),
        ("terse", "error", 1),
        ("verbose", "log", 2),
    ],
)
def test_a_database_that_would_log_values_is_named(verbosity: str, statement: str, found: int) -> None:
    held = asked(log_error_verbosity=[(verbosity,)], log_min_error_statement=[(statement,)])
    complaints = list(log_holds_values(held))
    assert [one.code for one in complaints] == ["log_holds_values"] * found
    assert list(log_holds_values(patient())) == [], "without a database the check of the roles speaks"


@pytest.mark.parametrize(("value", "found"), [("x", ["proxies_wrong"]), ("1", []), ("", [])])
def test_a_number_of_proxies_that_is_none_is_named_by_the_doctor(value: str, found: list[str]) -> None:
    complaints = list(proxies_wrong(patient(environment={"CHENGXIN_PROXIES": value})))
    assert [one.code for one in complaints] == found
    assert all(one.where == "CHENGXIN_PROXIES" and "代理服务器" in one.zh for one in complaints)
