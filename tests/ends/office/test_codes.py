"""Officers of the centre ask registrars about codes; registrars answer; progress is shown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.conversion.actions.carry_out import CarryOutAnswer
from chengxin.conversion.actions.find_conflicts import FindConflicts
from chengxin.conversion.models import Conflict, Request
from chengxin.conversion.progress import Standing
from chengxin.conversion.tasks import ANSWER_TASK
from chengxin.ends.office.code_charts import progress_bars
from chengxin.subjects.models import Identifier, Subject
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_officer, make_organisation, make_subject

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

NUMBER = registration_number(1)


@pytest.fixture
def registrar(office: Any) -> Organisation:
    assert office
    registrar = make_organisation("scjg", name="昆山市市场监督管理局", registrar=True)
    make_officer(registrar, "li", "submitter")
    make_officer(make_organisation("mzj", name="昆山市民政局", registrar=True), "wang", "submitter")
    make_officer(make_organisation("xyzx"), "zhao", "centre")
    make_subject("昆山甲有限公司", uscc(1), registration_number=NUMBER)
    make_subject("昆山乙有限公司", uscc(2), registration_number=NUMBER)
    Subject.objects.update(registrar=registrar.name)
    FindConflicts(NOW).execute()
    return registrar


def ask(office: Any) -> Request:
    office.log_in("zhao")
    number = Conflict.objects.get().pk
    page = office.get(f"/codes/conflicts/{number}/")
    assert '<option value="scjg" selected>' in page.content.decode()
    sent = office.post(f"/codes/conflicts/{number}/ask/", {"organisation": "scjg", "question": "注册号是谁的"})
    assert sent.status_code == 302
    return Request.objects.get()


def test_the_centre_sees_the_queue_and_asks(office: Any, registrar: Organisation) -> None:
    assert registrar
    office.log_in("zhao")
    page = office.get("/codes/conflicts/").content.decode()
    assert "一码两主体" in page
    assert NUMBER in page
    request = ask(office)
    assert (request.organisation.code, request.state, request.asked_by) == ("scjg", "open", "zhao")
    assert "2026-03-16" in office.get("/codes/conflicts/").content.decode()
    again = office.post(f"/codes/conflicts/{request.conflict_id}/ask/", {"organisation": "scjg", "question": "?"})
    assert again.status_code == 422
    assert "尚未答复" in again.content.decode()


def test_the_registrar_answers_and_the_worker_carries_it_out(office: Any, registrar: Organisation) -> None:
    assert registrar
    request = ask(office)
    office.client.cookies.clear()
    office.log_in("li")
    assert NUMBER in office.get("/codes/requests/").content.decode()
    address = f"/codes/requests/{request.pk}/"
    assert "昆山乙有限公司" in office.get(address).content.decode()
    right = Subject.objects.get(uscc=uscc(2)).pk
    lacking = office.post(address, {"answer": "right_code", "subject": right})
    assert lacking.status_code == 422
    assert "文书号" in lacking.content.decode()
    given = {"answer": "right_code", "subject": right, "document": "昆市监函〔2026〕8号"}
    assert office.post(address, given).status_code == 302
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s", [ANSWER_TASK])
        (args,) = cursor.fetchone()
    assert (json.loads(args) if isinstance(args, str) else args) == {"request_id": request.pk}
    CarryOutAnswer(request.pk, NOW).execute()
    assert Identifier.objects.get(value=NUMBER).subject_id == right
    assert "昆市监函〔2026〕8号" in office.get(address).content.decode()
    assert office.post(address, given).status_code == 422


def test_another_registrar_neither_sees_nor_answers(office: Any, registrar: Organisation) -> None:
    assert registrar
    request = ask(office)
    office.client.cookies.clear()
    office.log_in("wang")
    assert NUMBER not in office.get("/codes/requests/").content.decode()
    assert office.get(f"/codes/requests/{request.pk}/").status_code == 404
    assert office.post(f"/codes/requests/{request.pk}/", {"answer": "stays", "document": "x"}).status_code == 404
    assert office.get("/codes/conflicts/").status_code == 403
    assert Request.objects.get().state == "open"


def test_an_overdue_request_is_said_on_top(office: Any, registrar: Organisation) -> None:
    assert registrar
    ask(office)
    office.client.cookies.clear()
    office.later(days=15)
    office.log_in("li")
    page = office.get("/codes/requests/").content.decode()
    assert "有 1 件更正申请超过答复期限" in page
    assert "已逾期" in page


def test_progress_is_drawn_and_given_as_files(office: Any, registrar: Organisation) -> None:
    assert registrar
    make_subject("昆山丙有限公司", "", registration_number=registration_number(3))
    office.log_in("zhao")
    page = office.get("/codes/progress/").content.decode()
    assert "主体 3 个，转换率 66.6%，重错码率 66.6%" in page
    assert "昆山市市场监督管理局" in page
    assert '<rect class="bar-on-time"' in page
    told = office.get("/codes/progress/bulletin.json").json()
    assert (len(told["months"]), told["months"][-1]["bodies"], told["months"][-1]["with_uscc"]) == (12, 3, 2)
    text = office.get("/codes/progress/bulletin.csv").content.decode("utf-8-sig")
    assert text.splitlines()[0].startswith("month,new_bodies,converted")
    assert office.get("/codes/progress/bulletin.pdf").status_code == 404


def test_the_pages_speak_english(office: Any, registrar: Organisation) -> None:
    assert registrar
    ask(office)
    office.post("/language/", {"language": "en", "next": "/"})
    for path, words in (
        ("/codes/conflicts/", "One code, two bodies"),
        (f"/codes/conflicts/{Conflict.objects.get().pk}/", "Ask the registrar"),
        ("/codes/progress/", "Progress of code conversion"),
    ):
        assert words in office.get(path).content.decode()


def test_the_queue_takes_as_many_queries_however_long_it_is(office: Any, registrar: Organisation) -> None:
    assert registrar
    office.log_in("zhao")
    before = office.queries("/codes/conflicts/")
    for number in range(10, 20):
        make_subject(f"丁{number}", uscc(number), organisation_code=uscc(number + 50)[8:17])
    FindConflicts(NOW + timedelta(hours=1)).execute()
    assert office.queries("/codes/conflicts/") == before


def test_bars_are_to_one_scale_and_a_small_part_can_be_seen() -> None:
    bars = progress_bars([("甲", Standing("甲", "", 1000, 999, 1, 0, 1)), ("乙", Standing("乙", "", 10, 0, 10, 0, 0))])
    assert [(one.share, one.wrong_rate, one.with_length, one.old_length) for one in bars] == [
        ("99.9%", "0.1%", 999, 4),
        ("0.0%", "0.0%", 0, 10),
    ]
    assert progress_bars([]) == ()
