"""Merging, splitting and re-issuing in the office: looked at side by side, asked for, agreed to by another officer."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.ends.office.body_charts import SHORTEST, WHOLE, timeline
from chengxin.subjects.actions.change_carry_out import CarryOutChange
from chengxin.subjects.history import Code, Version
from chengxin.subjects.models import Change, Identifier, Subject
from chengxin.testing.bodies import add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_officer, make_organisation

OLD = registration_number(1)


def _text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def centre(office: Any) -> Any:
    """Give a browser at a city with two bodies, where an officer of the centre is logged in and another one waits."""
    own = make_organisation("centre")
    for name in ("wang", "zhao"):
        make_officer(own, name, "centre")
    make_officer(own, "li", "submitter")
    register_bodies(
        {"uscc": uscc(1), "name": "昆山旧名有限公司", "registration_number": OLD},
        {"uscc": uscc(2), "name": "昆山新名有限公司"},
        now=NOW,
    )
    register_bodies({"uscc": uscc(2), "name": "昆山更新名有限公司"}, now=NOW + timedelta(days=1))
    add_facts({"identifier": f"uscc:{uscc(1)}", "number": 1}, {"identifier": f"uscc:{uscc(2)}", "number": 2}, now=NOW)
    office.later(days=2)
    office.log_in("wang")
    return office


def as_other(office: Any, name: str = "zhao") -> None:
    office.post("/log-out/")
    office.log_in(name)


def ask_merge(office: Any) -> Change:
    fields = {"source": uscc(1), "target": uscc(2), "reason": "登记机关函证为同一主体"}
    response = office.post("/bodies/changes/merge/", fields)
    assert response.status_code == 302, _text(response)
    change = Change.objects.get()
    assert response["Location"] == f"/bodies/changes/{change.pk}/"
    return change


def test_a_merge_is_looked_at_asked_for_agreed_to_carried_out_and_undone(centre: Any) -> None:
    page = _text(centre.get(f"/bodies/changes/merge/?source={uscc(1)}&target={uscc(2)}"))
    for words in (
        "转出 · 昆山旧名有限公司",
        "转入 · 昆山更新名有限公司",
        OLD,
        "作为旧代码保留",
        "各有统一社会信用代码",
    ):
        assert words in page
    assert "信用记录 行政许可 1" in page
    change = ask_merge(centre)
    own = _text(centre.get(f"/bodies/changes/{change.pk}/"))
    assert "等待审批" in own
    assert "同意并办理" not in own
    as_other(centre)
    assert "同意并办理" in _text(centre.get(f"/bodies/changes/{change.pk}/"))
    centre.post(f"/bodies/changes/{change.pk}/decide/", {"decision": "agree", "reason": "属实"})
    assert "已同意，等待办理" in _text(centre.get(f"/bodies/changes/{change.pk}/"))
    CarryOutChange(change.pk, centre.now).execute()
    done = _text(centre.get(f"/bodies/changes/{change.pk}/"))
    assert "已办理" in done
    assert "zhao" in done
    assert set(Identifier.objects.values_list("subject__uscc", flat=True)) == {uscc(2)}
    asked = centre.post(f"/bodies/changes/{change.pk}/undo/", {"reason": "函证有误"})
    undo = Change.objects.get(kind="undo")
    assert asked["Location"] == f"/bodies/changes/{undo.pk}/"
    as_other(centre, "wang")
    centre.post(f"/bodies/changes/{undo.pk}/decide/", {"decision": "agree", "reason": "同意撤销"})
    CarryOutChange(undo.pk, centre.now).execute()
    assert "已撤销" in _text(centre.get(f"/bodies/changes/{change.pk}/"))
    assert set(Identifier.objects.values_list("subject__uscc", flat=True)) == {uscc(1), uscc(2)}


def test_agreeing_hands_the_change_to_the_worker_and_refusing_does_not(centre: Any) -> None:
    from django.db import connection  # noqa: PLC0415

    def jobs() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT task_name, args ->> 'change_id' FROM procrastinate_jobs WHERE task_name LIKE 'subjects.%%'
                ORDER BY id""",
                [],
            )
            return list(cursor.fetchall())

    change = ask_merge(centre)
    as_other(centre)
    centre.post(f"/bodies/changes/{change.pk}/decide/", {"decision": "refuse", "reason": "不是同一主体"})
    assert jobs() == []
    assert "不同意" in _text(centre.get(f"/bodies/changes/{change.pk}/"))
    assert centre.post(f"/bodies/changes/{change.pk}/carry-out/").status_code == 409
    fields = {"source": uscc(1), "target": uscc(2), "reason": "再次申请"}
    again = centre.post("/bodies/changes/merge/", fields)
    as_other(centre, "wang")
    centre.post(again["Location"] + "decide/", {"decision": "agree", "reason": "属实"})
    assert jobs() == [("subjects.carry_out", again["Location"].split("/")[3])]


def test_nobody_agrees_to_what_they_asked_for(centre: Any) -> None:
    change = ask_merge(centre)
    response = centre.post(f"/bodies/changes/{change.pk}/decide/", {"decision": "agree", "reason": "我同意"})
    assert response.status_code == 403
    as_other(centre)
    empty = centre.post(f"/bodies/changes/{change.pk}/decide/", {"decision": "agree", "reason": " "})
    assert empty.status_code == 409
    assert "请写明审批意见" in _text(empty)


def test_a_split_is_chosen_looked_at_and_asked_for(centre: Any) -> None:
    page = _text(centre.get(f"/bodies/changes/split/?code={uscc(1)}"))
    assert "属于另一主体的代码" in page
    query = f"code={uscc(1)}&codes=registration_number:{OLD}&name=昆山旧名有限公司"
    assert "随之变动" in _text(centre.get(f"/bodies/changes/split/?{query}"))
    fields = {
        "code": uscc(1),
        "codes": [f"registration_number:{OLD}"],
        "name": "昆山旧名有限公司",
        "reason": "两个主体",
    }
    asked = centre.post("/bodies/changes/split/", fields)
    assert asked.status_code == 302
    shown = _text(centre.get(asked["Location"]))
    assert "拆分主体" in shown
    assert OLD in shown


def test_a_re_issued_code_is_stated_with_its_document(centre: Any) -> None:
    assert centre.get("/bodies/changes/reissue/").status_code == 200
    fields = {"old": uscc(1), "new": uscc(9), "on": "2026-03-01", "document": "昆市监函〔2026〕3号", "reason": "重错码"}
    asked = centre.post("/bodies/changes/reissue/", fields)
    assert asked.status_code == 302
    page = _text(centre.get(asked["Location"]))
    assert f"{uscc(1)} → {uscc(9)}" in page
    assert "昆市监函〔2026〕3号" in page
    refused = centre.post("/bodies/changes/reissue/", fields | {"on": "昨天"})
    assert refused.status_code == 422
    assert "请填写日期" in _text(refused)


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("merge", {"source": "1", "target": "2", "reason": "x"}, "登记库中没有代码"),
        ("merge", {"source": uscc(1), "target": uscc(1), "reason": "x"}, "请选择两个不同的主体"),
        ("merge", {"source": "#999999", "target": uscc(1), "reason": "x"}, "没有编号为 999999 的主体"),
        ("split", {"code": uscc(1), "codes": [f"uscc:{uscc(1)}"], "name": "x", "reason": "x"}, "须与其一同移走或留下"),
        (
            "reissue",
            {"old": uscc(1), "new": uscc(2), "on": "2026-03-01", "document": "函", "reason": "x"},
            "请办理合并",
        ),
    ],
)
def test_what_cannot_be_asked_for_is_said_on_the_page(
    centre: Any, path: str, fields: dict[str, Any], words: str
) -> None:
    response = centre.post(f"/bodies/changes/{path}/", fields)
    assert response.status_code == 422
    assert words in _text(response)
    assert not Change.objects.exists()


def test_who_may_not_change_bodies_sees_none_of_it(centre: Any) -> None:
    change = ask_merge(centre)
    as_other(centre, "li")
    for path in ("", "merge/", "split/", "reissue/", f"{change.pk}/"):
        assert centre.get(f"/bodies/changes/{path}").status_code == 403
    for act in ("decide", "undo", "carry-out"):
        assert centre.post(f"/bodies/changes/{change.pk}/{act}/", {"reason": "x"}).status_code == 403


def test_the_history_shows_names_and_codes_through_time(centre: Any) -> None:
    response = centre.get(f"/bodies/{uscc(2)}/history/")
    page = _text(response)
    assert response.content.decode().count("<svg") == 4
    assert "昆山新名有限公司 2026-03-02 – 2026-03-03" in page
    assert "昆山更新名有限公司 2026-03-03 –" in page
    assert "批次 1 第 2 行" in page
    assert f"/bodies/{uscc(2)}/" in response.content.decode()
    assert f"/bodies/{uscc(2)}/history/" in centre.get(f"/bodies/{uscc(2)}/").content.decode()


def test_pages_take_few_queries_and_speak_english(centre: Any) -> None:
    change = ask_merge(centre)
    assert centre.queries("/bodies/changes/") <= 12
    assert centre.queries(f"/bodies/changes/{change.pk}/") <= 14
    centre.post("/language/", {"language": "en", "next": "/"})
    page = _text(centre.get(f"/bodies/changes/{change.pk}/"))
    assert "Merge bodies" in page
    assert "both bodies have a credit code" in page


VERSIONS = st.lists(
    st.tuples(st.integers(0, 4000), st.sampled_from("甲乙丙")).map(
        lambda pair: Version(
            pair[1],
            "legal_person",
            "",
            "存续",
            "",
            None,
            date(2015, 1, 1) + timedelta(pair[0]),
            NOW,
            "registration",
            "",
            1,
            2,
        )
    ),
    max_size=6,
)
CODES = st.lists(
    st.tuples(st.integers(0, 4000), st.none() | st.integers(0, 4000)).map(
        lambda pair: Code(
            "uscc",
            "x",
            NOW - timedelta(pair[0]),
            ended_on=None if pair[1] is None else date(2015, 1, 1) + timedelta(pair[1]),
        )
    ),
    max_size=4,
)


@given(VERSIONS, CODES)
def test_bars_lie_within_the_span_and_can_be_seen(versions: list[Version], codes: list[Code]) -> None:
    drawn = timeline(versions, codes, date(2026, 3, 2))
    assert (drawn is None) == (not versions)
    for span in (*drawn.names, *drawn.codes) if drawn else ():
        assert span.start >= 0
        assert span.length >= SHORTEST
        assert span.start + span.length <= WHOLE


def test_the_worker_carries_out_what_was_agreed_and_keeps_a_refusal(
    centre: Any,
) -> None:
    from chengxin.subjects.tasks import carry_out  # noqa: PLC0415
    from chengxin.testing.ends import as_role  # noqa: PLC0415

    change = ask_merge(centre)
    with as_role("worker"):
        carry_out(change.pk)
    assert "要由另一位经办人同意后才能办理" in _text(centre.get(f"/bodies/changes/{change.pk}/"))
    as_other(centre)
    centre.post(f"/bodies/changes/{change.pk}/decide/", {"decision": "agree", "reason": "属实"})
    with as_role("worker"):
        carry_out(change.pk)
    assert Change.objects.get().state == "done"
    assert Subject.objects.get(uscc=uscc(1)).merged_into_id is not None
