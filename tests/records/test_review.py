"""Proposals: what finds a body, what does not, and what they cost however many there are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chengxin.kernel.names import fold_name
from chengxin.records.candidates import Asked, find_candidates
from chengxin.records.models import LinkProposal
from chengxin.records.review import Draft, evidence_digest, propose, refresh
from chengxin.records.review_settings import review_settings
from chengxin.records.tasks import REFRESH_TASK, refresh_later, refresh_proposals
from chengxin.subjects.models import Identifier, Name
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW, make_subject

if TYPE_CHECKING:
    from chengxin.subjects.models import Subject

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def body(number: int, name: str = "", **codes: str) -> Subject:
    """Make a body whose names are folded as the register folds them."""
    made = make_subject(name=name or f"昆山禾映{number}号科技有限公司", uscc=uscc(number), **codes)
    Name.objects.filter(subject=made).update(folded=fold_name(made.name))
    return made


def draft(line: int = 2, **changed: Any) -> Draft:
    values: dict[str, Any] = {
        "fact_key": None,
        "record_id": None,
        "batch_id": 1,
        "line": line,
        "item": "penalty",
        "organisation_id": 1,
        "submitted_by": "wang",
        "cause": "code_missing",
        "identifier": "",
        "row": {"subject_name": "昆山禾映1号科技有限公司"},
    }
    return Draft(**(values | changed))


def codes_of(asked: Asked) -> list[tuple[int, list[str]]]:
    return [(one["subject_id"], [reason["code"] for reason in one["reasons"]]) for one in find_candidates([asked])[0]]


def test_a_code_one_slip_away_finds_its_body() -> None:
    made = body(1)
    wrong = uscc(1)[:10] + ("2" if uscc(1)[10] != "2" else "3") + uscc(1)[11:]
    ((number, reasons),) = codes_of(Asked("毫不相干有限公司", {"uscc": wrong}))
    assert (number, reasons[0]) == (made.pk, "code_one_slip")


def test_a_letter_for_a_figure_is_one_slip() -> None:
    made = body(1)
    assert codes_of(Asked("", {"uscc": uscc(1).replace("0", "O", 1)}))[0][0] == made.pk


def test_a_code_at_two_bodies_finds_both_and_says_so() -> None:
    first, second = body(1, registration_number="320583000000018"), body(2)
    Identifier.objects.create(subject=second, kind="registration_number", value="320583000000018", first_seen_at=NOW)
    found = codes_of(Asked("某某有限公司", {"registration_number": "320583000000018"}))
    assert sorted(number for number, _ in found) == [first.pk, second.pk]
    assert {reasons[0] for _, reasons in found} == {"code_at_two_bodies"}


def test_a_number_that_may_be_a_persons_is_never_searched_for() -> None:
    body(1)
    assert codes_of(Asked("", {"uscc": "320583199001011234"})) == []


def test_a_different_name_is_no_candidate() -> None:
    body(1, "昆山金石机械有限公司")
    assert find_candidates([Asked("昆山银河贸易有限公司", {})]) == [[]]


def test_what_a_code_finds_comes_before_what_a_name_finds() -> None:
    by_name, by_code = body(1), body(2, "昆山另有其名贸易有限公司")
    found = codes_of(Asked(by_name.name, {"uscc": uscc(2)}))
    assert [number for number, _ in found] == [by_code.pk, by_name.pk]


def test_the_number_of_queries_does_not_grow_with_the_number_of_rows() -> None:
    for number in range(1, 6):
        body(number)

    def queries(count: int) -> int:
        asked = [Asked("", {"uscc": uscc(number)}) for number in range(1, count + 1)]
        with CaptureQueriesContext(connection) as captured:
            find_candidates(asked)
        return len(captured)

    assert queries(5) == queries(1)


def test_proposing_again_makes_nothing_new_and_changes_nothing() -> None:
    body(1)
    assert propose([draft(2), draft(3)], NOW) == 2
    before = list(LinkProposal.objects.order_by("pk").values())
    assert propose([draft(2), draft(3)], LATER) == 0
    assert list(LinkProposal.objects.order_by("pk").values()) == before


def test_a_proposal_bears_the_digest_of_its_evidence() -> None:
    body(1)
    propose([draft()], NOW)
    held = LinkProposal.objects.get()
    assert held.digest == evidence_digest(held.evidence)
    assert held.candidates == [one["subject_id"] for one in held.evidence["candidates"]]
    assert evidence_digest({"b": 1, "a": "甲"}) == evidence_digest({"a": "甲", "b": 1})


def test_a_new_body_opens_what_waited_and_refreshing_again_changes_nothing() -> None:
    propose([draft()], NOW)
    assert LinkProposal.objects.get().state == "waiting"
    assert refresh(LATER) == 0
    made = body(1)
    assert refresh(LATER) == 1
    held = LinkProposal.objects.get()
    assert (held.state, held.candidates, held.changed_at) == ("open", [made.pk], LATER)
    assert refresh(LATER) == 0


def test_a_deferred_proposal_stays_deferred_when_its_evidence_changes() -> None:
    body(1)
    propose([draft()], NOW)
    LinkProposal.objects.update(state="deferred")
    body(2, "昆山市禾映1号科技有限公司")
    refresh(LATER)
    assert LinkProposal.objects.get().state == "deferred"


def test_no_more_bodies_are_shown_than_there_are_keys() -> None:
    for number in range(1, 9):
        body(number, "昆山禾映1号科技有限公司")
    propose([draft()], NOW)
    assert len(LinkProposal.objects.get().candidates) == review_settings().candidates == 5


def test_one_look_for_bodies_waits_at_a_time() -> None:
    for _ in range(3):
        refresh_later()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [REFRESH_TASK])
        assert cursor.fetchone() == (1,)


def test_the_job_refreshes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_NOW", LATER.isoformat())
    propose([draft()], NOW)
    body(1)
    refresh_proposals.func()
    assert LinkProposal.objects.get().changed_at == LATER
