"""The city's invented bodies, as columns of numbers that become text when a row is written.

A million bodies take some forty megabytes: names, addresses and persons are functions of a body's number
and are made for the rows at hand only. No two bodies share a name or a code, because the words of a 字号
and the characters of a code are shuffled numbers, which never meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chengxin.base.errors import ChengxinError
from chengxin.rehearsal import codes, dates, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from chengxin.base.city import City


def random(seed: int, *path: int) -> np.random.Generator:
    """Return the random numbers of one part of the rehearsal: same seed and path, same numbers."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=path)))


def table_of(values: Sequence[str]) -> NDArray[np.object_]:
    """Return texts as an array to ``pick`` from."""
    return np.array(values, dtype=object)


def pick(table: NDArray[np.object_], index: NDArray[np.int64]) -> list[str]:
    """Return the texts of ``table`` at ``index``."""
    return table[index].tolist()  # type: ignore[no-any-return]


def _mixed(index: NDArray[np.int64], salt: int) -> NDArray[np.int64]:
    """Return numbers that look random and depend on ``index`` and ``salt`` only (splitmix64)."""
    bits = index.astype(np.uint64) + np.uint64(salt * 0x9E37_79B9 % 2**64)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return ((bits ^ (bits >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


@dataclass(frozen=True)
class Tables:
    """The words of names as arrays, so that whole columns are looked up at once."""

    prefixes: NDArray[np.object_]
    towns: NDArray[np.object_]
    tails: tuple[vocabulary.Tail, ...]
    tail_texts: NDArray[np.object_]
    characters: NDArray[np.object_]
    surnames: NDArray[np.object_]
    given: NDArray[np.object_]
    branch_ends: NDArray[np.object_]

    @property
    def capacity(self) -> int:
        """How many different three-character 字号 there are."""
        return self.characters.size**3


def _tables(city: City, words: vocabulary.Names) -> Tables:
    placed = {
        "short": city.name_short,
        "name": city.name,
        "province": city.province,
        "prefecture": city.prefecture,
    }
    towns = [each.aliases[0] if each.aliases else each.name for each in city.at_level("town")] or [""]
    tails = tuple(tail for kind in words.kinds for tail in kind.tails)
    return Tables(
        prefixes=table_of([text.format(**placed) for text, _ in words.prefixes]),
        towns=table_of([town if town.startswith(city.name_short) else city.name + town for town in towns]),
        tails=tails,
        tail_texts=table_of([tail.text for tail in tails]),
        characters=table_of(list(words.characters)),
        surnames=table_of(list(words.surnames)),
        given=table_of(list(words.given)),
        branch_ends=table_of([text.format(**placed) for text in words.branch_ends]),
    )


@dataclass(frozen=True)
class Bodies:
    """All bodies of a rehearsal: the first ``registered`` are in a register, the rest are known to nobody.

    Arrays have one entry per body: ``kind`` indexes the kinds of the vocabulary, ``tail`` the ends of names,
    ``parent`` is the number of the main body of a branch or -1, days are numbers of ``dates``.
    """

    city: City
    seed: int
    registered: int
    tables: Tables
    uscc: NDArray[np.bytes_]
    registration_number: NDArray[np.bytes_]
    kind: NDArray[np.int64]
    tail: NDArray[np.int64]
    parent: NDArray[np.int64]
    renamed: NDArray[np.bool_]
    legacy: NDArray[np.bool_]
    established: NDArray[np.int64]
    all_digits: NDArray[np.int64]

    def _style(self, index: NDArray[np.int64], turn: int) -> list[str]:
        """Return the 字号 of bodies; another ``turn`` gives those of another name nobody else bears."""
        tables = self.tables
        size = tables.characters.size
        place = codes.shuffled(index + turn * self.uscc.size, tables.capacity, self.seed * 7_919 + 17)
        first = pick(tables.characters, place % size)
        second = pick(tables.characters, place // size % size)
        third = pick(tables.characters, place // size**2)
        extra = tables.characters[_mixed(index, 1) % size]
        long = _mixed(index, 2) % 1000 < vocabulary.names().shares["four_share"] * 1000
        fourth = np.where(long, extra, "").tolist()
        return [a + b + c + d for a, b, c, d in zip(first, second, third, fourth, strict=True)]

    def _main_names(self, index: NDArray[np.int64], turn: int) -> list[str]:
        tables = self.tables
        kinds = np.array([each.kind for each in vocabulary.names().kinds])[self.kind[index]]
        weights = [weight for _, weight in vocabulary.names().prefixes]
        steps = np.cumsum(weights) / sum(weights) * 1000
        prefix = tables.prefixes[np.searchsorted(steps, _mixed(index, 3) % 1000, side="right")]
        town = tables.towns[_mixed(index, 4) % tables.towns.size]
        whole = np.full(index.size, self.city.name, dtype=object)
        local = np.isin(kinds, ("individual_business", "cooperative"))
        heads = np.where(kinds == "enterprise", prefix, np.where(local, town, whole)).tolist()
        share = vocabulary.names().shares["bracket_share"] * 1000
        bracketed = ((kinds == "enterprise") & (_mixed(index, 5) % 1000 < share)).tolist()
        style = self._style(index, turn)
        tails = pick(tables.tail_texts, self.tail[index])
        short = self.city.name_short
        return [
            f"{word}（{short}）{tail}" if bracket else head + word + tail
            for head, word, tail, bracket in zip(heads, style, tails, bracketed, strict=True)
        ]

    def names(self, index: NDArray[np.int64]) -> list[str]:
        """Return the full names of bodies; a branch bears its main body's name and its own end."""
        main = np.where(self.parent[index] >= 0, self.parent[index], index)
        found = self._main_names(main, 0)
        ends = self.tables.branch_ends
        branch = np.where(self.parent[index] >= 0, ends[_mixed(index, 6) % ends.size], "").tolist()
        return [name + end for name, end in zip(found, branch, strict=True)]

    def former_names(self, index: NDArray[np.int64]) -> list[str]:
        """Return the names bodies bore before, empty where they kept theirs."""
        renamed = self.renamed[index]
        found = iter(self._main_names(index[renamed], 1))
        return [next(found) if each else "" for each in renamed.tolist()]

    def persons(self, index: NDArray[np.int64], salt: int = 7) -> list[str]:
        """Return invented names of persons, one for each number (the legal representative of a body)."""
        tables = self.tables
        draw = _mixed(index, salt)
        surname = pick(tables.surnames, draw % tables.surnames.size)
        first = pick(tables.given, draw // 1_009 % tables.given.size)
        second = tables.given[draw // 1_000_003 % tables.given.size]
        second = np.where(draw % 5 == 0, "", second).tolist()
        return [a + b + c for a, b, c in zip(surname, first, second, strict=True)]

    def addresses(self, index: NDArray[np.int64], turn: int = 0) -> list[str]:
        """Return invented addresses; another ``turn`` gives the address after a move."""
        tables, words = self.tables, vocabulary.names()
        roads = table_of([a + b for a, b in zip(words.roads[::2], words.roads[1::2], strict=True)])
        ends = table_of(words.road_ends)
        draw = _mixed(index, 11 + turn)
        town = pick(tables.towns, _mixed(index, 4) % tables.towns.size)
        road = pick(roads, draw % roads.size)
        end = pick(ends, draw // 64 % ends.size)
        house = (draw // 4_096 % 1_999 + 1).tolist()
        return [f"{a}{b}{c}{d}号" for a, b, c, d in zip(town, road, end, house, strict=True)]

    def usccs(self, index: NDArray[np.int64]) -> list[str]:
        """Return the 统一社会信用代码 of bodies."""
        return codes.as_text(self.uscc[index])

    def registration_numbers(self, index: NDArray[np.int64]) -> list[str]:
        """Return the fifteen-digit 工商注册号 of bodies, empty where they have none."""
        return codes.as_text(np.where(self.legacy[index], self.registration_number[index], b""))

    def is_kind(self, index: NDArray[np.int64], kind: str) -> NDArray[np.bool_]:
        """Return which of the bodies are of a kind (``enterprise``, ``institution`` ...)."""
        return np.array([each.kind == kind for each in vocabulary.names().kinds])[self.kind[index]]


def _parents(kind: NDArray[np.int64], draw: np.random.Generator) -> NDArray[np.int64]:
    """Return each body's main body, -1 for most: branches are enterprises, and no main body has two."""
    parent = np.full(kind.size, -1, dtype=np.int64)
    enterprises = np.flatnonzero(kind == 0)
    branch = draw.random(enterprises.size) < vocabulary.names().shares["branch_share"]
    branch[: enterprises.size // 2] = False
    branches = enterprises[branch]
    parent[branches] = enterprises[: branches.size]
    return parent


def make_bodies(city: City, *, seed: int, count: int, today: date) -> Bodies:
    """Return ``count`` registered bodies and one unregistered for every fifty of them, eight at least.

    Args:
        city: The city they live in.
        seed: Same seed, same bodies.
        count: How many are registered.
        today: No body was established later.

    Raises:
        ChengxinError: ``count`` is below one or above what the words can name.
    """
    words = vocabulary.names()
    tables = _tables(city, words)
    total = count + max(8, count // 50)
    if count < 1 or total * 2 > tables.capacity:
        limit = tables.capacity // 2 * 50 // 51
        raise ChengxinError(
            "rehearsal_size",
            f"演练主体数 {count} 不在 1 到 {limit} 之间，请改小",
            f"the number of rehearsal bodies {count} is not between 1 and {limit}",
            where="bodies",
        )
    draw = random(seed, 0)
    shares = np.array([kind.share for kind in words.kinds])
    kind = draw.choice(len(words.kinds), size=total, p=shares / shares.sum()).astype(np.int64)
    index = np.arange(total, dtype=np.int64)
    numeric = draw.random(total) < words.shares["numeric_share"]
    prefixes = np.array([kind.prefix.encode("ascii") for kind in words.kinds], dtype="S2")[kind]
    spread = codes.shuffled(index, codes.NUMERIC_CAPACITY, seed * 104_729 + 5)
    uscc = codes.usccs(prefixes, city.region_code, codes.organisation_codes(spread, numeric))
    digits: NDArray[np.bool_] = np.asarray((uscc.view(np.uint8).reshape(-1, 18) <= ord("9")).all(axis=1))
    parent = _parents(kind, draw)
    commercial = np.isin(prefixes, np.array([b"91", b"92", b"93"]))
    serials = np.where(prefixes == b"92", 60_000_000, 0) + index
    age = (draw.random(total) ** 1.5 * 9_000).astype(np.int64) + 30
    return Bodies(
        city=city,
        seed=seed,
        registered=count,
        tables=tables,
        uscc=uscc,
        registration_number=codes.registration_numbers(city.region_code, serials),
        kind=kind,
        tail=_tails(kind, words, draw),
        parent=parent,
        renamed=(draw.random(total) < words.shares["rename_share"]) & (kind == 0) & (parent < 0),
        legacy=(draw.random(total) < words.shares["legacy_share"]) & commercial,
        established=dates.number(today) - age,
        all_digits=np.flatnonzero(digits[:count]),
    )


def _tails(kind: NDArray[np.int64], words: vocabulary.Names, draw: np.random.Generator) -> NDArray[np.int64]:
    """Return the number of each body's end of name among the tails of all kinds, laid one after another."""
    tail = np.zeros(kind.size, dtype=np.int64)
    first = 0
    for place, each in enumerate(words.kinds):
        here = np.flatnonzero(kind == place)
        weights = np.array([one.weight for one in each.tails])
        tail[here] = first + draw.choice(len(each.tails), size=here.size, p=weights / weights.sum())
        first += len(each.tails)
    return tail
