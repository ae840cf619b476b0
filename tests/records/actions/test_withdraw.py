"""A fact ends because its source document fell: a version says so, with the reason, and nothing is deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from chengxin.accounts.actor import READ_SUBJECTS, SUBMIT, Actor, operator
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.intake.models import QuarantinedRow
from chengxin.kernel.calendar import legal_day
from chengxin.records.actions.withdraw import AlreadyWithdrawn, WithdrawRecord
from chengxin.records.models import Record
from chengxin.records.queries import standing
from chengxin.testing.city import NOW, ORGANISATION, import_rows, row

if TYPE_CHECKING:
    from pathlib import Path

LATER = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)
REASON = "行政复议决定撤销原处罚"


def hand_in(folder: Path, organisation: str = ORGANISATION, **changed: str) -> Record:
    """Register a body, hand a penalty of it in and return the fact."""
    import_rows(folder, "registration", "R1", [row("registration", "R1", 1)])
    import_rows(folder, "penalty", "G3", [row("penalty", "G3", 1, **changed)], organisation=organisation)
    return Record.objects.filter(item="penalty").latest("version")


def published() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT record_id FROM publication.fact ORDER BY 1")
        return [number for (number,) in cursor.fetchall()]


def months() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT month::text, facts FROM publication.monthly WHERE item = 'penalty'")
        return dict(cursor.fetchall())


pytestmark = pytest.mark.usefixtures("city")


def test_a_withdrawal_is_a_version_that_ends_publicity_and_use(tmp_path: Path) -> None:
    fact = hand_in(tmp_path)
    assert (published(), months()) == ([fact.pk], {"2026-02-01": 1})
    withdrawal = WithdrawRecord(operator(), fact.pk, f" {REASON} ", LATER).execute()
    held = Record.objects.get(pk=withdrawal.pk)
    assert (held.kind, held.version, held.replaces, held.public) == ("withdrawn", 2, fact.pk, False)
    assert held.content == {**fact.content, "withdrawal_reason": REASON}
    assert (held.recorded_at, held.subject_id, held.document_number) == (LATER, fact.subject_id, fact.document_number)
    assert (published(), months()) == ([], {"2026-02-01": 0})
    assert fact.subject_id is not None
    today = legal_day(LATER)
    assert [one.record_id for one in standing(fact.subject_id, today, NOW) if one.item == "penalty"] == [fact.pk]
    assert [one.item for one in standing(fact.subject_id, today, LATER)] == ["registration"]
    event = Event.objects.get(action="record.withdrawn")
    assert (event.object, event.actor, event.detail) == (str(fact.pk), "cli", {"withdrawal": withdrawal.pk})


def test_the_latest_version_is_withdrawn_whichever_is_named(tmp_path: Path) -> None:
    first = hand_in(tmp_path)
    import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3", 1, facts="更正")])
    withdrawal = WithdrawRecord(operator(), first.pk, REASON, LATER).execute()
    assert (withdrawal.version, withdrawal.content["facts"]) == (3, "更正")
    assert published() == []


def test_a_withdrawn_fact_is_not_withdrawn_twice(tmp_path: Path) -> None:
    fact = hand_in(tmp_path)
    WithdrawRecord(operator(), fact.pk, REASON, LATER).execute()
    with pytest.raises(AlreadyWithdrawn) as raised:
        WithdrawRecord(operator(), fact.pk, REASON, LATER).execute()
    assert (raised.value.code, raised.value.message_zh) == ("already_withdrawn", "昆市监罚〔2026〕1号 已经撤销")
    assert Record.objects.filter(item="penalty").count() == 2


@pytest.mark.parametrize("reason", ["", " \n　"])
def test_without_a_reason_nothing_is_withdrawn(tmp_path: Path, reason: str) -> None:
    fact = hand_in(tmp_path)
    with pytest.raises(ChengxinError) as raised:
        WithdrawRecord(operator(), fact.pk, reason, LATER).execute()
    assert (raised.value.code, raised.value.message_zh) == ("reason_missing", "请写明撤销理由，撤销时须公开理由")
    assert published() == [fact.pk]


def test_the_reason_does_not_keep_a_persons_number(tmp_path: Path) -> None:
    fact = hand_in(tmp_path)
    withdrawal = WithdrawRecord(operator(), fact.pk, "张某（320583199001011234）申请", LATER).execute()
    assert withdrawal.content["withdrawal_reason"] == "张某（[证件号码已隐去]）申请"


def test_another_organisation_and_an_unknown_record_are_refused(tmp_path: Path) -> None:
    fact = hand_in(tmp_path)
    other = Actor("officer", "wang", "ks-zjj", frozenset({SUBMIT}))
    with pytest.raises(NotPermitted) as raised:
        WithdrawRecord(other, fact.pk, REASON, LATER).execute()
    assert raised.value.code == "other_organisation"
    reader = Actor("officer", "li", ORGANISATION, frozenset({READ_SUBJECTS}))
    with pytest.raises(NotPermitted):
        WithdrawRecord(reader, fact.pk, REASON, LATER).execute()
    with pytest.raises(NotFound) as unknown:
        WithdrawRecord(operator(), 10**9, REASON, LATER).execute()
    assert unknown.value.code == "unknown_record"
    assert published() == [fact.pk]
    own = Actor("officer", "zhang", ORGANISATION, frozenset({SUBMIT}))
    assert WithdrawRecord(own, fact.pk, REASON, LATER).execute().kind == "withdrawn"


def test_a_withdrawal_by_file_and_what_comes_after_it(tmp_path: Path) -> None:
    fact = hand_in(tmp_path)
    gone = row("penalty", "G3", 1, status="撤销")
    receipt = import_rows(tmp_path, "penalty", "G3", [gone], now=LATER)
    assert (receipt.updated, receipt.linked) == (1, 1)
    held = Record.objects.get(replaces=fact.pk)
    assert (held.kind, held.public, published(), months()) == ("withdrawn", False, [], {"2026-02-01": 0})
    again = import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3", 1)], now=LATER, 备用="x")
    assert again.quarantined == 1
    finding = QuarantinedRow.objects.get().findings[0]
    assert finding["rule"] == "withdrawn_fact_handed_in_again"
    assert finding["message"] == "该记录已被撤销，不能直接重新报送；确需恢复的，请联系信用中心"
    assert import_rows(tmp_path, "penalty", "G3", [gone], now=LATER, 备用="y").duplicate == 1
    assert published() == []


def test_after_a_withdrawal_by_hand_the_same_row_is_sent_back_too(tmp_path: Path) -> None:
    fact = hand_in(tmp_path)
    WithdrawRecord(operator(), fact.pk, REASON, LATER).execute()
    again = import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3", 1)], 备用="x")
    assert (again.quarantined, published()) == (1, [])


def test_another_organisations_different_content_is_sent_back_and_the_same_content_is_a_duplicate(
    tmp_path: Path,
) -> None:
    hand_in(tmp_path)
    rows = [row("penalty", "G3", 1, facts="另一说法")]
    receipt = import_rows(tmp_path, "penalty", "G3", rows, organisation="ks-zjj")
    assert receipt.quarantined == 1
    finding = QuarantinedRow.objects.get().findings[0]
    assert finding["rule"] == "document_held_by_another_organisation"
    assert finding["message"].startswith("同一文书号的记录已由其他单位报送且内容不同")
    same = import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3", 1)], organisation="ks-zjj")
    assert same.duplicate == 1
