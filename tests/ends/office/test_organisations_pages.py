"""Organisations as a tree; closing one counts from the next request, and opening it again takes two."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actor import CHECK
from chengxin.accounts.models import Approval, Officer, Organisation
from chengxin.audit.models import Event
from chengxin.testing.making import make_officer, make_organisation, make_signing_client

from .test_officer_pages import Desk

if TYPE_CHECKING:
    from .conftest import Office


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


@pytest.fixture
def two(office: Office) -> tuple[Desk, Desk]:
    """An administrator and a security officer at their desks, a town with a village, and a bank."""
    assert office
    it = make_organisation("it", name="甲局")
    town = make_organisation("town", level="town", kind="town", parent=it, name="乙镇")
    make_organisation("village", level="village", kind="community", parent=town, name="丙村")
    make_organisation("bank", kind="external", name="丁行")
    for username, role, name in (("boss", "administrator", "甲"), ("guard", "security", "乙")):
        made = make_officer(it, username, role)
        Officer.objects.filter(pk=made.pk).update(name=name)
    make_officer(town, "li", "submitter", "releaser")
    return Desk("boss"), Desk("guard")


def test_every_level_stands_behind_its_parent_and_agencies_stand_apart(two: tuple[Desk, Desk]) -> None:
    text = _text(two[0].get("/organisations/"))
    places = [text.index(name) for name in ("甲局", "乙镇", "丙村", 'id="outside"', "丁行")]
    assert places == sorted(places)
    assert 'class="depth-2"' in text
    assert "报送员 1、发布审核员 1" in text


def test_one_organisation_shows_its_place_and_who_works_there(two: tuple[Desk, Desk]) -> None:
    text = _text(two[0].get("/organisations/town/"))
    for words in ("甲局", "丙村", "USCC-town", '/officers/of/li/"', "报送员", "区镇"):
        assert words in text
    for nowhere in ("/organisations/nowhere/", "/organisations/%00/", "/officers/of/%00/"):
        assert two[0].get(nowhere).status_code == 404, nowhere


def test_a_closed_organisations_officers_are_out_with_their_next_request(two: tuple[Desk, Desk]) -> None:
    boss, _guard = two
    li = Desk("li")
    assert li.get("/").status_code == 200
    fields = {"do": "close", "reason": "机构改革撤并"}
    assert boss.client.post("/organisations/town/", fields)["Location"] == "/organisations/town/"
    assert li.get("/")["Location"].startswith("/log-in/")
    assert "已停用" in _text(boss.get("/organisations/town/"))
    assert Organisation.objects.get(code="village").is_active
    event = Event.objects.get(action="organisation.closed")
    assert (event.object, event.detail) == ("town", {"reason": "机构改革撤并"})
    again = boss.client.post("/organisations/town/", fields)
    assert again.status_code == 400
    assert "已经停用" in _text(again)


def test_opening_again_takes_a_security_officer_too(two: tuple[Desk, Desk]) -> None:
    boss, guard = two
    boss.client.post("/organisations/town/", {"do": "close", "reason": "x"})
    asked = boss.client.post("/organisations/town/", {"do": "reopen", "reason": "误操作"})
    assert asked["Location"] == "/approvals/"
    assert not Organisation.objects.get(code="town").is_active
    number = Approval.objects.get().pk
    assert "单位 town" in _text(guard.get("/approvals/"))
    assert guard.post(f"/approvals/{number}/", reason="已核实", decision="agree").status_code == 302
    assert boss.client.post(f"/approvals/{number}/carry-out/")["Location"] == "/organisations/town/"
    assert Organisation.objects.get(code="town").is_active
    assert Officer.objects.get(username="li").roles == ["submitter", "releaser"]
    assert Desk("li").get("/").status_code == 200
    refused = boss.client.post("/organisations/town/", {"do": "reopen", "reason": "x"})
    assert "不需要恢复" in _text(refused)


def test_nobody_closes_the_organisation_they_sit_in(two: tuple[Desk, Desk]) -> None:
    boss, _guard = two
    assert "由其他单位的管理员停用" in _text(boss.get("/organisations/it/"))
    for code in ("it", "USCC-it"):
        assert boss.client.post(f"/organisations/{code}/", {"do": "close", "reason": "x"}).status_code == 403
    assert Organisation.objects.get(code="it").is_active


def test_nothing_is_closed_without_a_reason(two: tuple[Desk, Desk]) -> None:
    refused = two[0].client.post("/organisations/town/", {"do": "close", "reason": " "})
    assert refused.status_code == 400
    assert "请写明理由" in _text(refused)
    assert Organisation.objects.get(code="town").is_active


def test_a_tree_of_many_asks_no_more_often(office: Office) -> None:
    make_officer(make_organisation("it"), "boss", "administrator")
    office.log_in("boss")
    few = office.queries("/organisations/")
    for number in range(12):
        place = make_organisation(f"o{number}")
        make_officer(place, f"u{number}")
        make_signing_client(place, CHECK)
    assert office.queries("/organisations/") == few


@pytest.mark.parametrize("role", sorted(set(load_matrix().duties) - {"administrator"}))
def test_no_other_duty_reaches_the_organisations(office: Office, role: str) -> None:
    make_officer(make_organisation("market"), "x", role)
    make_organisation("tax")
    office.log_in("x")
    for path in ("/organisations/", "/organisations/tax/"):
        assert office.get(path).status_code == 403, path
    assert office.post("/organisations/tax/", {"do": "close", "reason": "x"}).status_code == 403
    assert Organisation.objects.get(code="tax").is_active


def test_names_are_english_for_who_reads_english(two: tuple[Desk, Desk]) -> None:
    boss, _guard = two
    boss.post("/language/", language="en", next="/")
    assert "Kunshan town bureau" in _text(boss.get("/organisations/"))
    assert "submitter" in _text(boss.get("/organisations/town/"))
