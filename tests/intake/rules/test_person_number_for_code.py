"""A register entry that gives a person's number for a body's code comes back without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_row_is_reported_and_the_number_is_not_repeated(find: Callable[..., object]) -> None:
    rows = [{"tax_number": "320583199001011234"}, {"tax_number": "91320583R00000509D"}]
    reported = find("person_number_for_code", *rows, item="registration", person_like=[2])
    assert reported == [(2, "主体代码", "", "主体自己的代码；没有的留空")]


def test_a_register_without_such_numbers_is_fine(find: Callable[..., object]) -> None:
    assert find("person_number_for_code", {"tax_number": "91320583R00000509D"}, item="registration") == []
