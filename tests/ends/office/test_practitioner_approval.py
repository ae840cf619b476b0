"""Who agrees to a practitioner's new identity types it from the document; what differs is counted and not agreed to."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import operator
from chengxin.accounts.models import Approval
from chengxin.ends.office.keys import keyring
from chengxin.kernel.identifiers.checks import resident_id_check_character
from chengxin.practitioners.actions.change_identity import ChangeIdentity, CloseDeceased, Ground
from chengxin.practitioners.models import Attempt
from chengxin.testing.making import NOW, make_officer, make_organisation, make_practitioner

if TYPE_CHECKING:
    from .conftest import Office

GROUND = Ground("中华人民共和国民法典 第一千零一十六条", "昆公户〔2026〕8号 昆山市公安局")
FIRST = "32058319800101007"
NUMBER = FIRST + resident_id_check_character(FIRST)


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


@pytest.fixture
def centre(office: Office) -> Office:
    """Give the browser of an officer of the centre, and a lawyer whose change the operator asked for."""
    make_practitioner(make_organisation("ks-sfj"), "LS1")
    make_officer(make_organisation("centre"), "wu", "centre")
    assert office.log_in("wu").status_code == 302
    return office


def _ask() -> str:
    act = ChangeIdentity(
        operator(), "lawyer", "LS1", GROUND, NOW, new_name="李静", new_number=NUMBER, keyring=keyring()
    )
    return f"/approvals/{act.ask('当事人申请').pk}/"


def test_the_page_shows_the_ground_and_neither_name_nor_number(centre: Office) -> None:
    text = _text(centre.get(_ask()))
    for words in ("执业人员 LS1", "变更身份", "昆公户〔2026〕8号", "第一千零一十六条", "新姓名的加密摘要"):
        assert words in text
    for hidden in ("李静", "李建国", NUMBER):
        assert hidden not in text


def test_agreeing_takes_the_same_name_and_number_once_more(centre: Office) -> None:
    path = _ask()
    given = {"decision": "agree", "reason": "已核对原件", "new_name": "李静", "new_number": NUMBER.lower()}
    for wrong in ({"new_name": "李婧"}, {"new_name": ""}, {"new_number": ""}):
        refused = centre.post(path, given | wrong)
        assert refused.status_code == 400
        assert "与申请不一致" in _text(refused)
    assert Approval.objects.get().agreed is None
    assert centre.post(path, given)["Location"] == "/approvals/"
    assert Approval.objects.get().agreed is True
    assert Attempt.objects.filter(actor="officer:wu", found=False).count() == 3


def test_five_tries_lock_and_a_refusal_needs_no_typing(centre: Office) -> None:
    path = _ask()
    given = {"decision": "agree", "reason": "x", "new_name": "李静", "new_number": NUMBER}
    for _ in range(5):
        assert centre.post(path, given | {"new_number": "1"}).status_code == 400
    locked = centre.post(path, given)
    assert locked.status_code == 400
    assert "已暂停查询" in _text(locked)
    assert centre.post(path, {"decision": "refuse", "reason": "与文书不符"}).status_code == 302
    assert Approval.objects.get().agreed is False


def test_a_death_is_agreed_to_by_its_document(centre: Office) -> None:
    act = CloseDeceased(operator(), "lawyer", "LS1", GROUND, NOW.date(), NOW)
    path = f"/approvals/{act.ask('家属报告').pk}/"
    text = _text(centre.get(path))
    assert "死亡注销" in text
    assert "new_number" not in text
    assert centre.post(path, {"decision": "agree", "reason": "已核对原件"}).status_code == 302
