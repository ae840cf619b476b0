"""How long a penalty is shown: never longer than the law said then, never longer than it says now."""

import doctest
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel import clocks as module
from chengxin.kernel.calendar import Deadline, LocalDay, WorkCalendar, legal_day
from chengxin.kernel.clocks import (
    DoublePublicityRule,
    Publicity,
    PublicityClass,
    PublicityRules,
    RuleDataError,
    add_months,
    double_publicity_rule,
    load_double_publicity_rules,
    load_publicity_rules,
    publicity_period,
    to_duckdb_sql,
)
from chengxin.kernel.publicity import PublicityTerm

RULES = load_publicity_rules()
TODAY = date(2026, 11, 23)
KINDS = st.one_of(
    st.lists(
        st.sampled_from(
            [
                "警告",
                "通报批评",
                "罚款",
                "没收违法所得",
                "暂扣许可证件",
                "吊销许可证",
                "限制从业",
                "责令关闭",
                "其他",
            ]
        ),
        max_size=3,
    ).flatmap(
        lambda kinds: st.sampled_from([";", "；", "、", ",", "，", "并处", " ; "]).map(lambda by: by.join(kinds))
    ),
    st.text(
        st.one_of(st.sampled_from("警告罚款吊销;；、\u200b　\n'"), st.characters(exclude_categories=["Cs"])),
        max_size=8,
    ),
)
# Around the first days of the rules, where mistakes live, and anywhere else.
NEAR_CHANGES = st.builds(
    lambda rule, days: rule.from_day + timedelta(days=days),
    st.sampled_from(RULES.rules),
    st.integers(min_value=-400, max_value=400),
)
DAYS = st.one_of(NEAR_CHANGES, st.dates(min_value=date(2010, 1, 1), max_value=date(2032, 12, 31)), st.dates())


@cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


Row = tuple[str | None, date | None, date | None]


def in_duckdb(expression: str, rows: Sequence[Row]) -> list[object]:
    """Evaluate an expression over the columns kinds, decided and stated, in order."""
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
    source = "SELECT unnest(?::VARCHAR[]) AS kinds, unnest(?::DATE[]) AS decided, unnest(?::DATE[]) AS stated"
    query = f"SELECT {expression} FROM ({source}, unnest(range(?)) AS i) ORDER BY i"  # noqa: S608 - what is tested
    return [row[0] for row in connection().execute(query, [*columns, len(rows)]).fetchall()]


def period(kinds: str, decided_on: date, *, on: date = TODAY, stated_until: date | None = None) -> Publicity:
    return publicity_period(RULES, kinds, decided_on, on=on, stated_until=stated_until)


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(module).failed == 0


# ------------------------------------------------------------------ months


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 4, 30), 3, date(2026, 7, 30)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 3, 15), 0, date(2026, 3, 15)),
        (date(2026, 3, 15), 36, date(2029, 3, 15)),
        (date(9999, 12, 1), 1, date.max),
        (date(9999, 11, 30), 1, date(9999, 12, 30)),
    ],
)
def test_a_period_of_months_ends_on_the_corresponding_day_or_the_months_last(
    start: date, months: int, end: date
) -> None:
    assert add_months(start, months) == end


@given(st.dates(max_value=date(9900, 1, 1)), st.integers(min_value=0, max_value=600))
def test_the_corresponding_day_is_in_the_right_month_and_never_later_in_it(start: date, months: int) -> None:
    end = add_months(start, months)
    assert end.year * 12 + end.month == start.year * 12 + start.month + months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


@given(st.dates(), st.integers(min_value=0, max_value=60), st.integers(min_value=0, max_value=60))
def test_more_months_never_end_earlier(start: date, one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    assert add_months(start, fewer) <= add_months(start, more)


# ------------------------------------------------------------------ publicity


@pytest.mark.parametrize(
    ("kinds", "decided_on", "until", "rule_id"),
    [
        ("罚款", date(2026, 5, 31), date(2027, 5, 31), "ndrc-36-2026"),
        ("吊销许可证", date(2026, 5, 31), date(2029, 5, 31), "ndrc-36-2026"),
        ("警告", date(2026, 5, 31), None, "ndrc-36-2026"),
        ("罚款", date(2026, 3, 31), date(2027, 3, 31), "gbf-22-2025"),
        ("罚款", date(2026, 4, 1), date(2027, 4, 1), "ndrc-36-2026"),
        ("警告", date(2024, 6, 1), None, "ndrc-36-2026"),
        ("罚款", date(2024, 2, 29), date(2025, 2, 28), "ndrc-58-2023"),
        ("吊销许可证", date(2020, 1, 31), date(2023, 1, 31), "ndrc-527-2019"),
        ("罚款", date(2018, 1, 1), date(2019, 1, 1), "ndrc-2017"),
        ("罚款", date(2016, 1, 1), date(2017, 1, 1), "ndrc-36-2026"),
        ("其他", date(2026, 5, 1), date(2027, 5, 1), "ndrc-36-2026"),
    ],
)
def test_the_period_is_the_shorter_of_then_and_now(
    kinds: str, decided_on: date, until: date | None, rule_id: str
) -> None:
    found = period(kinds, decided_on)
    assert (found.until_day, found.rule_id) == (until, rule_id)
    assert found.published is (until is not None)
    assert found.from_day == decided_on


def test_a_warning_of_2024_was_shown_then_and_leaves_on_the_day_the_new_rule_starts() -> None:
    before = period("警告", date(2024, 12, 1), on=date(2025, 6, 21))
    after = period("警告", date(2024, 12, 1), on=date(2025, 6, 22))
    assert before.published
    assert before.until_day == date(2025, 12, 1)
    assert not after.published
    assert after.klass is PublicityClass.MINOR
    assert after.rule_id == "gbf-22-2025"


def changed(months: int) -> PublicityRules:
    """The rules with one more from 2027 on, giving general matters another maximum."""
    newest = RULES.rules[-1]
    terms = {**newest.terms, PublicityClass.GENERAL: PublicityTerm(3, months, published=True)}
    return replace(RULES, rules=(*RULES.rules, replace(newest, id="new", from_day=date(2027, 1, 1), terms=terms)))


def test_a_rule_that_shortens_takes_old_records_off_at_once() -> None:
    found = publicity_period(changed(6), "罚款", date(2026, 5, 1), on=date(2027, 1, 1))
    assert (found.until_day, found.rule_id) == (date(2026, 11, 1), "new")


def test_a_rule_that_lengthens_does_not_touch_old_records() -> None:
    found = publicity_period(changed(24), "罚款", date(2026, 5, 1), on=date(2027, 1, 1))
    assert (found.until_day, found.rule_id) == (date(2027, 5, 1), "ndrc-36-2026")
    later = publicity_period(changed(24), "罚款", date(2027, 5, 1), on=date(2027, 6, 1))
    assert (later.until_day, later.rule_id) == (date(2029, 5, 1), "new")


def test_no_rule_shows_anything_beyond_the_hard_cap() -> None:
    found = publicity_period(changed(120), "罚款", date(2027, 5, 1), on=date(2027, 6, 1))
    assert found.until_day == date(2032, 5, 1)
    assert "60 个月" in found.reason_zh


@pytest.mark.parametrize(
    ("stated", "until"),
    [
        (date(2026, 8, 1), date(2026, 8, 1)),
        (date(2027, 5, 1), date(2027, 5, 1)),
        (date(2027, 5, 2), date(2027, 5, 1)),
        (date(2099, 12, 31), date(2027, 5, 1)),
        (date(2026, 5, 1), date(2026, 5, 1)),
        (date(2026, 4, 30), None),
    ],
)
def test_the_departments_own_end_date_shortens_and_never_lengthens(stated: date, until: date | None) -> None:
    found = period("罚款", date(2026, 5, 1), stated_until=stated)
    assert found.until_day == until
    assert found.published is (until is not None)


def test_an_end_date_of_its_own_does_not_bring_a_minor_matter_on_the_page() -> None:
    assert not period("警告", date(2026, 5, 1), stated_until=date(2026, 6, 1)).published


def test_without_any_rule_then_or_now_nothing_is_shown() -> None:
    found = period("罚款", date(2015, 1, 1), on=date(2016, 1, 1))
    assert not found.published
    assert (found.rule_id, found.until_day) == ("", None)
    assert found.reason_zh == "当时和目前均无规定允许公示该处罚，不予公示。"


def test_publicity_ends_on_the_legal_day_though_the_server_runs_in_utc() -> None:
    until = period("罚款", date(2024, 2, 29)).until_day
    assert until == date(2025, 2, 28)
    last_second = datetime(2025, 2, 28, 15, 59, 59, tzinfo=UTC)
    assert legal_day(last_second) <= until
    assert legal_day(last_second + timedelta(seconds=1)) > until


# ------------------------------------------------------------------ reasons


def test_the_reason_cites_the_rule_in_both_languages() -> None:
    found = period("罚款", date(2026, 5, 1))
    assert found.reason_zh == (
        "依据《信用修复管理办法》（国家发展改革委令第36号），该处罚属于一般失信信息，"
        "自 2026-05-01 起最长公示 12 个月，公示至 2027-05-01（含当日）。"
    )
    assert found.reason_en == (
        "Under Measures for Credit Repair (NDRC order 36) this penalty is a general matter, "
        "shown for at most 12 months from 2026-05-01, until 2027-05-01 inclusive."
    )


def test_the_reason_says_that_a_minor_matter_is_not_shown() -> None:
    found = period("警告", date(2026, 5, 1))
    assert found.reason_zh.endswith("该处罚属于轻微失信信息，不予公示。")
    assert found.reason_en.endswith("this penalty is a minor matter and is not shown.")


def test_the_reason_tells_of_an_earlier_stated_end() -> None:
    found = period("罚款", date(2026, 5, 1), stated_until=date(2026, 8, 1))
    assert found.reason_zh.endswith("公示至 2026-08-01（含当日），按处罚机关填报的更早截止期。")
    assert found.reason_en.endswith("until 2026-08-01 inclusive, the earlier end its authority stated.")


def test_the_reason_tells_of_a_stated_end_before_the_decision() -> None:
    found = period("罚款", date(2026, 5, 1), stated_until=date(2026, 4, 1))
    assert "公示截止期早于决定日期，不予公示" in found.reason_zh
    assert "its stated end precedes the decision" in found.reason_en


def test_the_reason_tells_of_what_awaits_confirmation() -> None:
    found = period("暂扣许可证件", date(2026, 5, 1))
    assert found.uncertain
    assert found.reason_zh.endswith("；该归类或期限有待主管部门确认。")
    assert found.reason_en.endswith("; class or term awaits confirmation.")
    assert not period("罚款", date(2026, 5, 1)).uncertain


# ------------------------------------------------------------------ laws


@given(KINDS, DAYS, DAYS, st.none() | DAYS)
def test_no_answer_outlasts_the_rule_of_then_the_rule_of_now_the_stated_end_or_the_cap(
    kinds: str, decided_on: date, on: date, stated: date | None
) -> None:
    found = period(kinds, decided_on, on=on, stated_until=stated)
    assert found.published is (found.until_day is not None)
    if found.until_day is None:
        return
    bounds = [add_months(decided_on, RULES.hard_cap_months), stated or date.max]
    for rule in (RULES.in_force(decided_on), RULES.in_force(on)):
        if rule is not None:
            klass, _ = rule.classification.classify(kinds)
            bounds.append(add_months(decided_on, max(rule.months(klass), 0)))
    assert found.until_day == min(bounds)
    assert found.until_day >= decided_on


@given(KINDS, DAYS, st.lists(st.dates(min_value=date(2017, 7, 31)), min_size=2, max_size=6), st.none() | DAYS)
def test_once_ended_a_record_never_comes_back_while_the_rules_only_tighten(
    kinds: str, decided_on: date, days: list[date], stated: date | None
) -> None:
    answers = [period(kinds, decided_on, on=day, stated_until=stated) for day in sorted(days) if day >= decided_on]
    ends = [answer.until_day or date.min for answer in answers]
    assert ends == sorted(ends, reverse=True)


@given(
    st.lists(st.tuples(KINDS, DAYS, st.none() | DAYS), max_size=12),
    DAYS,
    st.sampled_from([RULES, changed(6), changed(120)]),
)
def test_duckdb_gives_the_same_answers(
    rows: list[tuple[str, date, date | None]], on: date, rules: PublicityRules
) -> None:
    expected = [publicity_period(rules, kinds, day, on=on, stated_until=stated) for kinds, day, stated in rows]
    sql = to_duckdb_sql(rules, "kinds", "decided", "stated", on)
    assert in_duckdb(sql["period"], rows) == [
        {
            "class": one.klass.value,
            "rule_id": one.rule_id,
            "until": one.until_day,
            "published": one.published,
        }
        for one in expected
    ]


def test_each_single_expression_says_what_the_whole_says() -> None:
    rows: list[Row] = [
        ("罚款", date(2026, 5, 1), None),
        ("警告", date(2020, 1, 1), None),
        ("吊销", date(2010, 1, 1), TODAY),
    ]
    sql = to_duckdb_sql(RULES, "kinds", "decided", "stated", TODAY)
    assert in_duckdb(sql["class"], rows) == ["general", "minor", "serious"]
    assert in_duckdb(sql["rule_id"], rows) == ["ndrc-36-2026", "ndrc-36-2026", "ndrc-36-2026"]
    assert in_duckdb(sql["until"], rows) == [date(2027, 5, 1), None, date(2013, 1, 1)]
    assert in_duckdb(sql["published"], rows) == [True, False, True]


def test_a_row_without_a_day_of_decision_has_no_answer_in_duckdb() -> None:
    sql = to_duckdb_sql(RULES, "kinds", "decided", "stated", TODAY)
    assert {name: in_duckdb(one, [("罚款", None, None)]) for name, one in sql.items()} == {
        name: [None] for name in ("class", "rule_id", "until", "published", "period")
    }


def test_a_row_without_a_kind_is_classed_as_an_empty_one_in_duckdb() -> None:
    sql = to_duckdb_sql(RULES, "kinds", "decided", "stated", TODAY)
    assert in_duckdb(sql["class"], [(None, date(2026, 5, 1), None)]) == ["general"]


def test_a_table_without_stated_ends_can_be_asked_too() -> None:
    sql = to_duckdb_sql(RULES, "kinds", "decided", "NULL::DATE", TODAY)
    assert in_duckdb(sql["until"], [("罚款", date(2026, 5, 1), date(2026, 6, 1))]) == [date(2027, 5, 1)]


# ------------------------------------------------------------------ 双公示


def test_a_decision_must_be_online_within_seven_working_days() -> None:
    (rule,) = load_double_publicity_rules()
    assert (rule.id, rule.working_days, rule.count_start, rule.from_day) == ("ndrc-424-2018", 7, False, None)
    assert "424号" in rule.source
    calendar = WorkCalendar()
    assert rule.deadline(calendar, date(2026, 9, 29)) == Deadline(date(2026, 10, 14), provisional=False)
    assert rule.deadline(calendar, date(2026, 12, 28)).provisional


def test_the_setting_that_counts_the_day_of_decision_is_one_day_stricter() -> None:
    (rule,) = load_double_publicity_rules()
    strict = replace(rule, count_start=True)
    calendar = WorkCalendar()
    assert rule.deadline(calendar, date(2026, 3, 2)).day == date(2026, 3, 11)
    assert strict.deadline(calendar, date(2026, 3, 2)).day == date(2026, 3, 10)


def test_many_decisions_get_their_deadlines_at_once() -> None:
    (rule,) = load_double_publicity_rules()
    flood = LocalDay(date(2026, 3, 4), working=False, source="昆政发〔2026〕1号")
    found = rule.deadlines(WorkCalendar(local_days=(flood,)), [date(2026, 3, 2), date(2026, 3, 3)])
    assert {day: one.day for day, one in found.items()} == {
        date(2026, 3, 2): date(2026, 3, 12),
        date(2026, 3, 3): date(2026, 3, 13),
    }


def test_the_deadline_rule_of_a_day_is_the_last_that_was_in_force() -> None:
    old = DoublePublicityRule("old", date(2015, 1, 1), 20, count_start=False, source="甲")
    new = DoublePublicityRule("new", date(2018, 1, 1), 7, count_start=False, source="乙")
    assert double_publicity_rule((new, old), date(2017, 12, 31)) is old
    assert double_publicity_rule((new, old), date(2018, 1, 1)) is new
    with pytest.raises(LookupError, match="2014-12-31"):
        double_publicity_rule((new, old), date(2014, 12, 31))


@pytest.mark.parametrize("source", ["", "{", "rules: 1", "rules: [{id: a}]", "rules: [1]"])
def test_a_spoilt_file_of_deadlines_is_refused(source: str) -> None:
    with pytest.raises(RuleDataError):
        load_double_publicity_rules(source)


def test_a_citys_own_deadlines_are_sorted_by_their_first_day() -> None:
    rules = load_double_publicity_rules(
        "rules:\n"
        "  - {id: b, from: 2020-01-01, working_days: 5, count_start: true, source: 乙}\n"
        "  - {id: a, from: null, working_days: 7, count_start: false, source: 甲}\n"
    )
    assert [rule.id for rule in rules] == ["a", "b"]
