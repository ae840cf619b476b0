"""The statistics of ``chengxin bench timing``: a planted leak is found, and where there is none, none is."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.cli.timing import LEAKS, LEAST, UNSURE, Case, Finding, Seen, finding, judge, largest_t, measure, welch

if TYPE_CHECKING:
    from chengxin.cli.timing import Times

DICE = np.random.default_rng(3)


def times(count: int, mean: float = 1000.0, dice: np.random.Generator = DICE) -> Times:
    """Return times of a machine: a floor, a spread, and now and then something else going on."""
    held = mean + np.abs(dice.normal(0.0, 50.0, count))
    held[dice.random(count) < 0.01] += 100_000.0
    return held


def case(**more: object) -> Case:
    held: dict[str, object] = {"name": "x", "about": "y", "prepare": lambda which: which, "run": lambda given: given}
    return Case(**held | more)  # type: ignore[arg-type]


def test_welch_agrees_with_an_example_computed_by_hand() -> None:
    one = np.array([27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4])
    other = np.array([27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 31.3])
    mean = one.mean() - other.mean()
    error = (one.var(ddof=1) / 15 + other.var(ddof=1) / 15) ** 0.5
    assert welch(one, other) == pytest.approx(mean / error)
    assert welch(one, other) == pytest.approx(-2.949, abs=0.001)


@settings(deadline=None)
@given(
    st.lists(st.floats(1, 1e6), min_size=LEAST, max_size=40), st.lists(st.floats(1, 1e6), min_size=LEAST, max_size=40)
)
def test_the_classes_may_change_places(one: list[float], other: list[float]) -> None:
    left, right = np.array(one), np.array(other)
    assert welch(left, right) == pytest.approx(-welch(right, left))
    assert abs(largest_t(left, right)) >= abs(welch(left, right)) or np.isclose(
        abs(largest_t(left, right)), abs(welch(left, right))
    )


@pytest.mark.parametrize("few", [0, 1, LEAST - 1])
def test_of_a_few_measurements_nothing_is_said(few: int) -> None:
    assert welch(np.zeros(few), times(100)) == 0.0
    assert welch(times(100), np.zeros(few)) == 0.0


def test_times_that_never_vary_differ_or_do_not() -> None:
    assert welch(np.full(20, 5.0), np.full(20, 5.0)) == 0.0
    assert welch(np.full(20, 6.0), np.full(20, 5.0)) == np.inf
    assert welch(np.full(20, 5.0), np.full(20, 6.0)) == -np.inf


@pytest.mark.parametrize("seed", range(5))
def test_two_samples_of_one_machine_show_no_difference(seed: int) -> None:
    dice = np.random.default_rng(seed)
    assert abs(largest_t(times(20_000, dice=dice), times(20_000, dice=dice))) < UNSURE


@pytest.mark.parametrize(
    ("difference", "seen"), [(0.0, Seen.NOTHING), (10.0, Seen.DIFFERENCE), (200.0, Seen.DIFFERENCE)]
)
def test_a_small_difference_shows_although_the_machine_is_busy(difference: float, seen: Seen) -> None:
    found = finding(case(), times(20_000), times(20_000, 1000.0 + difference))
    assert found.seen is seen
    assert found.measurements == (20_000, 20_000)
    assert found.difference_ns == pytest.approx(-difference, abs=3)


def test_without_the_crops_the_machine_would_hide_it() -> None:
    one, other = times(20_000), times(20_000, 1010.0)
    assert abs(welch(one, other)) < UNSURE
    assert abs(largest_t(one, other)) > LEAKS


@pytest.mark.parametrize(
    ("t", "seen"),
    [
        (0.0, Seen.NOTHING), (-4.5, Seen.NOTHING), (4.6, Seen.UNSURE), (-9.9, Seen.UNSURE), (10.1, Seen.DIFFERENCE),
        (-1e9, Seen.DIFFERENCE), (np.inf, Seen.DIFFERENCE),
    ],
)  # fmt: skip
def test_the_bounds_are_those_of_dudect(t: float, seen: Seen) -> None:
    assert judge(t) is seen


@pytest.mark.parametrize(
    ("seen", "expected", "right"),
    [
        (Seen.NOTHING, None, True),
        (Seen.UNSURE, None, True),
        (Seen.DIFFERENCE, None, False),
        (Seen.DIFFERENCE, Seen.DIFFERENCE, True),
        (Seen.NOTHING, Seen.DIFFERENCE, False),
    ],
)
def test_a_control_that_is_not_found_is_as_wrong_as_a_leak(seen: Seen, expected: Seen | None, right: bool) -> None:  # noqa: FBT001 - a case of the test
    assert Finding("x", "y", (9, 9), 0.0, seen, (0.0, 0.0), 0.0, expected).right is right


class Clock:
    """A clock that goes on by what the operation under test says it took."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        """Return the time in nanoseconds."""
        return self.now


def test_a_planted_leak_is_found_by_the_whole_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter_ns", clock)

    def leaky(given: object) -> None:
        clock.now += 1000 + int(abs(DICE.normal(0, 30))) + (25 if given == 1 else 0)

    def even(_given: object) -> None:
        clock.now += 1000 + int(abs(DICE.normal(0, 30)))

    assert measure(case(run=leaky), 6000).seen is Seen.DIFFERENCE
    assert measure(case(run=even), 6000).seen is Seen.NOTHING


def test_calls_in_a_row_count_as_one_measurement_of_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, called = Clock(), []
    monkeypatch.setattr(time, "perf_counter_ns", clock)

    def run(given: object) -> None:
        called.append(given)
        clock.now += 40

    found = measure(case(run=run, calls=5), 200)
    assert len(called) == 1000
    assert sum(found.measurements) == 200
    assert found.median_ns == (40.0, 40.0)


def test_the_classes_take_turns_at_random_and_the_same_way_for_one_seed() -> None:
    drawn: list[int] = []
    measure(case(prepare=drawn.append), 400, seed=7)
    again: list[int] = []
    measure(case(prepare=again.append), 400, seed=7)
    assert drawn == again
    assert 150 < sum(drawn) < 250
    assert sum(1 for left, right in itertools.pairwise(drawn) if left != right) > 100


def test_what_only_the_outcome_tells_is_classed_by_it() -> None:
    numbers = iter(range(400))
    held = case(
        prepare=lambda _which: next(numbers), run=lambda given: given, classify=lambda _g, made: int(made % 4 == 0)
    )
    assert measure(held, 400).measurements == (300, 100)
