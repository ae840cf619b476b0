"""What was decided is carried out once, as versions; what cannot be done any more is said and left alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection

from chengxin.accounts.actor import REVIEW_LINKS, Actor
from chengxin.accounts.models import Organisation
from chengxin.audit.models import Event
from chengxin.base.errors import NotFound
from chengxin.records.actions.apply_link import ApplyLink
from chengxin.records.actions.decide_link import DecideLink, UndoLink
from chengxin.records.links import HeldFact, LinkView, facts_held, links_of_subject
from chengxin.records.models import LinkDecision, LinkEffect, LinkProposal, Record
from chengxin.subjects.models import Subject
from chengxin.testing.making import NOW, make_organisation, make_record, make_subject

CENTRE = Actor("officer", "li", "centre", frozenset({REVIEW_LINKS}), everywhere=True)
LATER = NOW + timedelta(hours=1)
FAR = 10**9
CODE = "uscc:91320583MA1TEST001"

pytestmark = pytest.mark.django_db


def decided(subject: Subject, **fact: object) -> LinkDecision:
    """Decide that a waiting fact is about ``subject``."""
    organisation = Organisation.objects.first() or make_organisation()
    held = make_record(FAR + 1, None, identifier=CODE, organisation_id=organisation.pk, **fact)
    shown = {"subject_id": subject.pk, "name": subject.name, "score": 0.9, "verdict": "same", "reasons": []}
    proposal = LinkProposal.objects.create(
        fact_key=held.key,
        record_id=held.pk,
        batch_id=1,
        line=2,
        item=held.item,
        organisation_id=organisation.pk,
        submitted_by="wang",
        cause="code_unknown",
        name=subject.name,
        name_key=subject.name,
        identifier=CODE,
        evidence={"row": {"document_number": held.document_number}, "candidates": [shown]},
        digest="d" * 64,
        candidates=[subject.pk],
        state="open",
        made_at=NOW,
        changed_at=NOW,
    )
    return DecideLink(CENTRE, proposal.pk, 1, "link", NOW, subject.pk).execute()


def version_of(effect: LinkEffect) -> Record:
    """Return the version that a decision made."""
    assert effect.record_id is not None
    return Record.objects.get(pk=effect.record_id)


def published() -> list[tuple[int, str, date]]:
    """Return body, tie and day of every published fact."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject_id, link, linked_on FROM publication.fact ORDER BY record_id")
        return list(cursor.fetchall())


def undo(decision: LinkDecision) -> LinkDecision:
    return UndoLink(CENTRE, decision.pk, "选错了主体", LATER).execute()


def test_a_decision_ties_by_a_version_and_publishes_in_the_same_transaction() -> None:
    subject = make_subject()
    effect = ApplyLink(decided(subject).pk, LATER).execute()
    tied = version_of(effect)
    assert (effect.outcome, tied.version, tied.kind, tied.link) == ("tied", 2, "relinked", "decision")
    assert (tied.subject_id, tied.recorded_at) == (subject.pk, LATER)
    assert published() == [(subject.pk, "decision", NOW.date())]
    assert Event.objects.latest("pk").action == "link.applied"
    assert Event.objects.latest("pk").actor == "li"


def test_a_second_run_changes_nothing() -> None:
    decision = decided(make_subject())
    first = ApplyLink(decision.pk, LATER).execute()
    assert ApplyLink(decision.pk, LATER + timedelta(days=1)).execute() == first
    assert Record.objects.count() == 2


def test_an_undo_unties_and_takes_the_fact_off_the_page() -> None:
    subject = make_subject()
    decision = decided(subject)
    ApplyLink(decision.pk, LATER).execute()
    back = undo(decision)
    effect = ApplyLink(back.pk, LATER).execute()
    untied = version_of(effect)
    assert (effect.outcome, untied.version, untied.subject_id, untied.link) == ("untied", 3, None, None)
    assert published() == []


def test_an_undo_of_what_never_took_effect_changes_nothing() -> None:
    decision = decided(make_subject(), kind="withdrawn")
    assert ApplyLink(decision.pk, LATER).execute().outcome == "gone"
    assert ApplyLink(undo(decision).pk, LATER).execute().outcome == "nothing"
    assert Record.objects.count() == 1


def test_what_its_own_code_has_tied_meanwhile_stays() -> None:
    subject, other = make_subject(), make_subject(name="昆山乙有限公司", uscc="91320583732569886X")
    decision = decided(subject)
    first = Record.objects.get()
    make_record(FAR + 2, other, key=first.key, version=2, replaces=first.pk, kind="relinked")
    effect = ApplyLink(decision.pk, LATER).execute()
    assert (effect.outcome, effect.message) == ("tied_meanwhile", "该记录已凭自身代码归属另一主体，没有改动")
    assert Record.objects.count() == 2


def test_an_undo_leaves_alone_what_has_changed_since() -> None:
    subject, other = make_subject(), make_subject(name="昆山乙有限公司", uscc="91320583732569886X")
    decision = decided(subject)
    tied = version_of(ApplyLink(decision.pk, LATER).execute())
    make_record(FAR + 3, other, key=tied.key, version=3, replaces=tied.pk, kind="relinked")
    assert ApplyLink(undo(decision).pk, LATER).execute().outcome == "changed_since"


def test_a_body_merged_meanwhile_gives_its_fact_to_the_one_that_stands() -> None:
    subject, other = make_subject(), make_subject(name="昆山乙有限公司", uscc="91320583732569886X")
    decision = decided(subject)
    Subject.objects.filter(pk=subject.pk).update(merged_into=other)
    effect = ApplyLink(decision.pk, LATER).execute()
    assert version_of(effect).subject_id == other.pk


def test_a_decision_nobody_made_is_not_there() -> None:
    with pytest.raises(NotFound):
        ApplyLink(404, LATER).execute()


def test_every_link_of_a_body_is_told_with_its_maker_the_latest_first() -> None:
    subject = make_subject()
    make_record(FAR + 9, subject, identifier=f"uscc:{subject.uscc}")
    decision = decided(subject)
    ApplyLink(decision.pk, LATER).execute()
    back = undo(decision)
    ApplyLink(back.pk, LATER).execute()
    told = links_of_subject(subject.pk).rows
    assert [(one.act, one.officer, one.effect, one.undone) for one in told] == [
        ("undo", "li", "untied", False),
        ("link", "li", "tied", True),
        ("tied", "", "", False),
    ]
    by_code, by_person = told[2], told[1]
    assert (by_code.rule, by_code.identifier, by_code.decision_id) == ("uscc", f"uscc:{subject.uscc}", None)
    assert (by_person.rule, str(by_person.score), by_person.decision_id) == ("code_unknown", "0.900", decision.pk)
    assert told[0].note == "选错了主体"


def test_lists_of_links_and_facts_are_whole_page_by_page() -> None:
    subject = make_subject()
    for number in range(1, 8):
        make_record(FAR + number, subject, decided_on=None if number == 4 else NOW.date())
    links: list[LinkView] = []
    facts: list[HeldFact] = []
    page = links_of_subject(subject.pk, limit=3)
    links += page.rows
    while page.after is not None:
        page = links_of_subject(subject.pk, after=page.after, limit=3)
        links += page.rows
    held = facts_held(subject.pk, limit=3)
    facts += held.rows
    while held.after is not None:
        held = facts_held(subject.pk, after=held.after, limit=3)
        facts += held.rows
    assert [one.record_id for one in links] == [FAR + number for number in range(7, 0, -1)]
    assert [one.record_id for one in facts] == [FAR + number for number in (7, 6, 5, 3, 2, 1, 4)]
    assert all(one.tied_at == NOW and one.link == "uscc" for one in facts)


def test_an_effect_is_kept_once_for_each_decision() -> None:
    decision = decided(make_subject())
    ApplyLink(decision.pk, LATER).execute()
    assert LinkEffect.objects.filter(decision=decision).count() == 1
