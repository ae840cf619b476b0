"""Score card of the search by name: short names of listed firms, dirty names and pinyin against a big register.

The register holds every real full name of the shared data and, for the rest, names of the rehearsal city. The short
names of one half of the firms (``tuning``) were looked at while the search was made, those of the other half were not.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.names.dirt import Clean, doubled, form_dropped, homophone, lookalike, lost, swapped
from benchmarks.names.real import SHARED, half_of, real_names

from chengxin.base.city import load_city
from chengxin.kernel.names import parse_name
from chengxin.kernel.names.search import NameIndex
from chengxin.kernel.names.tables import trade_fields
from chengxin.rehearsal.bodies import make_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

FROZEN = Path(__file__).parent / "search_frozen.csv"
SIZES = (20_000, 300_000)
TOP = 5
SEED = 1
PLACES = ("昆山", "昆山市", "苏州", "上海", "江苏", "深圳市", "杭州", "")
FORMS = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "经营部")
EVERY = 4
DIRT = (homophone, lookalike, lost, doubled, swapped, form_dropped)


@dataclass(frozen=True)
class Question:
    """What is asked, the full names that are right, the class, and the half of the firms it belongs to."""

    text: str
    right: frozenset[str]
    kind: str
    half: str


@dataclass(frozen=True)
class Line:
    """One line of the score card: a class in one half, and how many of its questions found the body where."""

    register: int
    kind: str
    half: str
    questions: int
    first: int
    five: int


def short_names() -> list[Question]:
    """Give the distinct short names with the full names that bear them, by the half of the first.

    Raises:
        FileNotFoundError: if the data is not there.
    """
    found: dict[str, set[str]] = defaultdict(set)
    with (SHARED / "names/short_full_pairs.csv").open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            found[row["short"].strip()].add(row["full"].replace(" ", ""))
    return [
        Question(short, frozenset(fulls), f"short_{_relation(short, fulls)}", half_of(min(fulls)))
        for short, fulls in found.items()
    ]


def _relation(short: str, fulls: set[str]) -> str:
    """Say how a short name lies in its full name: ``part``, ``abbreviation`` (in order) or ``other``."""
    if any(short in full for full in fulls):
        return "part"
    return "abbreviation" if any(_in_order(short, full) for full in fulls) else "other"


def _in_order(short: str, full: str) -> bool:
    rest = iter(full)
    return all(one in rest for one in short)


def dirty_names() -> Iterator[Question]:
    """Give every fourth real name with one slip of each kind."""
    names = real_names()[::EVERY]
    for dirt in DIRT:
        chance = Random(f"{SEED} {dirt.__name__}")  # noqa: S311 - dirt is no secret
        for name in names:
            dirty = dirt(Clean(name), chance)
            if dirty is not None and dirty != name:
                yield Question(dirty, frozenset({name}), f"name_{dirt.__name__}", half_of(name))


def spelled_names() -> Iterator[Question]:
    """Give every fourth short name that lies in its full name in pinyin, and in initials where it has four and more."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - the readings of a library, not the product's

    for asked in short_names()[::EVERY]:
        if asked.kind != "short_part" or not all("\u4e00" <= one <= "\u9fff" for one in asked.text):
            continue
        spelled = lazy_pinyin(asked.text)
        yield Question("".join(spelled), asked.right, "pinyin", asked.half)
        full = min(asked.right)
        heads = "".join(one[0] for one in lazy_pinyin(full))[: len("昆山禾映")]
        yield Question(heads, asked.right, "initials_of_four", asked.half)


def register(size: int, homonyms: int = 0) -> list[str]:
    """Give a register of so many names: real ones, invented bearers of their brands, names of the rehearsal city."""
    real = sorted({*real_names(), *(full for asked in short_names() for full in asked.right)})
    real += sorted(set(_homonyms(real, homonyms)) - set(real))
    made = make_bodies(load_city("kunshan"), seed=SEED, count=size - len(real), today=date(2026, 1, 5))
    return real + made.names(np.arange(size - len(real)))


def _homonyms(names: list[str], each: int) -> Iterator[str]:
    """Give invented firms that bear the brand of each name, in another place and mostly in another trade."""
    chance = Random(SEED)  # noqa: S311 - invented firms are no secret
    trades = sorted(trade_fields())
    for name in names:
        brand = parse_name(name).brand[: len("昆山禾映")]
        for _ in range(each if len(brand) > 1 else 0):
            place = chance.choice(PLACES)
            yield f"{place}{brand}{chance.choice(trades)}{chance.choice(FORMS)}"


def index_of(size: int, homonyms: int = 0) -> NameIndex[str]:
    """Build the index of a register of so many names; a name is its own number."""
    return NameIndex((name, name, "current") for name in register(size, homonyms))


def rank(index: NameIndex[str], asked: Question) -> int:
    """Give the place at which a right body stands, 0 for the first; ``TOP`` where it is not among the first."""
    names = [candidate.id for candidate in index.search(asked.text, TOP)]
    return next((place for place, name in enumerate(names) if name in asked.right), TOP)


def score_card(size: int, homonyms: int = 0) -> list[Line]:
    """Ask all questions of a register of so many names."""
    index = index_of(size, homonyms)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for asked in (*short_names(), *dirty_names(), *spelled_names()):
        place = rank(index, asked)
        places[asked.kind, asked.half].append(place)
        if asked.kind.startswith("short_"):
            places["short_all", asked.half].append(place)
    return [
        Line(size, kind, half, len(found), sum(one == 0 for one in found), sum(one < TOP for one in found))
        for (kind, half), found in sorted(places.items())
    ]


def text_of(lines: list[Line]) -> str:
    """Give lines of the score card as search_frozen.csv holds them."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["register", "class", "half", "questions", "first", "first_five", "first_share", "five_share"])
    for line in lines:
        shares = [f"{found / line.questions:.3f}" for found in (line.first, line.five)]
        writer.writerow([line.register, line.kind, line.half, line.questions, line.first, line.five, *shares])
    return out.getvalue()


def main() -> None:
    """Print the score card, and write it where asked."""
    parser = argparse.ArgumentParser(description="Score the search by name.")
    parser.add_argument("--write", action="store_true", help="write search_frozen.csv")
    parser.add_argument(
        "--size", type=int, action="append", help="names in the register, by default 20,000 and 300,000"
    )
    parser.add_argument("--homonyms", type=int, default=0, help="invented firms for every real brand")
    asked = parser.parse_args()
    lines = [line for size in asked.size or SIZES for line in score_card(size, asked.homonyms)]
    if asked.write:
        FROZEN.write_text(text_of(lines), encoding="utf-8")
    print(text_of(lines))


if __name__ == "__main__":
    main()
