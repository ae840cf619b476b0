"""Checked and tied rows become facts: who and what they are, how long they count, by when they were due."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.intake.facts import compose, work_calendar
from chengxin.kernel.clocks import double_publicity_rule, load_double_publicity_rules
from chengxin.testing.city import row

if TYPE_CHECKING:
    from collections.abc import Callable

    Stage = Callable[..., Any]

TODAY = date(2026, 3, 2)


def facts(made: Any, columns: str, today: date = TODAY) -> list[Any]:
    """Compose the facts of a staged file whose rows are all tied to body 7; return columns in the rows' order."""
    made.duck.execute(
        """CREATE OR REPLACE TABLE linked AS
        SELECT row_number, 'uscc:' || uscc AS identifier, 7::BIGINT AS subject_id, 'uscc' AS link FROM staged"""
    )
    compose(made.duck, made.item, today=today)
    query = f"SELECT {columns} FROM facts LEFT JOIN fact_content USING (line) ORDER BY line"  # noqa: S608 - our columns
    return list(made.select(query))


def test_the_deadline_of_a_decision_is_its_seventh_working_day(staged: Stage) -> None:
    days = ["2026-02-27", "2026-03-02", "2025-12-31", "2026-12-28", "2024-09-30"]
    made = staged("penalty", "G3", [row("penalty", "G3", number, decided_on=day) for number, day in enumerate(days)])
    found = facts(made, "decided_on, due_on, due_provisional", date(2027, 1, 5))
    rules = load_double_publicity_rules()
    for decided, due, provisional in found:
        expected = double_publicity_rule(rules, decided).deadline(work_calendar(), decided)
        assert (due, provisional) == (expected.day, expected.provisional)
    dues = {decided.isoformat(): (due.isoformat(), provisional) for decided, due, provisional in found}
    # Monday 2 March 2026: seven working days later is Wednesday 11 March.
    assert dues["2026-03-02"] == ("2026-03-11", False)
    # The notice for 2027 is not out: the New Year's days off may still move the deadline.
    assert dues["2026-12-28"][1] is True


def test_a_registration_has_no_deadline_and_no_end(staged: Stage) -> None:
    dateless = row("registration", "R1", 2, established_on="", decided_on="")
    made = staged("registration", "R1", [row("registration", "R1", 1), dateless])
    assert facts(made, "due_on, valid_from, valid_until, public, withdrawn") == [
        (None, date(2010, 5, 1), None, True, False),
        (None, TODAY, None, True, False),
    ]


@pytest.mark.parametrize(
    ("kind", "last", "rule", "public"),
    [
        ("罚款", "2027-02-27", "gbf-22-2025", True),
        ("警告", "2026-02-27", "gbf-22-2025", False),
        ("吊销许可证件", "2029-02-27", "gbf-22-2025", True),
    ],
)
def test_a_penalty_counts_while_it_may_be_shown(staged: Stage, kind: str, last: str, rule: str, public: bool) -> None:  # noqa: FBT001 - a case
    made = staged("penalty", "G3", [row("penalty", "G3", 1, penalty_kind=kind)])
    found = facts(made, "valid_from, valid_until, rule, public")
    assert found == [(date(2026, 2, 27), date.fromisoformat(last), rule, public)]


def test_a_rule_that_came_later_shortens_and_never_lengthens(staged: Stage) -> None:
    made = staged("penalty", "G3", [row("penalty", "G3", 1, decided_on="2024-05-06", penalty_kind="警告")])
    before, after = date(2024, 6, 1), date(2026, 5, 1)
    assert facts(made, "public, valid_until", before) == [(True, date(2025, 5, 6))]
    assert facts(made, "public", after) == [(False,)]


def test_the_same_document_under_the_same_code_is_the_same_fact_however_it_is_written(staged: Stage) -> None:
    spellings = ["昆市监罚〔2026〕1号", "昆市监罚[2026]1号", "昆市监罚（2026）1号", "昆市监罚〔2026〕2号"]
    rows = [row("penalty", "G3", 1, document_number=one) for one in spellings]
    other_body = row("penalty", "G3", 2, document_number=spellings[0])
    keys = [key for (key,) in facts(staged("penalty", "G3", [*rows, other_body]), "key")]
    assert keys[0] == keys[1] == keys[2]
    assert len(set(keys)) == 3


def test_one_decision_with_two_certificates_is_two_facts(staged: Stage) -> None:
    rows = [row("licence", "G3", 1, licence_number=number) for number in ("JY1", "JY2", "jy1")]
    keys = [key for (key,) in facts(staged("licence", "G3", rows), "key")]
    assert len({*keys[:2]}) == 2


def test_the_content_holds_filled_fields_without_persons(staged: Stage) -> None:
    number = "320583199001011234"
    told = row("penalty", "G3", 1, facts=f"张某{number}", legal_representative_id_number=number, remarks='"')
    made = staged("penalty", "G3", [told])
    ((content,),) = facts(made, "content")
    held = json.loads(content)
    assert held["facts"] == "张某[证件号码已隐去]"
    assert held["remarks"] == '"'
    assert "legal_representative_id_number" not in held
    assert "confiscated_amount" not in held
    assert all(held.values())


def test_what_its_source_withdraws_is_a_withdrawal(staged: Stage) -> None:
    rows = [row("penalty", "G3", 1, status=status) for status in ("撤销", "有效", "撤销(取消公示)")]
    assert facts(staged("penalty", "G3", rows), "withdrawn") == [(True,), (False,), (True,)]


def test_an_annulled_registration_is_no_withdrawal(staged: Stage) -> None:
    made = staged("registration", "R1", [row("registration", "R1", 1, status="撤销登记")])
    assert facts(made, "withdrawn, public") == [(False, True)]


def test_a_digest_changes_with_what_is_said_and_with_the_days_a_rule_gives(staged: Stage) -> None:
    rows = [row("penalty", "G3", 1, **more) for more in ({}, {}, {"facts": "另"}, {"public_until": "2026-06-01"})]
    made = staged("penalty", "G3", rows)
    digests = [digest for (digest,) in facts(made, "digest")]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
