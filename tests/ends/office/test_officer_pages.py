"""Administrators make and close accounts, security officers agree to duties; nobody does both."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from chengxin.accounts.access import load_matrix
from chengxin.accounts.models import Approval, Officer
from chengxin.audit.models import Event
from chengxin.testing.ends import RoleClient
from chengxin.testing.making import PASSWORD, make_officer, make_organisation


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


class Desk:
    """A browser of one officer."""

    def __init__(self, username: str, password: str = PASSWORD) -> None:
        self.client = RoleClient("office")
        answer = self.client.post("/log-in/", {"username": username, "password": password})
        assert answer.status_code == 302, _text(answer)

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, fields)


@pytest.fixture
def two(office: Any) -> tuple[Desk, Desk]:
    """An administrator and a security officer at their desks."""
    assert office
    market = make_organisation("market")
    for username, role, name in (("boss", "administrator", "甲"), ("guard", "security", "乙")):
        made = make_officer(market, username, role)
        Officer.objects.filter(pk=made.pk).update(name=name)
    return Desk("boss"), Desk("guard")


def _make(boss: Desk, username: str = "li") -> str:
    fields = {"username": username, "name": "李四", "organisation": "market", "staff_number": f"7{username}"}
    page = boss.post("/officers/new/", **fields)
    found = re.search(r'<code class="value" id="first">([^<]+)</code>', page.content.decode())
    assert found, _text(page)
    return found.group(1)


def _agree(guard: Desk, number: int, decision: str = "agree") -> Any:
    return guard.post(f"/approvals/{number}/", reason="已核实", decision=decision)


def test_from_a_new_account_to_its_first_day_of_work(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    first = _make(boss)
    grant = {"do": "grant", "grant-roles": ["submitter", "releaser"], "grant-reason": "接替王五"}
    assert boss.client.post("/officers/of/li/", grant)["Location"] == "/approvals/"
    number = Approval.objects.get().pk
    assert "等待审批" in _text(boss.get("/approvals/"))
    assert boss.client.post(f"/approvals/{number}/carry-out/").status_code == 404
    waiting = _text(guard.get(f"/approvals/{number}/"))
    assert "接替王五" in waiting
    assert "发布审核员、报送员" in waiting
    assert _agree(guard, number)["Location"] == "/approvals/"
    assert Officer.objects.get(username="li").roles == []
    assert "办理" in _text(boss.get(f"/approvals/{number}/"))
    assert guard.client.post(f"/approvals/{number}/carry-out/").status_code == 404
    assert boss.client.post(f"/approvals/{number}/carry-out/")["Location"] == "/officers/of/li/"
    assert sorted(Officer.objects.get(username="li").roles) == ["releaser", "submitter"]
    assert boss.client.post(f"/approvals/{number}/carry-out/").status_code == 404
    li = Desk("li", first)
    assert li.get("/")["Location"] == "/account/password/"
    li.post("/account/password/", old=first, new="a passphrase of li", again="a passphrase of li")
    assert li.get("/upload/").status_code == 200
    page = _text(boss.get("/officers/of/li/"))
    assert "报送员" in page
    assert "发布审核员" in page


def test_a_first_password_is_shown_once_and_kept_nowhere_in_clear(two: tuple[Desk, Desk]) -> None:
    first = _make(two[0])
    held = str(list(Officer.objects.values())) + str(list(Event.objects.values()))
    assert first not in held
    assert first not in _text(two[0].get("/officers/of/li/"))


def test_nobody_decides_on_their_own_and_a_refusal_grants_nothing(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    _make(boss)
    boss.client.post("/officers/of/li/", {"do": "grant", "grant-roles": ["centre"], "grant-reason": "x"})
    number = Approval.objects.get().pk
    assert "另一位经办人" in _text(boss.get(f"/approvals/{number}/"))
    assert _agree(boss, number).status_code == 403
    assert _agree(guard, number, "refuse")["Location"] == "/approvals/"
    assert boss.client.post(f"/approvals/{number}/carry-out/").status_code == 404
    assert _agree(guard, number).status_code == 400
    assert Officer.objects.get(username="li").roles == []


def test_a_decision_has_a_reason_and_is_one_of_two(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    _make(boss)
    boss.client.post("/officers/of/li/", {"do": "reset", "reset-reason": "手机丢失"})
    number = Approval.objects.get().pk
    for fields in ({"reason": "", "decision": "agree"}, {"reason": "x", "decision": "maybe"}, {"reason": "x"}):
        assert guard.client.post(f"/approvals/{number}/", fields).status_code == 400
    assert Approval.objects.get().agreed is None


def test_a_reset_shows_the_new_first_password_to_who_carries_it_out(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    old = _make(boss)
    boss.client.post("/officers/of/li/", {"do": "reset", "reset-reason": "忘记密码"})
    number = Approval.objects.get().pk
    _agree(guard, number)
    page = boss.client.post(f"/approvals/{number}/carry-out/")
    found = re.search(r'id="first">([^<]+)</code>', page.content.decode())
    assert found
    assert RoleClient("office").post("/log-in/", {"username": "li", "password": old}).status_code == 403
    Desk("li", found.group(1))


def test_an_outside_account_is_registered_through_the_pages(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    _make(boss)
    fields = {"do": "bind", "bind-issuer": "https://id.example", "bind-subject": "s-1", "bind-reason": "统一登录"}
    boss.client.post("/officers/of/li/", fields)
    number = Approval.objects.get().pk
    _agree(guard, number)
    assert boss.client.post(f"/approvals/{number}/carry-out/").status_code == 302
    assert "https://id.example s-1" in _text(boss.get("/officers/of/li/"))


def test_taking_away_and_closing_count_at_once(two: tuple[Desk, Desk]) -> None:
    boss, _guard = two
    first = _make(boss)
    Officer.objects.filter(username="li").update(roles=["submitter", "window"], must_change_password=False)
    li = Desk("li", first)
    assert li.get("/upload/").status_code == 200
    fields = {"do": "withdraw", "withdraw-roles": ["submitter"], "withdraw-reason": "转岗"}
    assert boss.client.post("/officers/of/li/", fields)["Location"] == "/officers/of/li/"
    assert li.get("/upload/").status_code == 403
    assert boss.post("/officers/of/li/", do="close", **{"close-reason": "离职"}).status_code == 302
    assert li.get("/").status_code == 302
    assert "已停用" in _text(boss.get("/officers/"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"do": "grant", "grant-reason": "x"}, "请选择岗位"),
        ({"do": "grant", "grant-roles": ["king"], "grant-reason": "x"}, "king"),
        ({"do": "grant", "grant-roles": ["auditor", "centre"], "grant-reason": "x"}, "不能兼任"),
        ({"do": "close", "close-reason": ""}, "请写明理由"),
        ({"do": "bind", "bind-issuer": "http://id", "bind-subject": "1", "bind-reason": "x"}, "https://"),
    ],
)
def test_what_cannot_be_asked_is_said_on_the_same_page(
    two: tuple[Desk, Desk], fields: dict[str, Any], words: str
) -> None:
    boss, _guard = two
    _make(boss)
    refused = boss.client.post("/officers/of/li/", fields)
    assert refused.status_code == 400
    assert words in _text(refused)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("role", sorted(set(load_matrix().duties) - {"administrator"}))
def test_no_other_duty_reaches_the_pages_about_officers(office: Any, role: str) -> None:
    assert office
    market = make_organisation("market")
    make_officer(market, "x", role)
    make_officer(market, "li")
    desk = Desk("x")
    for path in ("/officers/", "/officers/new/", "/officers/of/li/"):
        assert desk.get(path).status_code == 403, path
        assert desk.post(path, do="close").status_code in {403, 405}, path
    begun = desk.client.get("/", follow=True)
    assert begun.status_code == 200
    assert "经办人" not in re.findall(r"<nav.*?</nav>", _text(begun), re.DOTALL)[0]


def test_an_administrator_and_a_security_officer_begin_where_their_work_is(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    assert boss.get("/")["Location"] == "/officers/"
    assert guard.get("/")["Location"] == "/approvals/"
    assert "批次" not in re.findall(r"<nav.*?</nav>", _text(boss.get("/officers/")), re.DOTALL)[0]


def test_anothers_approval_is_not_there(two: tuple[Desk, Desk]) -> None:
    boss, _guard = two
    _make(boss)
    boss.client.post("/officers/of/li/", {"do": "grant", "grant-roles": ["centre"], "grant-reason": "x"})
    number = Approval.objects.get().pk
    make_officer(make_organisation("tax"), "wang", "reviewer")
    wang = Desk("wang")
    assert wang.get(f"/approvals/{number}/").status_code == 404
    assert wang.get(f"/approvals/{number + 1}/").status_code == 404
    assert _agree(wang, number).status_code == 404
    assert str(number) not in re.findall(r'href="/approvals/(\d+)/"', _text(wang.get("/approvals/")))


def test_an_officer_who_does_not_exist_has_no_page(two: tuple[Desk, Desk]) -> None:
    assert two[0].get("/officers/of/nobody/").status_code == 404


def test_a_name_with_markup_in_it_is_inert(two: tuple[Desk, Desk]) -> None:
    boss, _guard = two
    fields = {"username": "x", "name": "<script>alert(1)</script>", "organisation": "market", "staff_number": "1"}
    boss.client.post("/officers/new/", fields)
    for path in ("/officers/", "/officers/of/x/"):
        assert b"<script>alert" not in boss.get(path).content
