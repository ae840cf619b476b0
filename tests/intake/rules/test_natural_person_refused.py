"""No item about bodies takes a natural person in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

EXPECTED = "法人、非法人组织或个体工商户"


@pytest.mark.parametrize("item", ["penalty", "licence"])
@pytest.mark.parametrize("row", [{"subject_category": "自然人"}, {"person_id_number": "320583199001011234"}])
def test_a_person_is_reported_and_never_repeated(find: Callable[..., object], item: str, row: dict[str, str]) -> None:
    assert find("natural_person_refused", row, item=item) == [(2, "行政相对人类别", "", EXPECTED)]


def test_a_persons_number_in_the_place_of_a_code_is_a_person_too(find: Callable[..., object]) -> None:
    rows = [{"subject_category": "法人"}, {"subject_category": "法人"}]
    assert find("natural_person_refused", *rows, person_like=[3]) == [(3, "行政相对人类别", "", EXPECTED)]


@pytest.mark.parametrize("category", ["法人", "非法人组织", "个体工商户", "法人及非法人组织", ""])
def test_registered_bodies_are_welcome(find: Callable[..., object], category: str) -> None:
    row = {"subject_category": category, "legal_representative_id_number": "320583199001011234"}
    assert find("natural_person_refused", row) == []
