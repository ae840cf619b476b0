"""Names of log pieces, counts of rows, and what goes when it is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.operations.retention import moment_of, too_old
from chengxin.operations.server import SEGMENT, differing, next_segment
from chengxin.operations.settings import load_settings
from chengxin.operations.verifying import gap


@given(number=st.integers(0, (1 << 40) - 2))
def test_the_piece_after_a_piece_is_the_next_number(number: int) -> None:
    def name(one: int) -> str:
        return f"00000001{one >> 8:08X}{one & 0xFF:08X}"

    assert next_segment(name(number)) == name(number + 1)
    assert SEGMENT.fullmatch(name(number))


def test_a_gap_is_the_first_piece_that_is_missing() -> None:
    held = {"0000000100000000000000FE", "000000010000000100000000"}
    assert gap(held, "0000000100000000000000FE", "000000010000000100000000") == "0000000100000000000000FF"
    assert gap(held, "000000010000000100000000", "000000010000000100000000") == ""


def test_rows_between_the_two_counts_are_right_and_others_are_named() -> None:
    before, after = {"core.a": 10, "core.b": 5}, {"core.a": 12, "core.b": 5}
    assert differing({"core.a": 11, "core.b": 5}, before, after) == []
    assert differing({"core.a": 13, "core.b": 5}, before, after) == ["core.a 13 ≠ 10–12"]
    assert differing({"core.a": 10}, before, after) == ["core.b None ≠ 5–5"]


def test_tables_that_come_and_go_are_not_judged() -> None:
    assert (
        differing({"core.procrastinate_jobs": 0}, {"core.procrastinate_jobs": 9}, {"core.procrastinate_jobs": 9}) == []
    )


@given(ages=st.lists(st.integers(0, 400), max_size=30, unique=True), least=st.integers(1, 5))
def test_the_last_backups_stay_however_old_they_are(ages: list[int], least: int) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    labels = sorted((now - timedelta(days=age)).strftime("%Y%m%dT%H%M%SZ") for age in ages)
    gone = too_old(labels, now, 35, least)
    assert not set(gone) & set(labels[-least:])
    assert all(now - moment_of(one) > timedelta(days=35) for one in gone)
    kept = set(labels) - set(gone) - set(labels[-least:])
    assert all(now - moment_of(one) <= timedelta(days=35) for one in kept)


def test_logs_are_kept_for_the_six_months_of_the_law() -> None:
    """网络安全法 art. 21 (3): the longest six months have 184 days."""
    longest = max(
        (datetime(2026, month + 6, 1, tzinfo=UTC) - datetime(2026, month, 1, tzinfo=UTC)).days for month in range(1, 7)
    )
    assert load_settings().log_days >= longest == 184


@pytest.mark.parametrize("table", ["procrastinate_jobs", "django_session"])
def test_churning_tables_are_named_by_pattern(table: str) -> None:
    assert load_settings().churns(table)
    assert not load_settings().churns("records_record")
