"""The rehearsal's words, layouts, plan and rates, read from the package's YAML files into frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from chengxin.base.city import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GENERATIONS = ("G1", "G2", "G3")
"""Generations of the licence and penalty lists; registration has one of its own, ``R1``."""


def _data(name: str) -> Any:  # noqa: ANN401 - the makers below give it its types
    found = resources.files("chengxin.rehearsal") / "data" / f"{name}.yaml"
    return read_yaml(found.read_text(encoding="utf-8"), f"{name}.yaml")


@dataclass(frozen=True)
class Tail:
    """The end of a name (行业 + 组织形式) with what the register says about such a body."""

    text: str
    industry: str
    scope: str
    body_type: str
    weight: float


@dataclass(frozen=True)
class BodyKind:
    """One kind of body: ``prefix`` opens its code, ``share`` is its share of all bodies."""

    kind: str
    prefix: str
    share: float
    category: str
    tails: tuple[Tail, ...]


@dataclass(frozen=True)
class Names:
    """Words of names and of the register. Shares are of all bodies unless the data file says otherwise."""

    characters: str
    surnames: str
    given: str
    roads: str
    road_ends: tuple[str, ...]
    prefixes: tuple[tuple[str, float], ...]
    branch_ends: tuple[str, ...]
    kinds: tuple[BodyKind, ...]
    states: tuple[tuple[str, float], ...]
    capital: tuple[str, ...]
    shares: Mapping[str, float]


@lru_cache(maxsize=1)
def names() -> Names:
    """Return the words of names (``data/names.yaml``)."""
    held = _data("names")
    forms = tuple(
        Tail(each["text"] + form["text"], each["industry"], each["scope"], form["body_type"], form["weight"])
        for each in held["industries"]
        for form in held["forms"]
    )
    kinds = tuple(
        BodyKind(
            each["kind"],
            each["prefix"],
            each["share"],
            each["category"],
            tuple(Tail(tail["text"], tail["industry"], tail["scope"], each["body_type"], 1.0) for tail in each["tails"])
            if "tails" in each
            else forms,
        )
        for each in held["kinds"]
    )
    return Names(
        characters="".join(dict.fromkeys(held["characters"].replace(" ", ""))),
        surnames="".join(dict.fromkeys(held["surnames"])),
        given="".join(dict.fromkeys(held["given"])),
        roads=held["roads"],
        road_ends=tuple(held["road_ends"]),
        prefixes=_weighted(held["prefixes"]),
        branch_ends=tuple(held["branch_ends"]),
        kinds=kinds,
        states=_weighted(held["states"]),
        capital=tuple(held["capital"]),
        shares={key: held[key] for key in held if key.endswith("_share")},
    )


def _weighted(held: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, float], ...]:
    return tuple((each["text"], float(each["weight"])) for each in held)


@dataclass(frozen=True)
class Profile:
    """How one department writes one item (words: ``data/plan.yaml``); ``share`` is of the item's rows."""

    item: str
    generation: str
    format: str
    encoding: str
    headers: str
    dates: str
    share: float = 1.0
    duty: str = ""
    moved: bool = False


@dataclass(frozen=True)
class Plan:
    """Which files are written and how many rows; ``years`` is the span of the decisions."""

    licences_per_body: float
    penalties_per_body: float
    years: int
    xlsx_max_rows: int
    registration: tuple[Profile, ...]
    profiles: tuple[Profile, ...]


@lru_cache(maxsize=1)
def plan() -> Plan:
    """Return the plan of the files (``data/plan.yaml``)."""
    held = _data("plan")
    return Plan(
        licences_per_body=held["licences_per_body"],
        penalties_per_body=held["penalties_per_body"],
        years=held["years"],
        xlsx_max_rows=held["xlsx_max_rows"],
        registration=tuple(
            Profile(item="registration", generation="R1", headers="chinese", **each) for each in held["registration"]
        ),
        profiles=tuple(Profile(**each) for each in held["profiles"]),
    )


@dataclass(frozen=True)
class Column:
    """One column of a list: our field, its Chinese header and its XK_/CF_ code."""

    key: str
    chinese: str
    code: str


@dataclass(frozen=True)
class Layouts:
    """The columns of every list and generation, and what departments add to headers."""

    columns: Mapping[tuple[str, str], tuple[Column, ...]]
    notes: Mapping[str, str]
    carried: str


@lru_cache(maxsize=1)
def layouts() -> Layouts:
    """Return the field lists (``data/layouts.yaml``)."""
    held = _data("layouts")
    columns = {
        (item, generation): tuple(Column(*each) for each in rows)
        for item in ("licence", "penalty", "registration")
        for generation, rows in held[item].items()
    }
    return Layouts(columns, held["notes"], held["carried"])


@dataclass(frozen=True)
class Dirt:
    """One thing that is wrong with a row, and what the platform is expected to do about it."""

    kind: str
    rate: float
    outcome: str
    linked: bool
    rule: str
    items: tuple[str, ...]
    generations: tuple[str, ...]

    def fits(self, item: str, generation: str) -> bool:
        """Return whether a row of this item and generation can have it."""
        return item in self.items and (not self.generations or generation in self.generations)


@dataclass(frozen=True)
class DirtRates:
    """What goes wrong and how often (``data/dirt.yaml``); late days are calendar days after the decision."""

    main: tuple[Dirt, ...]
    surface: tuple[tuple[str, float], ...]
    late_rate: float
    late_days: tuple[int, int]
    in_time_days: int
    required: Mapping[str, tuple[str, ...]]
    impossible_dates: tuple[str, ...]
    brackets: tuple[str, ...]
    foreign_issuer: Mapping[str, str]
    person_region: str


@lru_cache(maxsize=1)
def dirt_rates() -> DirtRates:
    """Return the dirt and its rates."""
    held = _data("dirt")
    late = held["late_report"]
    return DirtRates(
        main=tuple(
            Dirt(
                each["kind"],
                each["rate"],
                each["outcome"],
                each.get("linked", False),
                each.get("rule", ""),
                tuple(each["items"]),
                tuple(each.get("generations", ())),
            )
            for each in held["main"]
        ),
        surface=tuple((each["kind"], each["rate"]) for each in held["surface"]),
        late_rate=late["rate"],
        late_days=(late["days"][0], late["days"][1]),
        in_time_days=late["in_time_days"],
        required={item: tuple(fields) for item, fields in held["required"].items()},
        impossible_dates=tuple(held["impossible_dates"]),
        brackets=tuple(held["brackets"]),
        foreign_issuer=held["foreign_issuer"],
        person_region=held["person"]["region"],
    )


@dataclass(frozen=True)
class LicenceCase:
    """One kind of licence a department grants; ``years`` 0 means no end (长期)."""

    project: str
    document: str
    category: str
    certificate: str
    number: str
    years: int
    content: str


@dataclass(frozen=True)
class PenaltyCase:
    """One breach with one set of penalties; ``yuan`` bounds the fine, ``months`` the stated publicity."""

    type: str
    facts: str
    ground: str
    kinds: tuple[str, ...]
    yuan: tuple[int, int]
    months: int


@dataclass(frozen=True)
class Texts:
    """The invented matter of decisions by duty of the organ."""

    places: tuple[str, ...]
    goods: tuple[str, ...]
    suffixes: Mapping[str, str]
    spellings: Mapping[str, Mapping[str, str]]
    phrases: Mapping[str, str]
    licences: Mapping[str, tuple[LicenceCase, ...]]
    penalties: Mapping[str, tuple[PenaltyCase, ...]]


@lru_cache(maxsize=1)
def texts() -> Texts:
    """Return the matter of decisions (``data/texts.yaml``)."""
    held = _data("texts")
    return Texts(
        places=tuple(held["places"]),
        goods=tuple(held["goods"]),
        suffixes=held["suffixes"],
        spellings=held["spellings"],
        phrases=held["phrases"],
        licences={
            duty: tuple(LicenceCase(**each) for each in both["licences"]) for duty, both in held["duties"].items()
        },
        penalties={
            duty: tuple(
                PenaltyCase(
                    each["type"],
                    each["facts"],
                    each["ground"],
                    tuple(kinds),
                    (each["yuan"][0], each["yuan"][1]),
                    each["months"],
                )
                for each in both["penalties"]
                for kinds in each["kinds"]
            )
            for duty, both in held["duties"].items()
        },
    )


def in_ten_thousands(yuan: Decimal) -> str:
    """Return an amount of 元 as text in 万元, exact and without trailing zeros: 5000 is ``0.5``."""
    text = f"{yuan / 10_000:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=1)
def amounts() -> tuple[tuple[Decimal, ...], tuple[str, ...]]:
    """Return the sums decisions name, rising, in 元 and as text in 万元."""
    steps = ((100, 1_000, 100), (1_000, 10_000, 250), (10_000, 100_000, 1_000), (100_000, 510_000, 5_000))
    whole = [Decimal(yuan) for low, high, step in steps for yuan in range(low, high, step)]
    odd = [Decimal(text) for text in ("128.5", "1234.56", "8765.4", "12345.67", "66666.66", "234567.89")]
    yuan = tuple(sorted({*whole, *odd}))
    return yuan, tuple(in_ten_thousands(each) for each in yuan)
