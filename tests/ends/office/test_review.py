"""Assisted linking in the office end: who may, what a decision needs, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.accounts.actor import officer_actor
from chengxin.audit.models import Event
from chengxin.records.actions.apply_link import ApplyLink
from chengxin.records.models import LinkDecision, LinkProposal, Record
from chengxin.subjects.actions.merge import AskMerge
from chengxin.testing.making import NOW, make_officer, make_organisation

from .review_making import make_bodies, make_proposal

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation
    from chengxin.subjects.models import Subject

    from .conftest import Office

BY_SCRIPT = {"headers": {"X-Requested-With": "fetch"}}


@pytest.fixture
def bodies(office: Office) -> list[Subject]:
    assert office
    return make_bodies(3)


@pytest.fixture
def centre(office: Office) -> Office:
    """Give a browser in which an officer of the credit centre is logged in."""
    make_officer(make_organisation("centre"), "li", "centre")
    assert office.log_in("li").status_code == 302
    return office


def decide(office: Office, proposal: LinkProposal, outcome: str = "link", **fields: Any) -> Any:
    proposal.refresh_from_db()
    given = {"revision": proposal.revision, "outcome": outcome} | fields
    return office.post(f"/links/{proposal.pk}/decide/", given, **BY_SCRIPT)


def test_the_queue_shows_row_and_bodies_side_by_side_with_the_differences_marked(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    make_proposal(1, organisation, *bodies[:2])
    text = centre.get("/links/").content.decode()
    assert "昆山待定1号有限公司" in text
    assert "昆山<mark>登记</mark>1号有限公司" in text
    assert "曾用名" in text
    assert "昆山旧名有限公司" in text
    assert text.count('type="radio"') == 2
    assert "名称一致 100" in text
    assert Event.objects.filter(action="link.viewed").count() == 1


def test_a_decision_is_kept_with_what_the_officer_saw_and_handed_to_the_worker(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    proposal = make_proposal(1, organisation, *bodies[:2])
    answer = decide(centre, proposal, subject=bodies[1].pk)
    assert (answer.status_code, answer.json()["state"], answer.json()["html"]) == (200, "decided", "")
    kept = LinkDecision.objects.get()
    assert (kept.outcome, kept.subject_id, kept.officer, kept.organisation) == ("link", bodies[1].pk, "li", "centre")
    assert (str(kept.score), kept.verdict, kept.digest) == ("1.000", "same", proposal.digest)
    assert kept.evidence == proposal.evidence
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args ->> 'decision_id', lock FROM procrastinate_jobs")
        assert cursor.fetchall() == [("records.apply_link", str(kept.pk), f"link:{proposal.pk}")]
    ApplyLink(kept.pk, NOW).execute()
    assert Record.objects.latest("version").subject_id == bodies[1].pk


def test_two_officers_cannot_decide_one_proposal_twice(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    proposal = make_proposal(1, organisation, bodies[0])
    revision = proposal.revision
    assert decide(centre, proposal, subject=bodies[0].pk).status_code == 200
    late = centre.post(f"/links/{proposal.pk}/decide/", {"revision": revision, "outcome": "none"}, **BY_SCRIPT)
    assert late.status_code == 409
    assert "已由 li 决定（关联到该主体），您的操作没有生效" in late.json()["said"]
    assert LinkDecision.objects.count() == 1


def test_not_the_same_leaves_the_other_bodies_to_choose_from(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    proposal = make_proposal(1, organisation, *bodies[:2])
    answer = decide(centre, proposal, "not_same", subject=bodies[0].pk).json()
    assert answer["state"] == "open"
    assert answer["html"].count('type="radio"') == 1
    assert "不是同一主体" in answer["html"]
    again = decide(centre, proposal, subject=bodies[0].pk)
    assert (again.status_code, LinkDecision.objects.count()) == (422, 1)
    assert decide(centre, proposal, subject=bodies[1].pk).status_code == 200


def test_every_decision_can_be_taken_back_once(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    proposal = make_proposal(1, organisation, bodies[0])
    for outcome, fields in (("link", {"subject": bodies[0].pk}), ("none", {}), ("defer", {"note": "等原件"})):
        number = decide(centre, proposal, outcome, **fields).json()["decision"]
        back = centre.post(f"/links/decisions/{number}/undo/", {}, **BY_SCRIPT)
        assert (back.status_code, back.json()["state"]) == (200, "open")
        assert f'id="task-{proposal.pk}"' in back.json()["html"]
        assert centre.post(f"/links/decisions/{number}/undo/", {}, **BY_SCRIPT).status_code == 409
    assert list(LinkDecision.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "link", "undo", "none", "undo", "defer", "undo",
    ]  # fmt: skip


def test_a_deferral_needs_a_reason_and_moves_to_its_own_list(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    proposal = make_proposal(1, organisation, bodies[0])
    assert decide(centre, proposal, "defer", note=" ").status_code == 422
    assert decide(centre, proposal, "defer", note="需要看原件").status_code == 200
    assert "没有待关联的事项" in centre.get("/links/").content.decode()
    deferred = centre.get("/links/?state=deferred").content.decode()
    assert "需要看原件" in deferred
    assert decide(centre, proposal, subject=bodies[0].pk).status_code == 200


def test_nobody_decides_what_they_handed_in(centre: Office, organisation: Organisation, bodies: list[Subject]) -> None:
    proposal = make_proposal(1, organisation, bodies[0], submitted_by="li")
    page = centre.get("/links/").content.decode()
    assert "这条数据由您本人报送" in page
    assert 'value="link"' not in page
    assert decide(centre, proposal, subject=bodies[0].pk).status_code == 403
    assert LinkDecision.objects.count() == 0


def test_a_submitter_has_no_queue(desk: Office, organisation: Organisation, bodies: list[Subject]) -> None:
    proposal = make_proposal(1, organisation, bodies[0])
    assert desk.get("/links/").status_code == 403
    assert desk.get(f"/links/{proposal.pk}/").status_code == 403
    assert desk.post(f"/links/{proposal.pk}/decide/", {"revision": 1, "outcome": "none"}).status_code in (403, 404)
    assert "人工辅助关联" not in desk.get("/").content.decode()


def test_a_reviewer_sees_the_own_organisations_proposals_and_no_others(
    office: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    other = make_organisation("other")
    make_officer(organisation, "zhao", "reviewer")
    assert office.log_in("zhao").status_code == 302
    own, foreign = make_proposal(1, organisation, bodies[0]), make_proposal(2, other, bodies[1])
    text = office.get("/links/").content.decode()
    assert own.name in text
    assert foreign.name not in text
    assert office.get(f"/links/{foreign.pk}/").status_code == 404
    assert office.post(f"/links/{foreign.pk}/decide/", {"revision": 1, "outcome": "none"}).status_code == 404
    assert decide(office, own, subject=bodies[0].pk).status_code == 200


def test_the_filter_narrows_and_the_next_page_goes_on(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    made = [make_proposal(number, organisation, bodies[0]) for number in range(1, 14)]
    page = centre.get("/links/").content.decode()
    assert page.count("data-task=") == 10
    onward = centre.get(f"/links/more/?after={made[9].pk}").content.decode()
    assert onward.count("data-task=") == 3
    assert centre.get(f"/links/more/?after={made[12].pk}").status_code == 204
    assert centre.get("/links/?q=待定12号").content.decode().count("data-task=") == 1
    assert centre.get("/links/?q=昆许〔2026〕7号").status_code == 200
    assert centre.get("/links/?state=nothing").status_code == 404
    assert centre.get("/links/more/?after=x").status_code == 404


def test_a_browser_without_a_script_decides_and_comes_back(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    proposal = make_proposal(1, organisation, bodies[0])
    fields = {"revision": proposal.revision, "outcome": "link", "subject": bodies[0].pk}
    answer = centre.post(f"/links/{proposal.pk}/decide/", fields)
    assert (answer.status_code, answer["Location"]) == (302, "/links/")
    page = centre.get("/links/").content.decode()
    assert "我最近的决定" in page
    assert "正在办理" in page
    assert centre.post(f"/links/{proposal.pk}/decide/", fields).status_code == 409


def test_the_queue_costs_the_same_number_of_queries_however_long_it_is(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    make_proposal(1, organisation, bodies[0])
    few = centre.queries("/links/")
    for number in range(2, 9):
        make_proposal(number, organisation, *bodies)
    assert centre.queries("/links/") == few


def test_text_of_a_department_is_inert_on_the_page(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    make_proposal(1, organisation, bodies[0], name="<script>alert(1)</script>有限公司")
    text = centre.get("/links/").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_what_is_decided_or_waits_can_be_looked_up_and_not_decided_again(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    done = make_proposal(1, organisation, bodies[0])
    make_proposal(2, organisation)
    decide(centre, done, subject=bodies[0].pk)
    decided = centre.get("/links/?state=decided").content.decode()
    waiting = centre.get("/links/?state=waiting").content.decode()
    for page, name, other in ((decided, "待定1号", "待定2号"), (waiting, "待定2号", "待定1号")):
        assert name in page.partition("data-empty")[0]
        assert other not in page.partition("data-empty")[0]
        assert "data-decide" not in page
    assert "disabled" in decided
    assert "登记库中还没有可能的主体" in waiting
    assert centre.get("/links/?state=closed").status_code == 404


def test_a_decision_leads_to_what_the_officer_was_shown_and_is_taken_back_there_with_a_reason(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    proposal = make_proposal(1, organisation, bodies[0])
    answer = decide(centre, proposal, subject=bodies[0].pk).json()
    assert answer["said"] == f"关联：{bodies[0].name} {bodies[0].uscc}"
    assert f'href="/links/{proposal.pk}/"' in answer["recent"]
    page = centre.get(f"/links/{proposal.pk}/").content.decode()
    kept = LinkDecision.objects.get()
    for said in (f"SHA-256 {kept.digest}", "名称完全相同", "得分 1.000", bodies[0].uscc, f"/bodies/{bodies[0].uscc}/"):
        assert said in page, said
    assert 'name="reason"' in page
    undone = centre.post(f"/links/decisions/{kept.pk}/undo/", {"reason": "对方来函说明"}, **BY_SCRIPT)
    assert undone.status_code == 200
    assert LinkDecision.objects.get(outcome="undo").note == "对方来函说明"
    assert "data-decide" in centre.get(f"/links/{proposal.pk}/").content.decode()


def test_the_numbers_above_the_queue_come_with_every_answer(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    proposals = [make_proposal(number, organisation, bodies[0]) for number in (1, 2, 3)]
    told = decide(centre, proposals[0], "defer", note="须看原件").json()["counts"]
    assert told == {"open": 2, "deferred": 1, "waiting": 0}
    told = decide(centre, proposals[1], "not_same", subject=bodies[0].pk).json()["counts"]
    assert told == {"open": 1, "deferred": 1, "waiting": 1}
    last = LinkDecision.objects.latest("pk")
    told = centre.post(f"/links/decisions/{last.pk}/undo/", **BY_SCRIPT).json()["counts"]
    assert told == {"open": 2, "deferred": 1, "waiting": 0}


def test_a_body_that_two_people_are_about_to_move_is_marked_and_not_tied_to(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    asker = officer_actor(make_officer(make_organisation("other-centre"), "asker", "centre"))
    change = AskMerge(asker, bodies[0].pk, bodies[1].pk, "同一主体", NOW).execute()
    proposal = make_proposal(1, organisation, *bodies)
    page = centre.get("/links/").content.decode()
    assert page.count(f"变更 {change.pk} 待办理，办结前不能关联") == 2
    refused = decide(centre, proposal, subject=bodies[0].pk)
    assert refused.status_code == 422
    assert "请暂缓本条" in refused.json()["said"]
    assert decide(centre, proposal, subject=bodies[2].pk).status_code == 200


def test_codes_come_first_on_both_sides_in_one_order(
    centre: Office, organisation: Organisation, bodies: list[Subject]
) -> None:
    make_proposal(1, organisation, bodies[0])
    text = centre.get("/links/").content.decode()
    row = text.partition("报送的内容")[2].partition("</dl>")[0]
    assert row.index("统一社会信用代码") < row.index("行政许可决定文书号") < row.index("许可决定日期")
