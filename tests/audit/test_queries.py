"""Who looked: the subject sees the institution, the purpose and the law, page by page, and not the officer."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.audit.queries import Look, looks_at
from chengxin.base.context import acting
from chengxin.testing.ends import as_role

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.testing.evidence import Installation


def _all_pages(subject: int, limit: int) -> list[int]:
    numbers: list[int] = []
    after: tuple[datetime, int] | None = None
    while True:
        page = looks_at(subject, after=after, limit=limit)
        numbers += [one.number for one in page.looks]
        if page.after is None:
            return numbers
        after = page.after


def test_a_look_names_the_institution_and_not_the_officer(installation: Installation) -> None:
    installation.record(2, legal_basis="政府采购法第二十二条", case_number="昆采〔2026〕3号")
    (look,) = looks_at(1).looks
    assert (look.organisation, look.purpose, look.legal_basis, look.channel) == (
        "market",
        "资格审查",
        "政府采购法第二十二条",
        "office",
    )
    assert "zhang" not in str(look)
    assert {one.name for one in fields(Look)} == {
        "number", "at", "organisation", "action", "purpose", "legal_basis", "channel",
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "channel"), [("client", "api"), ("operator", "operator"), ("keeper", "keeper")])
def test_the_channel_follows_from_who_acted_unless_it_is_said(
    installation: Installation, kind: str, channel: str
) -> None:
    installation.record(1, actor=(kind, "7", "court"))
    installation.record(1, actor=(kind, "7", "court"), channel="window")
    assert [one.channel for one in looks_at(1).looks] == ["window", channel]


def test_others_looks_are_not_shown(installation: Installation) -> None:
    installation.record(3)
    assert len(looks_at(2).looks) == 1
    assert looks_at(99).looks == ()


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(installation: Installation) -> None:
    moments = []
    for _ in range(3):
        installation.record(1)
        moments.append(installation.clock())
    page = looks_at(1, since=moments[1], until=moments[2])
    assert [one.at for one in page.looks] == [moments[1]]


def test_pages_skip_and_repeat_nothing_when_times_are_equal(installation: Installation) -> None:
    at = installation.clock()
    numbers = [number for _ in range(7) for number in installation.record(1, at=at)]
    numbers += installation.record(1, at=at - timedelta(seconds=1))

    @settings(max_examples=10, deadline=None)
    @given(st.integers(1, 9))
    def pages(limit: int) -> None:
        assert _all_pages(1, limit) == [*reversed(numbers[:7]), numbers[7]]

    pages()


def test_a_page_has_at_most_a_thousand_and_at_least_one(installation: Installation) -> None:
    installation.record(1)
    assert len(looks_at(1, limit=0).looks) == 1
    assert len(looks_at(1, limit=10**9).looks) == 1


def test_the_office_reads_the_view_and_no_other_event(installation: Installation) -> None:
    installation.record(2)
    for everywhere in (True, False):
        with as_role("office"), acting("officer", "li", None, everywhere=everywhere):
            (look,) = looks_at(2).looks
            assert look.organisation == "market", "who looked is the subject's to see, whichever officer shows it"
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM audit_event")
                assert cursor.fetchone() == (0,), "and nothing beside it, whatever the duty covers"
    with as_role("api"), acting("client", "1", None):
        for column in ("actor", "detail", "object", "salt", "case_number"):
            with connection.cursor() as cursor, pytest.raises(Exception, match="permission denied"):
                cursor.execute(f"SELECT {column} FROM audit_event")  # noqa: S608 - its own names


def test_the_subjects_view_has_its_index(installation: Installation) -> None:
    ((index,),) = installation.rows("SELECT indexdef FROM pg_indexes WHERE indexname = 'audit_event_subject'")
    assert index.endswith("(subject_id, at, id) WHERE (subject_id IS NOT NULL)")
