"""API clients are made by one, given keys and grants by two, and lose them at once; nothing secret is shown twice."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actor import CHECK
from chengxin.accounts.clients import ApiClient, ClientGrant, ClientKey, ClientUse
from chengxin.accounts.models import Approval, Officer
from chengxin.accounts.signing import load_private_key, make_private_key
from chengxin.audit.models import Event
from chengxin.kernel.calendar import legal_day
from chengxin.testing.making import NOW, make_officer, make_organisation, make_signing_client

from .test_officer_pages import Desk

if TYPE_CHECKING:
    from .conftest import Office

LAST_DAY = "2026-12-31"
GRANT = {
    "do": "grant",
    "grant-operation": "checks.run",
    "grant-items": ["licence"],
    "grant-purposes": "政府采购\r\n资格审查\r\n政府采购\r\n",
    "grant-per_minute": "60",
    "grant-per_day": "5000",
    "grant-ends_on": LAST_DAY,
    "grant-reason": "采购系统上线",
}


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


@pytest.fixture
def two(office: Office) -> tuple[Desk, Desk]:
    """An administrator and a security officer at their desks."""
    assert office
    market = make_organisation("market")
    for username, role, name in (("boss", "administrator", "甲"), ("guard", "security", "乙")):
        made = make_officer(market, username, role)
        Officer.objects.filter(pk=made.pk).update(name=name)
    return Desk("boss"), Desk("guard")


def _make(boss: Desk, **more: Any) -> Any:
    fields = {"name": "采购系统", "organisation": "market", "ends_on": LAST_DAY}
    return boss.client.post("/clients/new/", fields | more)


def _agree(guard: Desk, decision: str = "agree") -> int:
    number = Approval.objects.latest("pk").pk
    assert guard.post(f"/approvals/{number}/", reason="已核实", decision=decision).status_code == 302
    return number


def _pem() -> str:
    return load_private_key(make_private_key("international")).public_pem().replace("\n", "\r\n")


def test_a_client_from_its_beginning_to_a_grant_of_two(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    where = _make(boss)["Location"]
    number = ApiClient.objects.get().pk
    assert where == f"/clients/{number}/"
    assert "没有任何授权" in _text(boss.get(where))
    assert boss.client.post(where, GRANT)["Location"] == "/approvals/"
    assert not ClientGrant.objects.exists()
    asked = _text(guard.get(f"/approvals/{Approval.objects.get().pk}/"))
    for words in ("信用核查", "行政许可", "政府采购、资格审查", "5000", "2027-01-01 00:00", "采购系统上线"):
        assert words in asked
    approval = _agree(guard)
    assert guard.client.post(f"/approvals/{approval}/carry-out/").status_code == 404
    assert boss.client.post(f"/approvals/{approval}/carry-out/")["Location"] == where
    grant = ClientGrant.objects.get()
    assert (grant.operation, grant.items, grant.purposes) == (CHECK, ["licence"], ["政府采购", "资格审查"])
    assert (grant.per_minute, grant.per_day, grant.approval) == (60, 5000, approval)
    assert boss.client.post(f"/approvals/{approval}/carry-out/").status_code == 404
    assert "0 / 5000" in _text(boss.get("/clients/"))


def test_a_key_is_registered_by_two_and_belongs_to_one_client(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    where = _make(boss)["Location"]
    pem = _pem()
    fields = {"do": "key", "key-pem": pem, "key-ends_on": LAST_DAY, "key-reason": "上线"}
    assert boss.client.post(where, fields)["Location"] == "/approvals/"
    assert "指纹" in _text(guard.get(f"/approvals/{Approval.objects.get().pk}/"))
    assert boss.client.post(f"/approvals/{_agree(guard)}/carry-out/").status_code == 302
    key = ClientKey.objects.get()
    assert key.public_key == pem.replace("\r\n", "\n")
    page = _text(boss.get(where))
    assert key.key_id in page
    assert key.fingerprint in page
    again = boss.client.post(where, fields)
    assert again.status_code == 400
    assert "已经登记过" in _text(again)


def test_a_token_is_shown_this_once_and_kept_nowhere(two: tuple[Desk, Desk]) -> None:
    boss, _guard = two
    page = _make(boss, allow_bearer="on")
    found = re.search(r'id="token">([^<]+)</code>', page.content.decode())
    assert found
    assert page["Cache-Control"] == "no-store"
    held = str(list(ApiClient.objects.values())) + str(list(Event.objects.values()))
    assert found.group(1) not in held
    assert found.group(1) not in _text(boss.get(f"/clients/{ApiClient.objects.get().pk}/"))
    assert "令牌（演练）" in _text(boss.get("/clients/"))


def test_a_refusal_grants_nothing_and_nobody_agrees_to_their_own(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    where = _make(guard)["Location"]
    assert guard.client.post(where, GRANT).status_code == 302
    number = Approval.objects.get().pk
    assert guard.post(f"/approvals/{number}/", reason="x", decision="agree").status_code == 403
    assert boss.get(f"/approvals/{number}/").status_code == 404, "an administrator decides on nothing"
    other = make_officer(make_organisation("it"), "second", "security")
    Officer.objects.filter(pk=other.pk).update(name="丙")
    second = Desk("second")
    _agree(second, "refuse")
    assert guard.client.post(f"/approvals/{number}/carry-out/").status_code == 404
    assert not ClientGrant.objects.exists()


def test_taking_away_needs_one_and_counts_at_once(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    held = make_signing_client(make_organisation("tax"), CHECK)
    where = f"/clients/{held.id}/"
    taken = {"do": "take", "take-what": f"operation {CHECK}", "take-reason": "项目结束"}
    assert guard.client.post(where, taken)["Location"] == where
    assert ClientGrant.objects.get().revoked_at == NOW
    taken = {"do": "take", "take-what": f"key {held.key_id}", "take-reason": "密钥遗失"}
    assert boss.client.post(where, taken)["Location"] == where
    assert ClientKey.objects.get().revoked_at == NOW
    assert boss.client.post(where, {"do": "close", "close-reason": "系统下线"})["Location"] == where
    assert "已停用" in _text(boss.get(where))
    assert "立即停用" not in _text(boss.get(where))
    assert boss.client.post(where, {"do": "close", "close-reason": "再次"}).status_code == 404
    details = [one.detail for one in Event.objects.filter(action="client.withdrawn").order_by("pk")]
    assert [one["reason"] for one in details] == ["项目结束", "密钥遗失", "系统下线"]


def test_what_was_used_today_stands_beside_the_quota(two: tuple[Desk, Desk]) -> None:
    boss, _guard = two
    make_signing_client(make_organisation("tax"), CHECK, per_day=900)
    grant = ClientGrant.objects.get()
    use = ClientUse.objects.create(grant=grant, day=legal_day(NOW), day_count=12, minute=NOW, minute_count=1)
    assert "12 / 900" in _text(boss.get("/clients/"))
    ClientUse.objects.filter(pk=use.pk).update(day=legal_day(NOW) - timedelta(days=1))
    assert "0 / 900" in _text(boss.get("/clients/"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"grant-items": []}, "请选择事项"),
        ({"grant-purposes": " \r\n "}, "请填写用途"),
        ({"grant-per_day": "0"}, "1"),
        ({"grant-ends_on": "2026-03-01"}, "一年之内"),
        ({"grant-ends_on": "2027-12-31"}, "一年之内"),
        ({"grant-reason": ""}, "请写明理由"),
        ({"grant-operation": "links.review"}, "links.review"),
        ({"do": "key", "key-pem": "x", "key-ends_on": LAST_DAY, "key-reason": "x"}, "应为 PEM 格式"),
        ({"do": "take", "take-what": "key nobody", "take-reason": "x"}, "nobody"),
    ],
)
def test_what_cannot_be_asked_is_said_on_the_same_page(
    two: tuple[Desk, Desk], changed: dict[str, Any], words: str
) -> None:
    boss, _guard = two
    make_signing_client(make_organisation("tax"), CHECK)
    refused = boss.client.post(f"/clients/{ApiClient.objects.get().pk}/", GRANT | changed)
    assert refused.status_code == 400
    assert words in _text(refused)
    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"organisation": "nowhere"}, "没有代码为"), ({"name": ""}, "请填写名称"), ({"ends_on": "soon"}, "日期写法不对")],
)
def test_a_client_that_cannot_be_made_is_not(two: tuple[Desk, Desk], changed: dict[str, str], words: str) -> None:
    refused = _make(two[0], **changed)
    assert refused.status_code == 400
    assert words in _text(refused)
    assert not ApiClient.objects.exists()


def test_the_list_asks_as_often_for_ten_clients_as_for_one(office: Office) -> None:
    make_officer(make_organisation("market"), "boss", "administrator")
    office.log_in("boss")
    tax = make_organisation("tax")
    make_signing_client(tax, CHECK)
    one = office.queries("/clients/")
    for _ in range(9):
        make_signing_client(tax, CHECK)
    assert office.queries("/clients/") == one


@pytest.mark.parametrize("role", sorted(set(load_matrix().duties) - {"administrator", "security"}))
def test_no_other_duty_reaches_the_clients(office: Office, role: str) -> None:
    make_officer(make_organisation("market"), "x", role)
    held = make_signing_client(make_organisation("tax"), CHECK)
    office.log_in("x")
    for path in ("/clients/", "/clients/new/", f"/clients/{held.id}/"):
        assert office.get(path).status_code == 403, path
    assert office.post(f"/clients/{held.id}/", {"do": "close", "close-reason": "x"}).status_code == 403
    assert ApiClient.objects.get().revoked_at is None


def test_a_client_that_is_not_there_has_no_page_and_markup_in_a_name_is_inert(two: tuple[Desk, Desk]) -> None:
    boss, _guard = two
    assert boss.get("/clients/987654321/").status_code == 404
    _make(boss, name="<script>alert(1)</script>")
    assert b"<script>alert" not in boss.get("/clients/").content
