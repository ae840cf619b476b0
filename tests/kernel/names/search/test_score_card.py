"""The score card of the search: what the present code finds is what was frozen, and the promises hold."""

from __future__ import annotations

import csv
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[4]
FIRST, FIVE = 0.90, 0.97


@pytest.fixture(scope="module")
def card() -> Iterator[Any]:
    """Yield the score card's module, which lives outside the package."""
    sys.path.insert(0, str(ROOT))
    try:
        yield importlib.import_module("benchmarks.names.search")
    finally:
        sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def real(card: Any) -> Any:
    """Return the card where real names are; skip where their data is not on this machine."""
    if not (card.SHARED / "names/short_full_pairs.csv").exists():
        pytest.skip("the shared data with real names is not on this machine (CHENGXIN_SHARED_DATA)")
    return card


@pytest.fixture(scope="module")
def frozen(card: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(card.FROZEN.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("half", ["tuning", "held_out"])
def test_listed_firms_are_found_by_their_short_names_among_300_000(frozen: list[dict[str, str]], half: str) -> None:
    line = next(row for row in frozen if (row["register"], row["class"], row["half"]) == ("300000", "short_all", half))
    assert int(line["first"]) / int(line["questions"]) >= FIRST
    assert int(line["first_five"]) / int(line["questions"]) >= FIVE


def test_the_frozen_card_holds_figures_and_no_name(card: Any, frozen: list[dict[str, str]]) -> None:
    assert card.FROZEN.read_text(encoding="utf-8").isascii()
    assert {row["register"] for row in frozen} == {str(size) for size in card.SIZES}


def test_the_present_code_finds_what_was_frozen(real: Any, frozen: list[dict[str, str]]) -> None:
    smallest = min(real.SIZES)
    wanted = [row for row in frozen if row["register"] == str(smallest)]
    assert list(csv.DictReader(real.text_of(real.score_card(smallest)).splitlines())) == wanted, (
        "the search behaves otherwise than frozen: look, then run python -m benchmarks.names.search --write"
    )


def test_the_register_holds_every_right_answer_and_no_name_twice(real: Any) -> None:
    names = real.register(min(real.SIZES))
    held = set(names)
    assert len(names) == len(held) == min(real.SIZES)
    assert all(asked.right <= held for asked in real.short_names())


def test_the_halves_share_no_short_name(real: Any) -> None:
    halves: dict[str, set[str]] = {"tuning": set(), "held_out": set()}
    for asked in real.short_names():
        halves[asked.half].add(asked.text)
    assert not halves["tuning"] & halves["held_out"]
    assert min(len(one) for one in halves.values()) > 1000
