"""The page that looks one practitioner up: by POST, for a purpose, and with no person in any address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.audit.models import Event
from chengxin.testing.making import make_officer, make_organisation, make_practitioner

if TYPE_CHECKING:
    from .conftest import Office

USCC = "91320583187588026H"
ASKED = {
    "occupation": "lawyer",
    "licence": "LS00000001",
    "name": "",
    "employer": "",
    "purpose": "application",
    "purpose_text": "核对执业资格",
    "case_number": "昆办〔2026〕12号",
}
NUMBER = "320583198001010016"
PAGE = "/practitioners/"


@pytest.fixture
def window(office: Office) -> Office:
    """Give a window clerk's browser, and one lawyer in the register."""
    registrar = make_organisation("ks-sfj")
    make_practitioner(registrar, name="<b>李明</b>", name_key="李明", employer_uscc=USCC)
    make_officer(make_organisation("centre"), "chen", "window")
    assert office.log_in("chen").status_code == 302
    return office


def ask(window: Office, **changed: str) -> Any:
    return window.post(PAGE, ASKED | changed)


def test_the_page_asks_for_a_purpose_and_shows_nobody(window: Office) -> None:
    answer = window.get(PAGE + "?licence=LS00000001&occupation=lawyer")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "李明" not in text
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Cache-Control"] == "no-store"
    for said in ("执业类别", "查询目的", "案件或办件编号", "执业人员查询"):
        assert said in text
    assert not Event.objects.filter(action__startswith="practitioner").exists()


def test_a_whole_question_with_a_purpose_shows_one_practitioner(window: Office) -> None:
    for changed in ({}, {"licence": "", "name": "李明", "employer": USCC.lower()}):
        answer = ask(window, **changed)
        text = answer.content.decode()
        assert answer.status_code == 200
        assert "&lt;b&gt;李明&lt;/b&gt;" in text
        assert "<b>李明</b>" not in text
        assert "有效" in text
        assert 'value="LS00000001"' not in text, "the next question begins empty"
    events = Event.objects.filter(action="practitioner.looked_up")
    assert {one.case_number for one in events} == {"昆办〔2026〕12号"}
    assert events.count() == 2


def test_no_practitioner_is_one_answer(window: Office) -> None:
    answer = ask(window, licence="LS0000000")
    assert answer.status_code == 404
    assert "没有查到可以提供的信息" in answer.content.decode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"case_number": "1"}, "没有编号的查询不能进行"),
        ({"purpose_text": ""}, "请填写此项"),
        ({"purpose": "curiosity"}, ""),
        ({"occupation": "neighbour"}, ""),
        ({"licence": NUMBER}, "此处不能填写身份证号"),
        ({"purpose_text": f"核对{NUMBER}"}, "此处不能填写身份证号"),
    ],
)
def test_a_wrong_question_is_not_asked(window: Office, changed: dict[str, str], said: str) -> None:
    answer = ask(window, **changed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Event.objects.filter(action__startswith="practitioner").exists()


def test_the_sixth_look_after_five_misses_is_refused_for_a_while(window: Office) -> None:
    for number in range(5):
        assert ask(window, licence=f"LS9{number}").status_code == 404
    answer = ask(window)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) == 3600
    assert "李明" not in answer.content.decode()
    window.later(minutes=61)
    window.client.cookies.clear()
    window.log_in("chen")
    assert ask(window).status_code == 200


def test_no_event_no_answer(window: Office) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK (action <> 'practitioner.looked_up')")
    answer = ask(window)
    assert answer.status_code == 503
    assert "李明" not in answer.content.decode()


def test_other_methods_and_duties_do_not_get_in(window: Office) -> None:
    assert window.client.put(PAGE).status_code == 405
    make_officer(make_organisation("it"), "wang", "auditor")
    window.client.logout()
    window.log_in("wang")
    assert window.get(PAGE).status_code == ask(window).status_code == 403
    assert "执业人员查询" not in window.get("/").content.decode()


def test_the_page_speaks_english(window: Office) -> None:
    window.post("/language/", {"language": "en", "next": PAGE})
    text = ask(window).content.decode()
    for said in ("Practitioners", "lawyer", "in force", "Kunshan ks-sfj bureau", "not stated"):
        assert said in text
