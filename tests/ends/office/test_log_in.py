"""Who gets in, for how long, and how soon they are out again."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import get_resolver

from chengxin.accounts.models import Officer
from chengxin.audit.models import Event
from chengxin.base.context import arriving
from chengxin.ends.office.log_in import LogIn, LogInRefused, client_address
from chengxin.ends.office.models import LogInAttempt, OfficeSession
from chengxin.testing.ends import as_role
from chengxin.testing.making import NOW, PASSWORD, make_officer

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

OPEN = {"log_in", "language", "healthz", "second_step", "passkey_log_in", "outside_leave", "outside_back"}


def _paths() -> list[tuple[str, str]]:
    found = []
    for pattern in get_resolver("chengxin.ends.office.urls").url_patterns:
        path = str(pattern.pattern)
        path = re.sub(r"<int:\w+>", "1", path).replace("<slug:item>", "licence").replace("<str:form>", "csv")
        path = re.sub(r"<str:\w+>", "zhang", path)
        found.append((str(getattr(pattern, "name", "")), f"/{path}"))
    return found


def test_everything_asks_for_a_log_in_unless_it_says_otherwise(office: Any) -> None:
    asked = 0
    for name, path in _paths():
        for send in (office.get, office.post):
            response = send(path)
            if name in OPEN:
                assert response.status_code in {200, 302, 404, 405}, path
                assert not response.get("Location", "").startswith("/log-in/?next"), path
            else:
                assert response.status_code == 302, path
                assert response["Location"].startswith("/log-in/"), path
                asked += 1
    assert asked >= 2 * 22


def test_an_officer_logs_in_with_the_right_password_and_it_is_on_file(office: Any, officer: Officer) -> None:
    response = office.log_in()
    assert (response.status_code, response["Location"]) == (302, "/")
    assert "张三" in office.get("/").content.decode()
    event, new = Event.objects.order_by("id")
    assert (event.action, event.actor, event.organisation) == ("officer.logged_in", "zhang", "market")
    assert event.detail == {"address": "127.0.0.1", "how": "password"}
    assert (new.action, new.actor) == ("officer.device_new", "zhang")
    officer.refresh_from_db()
    assert officer.last_login is not None


def test_wrong_name_and_wrong_password_read_the_same(office: Any, officer: Officer) -> None:
    wrong_password = office.log_in(officer.username, "wrong")
    wrong_name = office.log_in("nobody", "wrong")
    assert wrong_password.status_code == wrong_name.status_code == 403

    def bare(response: Any) -> str:
        text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
        return text.replace('value="zhang"', 'value="nobody"')

    assert bare(wrong_password) == bare(wrong_name)
    assert "用户名或密码不正确" in bare(wrong_name)


def test_what_was_typed_as_a_name_nobody_bears_is_kept_nowhere(office: Any, officer: Officer) -> None:
    assert officer
    office.log_in("my-secret-password", "x")
    assert Event.objects.get().actor == ""
    assert LogInAttempt.objects.get().account != "my-secret-password"
    assert "my-secret" not in str(list(Event.objects.values())) + str(list(LogInAttempt.objects.values()))


def test_a_closed_account_does_not_open(office: Any, officer: Officer) -> None:
    Officer.objects.filter(pk=officer.pk).update(is_active=False)
    assert office.log_in().status_code == 403


def test_five_failures_lock_the_account_for_fifteen_minutes(office: Any, officer: Officer) -> None:
    assert officer
    for number in range(5):
        assert office.log_in(password=f"wrong {number}").status_code == 403
    locked = office.log_in()
    assert locked.status_code == 429
    assert "15 分钟后再试" in locked.content.decode()
    office.later(minutes=14.9)
    assert office.log_in().status_code == 429
    office.later(minutes=0.2)
    assert office.log_in().status_code == 302
    actions = list(Event.objects.exclude(action="officer.device_new").order_by("id").values_list("action", flat=True))
    assert actions == [*["officer.log_in_failed"] * 5, *["officer.log_in_locked"] * 2, "officer.logged_in"]


def test_failures_of_many_names_lock_the_address_and_no_other_address(office: Any, officer: Officer) -> None:
    assert officer
    for number in range(5):
        office.log_in(f"name {number}", "x", REMOTE_ADDR="10.0.0.9")
    assert office.log_in(REMOTE_ADDR="10.0.0.9").status_code == 429
    assert office.log_in(REMOTE_ADDR="10.0.0.8").status_code == 302


def test_four_failures_then_success_begin_to_count_anew(office: Any, officer: Officer) -> None:
    assert officer
    for _ in range(2):
        for _ in range(4):
            office.log_in(password="wrong")
        assert office.log_in().status_code == 302
        office.post("/log-out/")


def test_failures_spread_over_hours_lock_nobody(office: Any, officer: Officer) -> None:
    assert officer
    for _ in range(8):
        assert office.log_in(password="wrong").status_code == 403
        office.later(minutes=6)
    assert office.log_in().status_code == 302


def test_guesses_at_the_same_moment_are_counted_too(office: Any, officer: Officer) -> None:
    def guess(number: int) -> str:
        try:
            with arriving():
                LogIn(officer.username, f"wrong {number}", f"10.0.0.{number}", NOW).execute()
        except LogInRefused as error:
            return error.code
        finally:
            connection.close()
        return "in"

    assert office
    with as_role("office"), ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(16)))
    assert outcomes.count("log_in_failed") == 5
    assert outcomes.count("log_in_locked") == 11


def test_an_idle_session_ends_after_half_an_hour_and_a_busy_one_after_eight(desk: Any) -> None:
    for _ in range(16):
        desk.later(minutes=29)
        assert desk.get("/").status_code == 200
    desk.later(minutes=29)
    assert desk.get("/")["Location"] == "/log-in/?ended=1"
    assert desk.get("/").status_code == 302
    assert "登录已超时" in desk.get("/log-in/?ended=1").content.decode()
    desk.log_in()
    desk.later(minutes=31)
    assert desk.get("/")["Location"] == "/log-in/?ended=1"


def test_a_page_that_asks_by_itself_keeps_no_session_alive(desk: Any) -> None:
    for _ in range(4):
        desk.later(minutes=9)
        response = desk.get("/batches/1/progress/", headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response["HX-Refresh"] == "true"
    assert desk.get("/").status_code == 302


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_a_right_withdrawn_is_withdrawn_at_once(desk: Any, officer: Officer, change: dict[str, Any]) -> None:
    assert desk.get("/").status_code == 200
    Officer.objects.filter(pk=officer.pk).update(**change)
    assert desk.get("/").status_code == 302


def test_a_change_of_duty_counts_at_the_next_request(desk: Any, officer: Officer) -> None:
    assert desk.get("/upload/").status_code == 200
    Officer.objects.filter(pk=officer.pk).update(roles=["auditor"])
    refused = desk.get("/upload/")
    assert refused.status_code == 403
    assert "没有权限" in refused.content.decode()
    Officer.objects.filter(pk=officer.pk).update(roles=["nobody"])
    assert desk.get("/batches/").status_code == 403


def test_logging_out_ends_the_session_and_is_on_file(desk: Any) -> None:
    cookie = desk.client.cookies["chengxin-session"].value
    assert desk.get("/log-out/").status_code == 405
    assert desk.post("/log-out/")["Location"] == "/log-in/"
    assert Event.objects.filter(action="officer.logged_out", actor="zhang").count() == 1
    desk.client.cookies["chengxin-session"] = cookie
    assert desk.get("/").status_code == 302
    assert not OfficeSession.objects.exists()


def test_a_new_session_is_given_at_log_in_and_old_ones_are_cleared_away(office: Any, officer: Officer) -> None:
    assert officer
    OfficeSession.objects.create(session_key="a" * 32, session_data="", expire_date=NOW - timedelta(days=1))
    office.client.cookies["chengxin-session"] = "a" * 32
    office.log_in()
    assert office.client.cookies["chengxin-session"].value != "a" * 32
    assert not OfficeSession.objects.filter(session_key="a" * 32).exists()


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(desk: Any) -> None:
    desk.get("/log-in/")
    for name in ("chengxin-session", "chengxin-csrf"):
        cookie = desk.client.cookies[name]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"


def test_a_form_without_the_sessions_token_changes_nothing(office: Any, officer: Officer) -> None:
    assert office
    strict = Client(enforce_csrf_checks=True)
    with as_role("office"):
        response = strict.post("/log-in/", {"username": officer.username, "password": PASSWORD})
    assert response.status_code == 403
    assert "表单已过期" in response.content.decode()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/batches/", "/batches/"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_after_the_log_in_one_stays_on_this_site(office: Any, officer: Officer, wanted: str, goes: str) -> None:
    fields = {"username": officer.username, "password": PASSWORD, "next": wanted}
    assert office.post("/log-in/", fields)["Location"] == goes


def test_who_is_logged_in_already_does_not_see_the_form_again(desk: Any) -> None:
    assert desk.get("/log-in/")["Location"] == "/"


def test_empty_fields_are_named(office: Any) -> None:
    text = office.post("/log-in/", {}).content.decode()
    assert "请填写用户名" in text
    assert "请填写密码" in text


def test_the_address_is_the_proxys_word_only_where_there_is_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2"}, REMOTE_ADDR="9.9.9.9")
    assert client_address(request) == "9.9.9.9"
    monkeypatch.setenv("CHENGXIN_PROXIES", "1")
    assert client_address(request) == "2.2.2.2"
    monkeypatch.setenv("CHENGXIN_PROXIES", "2")
    assert client_address(request) == "1.1.1.1"
    monkeypatch.setenv("CHENGXIN_PROXIES", "7")
    assert client_address(request) == "1.1.1.1"


def test_two_officers_have_two_sessions(desk: Any, organisation: Organisation) -> None:
    make_officer(organisation, "li")
    other = type(desk.client)("office")
    other.post("/log-in/", {"username": "li", "password": PASSWORD})
    assert OfficeSession.objects.count() == 2
    desk.post("/log-out/")
    assert other.get("/").status_code == 200


def test_another_officer_can_log_in_where_one_is_logged_in_already(desk: Any, organisation: Organisation) -> None:
    make_officer(organisation, "li")
    assert desk.log_in("li", "wrong").status_code == 403
    assert desk.log_in("nobody", "wrong").status_code == 403
    assert desk.log_in("li").status_code == 302
    assert Event.objects.latest("id").actor == "li"
    assert OfficeSession.objects.count() == 1
