"""The score card: a change in what two names say shows as a difference, and the promised figures are kept."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def card() -> Iterator[Any]:
    """Yield the score card's module, which lives outside the package."""
    sys.path.insert(0, str(ROOT))
    try:
        yield importlib.import_module("benchmarks.names.score")
    finally:
        sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def real(card: Any) -> Any:
    """Return the module of real names; skip where their data is not on this machine."""
    found = importlib.import_module(card.real_names.__module__)
    if not (found.SHARED / "names" / "short_full_pairs.csv").is_file():
        pytest.skip(f"needs the shared data: set CHENGXIN_SHARED_DATA (looked in {found.SHARED})")
    return found


def test_the_frozen_result_is_the_present_one(card: Any) -> None:
    present = card.frozen_text().splitlines()
    frozen = card.FROZEN.read_text(encoding="utf-8").splitlines()
    changed = [(old, new) for old, new in zip(frozen, present, strict=False) if old != new]
    assert changed == [], "run python -m benchmarks.names.score --write and look at every line that changes"
    assert len(frozen) == len(present)


def test_the_cases_are_many_and_of_many_classes(card: Any) -> None:
    cases = card.read_cases()
    assert len(cases) >= 600
    assert len({one.kind for one in cases}) >= 25
    assert {one.label for one in cases} == {"same", "review", "different"}
    assert {one.split for one in cases} == {"tuning", "held_out"}
    assert all(one.a != one.b for one in cases)


def test_no_class_is_in_two_splits(card: Any) -> None:
    split_of: dict[str, str] = {}
    for one in card.read_cases():
        assert split_of.setdefault(one.kind, one.split) == one.split


def test_on_the_invented_cases_nothing_is_wrongly_the_same(card: Any) -> None:
    judged = card.judge(card.read_cases())
    assert [one.pair for one in judged if one.found.verdict == "same" and one.pair.label != "same"] == []
    assert card.score(judged).f1 >= 0.98


def test_a_plain_ratio_does_much_worse(card: Any) -> None:
    judged = card.judge(card.read_cases())
    assert card.score(judged, card.best_threshold(judged)).f1 < 0.75


def test_scores_add_up(card: Any) -> None:
    assert card.Score(1.0, 0.5).f1 == pytest.approx(2 / 3)
    assert card.Score(0.0, 0.0).f1 == 0.0
    assert card.ratio("昆山禾映", "昆山禾映") == 1.0


def test_known_dirt_on_real_names(card: Any, real: Any) -> None:
    judged = card.judge(card.real_pairs("held_out", ["tuning"])[::2])
    found = card.score(judged)
    assert found.precision >= 0.99
    assert found.f1 >= 0.98
    assert len(real.real_names()) > 2000


def test_unseen_dirt_on_real_names(card: Any, real: Any) -> None:
    judged = card.judge(card.real_pairs("held_out", real.SPLITS[1:])[::2])
    found = card.score(judged)
    assert found.precision >= 0.99
    assert found.f1 >= 0.98


def test_real_neighbours_are_never_the_same(card: Any, real: Any) -> None:
    pairs = [pair for pair in card.real_pairs("held_out", ()) if pair.kind.startswith("neighbour")]
    assert len(pairs) > 500
    judged = card.judge(pairs)
    assert sum(one.found.verdict == "same" for one in judged) <= len(judged) // 1000
    assert real.LEAST_RATIO == 0.6


def test_no_real_name_is_among_the_invented_ones(card: Any, real: Any) -> None:
    invented = {name for one in card.read_cases() for name in (one.a, one.b)}
    assert not invented & set(real.real_names())


def test_real_firms_one_character_apart_are_never_the_same(card: Any, real: Any) -> None:
    pairs = [pair for pair in real.neighbours(real.real_names(), "tuning") if pair.kind == "neighbour_one_apart"]
    assert len(pairs) > 20
    assert [one.pair for one in card.judge(pairs) if one.found.verdict == "same"] == []


def test_brands_that_differ_in_any_character_are_seldom_taken_for_one(card: Any, real: Any) -> None:
    firms = real.cleaned([name for name in real.real_names() if real.half_of(name) == "held_out"])[::3]
    drawn = [pair for pair in real.made_pairs(firms, "practice", 1) if pair.kind == "brand_drawn"]
    assert len(drawn) > 400
    assert {pair.label for pair in drawn} == {"not_same"}
    assert sum(one.found.verdict == "same" for one in card.judge(drawn)) <= len(drawn) // 50


def test_practice_dirt_comes_from_tables_of_its_own(card: Any) -> None:
    dirt = importlib.import_module("benchmarks.names.dirt")
    practice, unseen = dirt.practice_confusions(), dirt.confusions()
    assert len(practice) > 3000
    pairs = {(one, other) for one, kinds in practice.items() for other in "".join(kinds)}
    looks = {(one, other) for one, (_, others) in unseen.items() for other in others}
    assert len(pairs & looks) < len(looks) // 5
    assert all(len(one) == len(other) == 1 and one != other for one, other in pairs)
    assert set(dirt.SAME["practice"]).isdisjoint(dirt.SAME["held_out"])
    assert card.HERE == dirt.HERE
