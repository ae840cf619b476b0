"""Correction never loses a version, and what is known already is not added again."""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.base.events import _subscribers, subscribe
from chengxin.records.actions.add import OTHER_ORGANISATION, WITHDRAWN, Added, AddRecords
from chengxin.records.events import RecordsAdded
from chengxin.records.models import Record
from chengxin.records.queries import standing
from chengxin.testing.making import make_subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chengxin.subjects.models import Subject

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
GONE = "撤销"

Said = tuple[int, str]
"""What a row says: the number of the fact, and its text (``GONE`` withdraws it)."""


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as made:
        yield made


@dataclass
class Clerk:
    """Adds files of facts one after another, an hour apart."""

    duck: duckdb.DuckDBPyConnection
    subject: Subject | None
    organisation: int = 1
    hours: Iterator[int] = field(default_factory=itertools.count)

    def add(self, rows: Sequence[Said], organisation: int | None = None) -> Added:
        self.duck.execute("CREATE OR REPLACE TABLE said (line INTEGER, key UUID, said VARCHAR)")
        self.duck.executemany(
            "INSERT INTO said VALUES (?, ?, ?)",
            [(line, uuid.UUID(int=fact), said) for line, (fact, said) in enumerate(rows, start=2)],
        )
        subject = self.subject.pk if self.subject else None
        self.duck.execute(
            """CREATE OR REPLACE TABLE facts AS SELECT line, key, 'uscc:X' AS identifier, ?::BIGINT AS subject_id,
            CASE WHEN ? IS NOT NULL THEN 'uscc' END AS link, '昆罚〔2026〕1号' AS document_number,
            DATE '2026-02-27' AS decided_on, DATE '2026-02-27' AS valid_from, DATE '2027-02-27' AS valid_until,
            NULL::VARCHAR AS rule, NULL::DATE AS due_on, false AS due_provisional, true AS public,
            said = ? AS withdrawn, md5(said)::UUID AS digest FROM said""",
            [subject, subject, GONE],
        )
        self.duck.execute(
            """CREATE OR REPLACE VIEW fact_content AS
            SELECT line, '{"facts":' || to_json(said) || '}' AS content FROM said"""
        )
        now = START + timedelta(hours=next(self.hours))
        return AddRecords(self.duck, "penalty", "G3", organisation or self.organisation, 1, now, TODAY).execute()

    def turned_down(self) -> list[tuple[int, str]]:
        return list(self.duck.execute("SELECT line, rule FROM turned_down ORDER BY line").fetchall())


@pytest.fixture
def clerk(duck: duckdb.DuckDBPyConnection) -> Clerk:
    return Clerk(duck, make_subject())


def history(fact: int) -> list[str]:
    """Return what the versions of a fact say, in order, and see that they form one chain."""
    versions = list(Record.objects.filter(key=uuid.UUID(int=fact)).order_by("version"))
    assert [one.version for one in versions] == list(range(1, len(versions) + 1))
    assert [one.replaces for one in versions] == [None, *(one.pk for one in versions)][: len(versions)]
    assert [one.pk for one in versions] == sorted(one.pk for one in versions)
    moments = [one.recorded_at for one in versions]
    assert moments == sorted(moments)
    return [one.content["facts"] for one in versions]


def published() -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT record_id, content ->> 'facts' FROM publication.fact ORDER BY record_id")
        return list(cursor.fetchall())


def test_new_facts_are_accepted_and_numbered_in_the_order_of_their_lines(clerk: Clerk) -> None:
    assert clerk.add([(3, "丙"), (1, "甲"), (2, "乙")]) == Added(3, 0, 0, 0, 3, 0)
    held = Record.objects.order_by("pk")
    assert [(one.line, one.kind, one.version, one.replaces) for one in held] == [
        (2, "new", 1, None),
        (3, "new", 1, None),
        (4, "new", 1, None),
    ]
    assert [one.pk for one in held] == list(range(held[0].pk, held[0].pk + 3))


def test_what_is_known_is_a_duplicate_and_what_differs_a_correction(clerk: Clerk) -> None:
    clerk.add([(1, "甲"), (2, "乙")])
    assert clerk.add([(1, "甲"), (2, "乙改")]) == Added(0, 1, 1, 0, 1, 0)
    assert history(2) == ["乙", "乙改"]
    assert Record.objects.get(version=2).kind == "corrected"


def test_an_untied_fact_counts_as_unlinked(clerk: Clerk) -> None:
    clerk.subject = None
    assert clerk.add([(1, "甲"), (1, "甲"), (2, "乙")]) == Added(2, 0, 1, 0, 0, 2)
    assert published() == []


def test_a_file_whose_last_word_is_known_changes_nothing(clerk: Clerk) -> None:
    clerk.add([(1, "甲"), (1, "乙")])
    assert clerk.add([(1, "甲"), (1, "乙")]) == Added(0, 0, 2, 0, 0, 0)
    assert history(1) == ["甲", "乙"]


def test_there_and_back_again_is_three_versions(clerk: Clerk) -> None:
    for said in ("甲", "乙", "甲"):
        clerk.add([(1, said)])
    assert history(1) == ["甲", "乙", "甲"]


def test_another_organisations_fact_stands_against_a_different_one_and_repeats_an_equal_one(clerk: Clerk) -> None:
    clerk.add([(1, "甲"), (2, "乙")])
    assert clerk.add([(1, "不同"), (2, "乙"), (2, GONE)], organisation=2) == Added(0, 0, 1, 2, 0, 0)
    assert clerk.turned_down() == [(2, OTHER_ORGANISATION), (4, OTHER_ORGANISATION)]
    assert history(1) == ["甲"]


def test_a_withdrawn_fact_does_not_come_back_by_being_handed_in_again(clerk: Clerk) -> None:
    clerk.add([(1, "甲")])
    assert clerk.add([(1, GONE)]) == Added(0, 1, 0, 0, 1, 0)
    assert Record.objects.get(version=2).kind == "withdrawn"
    assert published() == []
    assert clerk.add([(1, "甲")]) == Added(0, 0, 0, 1, 0, 0)
    assert clerk.turned_down() == [(2, WITHDRAWN)]
    assert clerk.add([(1, GONE)]) == Added(0, 0, 1, 0, 0, 0)


def test_nor_within_the_file_that_withdraws_it(clerk: Clerk) -> None:
    assert clerk.add([(1, "甲"), (1, GONE), (1, "甲"), (2, "乙")]) == Added(2, 1, 0, 1, 3, 0)
    assert clerk.turned_down() == [(4, WITHDRAWN)]
    assert history(1) == ["甲", GONE]
    assert [said for _, said in published()] == ["乙"]


def test_the_floors_above_hear_which_versions_are_overtaken_already(clerk: Clerk) -> None:
    heard: list[RecordsAdded] = []
    subscribe(RecordsAdded, heard.append)
    try:
        clerk.add([(1, "甲"), (2, "乙"), (1, "改"), (1, "再改")])
        clerk.add([(2, "乙")])
        clerk.add([(2, "乙改")])
    finally:
        _subscribers[RecordsAdded].remove(heard.append)
    first = heard[0].first_id
    assert [(one.first_id - first, one.last_id - first, one.replacing) for one in heard] == [(0, 3, True), (4, 4, True)]
    assert [number - first for number in heard[0].superseded] == [0, 2]
    assert heard[1].superseded == ()
    assert {(one.item, one.today) for one in heard} == {("penalty", TODAY)}


def test_facts_can_be_neither_changed_nor_deleted_by_anybody(clerk: Clerk) -> None:
    clerk.add([(1, "甲")])
    for statement in (
        "UPDATE records_record SET content = '{}'",
        "DELETE FROM records_record",
        "TRUNCATE records_record",
    ):
        with (
            pytest.raises(DatabaseError, match="added, never changed or deleted"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert history(1) == ["甲"]


def expected(known: list[str], rows: list[str]) -> tuple[list[str], dict[str, int]]:
    """Say what one organisation's rows about one fact should become: its new history and the counts."""
    counts = dict.fromkeys(("accepted", "updated", "duplicate", "turned_down"), 0)
    taken: list[str] = []
    for said in rows:
        if said != GONE and (known[-1:] == [GONE] or GONE in taken):
            counts["turned_down"] += 1
        else:
            taken.append(said)
    new = list(known)
    for said in taken:
        if taken[-1:] == known[-1:] or new[-1:] == [said]:
            counts["duplicate"] += 1
        else:
            counts["updated" if new else "accepted"] += 1
            new.append(said)
    return new, counts


FILES = st.lists(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["甲", "乙", "丙", GONE])), min_size=1, max_size=6),
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_after_any_files_every_version_is_there_and_the_past_can_be_read(clerk: Clerk, files: list[list[Said]]) -> None:
    point = transaction.savepoint()
    clerk.hours = itertools.count()
    known: dict[int, list[str]] = {1: [], 2: [], 3: []}
    past: list[dict[int, str]] = []
    for rows in files:
        total = dict.fromkeys(("accepted", "updated", "duplicate", "turned_down"), 0)
        for fact, before in known.items():
            known[fact], counts = expected(before, [said for one, said in rows if one == fact])
            total = {name: total[name] + counts[name] for name in total}
        added = clerk.add(rows)
        assert {name: getattr(added, name) for name in total} == total
        assert added.linked == added.accepted + added.updated
        past.append({fact: said[-1] for fact, said in known.items() if said and said[-1] != GONE})
        assert_published(past[-1])
    assert {fact: history(fact) for fact in known} == known
    assert clerk.subject is not None
    for hour, then in enumerate(past):
        facts = standing(clerk.subject.pk, TODAY, START + timedelta(hours=hour))
        assert {uuid.UUID(one.key).int: one.content["facts"] for one in facts} == then
    transaction.savepoint_rollback(point)


def assert_published(facts: dict[int, str]) -> None:
    """The public store shows the latest version of each fact that stands, and its monthly totals count them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.key, f.content ->> 'facts' FROM publication.fact f JOIN records_record r ON r.id = f.record_id"
        )
        assert {key.int: said for key, said in cursor.fetchall()} == facts
        cursor.execute("SELECT coalesce(sum(facts), 0), coalesce(min(facts), 0) FROM publication.monthly")
        total, least = cursor.fetchone()
        assert total == len(facts)
        assert least >= 0


def test_the_content_is_json_whatever_it_says(clerk: Clerk) -> None:
    said = '"}\\\n\t中文\u2028😀'
    clerk.add([(1, said)])
    assert history(1) == [said]
    assert json.loads(json.dumps(Record.objects.get().content)) == {"facts": said}
