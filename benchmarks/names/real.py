"""Real names from data that others published, read where they lie and never copied; and pairs made of them."""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from benchmarks.names.dirt import NOT_SAME, SAME, Clean

from chengxin.kernel.names import fold_name, parse_name

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("CHENGXIN_SHARED_DATA", ROOT.parent / "shared" / "data"))
SHORTEST = 6
LEAST_RATIO = 0.6
MOST_NEIGHBOURS = 3
SPLITS = ("tuning", "held_out")


@dataclass(frozen=True)
class Pair:
    """Two names with the class of what differs and the verdict expected."""

    a: str
    b: str
    kind: str
    label: str
    split: str


def _column(path: str, column: str) -> list[str]:
    with (SHARED / path).open(encoding="utf-8-sig", newline="") as lines:
        return [(row[column] or "").strip() for row in csv.DictReader(lines)]


def real_names() -> list[str]:
    """Give the distinct real names, sorted; placeholders and foreign names are left out.

    Raises:
        FileNotFoundError: if the data is not there.
    """
    found = {
        *_column("names/short_full_pairs.csv", "full"),
        *_column("company/aiqicha_export_top200.csv", "公司名称"),
        *_column("company/pi_admin_enterprises.csv", "name"),
    }
    return sorted(
        {one.replace(" ", "") for one in found if len(one) >= SHORTEST and "有限" in one and "xxx" not in one}
    )


def half_of(name: str) -> str:
    """Give the half a name belongs to: half of the firms are never seen while rules are written."""
    return SPLITS[sha256(fold_name(name).encode()).digest()[0] % 2]


def _cities() -> dict[str, str]:
    """Give the province of every city, both without 市 and 省."""
    provinces = dict(zip(_column("geo/provinces.csv", "code"), _column("geo/provinces.csv", "name"), strict=True))
    names, codes = _column("geo/cities.csv", "name"), _column("geo/cities.csv", "provinceCode")
    return {
        city[:-1]: provinces[code][:-1]
        for city, code in zip(names, codes, strict=True)
        if city.endswith("市") and provinces[code].endswith("省")
    }


def cleaned(names: list[str]) -> list[Clean]:
    """Give the names with their city and province (from the list of cities) and the place of the brand."""
    cities = _cities()
    found = []
    for text in names:
        city = next((city for city in (text[:2], text[:3]) if city in cities), "")
        brand = parse_name(text).brand
        at = text.find(brand) if brand else -1
        found.append(Clean(text, city, cities.get(city, ""), (at, at + len(brand)) if at >= 0 else (0, 0)))
    return found


def made_pairs(firms: list[Clean], split: str, seed: int) -> Iterator[Pair]:
    """Make one pair of every class of a split for every firm that the class fits."""
    for group, label in ((SAME, "same"), (NOT_SAME, "not_same")):
        for kind, dirt in group[split].items():
            chance = Random(f"{seed} {kind}")  # noqa: S311 - dirt is no secret
            for firm in firms:
                dirty = dirt(firm, chance)
                if dirty is not None and dirty != firm.text:
                    yield Pair(firm.text, dirty, kind, label, split)
    if split == "practice":
        yield from _drawn_brands(firms, seed)


def _drawn_brands(firms: list[Clean], seed: int) -> Iterator[Pair]:
    """Give each firm's name with one character of its brand replaced by one drawn from the brands of the others.

    Nothing is left out: what sounds or looks alike by chance shows how often two brands would be taken for one.
    """
    pool = [one for firm in firms for one in firm.text[slice(*firm.brand)]]
    chance = Random(f"{seed} brand_drawn")  # noqa: S311 - dirt is no secret
    for firm in firms:
        if firm.brand[0] < firm.brand[1]:
            at, other = chance.randrange(*firm.brand), chance.choice(pool)
            if other != firm.text[at]:
                changed = firm.text[:at] + other + firm.text[at + 1 :]
                yield Pair(firm.text, changed, "brand_drawn", "not_same", "practice")


def neighbours(names: list[str], half: str) -> Iterator[Pair]:
    """Give, for each name of a half, its nearest other real names: different firms with like names.

    Two names of which one is the other with another company form are left out: they may be one firm before and
    after its conversion.
    """
    grams: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        for at in range(len(name) - 1):
            grams[name[at : at + 2]].append(number)
    rare = {gram: where for gram, where in grams.items() if len(where) < len(names) // 12}
    seen: set[frozenset[str]] = set()
    for number, name in enumerate(names):
        if half_of(name) != half:
            continue
        shared = Counter(one for at in range(len(name) - 1) for one in rare.get(name[at : at + 2], ()))
        shared.pop(number, None)
        near = sorted(((-_ratio(name, names[one]), names[one]) for one, _ in shared.most_common(12)))
        for ratio, other in near[:MOST_NEIGHBOURS]:
            pair = frozenset((name, other))
            if -ratio >= LEAST_RATIO and pair not in seen and _bare(name) != _bare(other):
                seen.add(pair)
                yield Pair(name, other, _how_near(name, other), "not_same", half)


def _how_near(one: str, other: str) -> str:
    apart = sum(x != y for x, y in zip(one, other, strict=False))
    return "neighbour_one_apart" if len(one) == len(other) and apart == 1 else "neighbour"


def _bare(name: str) -> str:
    return fold_name(name).replace("股份", "").replace("责任", "").replace("集团", "").replace("(", "").replace(")", "")


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
