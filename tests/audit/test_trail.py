"""The trail is found by each side of its events, page by page; a text is shown while the transaction names it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.audit.trail import (
    LONGEST_PERIOD,
    TrailQuestion,
    event_by_number,
    events,
    events_by_day,
    text_of,
)
from chengxin.base.context import acting
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.testing.ends import as_role
from chengxin.testing.making import NOW, make_officer, make_organisation

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.testing.evidence import Installation

WEEK = TrailQuestion(NOW - timedelta(days=7), NOW + timedelta(days=1))


def _all_pages(question: TrailQuestion, limit: int) -> list[int]:
    numbers: list[int] = []
    after: tuple[datetime, int] | None = None
    while True:
        page = events(question, after=after, limit=limit)
        numbers += [one.number for one in page.rows]
        if page.after is None:
            return numbers
        after = page.after


def test_pages_skip_and_repeat_nothing_whatever_their_length(installation: Installation) -> None:
    at = installation.clock()
    numbers = [number for _ in range(7) for number in installation.record(1, at=at)]
    numbers += installation.record(3, at=at - timedelta(seconds=1))
    wanted = [*reversed(numbers[:7]), *reversed(numbers[7:])]

    @settings(max_examples=12, deadline=None)
    @given(st.integers(1, 12))
    def pages(limit: int) -> None:
        assert _all_pages(WEEK, limit) == wanted

    pages()


def test_a_family_of_actions_ends_at_its_full_stop(installation: Installation) -> None:
    (first,) = installation.record(1, action="officer.logged_in")
    (second,) = installation.record(1, action="officer_x.made")
    for action, found in (
        ("officer", [first]),
        ("officer.", [first]),
        ("officer.logged_in", [first]),
        ("officer.log", []),
        ("officer_x", [second]),
        ("%", []),
    ):
        assert _all_pages(replace(WEEK, action=action), 10) == found, action


def test_every_side_narrows_and_all_of_them_together(installation: Installation) -> None:
    (number,) = installation.record(1, case_number="昆采〔2026〕3号")
    installation.record(1, actor=("client", "9", "tax"))
    whole = TrailQuestion(
        WEEK.since, WEEK.until, "zhang", "market", "subject.read", subject_id=1, case_number="昆采〔2026〕3号"
    )
    assert _all_pages(whole, 10) == [number]
    others: tuple[dict[str, Any], ...] = (
        {"actor": "li"},
        {"organisation": "tax"},
        {"action": "x"},
        {"case_number": "4"},
        {"subject_id": 2},
        {"until": installation.clock() - timedelta(days=1)},
    )
    for other in others:
        assert _all_pages(replace(whole, **other), 10) == []


def test_days_are_legal_days_and_none_is_left_out(installation: Installation) -> None:
    midnight = NOW.replace(hour=16, minute=0)  # 00:00 in Kunshan on the day after
    installation.record(2, at=midnight - timedelta(microseconds=1))
    installation.record(1, at=midnight)
    days = events_by_day(TrailQuestion(midnight - timedelta(days=2), midnight + timedelta(days=1)))
    assert [(one.day.day, one.count) for one in days] == [(1, 0), (2, 2), (3, 1)]


@pytest.mark.parametrize("span", [timedelta(), timedelta(days=-1), LONGEST_PERIOD + timedelta(microseconds=1)])
def test_a_period_that_is_empty_or_too_long_is_refused(span: timedelta) -> None:
    wrong = TrailQuestion(NOW, NOW + span)
    for ask in (wrong.check, lambda: events(wrong), lambda: events_by_day(wrong)):
        with pytest.raises(ChengxinError, match="时间段不对"):
            ask()
    TrailQuestion(NOW, NOW + LONGEST_PERIOD).check()


def test_a_page_and_its_days_are_one_query_each(installation: Installation) -> None:
    installation.record(30)
    with CaptureQueriesContext(connection) as captured:
        events(WEEK, limit=10)
        events_by_day(WEEK)
    assert len(captured) == 2


def test_one_event_has_its_detail_and_says_whether_a_text_was_beside_it(installation: Installation) -> None:
    (number,) = installation.record(1, personal="lawyer\n李明")
    found = event_by_number(number)
    assert (found.actor, found.detail["n"], found.has_text) == ("zhang", 0, True)
    assert not event_by_number(*installation.record(1)).has_text
    with pytest.raises(NotFound):
        event_by_number(10**9)


def test_the_auditors_rows_are_everybodys_and_others_see_their_own(installation: Installation) -> None:
    (number,) = installation.record(1, personal="lawyer\n李明")
    place = make_organisation()
    make_officer(place, "shen", "auditor")
    make_officer(place, "chen", "centre")
    with as_role("office"), acting("officer", "shen", place.pk, everywhere=True), transaction.atomic():
        assert [one.number for one in events(WEEK).rows] == [number]
        assert text_of(number) == "lawyer\n李明"
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM audit_personal")
            assert cursor.fetchone() == (0,), "no list of texts, for nobody"
    for name, kind in (("chen", "officer"), ("nobody", "officer"), ("shen", "client"), ("shen", "operator")):
        with as_role("office"), acting(kind, name, place.pk, everywhere=True), transaction.atomic():
            assert events(WEEK).rows == (), (name, kind)
            assert text_of(number) is None
    with as_role("office"), acting("officer", "zhang", place.pk), transaction.atomic():
        assert [one.number for one in events(WEEK).rows] == [number], "one's own"
        assert text_of(number) is None


def test_the_office_adds_a_text_to_an_event_of_its_own_only(installation: Installation) -> None:
    (number,) = installation.record(1)
    with as_role("office"), acting("officer", "li", None), connection.cursor() as cursor:
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            cursor.execute("INSERT INTO audit_personal VALUES (%s, %s, 'x')", [number, b"0" * 16])
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            cursor.execute("SELECT salt FROM audit_personal")


def test_time_and_case_have_their_indexes(installation: Installation) -> None:
    found = dict(installation.rows("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'audit_event'"))
    assert found["audit_event_time"].endswith("(at, id)")
    assert found["audit_event_case"].endswith("(case_number, at, id) WHERE (NOT (case_number = ''::text))")


def test_a_page_is_read_from_the_index_and_not_from_the_whole_trail(installation: Installation) -> None:
    place = make_organisation()
    make_officer(place, "shen", "auditor")
    assert installation.rows("SELECT 1") == [(1,)]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO audit_event (at, actor_kind, actor, organisation, action, object_kind, object, detail,
                case_number) SELECT %s::timestamptz - n * interval '1 minute', 'officer', 'li', 'tax', 'batch.received',
                'batch', n::text, '{}', CASE WHEN n %% 1000 = 0 THEN '昆采〔2026〕3号' ELSE '' END
            FROM generate_series(1, 20000) n""",
            [NOW],
        )
        cursor.execute("ANALYZE audit_event")
    year = TrailQuestion(NOW - timedelta(days=90), NOW)
    for question, index in (
        (year, "audit_event_time"),
        (replace(year, case_number="昆采〔2026〕3号"), "audit_event_case"),
    ):
        condition, values = question.where()
        with as_role("office"), acting("officer", "shen", place.pk, everywhere=True), connection.cursor() as cursor:
            asked = f"SELECT id FROM audit_event WHERE {condition} ORDER BY at DESC, id DESC LIMIT 51"  # noqa: S608
            cursor.execute(f"EXPLAIN {asked}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert index in plan, plan
            assert "Seq Scan on audit_event" not in plan, plan
            assert len(events(question).rows) == (50 if index == "audit_event_time" else 20)
