"""What cannot be decided, undone, carried out or withdrawn is refused with a stable code and a sentence to act on."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import READ_BATCHES, REVIEW_LINKS, SUBMIT, Actor
from chengxin.base.errors import ChengxinError
from chengxin.records.actions.apply_link import ApplyLink
from chengxin.records.actions.decide_link import DecideLink, UndoLink
from chengxin.records.actions.withdraw import WithdrawRecord
from chengxin.records.models import LinkDecision, LinkEffect, LinkProposal, Record
from chengxin.records.tasks import apply_link
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW, make_organisation, make_record, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chengxin.subjects.models import Subject

CENTRE = Actor("officer", "li", "centre", frozenset({REVIEW_LINKS, SUBMIT}), everywhere=True)
CLERK = replace(CENTRE, operations=frozenset({READ_BATCHES}))
FOREIGN = replace(CENTRE, organisation="housing", everywhere=False)
LATER = NOW + timedelta(hours=1)
FAR = 10**9


@pytest.fixture
def subject(db: None) -> Subject:  # noqa: ARG001 - the database
    return make_subject()


@pytest.fixture
def proposal(subject: Subject) -> LinkProposal:
    organisation = make_organisation()
    fact = make_record(FAR + 1, None, identifier="uscc:X", organisation_id=organisation.pk)
    shown = {"subject_id": subject.pk, "name": subject.name, "score": 0.9, "verdict": "same", "reasons": []}
    return LinkProposal.objects.create(
        fact_key=fact.key, record_id=fact.pk, batch_id=1, line=2, item="licence", organisation_id=organisation.pk,
        submitted_by="wang", cause="code_unknown", name=subject.name, name_key=subject.name, identifier="uscc:X",
        evidence={"row": {}, "candidates": [shown]}, digest="d" * 64, candidates=[subject.pk], state="open",
        made_at=NOW, changed_at=NOW,
    )  # fmt: skip


def refusal(act: Callable[[], object]) -> ChengxinError:
    before = (LinkDecision.objects.count(), LinkEffect.objects.count(), Record.objects.count())
    with pytest.raises(ChengxinError) as refused:
        act()
    assert (LinkDecision.objects.count(), LinkEffect.objects.count(), Record.objects.count()) == before
    assert refused.value.message_en
    return refused.value


def decision(proposal: LinkProposal, outcome: str, subject: int | None = None, **more: Any) -> DecideLink:
    values: dict[str, Any] = {"actor": CENTRE, "revision": proposal.revision, "now": NOW, "note": "须看原件"} | more
    return DecideLink(proposal_id=proposal.pk, outcome=outcome, subject_id=subject, **values)


@pytest.mark.parametrize(
    ("more", "code", "sentence"),
    [
        ({"actor": CLERK}, "operation_not_granted", "没有“links.review”的权限，请联系信用中心开通"),
        (
            {"actor": replace(CENTRE, id="wang")},
            "own_submission",
            "本人报送的数据不能由本人决定归属，请交由其他经办人处理",
        ),
        ({"outcome": "merge"}, "unknown_outcome", "没有“merge”这种决定"),
        ({"outcome": "undo"}, "unknown_outcome", "没有“undo”这种决定"),
        ({"outcome": ""}, "unknown_outcome", "没有“”这种决定"),
        ({"outcome": "defer", "note": " \n"}, "reason_missing", "请写明暂缓的原因"),
        ({"outcome": "link"}, "not_a_candidate", "所选主体不在本条的候选之中，请从列出的候选中选择"),
        ({"outcome": "not_same"}, "not_a_candidate", "所选主体不在本条的候选之中，请从列出的候选中选择"),
    ],
)
def test_a_decision_is_refused_for(proposal: LinkProposal, more: dict[str, Any], code: str, sentence: str) -> None:
    told = refusal(decision(proposal, **({"outcome": "none"} | more)).execute)
    assert (told.code, told.message_zh) == (code, sentence)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.revision) == ("open", 1)


def test_a_proposal_of_others_and_one_that_is_not_there_look_the_same(proposal: LinkProposal) -> None:
    for number, actor in ((proposal.pk, FOREIGN), (10**8, CENTRE)):
        act = DecideLink(actor, number, 1, "none", NOW)
        told = refusal(act.execute)
        assert (told.code, told.where) == ("unknown_proposal", str(number))
        assert told.message_zh == f"没有编号为 {number} 的待关联事项"


@pytest.mark.parametrize(
    ("state", "label"), [("waiting", "等待主体登记"), ("closed", "已自动关联"), ("open", "待关联")]
)
def test_a_page_that_is_older_than_the_proposal_says_how_it_stands_now(
    proposal: LinkProposal, state: str, label: str
) -> None:
    LinkProposal.objects.update(state=state, revision=2)
    told = refusal(decision(proposal, "none").execute)
    assert told.code == "proposal_changed"
    assert (
        told.message_zh == f"待关联事项 {proposal.pk} 的情况已经变化（{label}），您的操作没有生效，请看过新的内容再决定"
    )


def test_a_body_that_was_refused_before_is_no_candidate_any_more(proposal: LinkProposal, subject: Subject) -> None:
    LinkProposal.objects.update(refused=[subject.pk])
    told = refusal(decision(proposal, "link", subject.pk).execute)
    assert (told.code, told.where) == ("not_a_candidate", str(subject.pk))


def test_what_was_put_off_can_still_be_decided_and_says_who_decided(proposal: LinkProposal, subject: Subject) -> None:
    decision(proposal, "defer").execute()
    proposal.refresh_from_db()
    assert (proposal.state, proposal.outcome, proposal.note, proposal.revision) == ("deferred", "", "须看原件", 2)
    decision(proposal, "link", subject.pk, actor=replace(CENTRE, id="sun")).execute()
    proposal.refresh_from_db()
    told = refusal(decision(proposal, "none").execute)
    assert told.code == "already_decided"
    assert told.message_zh == (
        f"待关联事项 {proposal.pk} 已由 sun 决定（关联到该主体），您的操作没有生效；如不同意，请先撤销该决定"
    )


def test_a_decision_is_not_taken_back_without_a_reason_twice_or_under_a_later_one(
    proposal: LinkProposal, subject: Subject
) -> None:
    deferred = decision(proposal, "defer").execute()
    proposal.refresh_from_db()
    linked = decision(proposal, "link", subject.pk).execute()
    told = refusal(UndoLink(CENTRE, linked.pk, "\t", LATER).execute)
    assert (told.code, told.message_zh) == ("reason_missing", "请写明撤销理由")
    told = refusal(UndoLink(CENTRE, deferred.pk, "重来", LATER).execute)
    assert told.code == "already_decided"
    UndoLink(CENTRE, linked.pk, "选错了", LATER).execute()
    assert refusal(UndoLink(CENTRE, linked.pk, "再来", LATER).execute).code == "proposal_changed"
    # With the later one taken back, the earlier one stands again and can be taken back too.
    assert UndoLink(CENTRE, deferred.pk, "重来", LATER).execute().undoes_id == deferred.pk


def test_a_decision_that_is_not_there_or_not_ones_own_is_not_taken_back(
    proposal: LinkProposal, subject: Subject
) -> None:
    told = refusal(UndoLink(CENTRE, 404, "x", LATER).execute)
    assert (told.code, told.message_zh) == ("unknown_decision", "没有编号为 404 的关联决定")
    kept = decision(proposal, "link", subject.pk).execute()
    assert refusal(UndoLink(FOREIGN, kept.pk, "x", LATER).execute).code == "unknown_proposal"
    assert refusal(UndoLink(CLERK, kept.pk, "x", LATER).execute).code == "operation_not_granted"
    told = refusal(ApplyLink(404, LATER).execute)
    assert (told.code, told.message_zh) == ("unknown_decision", "没有编号为 404 的关联决定")


def test_carrying_out_any_number_of_times_is_carrying_out_once(
    proposal: LinkProposal, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_NOW", LATER.isoformat())
    kept = decision(proposal, "link", subject.pk).execute()
    for _ in range(3):
        apply_link.func(kept.pk)
    assert list(LinkEffect.objects.values_list("decision", "outcome", "at")) == [(kept.pk, "tied", LATER)]
    back = UndoLink(CENTRE, kept.pk, "选错了", LATER).execute()
    for _ in range(3):
        apply_link.func(back.pk)
        apply_link.func(kept.pk)
    told = list(Record.objects.order_by("version").values_list("version", "subject_id", "link"))
    assert told == [(1, None, None), (2, subject.pk, "decision"), (3, None, None)]


def test_a_fact_that_is_this_bodys_already_gets_no_second_version_and_its_undoing_unties_nothing(
    proposal: LinkProposal, subject: Subject
) -> None:
    kept = decision(proposal, "link", subject.pk).execute()
    make_record(FAR + 2, subject, key=uuid.UUID(int=FAR + 1), version=2, kind="relinked", replaces=FAR + 1)
    effect = ApplyLink(kept.pk, LATER).execute()
    assert (effect.outcome, effect.message, effect.record_id) == ("there_already", "该记录已经归属这一主体", FAR + 2)
    effect = ApplyLink(UndoLink(CENTRE, kept.pk, "选错了", LATER).execute().pk, LATER).execute()
    assert (effect.outcome, effect.message) == ("nothing", "该决定没有改动过记录")
    assert Record.objects.count() == 2


def test_a_second_decision_of_a_person_takes_the_place_of_the_first(proposal: LinkProposal, subject: Subject) -> None:
    other = make_subject("昆山乙有限公司", uscc(2))
    ApplyLink(decision(proposal, "link", subject.pk).execute().pk, LATER).execute()
    shown = {"subject_id": other.pk, "name": other.name, "score": 0.5, "verdict": "review", "reasons": []}
    LinkProposal.objects.update(state="open", evidence={"row": {}, "candidates": [shown]})
    proposal.refresh_from_db()
    second = ApplyLink(decision(proposal, "link", other.pk).execute().pk, LATER).execute()
    assert second.outcome == "tied"
    assert Record.objects.latest("version").subject_id == other.pk


@pytest.mark.parametrize(
    ("more", "code", "sentence"),
    [
        ({"record_id": 404}, "unknown_record", "没有编号为 404 的记录"),
        ({"reason": "  "}, "reason_missing", "请写明撤销理由，撤销时须公开理由"),
        ({"actor": CLERK}, "operation_not_granted", "没有“batches.submit”的权限，请联系信用中心开通"),
        ({"actor": FOREIGN}, "other_organisation", "只能办理本单位的业务"),
    ],
)
def test_a_withdrawal_is_refused_for(proposal: LinkProposal, more: dict[str, Any], code: str, sentence: str) -> None:
    assert proposal.record_id == FAR + 1
    values: dict[str, Any] = {"actor": CENTRE, "record_id": FAR + 1, "reason": "复议撤销", "now": LATER} | more
    told = refusal(WithdrawRecord(**values).execute)
    assert (told.code, told.message_zh) == (code, sentence)


def test_a_withdrawal_names_the_latest_version_whichever_was_named_and_happens_once(proposal: LinkProposal) -> None:
    first = Record.objects.get()
    assert first.key == proposal.fact_key
    make_record(
        FAR + 2, None, key=first.key, version=2, kind="corrected", replaces=first.pk,
        organisation_id=first.organisation_id, document_number="昆许〔2026〕更1号",
    )  # fmt: skip
    made = WithdrawRecord(CENTRE, first.pk, "复议撤销", LATER).execute()
    assert (made.version, made.replaces, made.public) == (3, FAR + 2, False)
    told = refusal(WithdrawRecord(CENTRE, first.pk, "复议撤销", LATER).execute)
    assert (told.code, told.message_zh) == ("already_withdrawn", "昆许〔2026〕更1号 已经撤销")
