"""The auditor reads everybody's events and changes none; looking is on file, and a person's text needs a reason."""

from __future__ import annotations

import html
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chengxin.accounts.access import load_matrix
from chengxin.accounts.models import Officer
from chengxin.audit.actions import record_event
from chengxin.audit.erasure import EraseEventText
from chengxin.audit.keeping import Keeper
from chengxin.audit.models import Event
from chengxin.audit.trail import PAGE
from chengxin.audit.witness import FileWitness
from chengxin.crypto import load_keyring
from chengxin.testing.ends import RoleClient
from chengxin.testing.making import NOW, PASSWORD, make_officer, make_organisation, make_subject
from chengxin.verifier.notes import read_keys
from chengxin.verifier.proof import check_proof

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Office

WHY = {"purpose": "audit", "purpose_text": "核查越权查询", "case_number": "昆审〔2026〕3号"}
USCC = "91320583187588026H"


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


def _event(**more: Any) -> int:
    given: dict[str, Any] = {
        "at": NOW - timedelta(hours=1),
        "actor": ("officer", "li", "market"),
        "action": "subject.viewed",
        "object_kind": "batch",
        "object_id": "7",
    }
    with transaction.atomic():
        return record_event(**(given | more))


@pytest.fixture
def auditor(office: Office) -> Office:
    """Give an auditor's browser."""
    make_officer(make_organisation("audit"), "shen", "auditor")
    make_organisation("market")
    assert office.log_in("shen").status_code == 302
    return office


def _numbers(page: Any) -> list[int]:
    return [row.number for row in page.context["found"].page.rows]


def test_events_of_every_organisation_are_there_the_newest_first(auditor: Office) -> None:
    first, second = _event(), _event(actor=("client", "9", "tax"), action="check.answered", at=NOW)
    page = auditor.get("/audit/")
    assert page.status_code == 200
    shown = _numbers(page)
    assert shown.index(second) < shown.index(first)
    for words in ("查看主体", "经办人 li", "接口调用方 9", "答复信用核查", "昆山市market局", "证据状态", "尚未开始"):
        assert words in _text(page)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"actor": "li"}, {0, 2}),
        ({"organisation": "tax"}, {1}),
        ({"action": "check.answered"}, {1}),
        ({"action": "subject"}, {0, 2}),
        ({"action": "subject.view"}, set()),
        ({"case_number": "昆采〔2026〕3号"}, {2}),
        ({"subject": "77"}, {2}),
        ({"since": "2026-03-01", "until": "2026-03-01"}, {0}),
        ({"actor": "li", "case_number": "昆采〔2026〕4号"}, set()),
    ],
)
def test_events_are_found_by_each_of_their_sides(auditor: Office, asked: dict[str, str], found: set[int]) -> None:
    make_organisation("tax")
    numbers = [
        _event(at=NOW - timedelta(days=1)),
        _event(actor=("client", "9", "tax"), action="check.answered"),
        _event(subject_id=77, case_number="昆采〔2026〕3号", purpose="资格审查"),
    ]
    page = auditor.client.get("/audit/", asked)
    assert page.status_code == 200, _text(page)
    assert {numbers.index(one) for one in _numbers(page) if one in numbers} == found


def test_a_body_is_asked_for_by_its_code_and_sees_that_the_auditor_looked(auditor: Office) -> None:
    subject = make_subject()
    number = _event(subject_id=subject.pk)
    assert _numbers(auditor.get(f"/audit/?subject={USCC.lower()}")) == [number]
    assert Event.objects.get(action="audit.viewed").subject_id == subject.pk
    assert auditor.get("/audit/?subject=91320583MA1MABCD0X").status_code == 400
    assert "没有代码为" in _text(auditor.get("/audit/?subject=91320583MA1MABCD0X"))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("since=2026-03-02&until=2026-03-01", "时间段不对"),
        ("since=2025-01-01&until=2026-03-01", "一次最多查 92 天"),
        ("since=yesterday", "日期写法不对"),
        ("since=0001-01-01&until=0001-01-02", "2000-01-01"),
        ("until=9999-12-31", "2999-12-31"),
        ("actor=%00", "空字符"),
        ("actor=320583198001010016", "此处不能填写身份证号"),
        ("organisation=nowhere", "nowhere"),
    ],
)
def test_a_wrong_question_is_answered_on_the_same_page_and_asks_nothing(
    auditor: Office, asked: str, words: str
) -> None:
    page = auditor.get(f"/audit/?{asked}")
    assert page.status_code == 400
    assert words in _text(page)
    assert not Event.objects.filter(action="audit.viewed").exists()


def test_pages_follow_each_other_without_a_gap_or_a_repetition(auditor: Office) -> None:
    numbers = [_event() for _ in range(PAGE * 2 + 3)]
    seen: list[int] = []
    path = "/audit/?actor=li"
    while path:
        page = auditor.get(path)
        assert page.status_code == 200
        seen += _numbers(page)
        onward = [part for part in _text(page).split('"') if part.startswith("?") and "after=" in part]
        path = f"/audit/{onward[0]}" if onward else ""
    assert seen == numbers[::-1]
    for wrong in ("x", "2026-03-02_1", "2026-13-02T00:00:00+00:00_1", "2026-03-02T00:00:00+00:00_x"):
        assert auditor.get(f"/audit/?after={wrong}").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_events(auditor: Office) -> None:
    auditor.get("/audit/")
    before = auditor.queries("/audit/")
    for _ in range(30):
        _event()
    assert auditor.queries("/audit/") == before


def test_the_days_are_a_chart_that_is_read_out_and_a_table(auditor: Office) -> None:
    _event(at=NOW - timedelta(days=2))
    text = _text(auditor.get("/audit/?actor=li&since=2026-02-26&until=2026-03-02"))
    assert text.count('<rect class="bar-on-time"') == 5
    assert "共 1 个事件，最多的一天是 2026-02-28，1 个。" in text
    assert 'aria-label="每日事件数量，数字见下表"' in text
    assert "没有符合条件的事件" in _text(auditor.get("/audit/?actor=nobody"))


def test_every_look_is_an_event_of_its_own(auditor: Office) -> None:
    number = _event()
    auditor.get("/audit/?actor=li")
    auditor.get(f"/audit/events/{number}/")
    auditor.get(f"/audit/events/{number}/proof.json")
    looked = Event.objects.get(action="audit.viewed")
    assert (looked.actor, looked.detail["actor"], looked.detail["shown"]) == ("shen", "li", 1)
    assert Event.objects.get(action="audit.event_viewed").object == str(number)
    assert not Event.objects.filter(action="audit.proof_fetched").exists(), "there is no checkpoint yet"


def test_no_event_no_answer(auditor: Office) -> None:
    number = _event()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK (action NOT LIKE 'audit.%') NOT VALID")
    for path in ("/audit/", f"/audit/events/{number}/", f"/audit/events/{number}/proof.json"):
        answer = auditor.get(path)
        assert answer.status_code == (409 if path.endswith("json") else 503), path
        assert "subject.viewed" not in _text(answer)


def test_one_event_shows_all_its_sides_without_the_text(auditor: Office) -> None:
    number = _event(detail={"document": "昆公户〔2026〕8号"}, legal_basis="民法典", personal="lawyer\n李明")
    text = _text(auditor.get(f"/audit/events/{number}/"))
    for words in ("subject.viewed", "昆公户〔2026〕8号", "民法典", "附带文字涉及个人"):
        assert words in text
    assert "李明" not in text
    assert auditor.get("/audit/events/987654321/").status_code == 404


def test_a_persons_text_is_shown_for_a_purpose_and_a_case_and_the_look_is_on_file(auditor: Office) -> None:
    number = _event(personal="lawyer\n李明", subject_id=5)
    page = auditor.post(f"/audit/events/{number}/", WHY)
    assert page.status_code == 200
    assert "李明" in _text(page)
    look = Event.objects.get(action="audit.text_viewed")
    assert (look.case_number, look.subject_id, look.detail) == (WHY["case_number"], 5, {"answered": True})
    assert look.purpose == "审计、责任追究：核查越权查询"
    assert "李明" not in str(list(Event.objects.values()))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"case_number": ""}, "请填写此项"),
        ({"case_number": "1"}, "没有编号的查询不能进行"),
        ({"purpose_text": ""}, "请填写此项"),
        ({"purpose": "curiosity"}, ""),
    ],
)
def test_without_a_reason_no_text_is_shown(auditor: Office, changed: dict[str, str], words: str) -> None:
    number = _event(personal="lawyer\n李明")
    page = auditor.post(f"/audit/events/{number}/", WHY | changed)
    assert page.status_code == 422
    assert words in _text(page)
    assert "李明" not in _text(page)
    assert not Event.objects.filter(action="audit.text_viewed").exists()


def test_an_erased_text_is_gone_for_the_auditor_too(auditor: Office) -> None:
    number = _event(personal="lawyer\n李明")
    EraseEventText(number, "个人信息保护法第四十七条", ("operator", "cli", ""), NOW).execute()
    page = auditor.post(f"/audit/events/{number}/", WHY)
    assert page.status_code == 404
    assert "已依法删除" in _text(page)
    assert Event.objects.get(action="audit.text_viewed").detail == {"answered": False}


def test_an_event_is_proven_to_whoever_has_the_public_key(auditor: Office, tmp_path: Path) -> None:
    number = _event()
    early = auditor.get(f"/audit/events/{number}/proof.json")
    assert early.status_code == 409
    assert "一分钟内" in _text(early)
    keyring = load_keyring(tmp_path / "keys")
    Keeper(keyring, [FileWitness(tmp_path / "first.jsonl")], lambda: NOW).show()
    assert "检查点" in _text(auditor.get("/audit/"))
    Keeper(keyring, [FileWitness(tmp_path / "first.jsonl")], lambda: NOW).round()
    answer = auditor.get(f"/audit/events/{number}/proof.json")
    assert "attachment" in answer["Content-Disposition"]
    keys = read_keys("".join(key.block() for key in keyring.public_keys("checkpoint")))
    proven = check_proof(json.loads(answer.content), keys)
    assert (proven.trouble, proven.event["id"]) == ("", str(number))
    page = _text(auditor.get("/audit/"))
    assert "正常保存" in page
    assert "first" in page


@pytest.mark.parametrize("role", sorted(set(load_matrix().duties) - {"auditor"}))
def test_no_other_duty_reads_the_trail(office: Office, role: str) -> None:
    make_officer(make_organisation("market"), "x", role)
    number = _event(personal="lawyer\n李明")
    office.log_in("x")
    for path in ("/audit/", f"/audit/events/{number}/", f"/audit/events/{number}/proof.json"):
        assert office.get(path).status_code == 403, path
    assert office.post(f"/audit/events/{number}/", WHY).status_code == 403
    assert 'href="/audit/"' not in _text(office.client.get("/", follow=True))


def test_an_auditor_who_lost_the_duty_sees_nothing_from_the_next_request(auditor: Office) -> None:
    number = _event()
    assert auditor.get(f"/audit/events/{number}/").status_code == 200
    Officer.objects.filter(username="shen").update(roles=[])
    assert auditor.get(f"/audit/events/{number}/").status_code == 403


def test_the_trail_is_read_and_cannot_be_written_to(auditor: Office) -> None:
    number = _event()
    for path in ("/audit/", f"/audit/events/{number}/proof.json"):
        assert auditor.post(path).status_code == 405
    for method in ("put", "patch", "delete"):
        assert getattr(auditor.client, method)(f"/audit/events/{number}/").status_code == 405


def test_the_pages_speak_english(auditor: Office) -> None:
    number = _event()
    auditor.post("/language/", {"language": "en", "next": "/audit/"})
    assert "body looked at" in _text(auditor.get("/audit/"))
    assert "officer li" in _text(auditor.get(f"/audit/events/{number}/"))


def test_another_browser_without_a_session_is_sent_to_log_in(auditor: Office) -> None:
    assert auditor.get("/audit/").status_code == 200
    stranger = RoleClient("office")
    assert stranger.get("/audit/")["Location"].startswith("/log-in/")
    assert stranger.post("/log-in/", {"username": "shen", "password": PASSWORD}).status_code == 302
    with CaptureQueriesContext(connection) as captured:
        assert stranger.get("/audit/").status_code == 200
    assert len(captured) < 30
