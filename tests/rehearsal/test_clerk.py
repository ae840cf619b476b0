"""A clerk with the files alone, and the rules, comes to what the truth says of every line.

The clerk knows nothing of how the files were made: she reads them with the platform's reader and catalogue, checks
codes and dates with the kernel, keeps a register of what she took in, and writes down an outcome for each line.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pytest

from chengxin.base.city import City, load_city
from chengxin.catalogue import HeaderMatch, Item, load_catalogue, recognise_header
from chengxin.intake.reader import read_table
from chengxin.kernel.dates import DateError, parse_date
from chengxin.kernel.documents import document_key
from chengxin.kernel.identifiers import RegistrationNumber, Uscc, Verdict, normalise
from chengxin.kernel.text import clean_text, fold_width

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.rehearsal import RehearsalFile

    from .conftest import Staged

TODAY = date(2026, 1, 5)
ATTACHING = (
    "uscc",
    "registration_number",
    "organisation_code",
    "tax_number",
    "institution_certificate_number",
    "social_organisation_certificate_number",
)


@dataclass(frozen=True)
class Decision:
    """What the clerk decides about a line."""

    outcome: str
    rule: str = ""
    linked: bool = False


@dataclass
class Clerk:
    """She remembers registered bodies by their codes and facts by organisation and document number."""

    city: City
    bodies: dict[str, str] = field(default_factory=dict)
    held: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)

    def read(self, file: RehearsalFile, spool: Path) -> dict[int, Decision]:
        """Return her decision for each line of the file."""
        item = load_catalogue().item(file.item)
        reading = read_table(file.path, spool)
        match = recognise_header(item, reading.header)
        decided: dict[int, Decision] = {}
        with spool.open(encoding="utf-8", newline="") as held:
            for line, _, damaged, *cells in csv.reader(held):
                row = {key: cells[place] for key, place in match.columns.items()}
                hurt = {int(place) for place in damaged.split(";") if place}
                rule = self.broken_rule(item, match, row, hurt)
                decided[int(line)] = Decision("quarantined", rule) if rule else self.take_in(file, row)
        return decided

    def broken_rule(self, item: Item, match: HeaderMatch, row: dict[str, str], hurt: set[int]) -> str:
        """Return the first rule the row breaks, empty for none."""
        if row.get("person_id_number") or row.get("subject_category") == "自然人":
            return "natural_person_refused"
        rule = "uscc_damaged" if match.columns["uscc"] in hurt else self.broken_code(row)
        if rule:
            return rule
        for each in item.fields:
            if match.generation in each.required and not clean_text(row.get(each.key, "")):
                return f"{each.key}_required"
        return self.broken_matter(item, match, row) if item.key != "registration" else ""

    @staticmethod
    def broken_code(row: dict[str, str]) -> str:
        """Return the rule about codes that the row breaks, empty for none."""
        code = normalise(row["uscc"])
        if not code:
            return "" if any(row.get(key) for key in ATTACHING) else "identity_missing"
        if "E+" in code:
            return "uscc_damaged"
        return {Verdict.INVALID: "uscc_invalid", Verdict.SUSPECT: "uscc_suspect"}.get(Uscc.parse(code).verdict, "")

    def broken_matter(self, item: Item, match: HeaderMatch, row: dict[str, str]) -> str:
        """Return the rule about dates, amounts and issuer that the row breaks, empty for none."""
        try:
            decided = parse_date(row["decided_on"])
        except DateError:
            return "decided_on_not_a_date"
        assert isinstance(decided, date)
        if decided > TODAY:
            return "decided_on_in_future"
        fined = item.key == "penalty" and match.generation != "G1" and "罚款" in row["penalty_kind"]
        if fined and not row["fine_amount"]:
            return "penalty_fine_needs_amount"
        known = {each.uscc for each in self.city.organisations} | {each.name for each in self.city.organisations}
        return "" if row.get("issuer_code", row["issuer_name"]) in known else "issuer_unknown"

    def take_in(self, file: RehearsalFile, row: dict[str, str]) -> Decision:
        """Compare a sound row with what is held, remember it, and tie it to its body."""
        code = normalise(row["uscc"])
        if file.item == "registration":
            self.bodies.setdefault(code, code)
            if row["registration_number"]:
                self.bodies.setdefault(RegistrationNumber.parse(row["registration_number"]).normalised, code)
            key = (file.item, "", code)
        else:
            key = (file.item, file.organisation, document_key(row["document_number"]))
        matter = tuple(self.plain(name, value) for name, value in sorted(row.items()))
        linked = (code or row["registration_number"]) in self.bodies
        before = self.held.get(key)
        self.held[key] = matter
        if before is None:
            return Decision("accepted", linked=linked)
        return Decision("duplicate") if before == matter else Decision("updated", linked=linked)

    @staticmethod
    def plain(name: str, value: str) -> str:
        """Return the cell as the clerk compares it: width, brackets, spaces and case do not matter."""
        if name == "document_number":
            return document_key(value)
        if name == "uscc":
            return normalise(value)
        return fold_width(clean_text(value)).replace("\u200b", "")


@pytest.fixture(scope="module")
def decided(staged: Staged, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, Decision]]:
    clerk = Clerk(load_city("kunshan"))
    folder = tmp_path_factory.mktemp("clerk")
    return {
        file.path.name: clerk.read(file, folder / f"{number}.csv") for number, file in enumerate(staged.rehearsal.files)
    }


def differing(staged: Staged, decided: dict[str, dict[int, Decision]], key: str) -> list[tuple[str, ...]]:
    """Return the lines on which clerk and truth differ in one column."""
    found: list[tuple[str, ...]] = []
    for name, lines in decided.items():
        for line, decision in lines.items():
            truth = staged.truth[name][line]
            said = getattr(decision, key)
            said = str(said).lower() if isinstance(said, bool) else said
            if truth[key] != said:
                found.append((name, str(line), truth["dirt"], truth[key], said))
    return found


def test_she_reads_every_line(staged: Staged, decided: dict[str, dict[int, Decision]]) -> None:
    assert {name: sorted(lines) for name, lines in decided.items()} == {
        name: sorted(lines) for name, lines in staged.truth.items()
    }


def test_she_decides_every_line_as_the_truth_does(staged: Staged, decided: dict[str, dict[int, Decision]]) -> None:
    assert differing(staged, decided, "outcome") == []


def test_she_names_the_rule_the_truth_names(staged: Staged, decided: dict[str, dict[int, Decision]]) -> None:
    assert differing(staged, decided, "rule") == []


def test_she_ties_every_line_to_a_body_that_the_truth_ties(
    staged: Staged, decided: dict[str, dict[int, Decision]]
) -> None:
    assert differing(staged, decided, "linked") == []


def test_she_meets_every_outcome_and_rule(staged: Staged, decided: dict[str, dict[int, Decision]]) -> None:
    outcomes = Counter(one.outcome for lines in decided.values() for one in lines.values())
    rules = {one.rule for lines in decided.values() for one in lines.values() if one.rule}
    assert outcomes["accepted"] > 9_000
    assert min(outcomes["updated"], outcomes["duplicate"], outcomes["quarantined"]) > 80
    assert rules == {rule for file in staged.rehearsal.files for rule in file.expected.rules}
    assert len(rules) >= 14
