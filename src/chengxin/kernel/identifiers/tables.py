"""The dated tables behind the identifiers, read once from the package's CSV files.

Every row carries its source and a confidence word: ``read`` (seen in the standard), ``secondary`` (seen in
another work that uses it), ``recalled`` (to be confirmed; a setting), ``inferred`` (a conclusion of ours).
"""

import csv
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class CheckScheme:
    """How a check character is computed: alphabet (a character's value is its index), weights and modulus."""

    alphabet: str
    weights: tuple[int, ...]
    modulus: int
    source: str


@dataclass(frozen=True)
class AuthorityCategory:
    """One pair of registering authority 登记管理部门 and kind of body 机构类别, with the days it is in force.

    ``valid_from`` is None where the day is not known; such a pair counts as in force on every day.
    """

    pair: str
    authority_zh: str
    authority_en: str
    category_zh: str
    category_en: str
    valid_from: date | None
    valid_to: date | None
    source: str
    confidence: str

    def in_force(self, on: date | None) -> bool:
        """Tell whether the pair is in the table on a day; without a day every pair ever listed is."""
        if on is None:
            return True
        begun = self.valid_from is None or self.valid_from <= on
        return begun and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True)
class Province:
    """A first pair of digits of GB/T 2260; ``for_persons`` is false for the national registrar ``10``."""

    code: str
    name_zh: str
    name_en: str
    for_persons: bool


@dataclass(frozen=True)
class Permit:
    """A kind of residence permit told by the first digits of its 18-digit number."""

    prefix: str
    kind: str
    name_zh: str
    name_en: str


@dataclass(frozen=True)
class CertificateForm:
    """How a certificate number without check digit is written: a pattern and the form it is normalised to."""

    kind: str
    pattern: re.Pattern[str]
    canonical: str


def rows(name: str) -> list[dict[str, str]]:
    """Read one CSV table of the package, each row by column name.

    Raises:
        FileNotFoundError: if the package holds no such table.
    """
    text = files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def check_scheme(name: str) -> CheckScheme:
    """Give the check scheme ``uscc``, ``organisation_code``, ``registration_number`` or ``resident_id``.

    Raises:
        KeyError: if there is no scheme of that name.
    """
    for row in rows("checks.csv"):
        if row["scheme"] == name:
            weights = tuple(int(weight) for weight in row["weights"].split())
            return CheckScheme(row["alphabet"], weights, int(row["modulus"]), row["source"])
    raise KeyError(name)


@cache
def authority_categories() -> dict[str, AuthorityCategory]:
    """Give the table of the first two characters of a USCC (GB 32100-2015 and its additions) by pair."""
    return {
        row["pair"]: AuthorityCategory(
            row["pair"],
            row["authority_zh"],
            row["authority_en"],
            row["category_zh"],
            row["category_en"],
            _day(row["from"]),
            _day(row["to"]),
            row["source"],
            row["confidence"],
        )
        for row in rows("authority_categories.csv")
    }


@cache
def authorities() -> frozenset[str]:
    """Give the first characters that the table knows, whatever the day."""
    return frozenset(pair[0] for pair in authority_categories())


@cache
def provinces() -> dict[str, Province]:
    """Give the provinces of GB/T 2260 (and ``10``, the national registrar) by their two digits."""
    return {
        row["code"]: Province(row["code"], row["name_zh"], row["name_en"], row["used_by"] == "all")
        for row in rows("provinces.csv")
    }


@cache
def person_provinces() -> frozenset[str]:
    """Give the two digits a person's number may start with, or hold after the 9 of a foreigner's."""
    return frozenset(code for code, province in provinces().items() if province.for_persons)


@cache
def permits() -> tuple[Permit, ...]:
    """Give the residence permits whose number has the shape of a resident ID."""
    return tuple(Permit(row["prefix"], row["kind"], row["name_zh"], row["name_en"]) for row in rows("permits.csv"))


@cache
def lookalikes() -> tuple[dict[int, str], dict[int, str]]:
    """Give two translation tables: look-alikes folded anywhere, and those folded where only digits stand."""
    anywhere = {int(r["codepoint"], 16): r["folds_to"] for r in rows("lookalikes.csv") if r["scope"] == "any"}
    digits = {int(r["codepoint"], 16): r["folds_to"] for r in rows("lookalikes.csv")}
    return anywhere, digits


@cache
def registration_classes() -> dict[str, tuple[str, str]]:
    """Give the class of body (Chinese, English) by the first digit of a GS 15 sequence number."""
    table = rows("registration_classes.csv")
    return {digit: (row["name_zh"], row["name_en"]) for row in table for digit in row["first_digits"]}


@cache
def certificate_form(kind: str) -> CertificateForm:
    """Give the written form of a certificate number.

    Raises:
        KeyError: if the table has no form for the kind.
    """
    for row in rows("certificates.csv"):
        if row["kind"] == kind:
            return CertificateForm(kind, re.compile(row["pattern"]), row["canonical"])
    raise KeyError(kind)


@cache
def setting(name: str) -> int:
    """Give one whole-number setting of ``settings.csv``.

    Raises:
        KeyError: if there is no setting of that name.
    """
    return {row["name"]: int(row["value"]) for row in rows("settings.csv")}[name]
