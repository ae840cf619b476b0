"""A body in the office end: codes, names, facts with why they are its, and every decision about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chengxin.audit.models import Event
from chengxin.records.actions.apply_link import ApplyLink
from chengxin.records.actions.decide_link import DecideLink
from chengxin.testing.making import NOW, make_officer, make_organisation, make_record, make_subject

from .review_making import FAR, make_proposal

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation
    from chengxin.subjects.models import Subject

    from .conftest import Office

CODE = "91320583187588026H"
OLD = "320583000012345"


@pytest.fixture
def subject(office: Office) -> Subject:
    assert office
    return make_subject(uscc=CODE, registration_number=OLD)


@pytest.fixture
def centre(office: Office) -> Office:
    make_officer(make_organisation("centre"), "li", "centre")
    assert office.log_in("li").status_code == 302
    return office


def test_a_body_shows_its_facts_with_what_ties_them_and_who(
    centre: Office, organisation: Organisation, subject: Subject
) -> None:
    from chengxin.accounts.actor import REVIEW_LINKS, Actor  # noqa: PLC0415 - beside its one use

    make_record(FAR + 50, subject, organisation_id=organisation.pk, identifier=f"uscc:{CODE}")
    proposal = make_proposal(1, organisation, subject)
    reviewer = Actor("officer", "zhao", "centre", frozenset({REVIEW_LINKS}), everywhere=True)
    decision = DecideLink(reviewer, proposal.pk, 1, "link", NOW, subject.pk).execute()
    ApplyLink(decision.pk, NOW).execute()
    text = centre.get(f"/bodies/{CODE}/").content.decode()
    for said in (
        "统一社会信用代码",
        "人工核实",
        f"决定 {decision.pk}",
        "zhao",
        "系统按代码",
        "代码未在登记库中",
        "名称完全相同",
        OLD,
    ):
        assert said in text, said
    assert text.count("昆许〔2026〕") == 4
    assert Event.objects.filter(action="subject.viewed", object=str(subject.pk)).count() == 1


def test_a_body_is_found_by_any_of_its_codes_and_by_no_name(centre: Office, subject: Subject) -> None:
    assert centre.get(f"/bodies/?code={OLD}")["Location"] == f"/bodies/{CODE}/"
    assert centre.get(f"/bodies/?code= {CODE.lower()} ")["Location"] == f"/bodies/{CODE}/"
    answer = centre.get(f"/bodies/?code={subject.name}")
    assert answer.status_code == 404
    assert "没有代码为" in answer.content.decode()
    assert centre.get("/bodies/").status_code == 200
    assert centre.get("/bodies/91320583MA0000000X/").status_code == 404


def test_lists_go_on_where_the_page_before_ended_and_odd_addresses_are_not_found(
    centre: Office, organisation: Organisation, subject: Subject
) -> None:
    for number in range(1, 53):
        make_record(FAR + number, subject, organisation_id=organisation.pk, identifier=f"uscc:{CODE}")
    text = centre.get(f"/bodies/{CODE}/").content.decode()
    onward = [part.split('"')[0].replace("&amp;", "&") for part in text.split('rel="next" href="')[1:]]
    assert len(onward) == 2
    for address in onward:
        assert centre.get(f"/bodies/{CODE}/{address}").content.decode().count("昆许〔2026〕") == 52
    for odd in ("facts=x", "links=x", "links=2026_1_2"):
        assert centre.get(f"/bodies/{CODE}/?{odd}").status_code == 404


def test_an_auditor_may_not_look_bodies_up(office: Office, subject: Subject) -> None:
    make_officer(make_organisation("audit"), "qian", "auditor")
    office.log_in("qian")
    assert office.get(f"/bodies/{subject.uscc}/").status_code == 403
    assert office.get("/bodies/").status_code == 403
