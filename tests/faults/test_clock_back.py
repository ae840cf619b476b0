"""The clock is set back by an hour: the order of versions holds, and what has gone does not come back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from chengxin.accounts.actor import operator
from chengxin.checks.actions.check_one import CheckOne
from chengxin.publication.queries import facts_of_body
from chengxin.records.actions.withdraw import WithdrawRecord
from chengxin.records.models import Record
from chengxin.records.queries import known_by, standing
from chengxin.subjects.history import merged_into_at
from chengxin.subjects.models import Subject
from chengxin.subjects.queries import subject_by_identifier
from chengxin.testing.bodies import TwoOfficers, register_bodies
from chengxin.testing.city import NOW, import_rows, row, uscc

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from chengxin.checks.answer import CheckAnswer

HOUR = timedelta(hours=1)


def check(now: datetime) -> CheckAnswer:
    return CheckOne(operator(), uscc(1), "投标资格审查", None, now).execute()


def licences(answer: CheckAnswer) -> list[str]:
    return [one.content["content"] for one in answer.facts if one.item == "licence"]


def test_a_withdrawn_fact_stays_withdrawn_and_the_last_correction_counts(city: Path, tmp_path: Path) -> None:
    assert city
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)], now=NOW)
    import_rows(tmp_path, "licence", "G3", [row("licence", "G3", 1, content="一")], now=NOW)
    assert licences(check(NOW + timedelta(minutes=1))) == ["一"]
    # Set back by an hour: what is corrected now bears an earlier time than what it corrects.
    import_rows(tmp_path, "licence", "G3", [row("licence", "G3", 1, content="二")], now=NOW - HOUR)
    first, second = Record.objects.filter(item="licence").order_by("version")
    assert second.recorded_at < first.recorded_at
    assert licences(check(NOW - HOUR)) == ["二"]
    body = Subject.objects.get()
    shown = facts_of_body(body.pk, "licence", NOW.date()).rows
    assert [one.fact.content["content"] for one in shown] == ["二"]
    assert [one.version for one in standing(body.pk, NOW.date(), NOW) if one.item == "licence"] == [2]
    WithdrawRecord(operator(), second.pk, "原决定被撤销", NOW).execute()
    for now in (NOW - HOUR, NOW - HOUR / 2, NOW, NOW + HOUR):
        assert licences(check(now)) == []
        assert facts_of_body(body.pk, "licence", now.date()).rows == ()


def test_a_body_registered_a_minute_ago_is_found_though_the_clock_says_it_is_to_come(
    city: Path, tmp_path: Path
) -> None:
    assert city
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)], now=NOW)
    answer = check(NOW - HOUR)
    assert (answer.result, answer.as_of) == ("found", NOW)
    assert known_by("uscc", uscc(1), NOW + HOUR) == NOW + HOUR
    assert known_by("uscc", uscc(2), NOW - HOUR) == NOW - HOUR


def test_a_code_re_issued_while_the_clock_was_behind_stays_the_current_one_of_that_moment(city: Path) -> None:
    """Rows of the register are ordered by when they were written, not by the times they bear."""
    assert city
    officers = TwoOfficers(NOW)
    register_bodies({"uscc": uscc(1), "name": "昆山演练有限公司"}, now=officers.later())
    body = Subject.objects.get().pk
    officers.now -= HOUR
    officers.reissue(body, uscc(1), uscc(2))
    moment = officers.now + timedelta(days=1)
    before = subject_by_identifier("uscc", uscc(1), moment)
    assert before is not None
    assert before.uscc == uscc(2)
    officers.now += timedelta(days=2)
    officers.reissue(body, uscc(2), uscc(3))
    assert subject_by_identifier("uscc", uscc(1), moment) == before
    assert subject_by_identifier("uscc", uscc(1)) != before


def test_a_merge_undone_while_the_clock_was_behind_is_undone_at_every_later_moment(city: Path) -> None:
    assert city
    officers = TwoOfficers(NOW)
    register_bodies(
        {"uscc": uscc(1), "name": "昆山甲有限公司"}, {"uscc": uscc(2), "name": "昆山乙有限公司"}, now=officers.later()
    )
    one, other = Subject.objects.order_by("pk").values_list("pk", flat=True)
    merge = officers.merge(one, other)
    merged = officers.now
    assert merged_into_at(one, merged) == other
    officers.now -= HOUR
    officers.undo(merge.pk)
    assert officers.now < merged
    assert merged_into_at(one, merged + HOUR) is None
    assert merged_into_at(other, merged + HOUR) is None
    officers.now = merged + 2 * HOUR
    officers.merge(other, one)
    assert merged_into_at(other, officers.now + HOUR) == one
    assert merged_into_at(one, officers.now + HOUR) is None
