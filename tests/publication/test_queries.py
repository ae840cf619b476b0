"""What the public end reads: found by every name, paged by key, in force by dates, and a figure for its cost."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.kernel.names import fold_name
from chengxin.publication import queries
from chengxin.publication.queries import FactKey, FormerName, Month

if TYPE_CHECKING:
    from collections.abc import Callable


pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 23)


def _body(
    number: int, name: str, uscc: str = "", *, until: date | None = None, others: tuple[tuple[str, str], ...] = ()
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO publication.body VALUES (%s, %s, 'enterprise', %s, '存续', '2020-01-01', %s, %s)",
            [number, uscc or f"91320583MA{number:08d}", name, until, json.dumps({"body_type": "有限责任公司"})],
        )
        cursor.executemany(
            "INSERT INTO publication.body_name VALUES (%s, %s, %s, %s)",
            [(number, kind, one, fold_name(one)) for kind, one in (("current", name), *others)],
        )


def _fact(  # noqa: PLR0917 - a row has its columns
    record: int,
    body: int = 1,
    item: str = "licence",
    decided: date = date(2026, 1, 1),
    issuer: str = "甲局",
    until: date | None = None,
    since: date | None = None,
    document: str = "",
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO publication.fact VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                record,
                body,
                item,
                document or f"昆许〔2026〕{record}号",
                decided,
                issuer,
                since or decided,
                until,
                '{"a": "b"}',
            ],
        )


def _all_hits(text: str, limit: int, day: date = DAY) -> list[int]:
    found: list[int] = []
    after = None
    while True:
        page = queries.search_bodies(text, day, after=after, limit=limit)
        found += [hit.body.subject_id for hit in page.hits]
        if page.after is None:
            return found
        assert len(page.hits) == limit
        after = page.after


def _all_facts(read: Callable[..., queries.FactList], **told: object) -> list[int]:
    found: list[int] = []
    after = None
    while True:
        page = read(after=after, **told)
        found += [row.fact.record_id for row in page.rows]
        if page.after is None:
            return found
        after = page.after


@pytest.mark.parametrize("text", ["金石", "昆 山市金石", "（江苏）", "(江苏)", "ＡＢ", "ab", "ＪinＳhi"])
def test_a_body_is_found_whatever_the_width_case_brackets_and_spaces(text: str) -> None:
    _body(1, "昆山市金石AB科技（江苏）有限公司", others=(("english", "JinShi Ltd."),))
    _body(2, "昆山市水月有限公司")
    assert [hit.body.subject_id for hit in queries.search_bodies(text, DAY).hits] == [1]


def test_a_hit_names_what_matched_and_prefers_the_current_name() -> None:
    _body(1, "昆山市金石厂", others=(("former", "昆山金石作坊"), ("english", "GOLD STONE")))
    for text, matched, kind in (
        ("金石", "昆山市金石厂", "current"),
        ("作坊", "昆山金石作坊", "former"),
        ("gold", "GOLD STONE", "english"),
        ("91320583MA0", "91320583MA00000001", "code"),
    ):
        hit = queries.search_bodies(text, DAY).hits[0]
        assert (hit.matched, hit.matched_kind) == (matched, kind)


@pytest.mark.parametrize("text", ["", "昆", " 昆 ", "\u3000", "%", "_"])
def test_less_than_two_characters_find_nothing(text: str) -> None:
    _body(1, "昆山昆")
    assert queries.search_bodies(text, DAY) == queries.Hits((), None)


@pytest.mark.parametrize("text", ["%%", "__", "昆%", "昆_", "\\\\", "昆\\", "'昆"])
def test_signs_of_patterns_are_only_signs(text: str) -> None:
    _body(1, "昆山厂")
    assert queries.search_bodies(text, DAY).hits == ()
    _body(2, f"甲{text}乙")
    assert [hit.body.subject_id for hit in queries.search_bodies(text, DAY).hits] == [2]


def test_the_same_pairs_in_another_order_are_another_name() -> None:
    _body(1, "山海山城海")
    assert queries.search_bodies("山城海山", DAY).hits == ()


def test_who_is_called_exactly_so_comes_first_and_everyone_comes_once() -> None:
    for number in range(1, 60):
        _body(number, "好吃面馆" if number % 3 == 0 else f"昆山好吃面馆第{number}分店")
    found = _all_hits("好吃面馆", 7)
    exact = [number for number in range(1, 60) if number % 3 == 0]
    assert found == exact + [number for number in range(1, 60) if number % 3]


@pytest.mark.parametrize("reach", [1, 3, 10, 1000])
@pytest.mark.parametrize("text", ["面馆", "好吃面馆", "分店", "第5", "91320583MA000000", "没有"])
def test_how_far_is_read_before_the_index_is_asked_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, reach: int, text: str
) -> None:
    for number in range(1, 40):
        name = "好吃面馆" if number in {7, 31} else f"面馆{number}" if number % 4 == 0 else f"甲第{number}分店"
        _body(number, name, until=DAY - timedelta(days=1) if number % 5 == 0 else None)
    expected = _all_hits(text, 4)
    monkeypatch.setattr(queries, "NAMES_REACH", reach)
    assert sorted(_all_hits(text, 4)) == sorted(expected)
    assert len(set(expected)) == len(expected)
    assert all(number % 5 for number in expected)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text("昆山金石", min_size=1, max_size=6), max_size=12),
    st.text("昆山金石", min_size=2, max_size=3),
    st.integers(1, 5),
)
def test_search_finds_exactly_the_names_that_hold_the_text(names: list[str], text: str, limit: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE publication.body, publication.body_name")
    for number, name in enumerate(names, 1):
        _body(number, name)
    found = _all_hits(text, limit)
    assert sorted(found) == [number for number, name in enumerate(names, 1) if text in name]
    exact = [number for number, name in enumerate(names, 1) if text == name]
    assert found[: len(exact)] == exact


def test_a_body_is_found_by_its_code_on_the_days_it_is_shown() -> None:
    _body(1, "昆山厂", "91320583187588026H", until=DAY)
    found = queries.body_by_code("91320583187588026H", DAY)
    assert found is not None
    assert (found.name, found.kind, found.status, found.content) == (
        "昆山厂",
        "enterprise",
        "存续",
        {"body_type": "有限责任公司"},
    )
    assert queries.body_by_code("91320583187588026H", DAY + timedelta(days=1)) is None
    assert queries.body_by_code("91320583187588026H", date(2019, 12, 31)) is None
    assert queries.body_by_code("91320583", DAY) is None


def test_other_names_leave_the_current_one_out() -> None:
    _body(1, "今名", others=(("former", "旧名甲"), ("former", "旧名乙"), ("english", "NAME")))
    assert set(queries.other_names(1)) == {
        FormerName("english", "NAME"),
        FormerName("former", "旧名甲"),
        FormerName("former", "旧名乙"),
    }
    assert queries.other_names(2) == ()


def test_lists_give_the_latest_first_each_fact_once() -> None:
    _body(1, "甲厂")
    _body(2, "乙厂")
    for record in range(1, 31):
        _fact(record, 1 + record % 2, decided=date(2026, 1, 1 + record % 4))
    _fact(99, item="penalty")
    expected = sorted(range(1, 31), key=lambda record: (record % 4, record), reverse=True)
    assert _all_facts(lambda after: queries.latest_facts("licence", DAY, after=after, limit=4)) == expected
    of_one = _all_facts(lambda after: queries.facts_of_body(1, "licence", DAY, after=after, limit=3))
    assert of_one == [record for record in expected if record % 2 == 0]


def test_a_listed_fact_carries_its_body_and_its_fields() -> None:
    _body(1, "甲厂", "91320583187588026H")
    _fact(5, document="昆许〔2026〕5号", until=date(2027, 1, 1))
    listed = queries.fact_by_id(5, DAY)
    assert listed is not None
    assert (listed.name, listed.uscc, listed.kind) == ("甲厂", "91320583187588026H", "enterprise")
    assert (listed.fact.document_number, listed.fact.issuer, listed.fact.content) == (
        "昆许〔2026〕5号",
        "甲局",
        {"a": "b"},
    )
    assert (listed.fact.shown_from, listed.fact.shown_until) == (date(2026, 1, 1), date(2027, 1, 1))


@pytest.mark.parametrize("reach", [1, 5, 1000])
def test_a_list_is_narrowed_by_organ_name_code_and_number(monkeypatch: pytest.MonkeyPatch, reach: int) -> None:
    monkeypatch.setattr(queries, "REACH", reach)
    _body(1, "昆山市金石厂", "91320583187588026H", others=(("former", "老作坊"),))
    _body(2, "昆山市水月厂")
    for record in range(1, 21):
        _fact(
            record, 1 if record % 5 == 0 else 2, issuer="甲局" if record < 11 else "乙局", decided=date(2026, 1, record)
        )

    def found(**told: str) -> list[int]:
        return _all_facts(lambda after: queries.latest_facts("licence", DAY, after=after, limit=2, **told))

    assert found(text="金石") == found(text="老作坊") == found(text="91320583187") == [20, 15, 10, 5]
    assert found(text="昆山") == list(range(20, 0, -1))
    assert found(text="金石", issuer="乙局") == [20, 15]
    assert found(issuer="甲局") == list(range(10, 0, -1))
    assert found(text="昆许[2026]7号") == found(text=" 昆许〔２０２６〕7号 ") == [7]
    assert found(text="昆许〔2026〕") == []
    assert found(text="查无") == found(issuer="丙局") == []
    assert found(text="金") == list(range(20, 0, -1))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dates(DAY - timedelta(3), DAY + timedelta(3)),
    st.none() | st.dates(DAY - timedelta(3), DAY + timedelta(3)),
    st.none() | st.dates(DAY - timedelta(3), DAY + timedelta(3)),
)
def test_a_fact_is_read_on_the_days_that_it_and_its_body_are_shown(
    since: date, until: date | None, body_until: date | None
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE publication.body, publication.body_name, publication.fact")
    _body(1, "昆山金石厂", until=body_until)
    _fact(5, since=since, until=until)
    shown = since <= DAY and (until is None or until >= DAY) and (body_until is None or body_until >= DAY)
    ended = since <= DAY and not shown
    assert (queries.fact_by_id(5, DAY) is not None) == shown
    assert queries.fact_has_ended(5, DAY) == ended
    assert bool(queries.latest_facts("licence", DAY).rows) == shown
    assert bool(queries.latest_facts("licence", DAY, text="金石").rows) == shown
    assert bool(queries.facts_of_body(1, "licence", DAY).rows) == shown


def test_a_fact_that_never_was_has_not_ended() -> None:
    assert not queries.fact_has_ended(12345, DAY)


def test_organs_are_listed_once_each_item_for_itself() -> None:
    _body(1, "甲厂")
    for record in range(1, 10):
        _fact(record, issuer=f"{'甲乙丙'[record % 3]}局")
    _fact(50, item="penalty", issuer="丁局")
    assert set(queries.issuers("licence")) == {"甲局", "乙局", "丙局"}
    assert len(queries.issuers("licence")) == 3
    assert queries.issuers("penalty") == ("丁局",)
    assert queries.issuers("registration") == ()


def test_the_state_says_when_the_store_changed_and_what_it_holds() -> None:
    assert queries.public_state() == queries.PublicState(None, 0, {})
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO publication.state VALUES (true, 7, '2026-11-23T01:00:00Z')")
        cursor.execute(
            "INSERT INTO publication.monthly VALUES ('licence', '2026-10-01', 3), ('licence', '2026-09-01', 4)"
        )
        cursor.execute("INSERT INTO publication.monthly VALUES ('penalty', '2026-10-01', 0)")
    state = queries.public_state()
    assert state == queries.PublicState(datetime(2026, 11, 23, 1, tzinfo=UTC), 7, {"licence": 7, "penalty": 0})
    assert queries.months("licence", date(2026, 10, 1)) == (Month(date(2026, 10, 1), 3),)
    assert queries.months("licence", date(2026, 1, 1)) == (Month(date(2026, 9, 1), 4), Month(date(2026, 10, 1), 3))
    assert queries.months("penalty", date(2026, 1, 1)) == ()


def test_a_page_after_the_last_is_empty() -> None:
    _body(1, "昆山厂")
    _fact(5)
    assert queries.search_bodies("昆山", DAY, after=1).hits == ()
    assert queries.latest_facts("licence", DAY, after=FactKey(date(2026, 1, 1), 5)).rows == ()
