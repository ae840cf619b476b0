"""What is wrong with a row can be read in English: every rule, every item, also rows sent back long ago."""

from __future__ import annotations

import re

import pytest

from chengxin.catalogue import Item, load_catalogue
from chengxin.intake.queries import Finding, ReturnedRow
from chengxin.intake.reader.outcome import _catalogue
from chengxin.intake.returned import RuleCount
from chengxin.intake.rulebook import rulebook
from chengxin.intake.wording import FIELDS, ROW_FLAWS, _sentences, rows_in_english, rules_in_english

ITEMS = load_catalogue().items
CHINESE = re.compile("[\u3400-\u9fff]")


def row(rule: str, field: str, value: str = "", expected: str = "应为") -> ReturnedRow:
    return ReturnedRow(2, ("昆山甲", value), (Finding(rule, field, value, "问题", expected),))


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
def test_every_rule_that_can_speak_about_an_item_has_its_english_and_no_chinese_in_it(item: Item) -> None:
    said = _sentences(item.key)
    wanted = {one.id for one in rulebook().written} | set(rulebook().other) | {f"row_{flaw}" for flaw in ROW_FLAWS}
    wanted |= {one.id.format(field=field.key) for one in rulebook().generated.values() for field in item.fields}
    wanted |= {rulebook().generated["group_missing"].id.format(field=group.key) for group in item.one_of}
    assert set(said) == wanted
    for rule, one in said.items():
        assert one.message, rule
        assert one.expected, rule
        assert not CHINESE.search(one.message + one.expected), rule
        assert "{" not in one.message + one.expected, rule


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
def test_every_field_a_finding_can_name_has_its_english(item: Item) -> None:
    for label in [field.label for field in item.fields] + [group.label for group in item.one_of] + list(FIELDS):
        (shown,) = rows_in_english(item.key, [row("gone_rule", label)])
        assert not CHINESE.search(shown.findings[0].field), label


def test_the_flaws_of_rows_are_those_the_reader_knows() -> None:
    assert {code for code, held in _catalogue().items() if held["kind"] == "flaw"} == set(ROW_FLAWS)


def test_a_finding_is_told_in_english_and_its_value_stays_as_handed_in() -> None:
    (shown,) = rows_in_english("penalty", [row("fine_amount_not_an_amount", "罚款金额", "三万")])
    (finding,) = shown.findings
    assert finding.value == "三万"
    assert finding.message == "Amount of the fine is not an amount"
    assert finding.expected == "a number, in units of 10,000 yuan"
    assert shown.cells == ("昆山甲", "三万")
    assert shown.line == 2


def test_a_written_rule_says_its_own_sentence() -> None:
    (shown,) = rows_in_english("licence", [row("decided_on_in_future", "决定日期", "2999-01-01", "不晚于 2026-01-01")])
    assert shown.findings[0].message == "the decision is dated after the day of submission"
    assert shown.findings[0].expected == "a day not after the day of submission"


@pytest.mark.parametrize("item", ["penalty", "an_item_that_left"])
def test_a_rule_nobody_knows_any_more_stays_as_it_was_said(item: str) -> None:
    (shown,) = rows_in_english(item, [row("uscc_wrong", "某字段")])
    assert (shown.findings[0].field, shown.findings[0].message) == ("某字段", "问题")
    (counted,) = rules_in_english(item, [RuleCount("uscc_wrong", "某字段", "问题", 7)])
    assert (counted.field, counted.message, counted.rows) == ("某字段", "问题", 7)


def test_the_rules_most_rows_fail_are_told_in_english_with_their_counts() -> None:
    (counted,) = rules_in_english("penalty", [RuleCount("row_error_value", "整行", "这一行有错误值", 3)])
    assert counted == RuleCount(
        "row_error_value",
        "the whole row",
        "This row has an error value (such as #REF! or #N/A). Replace it by the right content.",
        3,
    )
