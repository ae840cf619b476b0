"""Reading the trail is an operation of its own, and every reading leaves an event in its own transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from chengxin.accounts.actions.read_audit import FetchProof, ReadEvent, ReadEventText, ReadTrail
from chengxin.accounts.actor import ROLE_OPERATIONS, Actor
from chengxin.accounts.purpose import Purpose, PurposeWrong
from chengxin.audit.actions import record_event
from chengxin.audit.models import Event
from chengxin.audit.proofs import NotYetProvable
from chengxin.audit.trail import TrailQuestion
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

AUDITOR = Actor("officer", "shen", "audit", ROLE_OPERATIONS["auditor"], everywhere=True)
DAY = TrailQuestion(NOW - timedelta(hours=12), NOW + timedelta(hours=12))
WHY = Purpose("audit", "核查越权查询", "昆审〔2026〕3号")


@pytest.fixture
def number() -> int:
    """Return the number of an event with a text beside it."""
    with transaction.atomic():
        return record_event(
            at=NOW,
            actor=("officer", "li", "market"),
            action="practitioner.looked_up",
            object_kind="practitioner",
            object_id="",
            subject_id=5,
            personal="lawyer\n李明",
        )


@pytest.mark.parametrize("role", sorted(set(ROLE_OPERATIONS) - {"auditor"}))
def test_only_the_auditor_reads(number: int, role: str) -> None:
    other = replace(AUDITOR, operations=ROLE_OPERATIONS[role])
    acts: tuple[Callable[[], Any], ...] = (
        ReadTrail(other, DAY, NOW).execute,
        ReadEvent(other, number, NOW).execute,
        ReadEventText(other, number, WHY, NOW).execute,
        FetchProof(other, number, NOW).execute,
    )
    for act in acts:
        with pytest.raises(NotPermitted):
            act()
    assert Event.objects.count() == 1


def test_a_look_at_the_trail_says_what_was_asked_and_hides_numbers_of_persons(number: int) -> None:
    asked = replace(DAY, actor="320583198001010016", case_number="昆采〔2026〕3号", subject_id=5)
    found = ReadTrail(AUDITOR, asked, NOW).execute()
    assert found.page.rows == ()
    assert found.evidence.state == "not_begun"
    look = Event.objects.get(action="audit.viewed")
    assert look.subject_id == 5
    assert look.case_number == "昆采〔2026〕3号"
    assert "320583198001010016" not in str(look.detail)
    assert look.detail["shown"] == 0
    assert [one.number for one in ReadTrail(AUDITOR, DAY, NOW).execute().page.rows] == [look.pk, number]


def test_a_wrong_period_is_refused_and_leaves_nothing(number: int) -> None:
    with pytest.raises(ChengxinError, match="时间段不对"):
        ReadTrail(AUDITOR, replace(DAY, until=DAY.since), NOW).execute()
    assert Event.objects.get().pk == number


def test_one_event_is_read_and_its_subject_sees_it(number: int) -> None:
    assert ReadEvent(AUDITOR, number, NOW).execute().actor == "li"
    look = Event.objects.get(action="audit.event_viewed")
    assert (look.object_kind, look.object, look.subject_id) == ("event", str(number), 5)
    with pytest.raises(NotFound):
        ReadEvent(AUDITOR, number + 100, NOW).execute()


def test_a_text_needs_a_purpose_and_a_case(number: int) -> None:
    for wrong in ({"code": "x"}, {"text": ""}, {"case_number": ""}, {"case_number": "1"}):
        with pytest.raises(PurposeWrong):
            ReadEventText(AUDITOR, number, replace(WHY, **wrong), NOW).execute()
    assert Event.objects.count() == 1
    row, text = ReadEventText(AUDITOR, number, WHY, NOW).execute()
    assert (row.number, text) == (number, "lawyer\n李明")
    look = Event.objects.get(action="audit.text_viewed")
    assert (look.purpose, look.case_number) == ("审计、责任追究：核查越权查询", "昆审〔2026〕3号")


def test_looking_for_a_text_that_is_not_there_is_on_file_too() -> None:
    with transaction.atomic():
        bare = record_event(at=NOW, actor=("officer", "li", "market"), action="x.y", object_kind="batch", object_id="1")
    with pytest.raises(NotFound) as refused:
        ReadEventText(AUDITOR, bare, WHY, NOW).execute()
    assert refused.value.code == "no_text"
    assert Event.objects.get(action="audit.text_viewed").detail == {"answered": False}


def test_before_its_checkpoint_there_is_no_proof_and_no_event_of_one(number: int) -> None:
    with pytest.raises(NotYetProvable):
        FetchProof(AUDITOR, number, NOW).execute()
    assert not Event.objects.filter(action="audit.proof_fetched").exists()
