"""Where the kind of penalty names a fine, its amount is a positive number of 万元."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("amount", ["", "0", "0.000000", "-1"])
@pytest.mark.parametrize("kind", ["罚款", "警告;罚款", "罚款;没收违法所得"])
def test_a_fine_without_a_positive_amount_is_reported(find: Callable[..., object], kind: str, amount: str) -> None:
    reported = find("penalty_fine_needs_amount", {"penalty_kind": kind, "fine_amount": amount})
    assert reported == [(2, "罚款金额", amount, "大于 0 的金额（万元）")]


@pytest.mark.parametrize("amount", ["1", "0.000001", "123456789012", "1.5 USD"])
def test_a_fine_with_its_amount_is_fine(find: Callable[..., object], amount: str) -> None:
    assert find("penalty_fine_needs_amount", {"penalty_kind": "罚款", "fine_amount": amount}) == []


@pytest.mark.parametrize("kind", ["警告", "没收违法所得", ""])
def test_other_penalties_need_no_amount(find: Callable[..., object], kind: str) -> None:
    assert find("penalty_fine_needs_amount", {"penalty_kind": kind}) == []
