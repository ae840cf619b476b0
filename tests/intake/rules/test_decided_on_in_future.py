"""A decision cannot be handed in before it was made."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("item", ["penalty", "licence"])
def test_a_decision_of_tomorrow_is_reported_and_one_of_today_is_not(find: Callable[..., object], item: str) -> None:
    rows = [{"decided_on": day} for day in ("2026-03-01", "2026-03-02", "2026-03-03", "2062-03-02")]
    assert find("decided_on_in_future", *rows, item=item) == [
        (4, "决定日期", "2026-03-03", "不晚于 2026-03-02 的日期"),
        (5, "决定日期", "2062-03-02", "不晚于 2026-03-02 的日期"),
    ]


def test_today_is_the_day_of_arrival(find: Callable[..., object]) -> None:
    row = {"decided_on": "2026-03-03"}
    assert find("decided_on_in_future", row, today=date(2026, 3, 3)) == []


def test_a_decision_without_a_day_of_its_own_is_reported(find: Callable[..., object]) -> None:
    reported = find("decided_on_in_future", {"decided_on": "长期"})
    assert reported == [(2, "决定日期", "长期", "不晚于 2026-03-02 的日期")]


def test_an_empty_or_unreadable_day_is_left_to_other_rules(find: Callable[..., object]) -> None:
    assert find("decided_on_in_future", {"decided_on": ""}) == []
