"""A licence cannot end before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

RULE = "validity_ends_before_it_begins"


def test_an_end_before_the_beginning_is_reported(find: Callable[..., object]) -> None:
    row = {"valid_from": "2026-03-02", "valid_until": "2026-03-01"}
    assert find(RULE, row, item="licence") == [(2, "有效期至", "2026-03-01", "不早于有效期自 2026-03-02")]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02", "长期"),
        ("", "2026-03-01"),
        ("2026-03-02", ""),
        ("长期", "2026-03-01"),
    ],
)
def test_one_day_no_end_and_missing_days_are_fine(find: Callable[..., object], first: str, last: str) -> None:
    assert find(RULE, {"valid_from": first, "valid_until": last}, item="licence") == []
