"""The dated tables behind organisation names, read once from the package's CSV files.

A line that begins with ``#`` tells where the table comes from. Nothing here is a rule of law: places, legal
forms and trades change, and a change is a row with its days and its source.
"""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources

from chengxin.kernel.text import RADICALS


@dataclass(frozen=True)
class Form:
    """A legal form 组织形式: its text, the kind of body it names, and whether it makes the head of a group.

    ``converts`` tells whether a body may change to or from this form and keep its name.
    """

    text: str
    kind: str
    group: bool
    converts: bool


@dataclass(frozen=True)
class Place:
    """A place 行政区划 by its short name; ``above`` are the short names of all places that contain it."""

    short: str
    above: frozenset[str]


def rows(name: str) -> list[dict[str, str]]:
    """Read one CSV table of the package, each row by column name; lines that begin with ``#`` are left out.

    Raises:
        FileNotFoundError: if the package holds no such table.
    """
    text = resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@cache
def usual_characters() -> dict[int, str]:
    """Give the translation of traditional, variant and compatibility characters; every one maps to one character."""
    table = {ord(other): row["usual"] for row in rows("variants.csv") for other in row["others"]}
    for code in (*range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)):
        usual = unicodedata.normalize("NFKC", chr(code))
        if usual != chr(code) and len(usual) == 1:
            table[code] = usual
    table |= {ord(radical): usual for radical, usual in RADICALS.items()}
    return {code: table.get(ord(usual), usual) for code, usual in table.items()}


@cache
def places() -> dict[str, Place]:
    """Give every place by each way of writing it: full name, and short name where that stands alone in names.

    Names of places that are no more are given too: a body keeps its name when its place is renamed.
    """
    within: dict[str, set[str]] = {}
    for row in rows("regions.csv"):
        within.setdefault(row["short"], set()).add(row["within"])
    found: dict[str, Place] = {}
    for row in rows("regions.csv"):
        place = Place(row["short"], frozenset(_above(row["short"], within)))
        found[row["name"]] = place
        if row["alone"] == "yes":
            found[row["short"]] = place
    return found


def _above(short: str, within: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = set(within.get(short, ()))
    while waiting:
        one = waiting.pop()
        if one and one not in found:
            found.add(one)
            waiting |= within.get(one, set())
    return found - {short}


@cache
def county_names() -> frozenset[str]:
    """Give the short names of counties and districts that ``places`` does not know, of former ones too."""
    return frozenset(name for row in rows("county_names.csv") for name in row["names"].split())


@cache
def place_words() -> frozenset[str]:
    """Give the short names of all places and counties known, also those that alone are words of other meaning."""
    return county_names() | {place.short for place in places().values()}


@cache
def places_by_start() -> dict[str, tuple[str, ...]]:
    """Give the ways of writing places by their first two characters, the longest first."""
    return _index(places(), start=True)


@cache
def places_by_end() -> dict[str, tuple[str, ...]]:
    """Give the ways of writing places by their last two characters, the longest first."""
    return _index(places(), start=False)


def _index(texts: dict[str, Place], *, start: bool) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        found.setdefault(text[:2] if start else text[-2:], []).append(text)
    return {key: tuple(sorted(group, key=len, reverse=True)) for key, group in found.items()}


@cache
def forms() -> dict[str, Form]:
    """Give the legal forms by their text."""
    return {
        row["form"]: Form(row["form"], row["kind"], row["group"] == "yes", row["converts"] == "yes")
        for row in rows("forms.csv")
    }


@cache
def form_lengths() -> dict[str, tuple[int, ...]]:
    """Give the lengths of the legal forms that end in a character, the longest first."""
    return _lengths(tuple(forms()), 1)


def _lengths(texts: tuple[str, ...], key: int) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for text in texts:
        lengths.setdefault(text[-key:], set()).add(len(text))
    return {end: tuple(sorted(found, reverse=True)) for end, found in lengths.items()}


@cache
def branch_markers(where: str) -> tuple[str, ...]:
    """Give the endings that make a branch ``always`` or ``after_form``, the longest first."""
    found = [row["marker"] for row in rows("branches.csv") if row["where"] == where]
    return tuple(sorted(found, key=len, reverse=True))


@cache
def trade_fields() -> dict[str, str]:
    """Give the field of every word that names a trade 行业."""
    return {word: row["field"] for row in rows("trades.csv") for word in row["words"].split()}


@cache
def trade_lengths() -> dict[str, tuple[int, ...]]:
    """Give the lengths of the trade words that end in a pair of characters, the longest first."""
    return _lengths(tuple(trade_fields()), 2)


@cache
def syllables() -> dict[str, frozenset[str]]:
    """Give the readings (pinyin without tone) of a character."""
    found: dict[str, set[str]] = {}
    for row in rows("syllables.csv"):
        for character in row["characters"]:
            found.setdefault(character, set()).add(row["syllable"])
    return {character: frozenset(readings) for character, readings in found.items()}


@cache
def readings() -> dict[str, frozenset[str]]:
    """Give all readings of a character, also those that ``syllables`` leaves out because they are second ones."""
    found = dict(syllables())
    for row in rows("other_readings.csv"):
        for character in row["characters"]:
            found[character] = found.get(character, frozenset()) | {row["syllable"]}
    return found


@cache
def lookalikes() -> dict[str, frozenset[str]]:
    """Give the characters that look like a character."""
    found: dict[str, set[str]] = {}
    for row in rows("lookalikes.csv"):
        for character in row["characters"]:
            found.setdefault(character, set()).update(row["characters"])
    return {character: frozenset(group - {character}) for character, group in found.items()}


@cache
def resembling() -> dict[str, str]:
    """Give the characters that resemble a character, less than those that look like it."""
    found: dict[str, str] = {}
    for row in rows("resembling.csv"):
        for other in row["resembling"]:
            found[row["character"]] = found.get(row["character"], "") + other
            found[other] = found.get(other, "") + row["character"]
    return found


@cache
def remarks() -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Give what a remark tells: by its whole text, and by how it begins."""
    table = rows("remarks.csv")
    whole = {row["text"]: row["kind"] for row in table if row["how"] == "whole"}
    return whole, tuple((row["text"], row["kind"]) for row in table if row["how"] == "start")


@cache
def used_in_brands() -> frozenset[str]:
    """Give the characters that brands commonly use."""
    return frozenset("".join(row["characters"] for row in rows("brand_characters.csv")))


@cache
def usual_in_names() -> frozenset[str]:
    """Give the characters that brands, trades, places or legal forms use; another is rare or a slip."""
    listed = "".join(row["characters"] for row in rows("trade_characters.csv"))
    return used_in_brands().union(listed, *trade_fields(), *places(), *forms())


@cache
def doubled_on_purpose() -> frozenset[str]:
    """Give the characters that brands double on purpose."""
    return frozenset("".join(row["characters"] for row in rows("reduplications.csv")))
