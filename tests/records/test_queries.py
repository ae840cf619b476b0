"""Standing: what is in force on a day, as it was known at a moment, is one answer for ever."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.records.models import Record
from chengxin.records.queries import standing
from chengxin.testing.making import NOW, make_record, make_subject

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 2)
LATER = NOW + timedelta(days=1)


def _numbers(subject_id: int, day: date = DAY, *, known: timedelta = timedelta()) -> list[int]:
    return [fact.record_id for fact in standing(subject_id, day, NOW + known)]


def test_a_fact_in_force_stands_with_all_that_was_recorded() -> None:
    subject = make_subject()
    make_record(1, subject, valid_until=date(2027, 1, 4), rule="licence_end")
    (fact,) = standing(subject.pk, DAY, NOW)
    assert (fact.record_id, fact.version, fact.item, fact.rule) == (1, 1, "licence", "licence_end")
    assert (fact.valid_from, fact.valid_until) == (date(2026, 1, 5), date(2027, 1, 4))
    assert fact.decided_on == date(2026, 1, 5)
    assert fact.document_number == "昆许〔2026〕1号"
    assert fact.content["issuer_name"] == "昆山市市场监督管理局"
    assert fact.recorded_at == NOW


@pytest.mark.parametrize(
    ("day", "stands"),
    [
        (date(2026, 1, 4), False),
        (date(2026, 1, 5), True),
        (date(2026, 6, 30), True),
        (date(2026, 7, 1), False),
    ],
)
def test_both_ends_of_the_validity_belong_to_it(day: date, stands: bool) -> None:  # noqa: FBT001
    subject = make_subject()
    make_record(1, subject, valid_until=date(2026, 6, 30))
    assert bool(_numbers(subject.pk, day)) is stands


def test_a_correction_takes_the_place_of_what_it_corrects_from_the_moment_it_is_recorded() -> None:
    subject = make_subject()
    make_record(1, subject)
    make_record(2, subject, key=uuid.UUID(int=1), version=2, kind="corrected", replaces=1, recorded_at=LATER)
    assert _numbers(subject.pk) == [1]
    assert _numbers(subject.pk, known=timedelta(days=1)) == [2]


def test_the_answer_of_yesterday_can_be_given_again_after_corrections_and_withdrawals() -> None:
    subject = make_subject()
    make_record(1, subject)
    make_record(2, subject)
    before = standing(subject.pk, DAY, NOW)
    make_record(3, subject, key=uuid.UUID(int=1), version=2, kind="corrected", replaces=1, recorded_at=LATER)
    make_record(
        4, subject, key=uuid.UUID(int=2), version=2, kind="withdrawn", replaces=2, recorded_at=LATER, public=False
    )
    make_record(5, subject, recorded_at=LATER)
    assert standing(subject.pk, DAY, NOW) == before
    assert _numbers(subject.pk, known=timedelta(days=1)) == [5, 3]


def test_a_withdrawn_fact_stands_no_more_even_if_the_withdrawal_forgot_to_hide_it() -> None:
    subject = make_subject()
    make_record(1, subject)
    make_record(2, subject, key=uuid.UUID(int=1), version=2, kind="withdrawn", replaces=1, public=True)
    assert _numbers(subject.pk) == []


def test_a_correction_that_ends_earlier_does_not_let_the_old_version_stand() -> None:
    subject = make_subject()
    make_record(1, subject)
    ended = date(2026, 2, 1)
    make_record(2, subject, key=uuid.UUID(int=1), version=2, kind="corrected", replaces=1, valid_until=ended)
    assert _numbers(subject.pk) == []
    assert _numbers(subject.pk, date(2026, 1, 20)) == [2]


def test_a_fact_tied_to_another_body_later_leaves_the_first_one() -> None:
    first = make_subject()
    second = make_subject(name="昆山丙有限公司", uscc="91320583MA1MABCD0X")
    make_record(1, first)
    make_record(2, second, key=uuid.UUID(int=1), version=2, kind="corrected", replaces=1, recorded_at=LATER)
    assert _numbers(first.pk) == [1]
    assert _numbers(first.pk, known=timedelta(days=1)) == []
    assert _numbers(second.pk, known=timedelta(days=1)) == [2]


def test_a_fact_tied_to_nobody_stands_at_nobody_until_it_is_tied() -> None:
    subject = make_subject()
    make_record(1, None)
    make_record(2, subject, key=uuid.UUID(int=1), version=2, kind="relinked", replaces=1, recorded_at=LATER)
    assert _numbers(subject.pk) == []
    assert _numbers(subject.pk, known=timedelta(days=1)) == [2]


def test_what_may_not_be_public_does_not_stand() -> None:
    subject = make_subject()
    make_record(1, subject, public=False)
    assert _numbers(subject.pk) == []


def test_facts_come_by_item_and_the_latest_decision_first() -> None:
    subject = make_subject()
    make_record(1, subject, decided_on=date(2026, 1, 1))
    make_record(2, subject, decided_on=None)
    make_record(3, subject, decided_on=date(2026, 2, 1))
    make_record(4, subject, item="penalty")
    assert _numbers(subject.pk) == [3, 1, 2, 4]


def test_standing_is_one_query_however_many_facts(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    subject = make_subject()
    for number in range(1, 31):
        make_record(number, subject)
    with django_assert_num_queries(1):
        assert len(standing(subject.pk, DAY, NOW)) == 30


@dataclass(frozen=True)
class _Version:
    """A version as the property test draws it: minute of recording, days of validity, kind, public."""

    minute: int
    first: int
    days: int | None
    withdrawn: bool
    public: bool


_VERSIONS = st.lists(
    st.builds(
        _Version,
        minute=st.integers(0, 5),
        first=st.integers(0, 10),
        days=st.none() | st.integers(0, 10),
        withdrawn=st.booleans(),
        public=st.booleans(),
    ),
    max_size=4,
).map(lambda drawn: sorted(drawn, key=lambda one: one.minute))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.lists(_VERSIONS, max_size=3), day=st.integers(-1, 21), minute=st.integers(-1, 6))
def test_standing_is_what_the_definition_says(facts: list[list[_Version]], day: int, minute: int) -> None:
    start = date(2026, 1, 1)
    subject = make_subject()
    expected = set()
    number = 0
    base = (Record.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    for versions in facts:
        key = uuid.uuid4()
        latest: tuple[int, _Version] | None = None
        for place, one in enumerate(versions, start=1):
            record = make_record(
                base + number,
                subject,
                key=key,
                version=place,
                kind="withdrawn" if one.withdrawn else "new",
                public=one.public,
                valid_from=start + timedelta(days=one.first),
                valid_until=None if one.days is None else start + timedelta(days=one.first + one.days),
                recorded_at=NOW + timedelta(minutes=one.minute),
            )
            number += 1
            if one.minute <= minute:
                latest = record.pk, one
        if latest is not None:
            pk, one = latest
            until = 10**6 if one.days is None else one.first + one.days
            if one.public and not one.withdrawn and one.first <= day <= until:
                expected.add(pk)
    found = standing(subject.pk, start + timedelta(days=day), NOW + timedelta(minutes=minute))
    assert {fact.record_id for fact in found} == expected


def test_standing_is_read_through_the_index_on_the_subject() -> None:
    subject, other = make_subject(), make_subject("昆山乙有限公司", "91320583MA1MABCD0X")
    for number in range(300):  # of a handful of rows any index would do
        make_record(number + 1, other if number else subject)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE records_record")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT DISTINCT key FROM records_record WHERE subject_id = %s", [subject.pk])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "record_subject" in plan
