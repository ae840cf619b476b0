"""Relations in the office: seen at a body, proposed, established by a document, refused, ended, with who did it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.audit.models import Event
from chengxin.subjects.actions.merge import AskMerge
from chengxin.subjects.models import Identifier, Relation, Subject
from chengxin.subjects.relations import PAGE, propose_branches
from chengxin.testing.bodies import TwoOfficers, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_officer, make_organisation, make_subject

if TYPE_CHECKING:
    from .conftest import Office

PARENT = "昆山市禾映科技有限公司"
BRANCH = f"{PARENT}玉山分公司"
DOCUMENT = "昆市监登〔2026〕1号"


def _text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def desk(office: Office) -> Office:
    """Give a browser of a reviewing officer of a department, beside a branch and its parent."""
    own = make_organisation()
    make_officer(own, "fu", "reviewer")
    make_officer(own, "li", "submitter")
    register_bodies({"uscc": uscc(1), "name": BRANCH}, {"uscc": uscc(2), "name": PARENT}, now=NOW)
    office.later(hours=1)
    office.log_in("fu")
    return office


def body(number: int) -> int:
    return Identifier.objects.get(kind="uscc", value=uscc(number)).subject_id


def test_a_branch_is_confirmed_from_the_queue_by_a_document(desk: Office) -> None:
    propose_branches(NOW)
    relation = Relation.objects.get()
    text = _text(desk.get("/bodies/relations/"))
    assert PARENT in text
    assert BRANCH in text
    page = desk.get(f"/bodies/relations/{relation.pk}/")
    assert "待确认" in _text(page)
    fields = {"document": DOCUMENT, "from_day": "2026-03-01", "until_day": ""}
    response = desk.post(f"/bodies/relations/{relation.pk}/confirm/", fields)
    assert (response.status_code, response["Location"]) == (302, f"/bodies/relations/{relation.pk}/")
    relation.refresh_from_db()
    assert (relation.state, relation.document, relation.decided_by) == ("established", DOCUMENT, "fu")
    assert relation.from_day == date(2026, 3, 1)
    assert "没有待确认的主体关系" in _text(desk.get("/bodies/relations/"))
    assert "所属单位" in _text(desk.get(f"/bodies/{uscc(1)}/relations/"))
    event = Event.objects.filter(action="relation.established").get()
    assert (event.actor, event.object) == ("fu", str(relation.pk))


def test_a_proposal_is_refused_and_names_do_not_make_it_again(desk: Office) -> None:
    propose_branches(NOW)
    relation = Relation.objects.get()
    response = desk.post(f"/bodies/relations/{relation.pk}/refuse/")
    assert (response.status_code, response["Location"]) == (302, "/bodies/relations/")
    assert propose_branches(NOW + timedelta(days=1)) == 0
    assert Event.objects.filter(action="relation.refused", actor="fu").count() == 1
    again = desk.post(f"/bodies/relations/{relation.pk}/refuse/")
    assert again.status_code == 422
    assert "不是待确认的建议" in _text(again)
    # With a document it can still be established.
    desk.post(f"/bodies/relations/{relation.pk}/confirm/", {"document": DOCUMENT, "from_day": "2026-03-01"})
    assert Relation.objects.get().state == "established"


def test_the_other_body_is_looked_at_before_anything_is_said_of_it(desk: Office) -> None:
    text = _text(desk.get(f"/bodies/{uscc(2)}/relations/?role=branch&other={uscc(1)}"))
    assert BRANCH in text
    assert "凭文书确认" in text
    assert not Relation.objects.exists()
    wrong = desk.get(f"/bodies/{uscc(2)}/relations/?role=branch&other={uscc(9)}")
    assert wrong.status_code == 422
    assert "没有代码为" in _text(wrong)


@pytest.mark.parametrize(
    ("role", "kind", "order", "manner"),
    [
        ("branch", "branch_of", (1, 2), ""),
        ("parent", "branch_of", (2, 1), ""),
        ("successor", "successor_of", (1, 2), "合并"),
        ("predecessor", "successor_of", (2, 1), "分立"),
    ],
)
@pytest.mark.parametrize("step", ["propose", "establish"])
def test_what_the_other_body_is_says_which_way_the_relation_runs(
    desk: Office, role: str, kind: str, order: tuple[int, int], manner: str, step: str
) -> None:
    fields = {
        "role": role, "other": uscc(1), "manner": manner, "document": "登记机关来函", "from_day": "2026-03-01",
        "step": step,
    }  # fmt: skip
    response = desk.post(f"/bodies/{uscc(2)}/relations/new/", fields)
    relation = Relation.objects.get()
    assert response["Location"] == f"/bodies/relations/{relation.pk}/"
    assert (relation.kind, relation.from_subject_id, relation.to_subject_id) == (kind, *map(body, order))
    assert (relation.state, relation.manner) == ("proposed" if step == "propose" else "established", manner)
    assert Event.objects.filter(action=f"relation.{relation.state}", actor="fu").exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"role": ""}, "请选择关系种类"),
        ({"other": uscc(9)}, "没有代码为"),
        ({"other": uscc(2)}, "两个不同的主体"),
        ({"document": " "}, "文书"),
        ({"document": " ", "step": "propose"}, "依据或来源"),
        ({"from_day": "2026-02-31"}, "请填写日期"),
        ({"until_day": "2026-02-01"}, "结束日期早于开始日期"),
        ({"role": "successor"}, "承继须注明"),
    ],
)
def test_what_cannot_be_a_relation_is_said_on_the_page(desk: Office, fields: dict[str, str], said: str) -> None:
    given = {"role": "branch", "other": uscc(1), "document": DOCUMENT, "from_day": "2026-03-01", "step": "establish"}
    response = desk.post(f"/bodies/{uscc(2)}/relations/new/", given | fields)
    assert response.status_code == 422
    assert said in _text(response)
    assert not Relation.objects.exists()


def test_a_pair_that_is_on_file_is_not_proposed_a_second_time(desk: Office) -> None:
    propose_branches(NOW)
    given = {"role": "branch", "other": uscc(1), "document": "来函", "step": "propose"}
    response = desk.post(f"/bodies/{uscc(2)}/relations/new/", given)
    assert "已在库中（待确认）" in _text(response)
    desk.post(f"/bodies/relations/{Relation.objects.get().pk}/refuse/")
    assert "已在库中（已否定）" in _text(desk.post(f"/bodies/{uscc(2)}/relations/new/", given))


def test_a_relation_is_ended_on_its_own_page(desk: Office) -> None:
    given = {"role": "branch", "other": uscc(1), "document": DOCUMENT, "from_day": "2026-03-01", "step": "establish"}
    desk.post(f"/bodies/{uscc(2)}/relations/new/", given)
    relation = Relation.objects.get()
    again = {"document": DOCUMENT, "from_day": "2026-03-01", "until_day": ""}
    assert "已经确认" in _text(desk.post(f"/bodies/relations/{relation.pk}/confirm/", again))
    desk.post(f"/bodies/relations/{relation.pk}/confirm/", again | {"until_day": "2026-03-31"})
    relation.refresh_from_db()
    assert relation.until_day == date(2026, 3, 31)


def test_who_only_reads_bodies_sees_relations_and_no_way_to_change_them(desk: Office) -> None:
    propose_branches(NOW)
    relation = Relation.objects.get()
    desk.post("/log-out/")
    desk.log_in("li")
    page = desk.get(f"/bodies/{uscc(1)}/relations/")
    assert page.status_code == 200
    assert PARENT in _text(page)
    assert "<form" not in page.content.decode().partition("<main")[2]
    for path in ("/bodies/relations/", f"/bodies/relations/{relation.pk}/"):
        assert desk.get(path).status_code == 403
    for path in ("confirm", "refuse"):
        assert desk.post(f"/bodies/relations/{relation.pk}/{path}/").status_code == 403
    assert desk.post(f"/bodies/{uscc(1)}/relations/new/", {"role": "parent"}).status_code == 403
    relation.refresh_from_db()
    assert relation.state == "proposed"


def test_what_is_not_there_is_not_found(desk: Office) -> None:
    for path in ("/bodies/relations/987/", "/bodies/91320583MA1TESTXXX/relations/", "/bodies/relations/?after=x"):
        assert desk.get(path).status_code == 404
    assert desk.post("/bodies/relations/987/confirm/").status_code == 404
    assert desk.post("/bodies/relations/987/refuse/").status_code == 404


def test_a_change_that_waits_for_one_of_the_bodies_is_told(desk: Office) -> None:
    propose_branches(NOW)
    register_bodies({"uscc": uscc(3), "name": "昆山丙有限公司"}, now=NOW)
    officers = TwoOfficers(NOW + timedelta(minutes=30))
    change = AskMerge(officers.asker, body(3), body(2), "同一主体", officers.later()).execute()
    text = _text(desk.get(f"/bodies/relations/{Relation.objects.get().pk}/"))
    assert f"变更 {change.pk} 待办理" in text


def test_names_propose_nothing_about_a_body_that_two_people_are_about_to_move(desk: Office) -> None:
    assert desk
    register_bodies({"uscc": uscc(3), "name": "昆山丙有限公司"}, now=NOW)
    officers = TwoOfficers(NOW + timedelta(minutes=30))
    change = AskMerge(officers.asker, body(3), body(2), "同一主体", officers.later()).execute()
    assert propose_branches(officers.later()) == 0
    assert officers.carry_out(change).state == "done"
    assert propose_branches(officers.later()) == 1


def test_a_body_that_was_merged_leads_on_to_the_one_it_became(desk: Office) -> None:
    register_bodies({"uscc": uscc(3), "name": "昆山丙有限公司"}, now=NOW)
    gone = body(3)
    TwoOfficers(NOW + timedelta(minutes=30)).merge(gone, body(2))
    page = desk.get(f"/bodies/%23{gone}/")
    assert f"已并入 {PARENT}".replace(" ", "") in _text(page).replace(" ", "")
    assert f"/bodies/%23{body(2)}/" in page.content.decode()
    assert "已并入" not in _text(desk.get(f"/bodies/{uscc(3)}/"))


def test_a_body_without_a_credit_code_is_reached_by_its_number(desk: Office) -> None:
    other = make_subject("昆山丁有限公司", "", registration_number=registration_number(4))
    Relation.objects.create(
        kind="branch_of", from_subject=other, to_subject_id=body(2), state="proposed", evidence="来函", made_at=NOW
    )
    link = f"/bodies/%23{other.pk}/relations/"
    assert link in desk.get(f"/bodies/{uscc(2)}/relations/").content.decode()
    assert desk.get(link).status_code == 200


def test_every_look_at_a_bodys_relations_and_history_is_on_file(desk: Office) -> None:
    for path in ("relations", "history"):
        desk.get(f"/bodies/{uscc(1)}/{path}/")
    looks = Event.objects.filter(action="subject.viewed", object=str(body(1)), actor="fu")
    assert looks.count() == 2


def test_a_long_queue_goes_on_behind_its_first_page(desk: Office) -> None:
    parent = Subject.objects.get(pk=body(2))
    for number in range(1, PAGE + 2):
        branch = make_subject(f"昆山分支{number}号", "", registration_number=registration_number(100 + number))
        Relation.objects.create(
            kind="branch_of", from_subject=branch, to_subject=parent, state="proposed", evidence="名称", made_at=NOW
        )
    first = desk.get("/bodies/relations/")
    onward = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
    assert onward is not None
    assert "昆山分支51号" in _text(desk.get(f"/bodies/relations/{onward[1]}"))
    assert "昆山分支51号" not in _text(first)


def test_the_number_of_queries_does_not_grow_with_the_relations(desk: Office) -> None:
    parent = Subject.objects.get(pk=body(2))
    few = (desk.queries("/bodies/relations/"), desk.queries(f"/bodies/{uscc(2)}/relations/"))
    for number in range(1, 20):
        branch = make_subject(f"昆山分支{number}号", "", registration_number=registration_number(100 + number))
        Relation.objects.create(
            kind="branch_of", from_subject=branch, to_subject=parent, state="proposed", evidence="名称", made_at=NOW
        )
    assert (desk.queries("/bodies/relations/"), desk.queries(f"/bodies/{uscc(2)}/relations/")) == few
