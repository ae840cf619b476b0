"""The rules on showing penalties are data; a file that contradicts itself is refused before it does harm."""

import doctest
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel import publicity as module
from chengxin.kernel.publicity import (
    NOT_SHOWN,
    PublicityClass,
    PublicityRules,
    RuleDataError,
    load_publicity_rules,
)

RULES = load_publicity_rules()
IN_FORCE = RULES.rules[-1]


def small() -> dict[str, Any]:
    """A rule file with one rule, to be spoilt."""
    return {
        "hard_cap": {"months": 60, "source": "条例"},
        "separators": ";",
        "classifications": {
            "one": {
                "default": "general",
                "patterns": [{"text": "警告", "class": "minor", "source": "规定"}],
            }
        },
        "rules": [
            {
                "id": "first",
                "title_zh": "规定",
                "title_en": "the rule",
                "from": date(2020, 1, 1),
                "source": "规定",
                "counted_from": "decision",
                "classification": "one",
                "classes": {
                    "minor": {"maximum_months": 3, "published": False},
                    "general": {"maximum_months": 12, "published": True},
                },
            }
        ],
    }


def load(data: object) -> PublicityRules:
    return load_publicity_rules(yaml.safe_dump(data, allow_unicode=True))


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(module).failed == 0


# ------------------------------------------------------------------ what ships


def test_the_generations_of_rules_follow_each_other() -> None:
    assert [(rule.id, rule.from_day) for rule in RULES.rules] == [
        ("ndrc-2017", date(2017, 7, 31)),
        ("ndrc-527-2019", date(2019, 7, 1)),
        ("ndrc-58-2023", date(2023, 5, 1)),
        ("gbf-22-2025", date(2025, 6, 22)),
        ("ndrc-36-2026", date(2026, 4, 1)),
    ]


def test_every_rule_and_every_pattern_names_its_source() -> None:
    assert RULES.hard_cap_source
    for rule in RULES.rules:
        assert rule.source
        assert all(pattern.source for pattern in rule.classification.patterns)


def test_a_rule_whose_text_was_not_read_is_marked_and_says_what_is_missing() -> None:
    marked = [rule for rule in RULES.rules if rule.uncertain]
    assert [rule.id for rule in marked] == ["ndrc-58-2023"]
    assert all(rule.note for rule in marked)


def test_every_period_counts_from_the_decision() -> None:
    assert {rule.counted_from for rule in RULES.rules} == {"decision"}


def test_nothing_is_shown_for_longer_than_five_years() -> None:
    assert RULES.hard_cap_months == 60
    assert all(rule.months(klass) <= 60 for rule in RULES.rules for klass in rule.terms)


def test_the_rule_in_force_keeps_minor_matters_off_and_serious_ones_three_years_at_most() -> None:
    assert {klass: IN_FORCE.months(klass) for klass in PublicityClass} == {
        PublicityClass.MINOR: NOT_SHOWN,
        PublicityClass.GENERAL: 12,
        PublicityClass.SERIOUS: 36,
    }
    assert IN_FORCE.terms[PublicityClass.MINOR].maximum_months == 3
    assert IN_FORCE.terms[PublicityClass.GENERAL].minimum_months == 3
    assert IN_FORCE.terms[PublicityClass.SERIOUS].minimum_months == 12


@pytest.mark.parametrize(
    ("day", "rule_id"),
    [
        (date(2017, 7, 30), None),
        (date(2017, 7, 31), "ndrc-2017"),
        (date(2019, 6, 30), "ndrc-2017"),
        (date(2019, 7, 1), "ndrc-527-2019"),
        (date(2025, 6, 21), "ndrc-58-2023"),
        (date(2025, 6, 22), "gbf-22-2025"),
        (date(2026, 3, 31), "gbf-22-2025"),
        (date(2026, 4, 1), "ndrc-36-2026"),
        (date.max, "ndrc-36-2026"),
        (date.min, None),
    ],
)
def test_a_rule_is_in_force_from_its_first_day_until_the_next_one(day: date, rule_id: str | None) -> None:
    found = RULES.in_force(day)
    assert (found.id if found else None) == rule_id


# ------------------------------------------------------------------ classes


@pytest.mark.parametrize(
    ("kinds", "klass", "uncertain"),
    [
        ("警告", PublicityClass.MINOR, False),
        ("通报批评", PublicityClass.MINOR, False),
        ("警告;通报批评", PublicityClass.MINOR, False),
        ("警告；", PublicityClass.MINOR, False),
        ("罚款", PublicityClass.GENERAL, False),
        ("警告;罚款", PublicityClass.GENERAL, False),
        ("警告；罚款", PublicityClass.GENERAL, False),
        ("警告、罚款", PublicityClass.GENERAL, False),
        ("警告,罚款", PublicityClass.GENERAL, False),
        ("警告，罚款", PublicityClass.GENERAL, False),
        ("警告并处罚款", PublicityClass.GENERAL, False),
        ("没收违法所得、没收非法财物", PublicityClass.GENERAL, False),
        ("暂扣许可证件", PublicityClass.GENERAL, True),
        ("降低资质等级", PublicityClass.GENERAL, True),
        ("罚款;暂扣许可证件", PublicityClass.GENERAL, False),
        ("巨额罚款", PublicityClass.SERIOUS, False),
        ("吊销许可证件", PublicityClass.SERIOUS, False),
        ("罚款;吊销营业执照", PublicityClass.SERIOUS, False),
        ("限制从业", PublicityClass.SERIOUS, False),
        ("责令停产停业", PublicityClass.SERIOUS, True),
        ("责令停产停业;吊销许可证件", PublicityClass.SERIOUS, False),
        ("警告;其他", PublicityClass.GENERAL, True),
        ("其他", PublicityClass.GENERAL, True),
        ("", PublicityClass.GENERAL, True),
        (";；、", PublicityClass.GENERAL, True),
        ("罚 款", PublicityClass.GENERAL, False),
        ("吊\u200b销许可证\n", PublicityClass.SERIOUS, False),
        ("　警告　", PublicityClass.MINOR, False),
    ],
)
def test_the_most_serious_kind_decides(kinds: str, klass: PublicityClass, *, uncertain: bool) -> None:
    assert IN_FORCE.classification.classify(kinds) == (klass, uncertain)


def test_before_2025_no_penalty_was_minor() -> None:
    classification = RULES.rules[1].classification
    assert classification.classify("警告") == (PublicityClass.GENERAL, False)
    assert classification.classify("吊销许可证") == (PublicityClass.SERIOUS, True)


@given(st.lists(st.sampled_from([pattern.text for pattern in IN_FORCE.classification.patterns]), min_size=1))
def test_order_and_repetition_of_kinds_change_nothing(kinds: list[str]) -> None:
    classify = IN_FORCE.classification.classify
    assert classify(";".join(kinds)) == classify("、".join(sorted(kinds + kinds)))


@given(st.text())
def test_every_text_has_a_class(kinds: str) -> None:
    klass, uncertain = IN_FORCE.classification.classify(kinds)
    assert klass in IN_FORCE.terms
    assert isinstance(uncertain, bool)


def test_classes_rank_from_minor_to_serious() -> None:
    assert [klass.rank for klass in PublicityClass] == [0, 1, 2]
    assert [klass.name_zh for klass in PublicityClass] == ["轻微", "一般", "严重"]


# ------------------------------------------------------------------ a city's own file


def test_a_city_may_bring_its_own_rules() -> None:
    rules = load(small())
    assert [rule.id for rule in rules.rules] == ["first"]
    assert rules.rules[0].terms[PublicityClass.GENERAL].minimum_months is None


def test_rules_are_sorted_whatever_their_order_in_the_file() -> None:
    data = small()
    data["rules"].insert(0, {**data["rules"][0], "id": "second", "from": date(2024, 1, 1)})
    assert [rule.id for rule in load(data).rules] == ["first", "second"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("rules", 0, "counted_from"), "publication", "only periods counted from the decision"),
        (("rules", 0, "from"), "2020", "with a first day"),
        (("rules", 0, "classification"), "none", "near 'none'"),
        (("rules", 0, "classes"), {"minor": {"maximum_months": 3, "published": False}}, "lacks terms for"),
        (("classifications", "one", "default"), "grave", "'grave' is not a valid PublicityClass"),
        (("classifications", "one", "patterns", 0, "text"), "", "is empty or holds a separator"),
        (("classifications", "one", "patterns", 0, "text"), "警;告", "is empty or holds a separator"),
        (("rules",), [], "name no rule"),
        (("hard_cap",), {}, "near 'months'"),
        (("hard_cap", "months"), "sixty", "sixty"),
        (("classifications",), [], "incomplete or misspelt"),
        (("rules",), None, "incomplete or misspelt"),
    ],
)
def test_a_spoilt_file_is_refused_with_the_place(path: tuple[str | int, ...], value: object, message: str) -> None:
    data = small()
    inner: Any = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(RuleDataError, match=message):
        load(data)


def test_two_rules_cannot_start_on_one_day_or_share_an_id() -> None:
    same_day, same_id = small(), small()
    same_day["rules"].append({**same_day["rules"][0], "id": "second"})
    same_id["rules"].append({**same_id["rules"][0], "from": date(2024, 1, 1)})
    for data in (same_day, same_id):
        with pytest.raises(RuleDataError, match="share an id or a first day"):
            load(data)


@pytest.mark.parametrize("source", ["", "text", "[]", "{", "rules: 1"])
def test_a_text_that_is_no_rule_file_is_refused(source: str) -> None:
    with pytest.raises(RuleDataError):
        load_publicity_rules(source)
