"""What two invented registers say of their bodies besides the names: leader, founding date, region and address.

The second register writes as other offices do: another form of the date, the address with its places in front; some
leaders have changed, some bodies have moved, some cells are empty.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from chengxin.rehearsal.bodies import random
from chengxin.rehearsal.registers import PLACES
from chengxin.rehearsal.vocabulary import names

if TYPE_CHECKING:
    from chengxin.rehearsal.registers import TwoRegisters

FIRST_DAY = date(1995, 1, 2)
DAYS = 11_000
"""Bodies are founded on one of so many days from ``FIRST_DAY``."""

CHANGED = {"person": 0.08, "founded": 0.02, "address": 0.15}
"""Share of the bodies in both registers of which the second says something else; composed, not counted anywhere."""

EMPTY = {"person": 0.05, "founded": 0.1, "region": 0.05, "address": 0.1}
"""Share of empty cells in the second register; composed, not counted anywhere."""


def invent(seed: int, made: TwoRegisters) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the details of both registers, row by row as the names stand; the same seed gives the same details."""
    count = len(made.first)
    bodies = np.full(len(made.second), -1, dtype=np.int64)
    bodies[made.same[:, 1]] = made.same[:, 0]
    alone = bodies < 0
    bodies[alone] = np.arange(count, count + int(alone.sum()))
    every = count + int(alone.sum())
    chance = random(seed, 4)
    held, other = (_drawn(chance, every) for _ in range(2))
    first = {name: values[:count] for name, values in held.items()}
    first["region"] = [_region(name) for name in made.first]
    second: dict[str, list[str]] = {}
    for name, values in held.items():
        changed = chance.random(len(bodies)) < CHANGED[name]
        said = [other[name][body] if new else values[body] for body, new in zip(bodies.tolist(), changed, strict=True)]
        second[name] = [_chinese(each) for each in said] if name == "founded" else said
    second["region"] = [_region(name) for name in made.second]
    second["address"] = [
        f"{region}{street}" if long else street
        for region, street, long in zip(second["region"], second["address"], chance.random(count) < 0.5, strict=True)  # noqa: PLR2004 - half of them
    ]
    for name, share in EMPTY.items():
        empty = chance.random(count) < share
        second[name] = ["" if gone else each for each, gone in zip(second[name], empty, strict=True)]
    return first, second


def _drawn(chance: np.random.Generator, count: int) -> dict[str, list[str]]:
    return {"person": _people(chance, count), "founded": _days(chance, count), "address": _streets(chance, count)}


def _people(chance: np.random.Generator, count: int) -> list[str]:
    """Return names of people, of two or three characters: in a large city many share one."""
    words = names()
    surnames, given = list(words.surnames), [*words.given, *words.characters]
    first = chance.integers(len(surnames), size=count).tolist()
    drawn = chance.integers(len(given), size=(count, 2)).tolist()
    short = (chance.random(count) < 0.3).tolist()  # noqa: PLR2004 - three in ten
    return [
        surnames[one] + given[two[0]] + ("" if brief else given[two[1]])
        for one, two, brief in zip(first, drawn, short, strict=True)
    ]


def _days(chance: np.random.Generator, count: int) -> list[str]:
    return [(FIRST_DAY + timedelta(days=after)).isoformat() for after in chance.integers(DAYS, size=count).tolist()]


def _streets(chance: np.random.Generator, count: int) -> list[str]:
    words = names()
    roads = chance.integers(len(words.roads), size=(count, 2)).tolist()
    ends = chance.integers(len(words.road_ends), size=count).tolist()
    doors = chance.integers(1, 2000, size=count).tolist()
    return [
        f"{words.roads[one]}{words.roads[two]}{words.road_ends[end]}{door}号"
        for (one, two), end, door in zip(roads, ends, doors, strict=True)
    ]


def _chinese(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日"


def _region(name: str) -> str:
    bare = name.replace("　", "")
    return next(f"{place}市" for place in PLACES if place in bare)
