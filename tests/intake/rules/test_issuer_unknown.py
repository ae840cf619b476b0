"""谁产生、谁负责: the issuing organ is one of the city's organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "11320583R00000509D"
EXPECTED = "本市单位目录中的机关"


@pytest.mark.parametrize("item", ["penalty", "licence"])
def test_an_organ_of_another_city_is_reported_by_its_code(find: Callable[..., object], item: str) -> None:
    reported = find("issuer_unknown", {"issuer_code": OURS}, {"issuer_code": "11320500R00000509X"}, item=item)
    assert reported == [(3, "决定机关", "11320500R00000509X", EXPECTED)]


def test_a_known_code_is_enough_whatever_the_name(find: Callable[..., object]) -> None:
    assert find("issuer_unknown", {"issuer_code": OURS, "issuer_name": "市场监管局昆山分局"}) == []


def test_an_unknown_code_is_reported_although_the_name_is_known(find: Callable[..., object]) -> None:
    row = {"issuer_code": "11320500R00000509X", "issuer_name": "昆山市市场监督管理局"}
    assert find("issuer_unknown", row) == [(2, "决定机关", "11320500R00000509X", EXPECTED)]


def test_a_list_without_codes_is_judged_by_every_name_an_organ_goes_by(find: Callable[..., object]) -> None:
    organs = [(OURS, "昆山市市场监督管理局"), (OURS, "市场监管局")]
    rows = [{"issuer_name": name} for name in ("市场监管局", "昆山市市场监督管理局", "苏州市市场监督管理局")]
    assert find("issuer_unknown", *rows, organs=organs) == [(4, "决定机关", "苏州市市场监督管理局", EXPECTED)]


def test_a_row_that_names_nobody_is_left_to_the_required_fields(find: Callable[..., object]) -> None:
    assert find("issuer_unknown", {"issuer_name": "", "issuer_code": ""}) == []
