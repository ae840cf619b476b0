"""A practitioner's new identity, or a death, is asked for at the office: counted, in two, and telling nothing."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import operator
from chengxin.accounts.models import Approval
from chengxin.audit.models import Event
from chengxin.ends.office.keys import keyring
from chengxin.kernel.identifiers.checks import resident_id_check_character
from chengxin.practitioners.actions.change_identity import ChangeIdentity, CloseDeceased, Ground
from chengxin.practitioners.models import Attempt, Practitioner
from chengxin.testing.making import NOW, make_officer, make_organisation, make_practitioner

if TYPE_CHECKING:
    from .conftest import Office

FIRST = "32058319800101007"
NUMBER = FIRST + resident_id_check_character(FIRST)
GROUND = {"legal_basis": "中华人民共和国民法典 第一千零一十六条", "document": "昆公户〔2026〕8号 昆山市公安局"}
ASKED = {"occupation": "lawyer", "licence": "LS1", "reason": "当事人申请"} | GROUND
CHANGE, CLOSE = "/practitioners/change/", "/practitioners/close/"
NEW = {"new_name": "李静", "new_number": NUMBER.lower()}


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


@pytest.fixture
def registrar(office: Office) -> Office:
    """Give the browser of a clerk of the registrar, who hands in; a colleague of theirs may agree."""
    own = make_organisation("ks-sfj")
    make_practitioner(own, "LS1")
    make_practitioner(make_organisation("ks-scjg"), "YS1", occupation="pharmacist")
    make_officer(own, "sun", "submitter")
    make_officer(own, "wu", "releaser")
    assert office.log_in("sun").status_code == 302
    return office


def _as(office: Office, username: str) -> None:
    office.client.logout()
    assert office.log_in(username).status_code == 302


def _act(office: Office) -> ChangeIdentity:
    given = {"new_name": "李静", "new_number": NUMBER, "keyring": keyring()}
    return ChangeIdentity(operator(), "lawyer", "LS1", Ground(**GROUND), office.now, **given)  # type: ignore[arg-type]


def test_a_change_is_asked_for_agreed_to_by_a_colleague_and_carried_out_by_the_operator(registrar: Office) -> None:
    assert CHANGE in _text(registrar.get("/practitioners/"))
    assert registrar.get(CHANGE).status_code == 200
    assert registrar.post(CHANGE, ASKED | NEW)["Location"] == "/approvals/"
    asked = Approval.objects.get()
    assert (asked.asked_by, asked.asked_for, asked.content) == ("sun", "ks-sfj", _act(registrar).content())
    kept = str(list(Approval.objects.values())) + str(list(Event.objects.values()))
    assert "李静" not in kept
    assert NUMBER not in kept
    own = registrar.post(f"/approvals/{asked.pk}/", {"decision": "agree", "reason": "x"} | NEW)
    assert own.status_code in {400, 403, 404}
    _as(registrar, "wu")
    agreed = registrar.post(f"/approvals/{asked.pk}/", {"decision": "agree", "reason": "已核对原件"} | NEW)
    assert agreed["Location"] == "/approvals/"
    assert Practitioner.objects.get(licence="LS1").name == "李建国", "the office changes nothing"
    _act(registrar).execute()
    assert Practitioner.objects.get(licence="LS1").name == "李静"


def test_a_death_is_asked_for_with_its_day(registrar: Office) -> None:
    missing = registrar.post(CLOSE, ASKED)
    assert missing.status_code == 400
    assert "请填写此项" in _text(missing)
    day = NOW.date()
    assert registrar.post(CLOSE, ASKED | {"died_on": day.isoformat()})["Location"] == "/approvals/"
    act = CloseDeceased(operator(), "lawyer", "LS1", Ground(**GROUND), day, registrar.now)
    assert Approval.objects.get().content == act.content()
    tomorrow = registrar.post(CLOSE, ASKED | {"died_on": day.replace(day=day.day + 1).isoformat()})
    assert "死亡日期晚于今天" in _text(tomorrow)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"new_name": "", "new_number": ""}, "请填写新姓名或新号码"),
        ({"document": ""}, "请填写此项"),
        ({"reason": f"核对 {NUMBER}"}, "此处不能填写身份证号"),
        ({"document": f"证明 {NUMBER}"}, "此处不能填写身份证号"),
        ({"occupation": "neighbour"}, ""),
        ({"new_number": "320583198001010079"}, "校验码不对"),
    ],
)
def test_what_is_wrong_is_said_before_anybody_is_looked_for(
    registrar: Office, changed: dict[str, str], said: str
) -> None:
    answer = registrar.post(CHANGE, ASKED | NEW | changed)
    assert answer.status_code == 400
    assert said in _text(answer)
    assert not Approval.objects.exists()
    assert not Attempt.objects.exists()


def test_nobody_another_registers_and_a_closed_one_are_one_answer_and_the_sixth_try_is_refused(
    registrar: Office,
) -> None:
    make_practitioner(make_organisation("ks-other"), "LS2")
    make_practitioner(Practitioner.objects.get(licence="LS1").organisation, "LS3", state="closed")
    answers = set()
    for licence in ("LS2", "LS3", "LS9"):
        answer = registrar.post(CHANGE, ASKED | NEW | {"licence": licence})
        assert answer.status_code == 400
        answers.add(_without_token(_text(answer)).replace(licence, "LS"))
    assert len(answers) == 1
    assert "没有查到可以提供的信息" in answers.pop()
    for licence in ("LS10", "LS11"):
        assert registrar.post(CLOSE, ASKED | {"licence": licence, "died_on": "2026-03-01"}).status_code == 400
    locked = registrar.post(CHANGE, ASKED | NEW)
    assert locked.status_code == 429
    assert int(locked["Retry-After"]) == 3600
    assert not Approval.objects.exists()
    assert Attempt.objects.filter(actor="officer:sun", found=False).count() == 5


def test_other_duties_do_not_get_in_and_see_no_way_in(registrar: Office) -> None:
    make_officer(make_organisation("centre"), "chen", "window")
    _as(registrar, "chen")
    assert CHANGE not in _text(registrar.get("/practitioners/"))
    for path in (CHANGE, CLOSE):
        assert registrar.get(path).status_code == registrar.post(path, ASKED | NEW).status_code == 403
        assert registrar.client.put(path).status_code == 405


def test_the_pages_are_kept_nowhere_and_speak_english(registrar: Office) -> None:
    registrar.post("/language/", {"language": "en", "next": CHANGE})
    for path, title in ((CHANGE, "Ask for a change of a practitioner's identity"), (CLOSE, "Ask to close after")):
        answer = registrar.get(path)
        assert title in _text(answer)
        assert "lawyer" in _text(answer)
        assert answer["Cache-Control"] == "no-store"
        assert "noindex" in answer["X-Robots-Tag"]


def _without_token(text: str) -> str:
    return re.sub(r'(csrf[^"]*" value="|"X-CSRFToken": ")[^"]+"', r'\1"', text)
