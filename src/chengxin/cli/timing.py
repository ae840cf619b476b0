"""Whether an operation's time tells something it should not: Welch's t over two classes of inputs, as dudect does it.

The two classes are measured in random turn, each measurement one or several calls; the slowest are cut off at several
places, because what the machine does meanwhile hides small differences, and the largest |t| counts. Below 4.5 nothing
was seen with that many measurements, which is no proof; above 10 there is a difference.

Source: O. Reparaz, J. Balasch, I. Verbauwhede, Dude, is my code constant time?, DATE 2017 (thresholds of its program).
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Times = NDArray[np.float64]

UNSURE, LEAKS = 4.5, 10.0
CROPS = (1.0, 0.99, 0.95, 0.9, 0.75, 0.5)
"""Parts of the measurements that are kept, the fastest of both classes together."""

LEAST = 10
"""Measurements of a class below which no t is computed."""


class Seen(StrEnum):
    """What was seen: no difference, too little to say, or a difference."""

    NOTHING = "nothing"
    UNSURE = "unsure"
    DIFFERENCE = "difference"


@dataclass(frozen=True)
class Case:
    """An operation to time.

    ``prepare`` makes one input of class 0 or 1, a fresh object each time, so that no class is nearer in memory;
    ``run`` is what is timed, ``calls`` times in a row. ``expected`` is a control's: what has to be seen of it.
    ``classify`` says afterwards which class a measurement belongs to, for what only the outcome tells.
    """

    name: str
    about: str
    prepare: Callable[[int], object]
    run: Callable[[object], object]
    calls: int = 1
    expected: Seen | None = None
    classify: Callable[[object, object], int] | None = None


@dataclass(frozen=True)
class Finding:
    """A case's figures: measurements of each class, the largest |t|, medians and their difference in nanoseconds."""

    name: str
    about: str
    measurements: tuple[int, int]
    t: float
    seen: Seen
    median_ns: tuple[float, float]
    difference_ns: float
    expected: Seen | None = None

    @property
    def right(self) -> bool:
        """Whether this is what it should be: a control as expected, anything else without a difference."""
        return self.seen is (self.expected or self.seen) and (
            self.expected is not None or self.seen is not Seen.DIFFERENCE
        )


def welch(one: Times, other: Times) -> float:
    """Return Welch's t of two samples; 0 where one has fewer than ``LEAST`` values or neither varies.

    >>> round(welch(np.arange(10.0), np.arange(10.0) + 1), 3)
    -0.739
    """
    if len(one) < LEAST or len(other) < LEAST:
        return 0.0
    error = float(np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other)))
    difference = float(one.mean() - other.mean())
    if error == 0.0:
        return 0.0 if difference == 0.0 else float(np.copysign(np.inf, difference))
    return difference / error


def largest_t(one: Times, other: Times) -> float:
    """Return the t with the largest magnitude over all crops; both classes are cut at the same time."""
    both = np.concatenate([one, other])
    found = 0.0
    for part in CROPS:
        limit = np.quantile(both, part)
        value = welch(one[one <= limit], other[other <= limit])
        found = value if abs(value) > abs(found) else found
    return found


def judge(t: float) -> Seen:
    """Return what a t says."""
    return Seen.DIFFERENCE if abs(t) > LEAKS else Seen.UNSURE if abs(t) > UNSURE else Seen.NOTHING


def finding(case: Case, one: Times, other: Times) -> Finding:
    """Return the figures of a case from its times in nanoseconds."""
    t = largest_t(one, other)
    medians = tuple(float(np.median(held)) if len(held) else 0.0 for held in (one, other))
    return Finding(
        case.name,
        case.about,
        (len(one), len(other)),
        round(t, 2),
        judge(t),
        (round(medians[0], 1), round(medians[1], 1)),
        round(medians[0] - medians[1], 1),
        case.expected,
    )


def measure(case: Case, count: int, seed: int = 1) -> Finding:
    """Time ``count`` calls of ``case``, the classes in random turn, and return its figures."""
    classes: Sequence[int] = np.random.default_rng(seed).integers(0, 2, count).tolist()
    inputs = [case.prepare(one) for one in classes]
    taken: tuple[list[float], list[float]] = ([], [])
    run, calls, clock = case.run, range(case.calls), time.perf_counter_ns
    gc.collect()
    gc.disable()
    try:
        for number, given in enumerate(inputs):
            started = clock()
            for _ in calls:
                outcome = run(given)
            nanoseconds = (clock() - started) / case.calls
            which = classes[number] if case.classify is None else case.classify(given, outcome)
            taken[which].append(nanoseconds)
    finally:
        gc.enable()
    return finding(case, np.array(taken[0]), np.array(taken[1]))
