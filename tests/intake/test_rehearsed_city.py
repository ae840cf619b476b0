"""A whole city's files come in as its truth says: every line, both encodings, CSV and XLSX, all generations."""

from __future__ import annotations

import csv
import itertools
from collections import Counter, defaultdict
from datetime import date
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from chengxin.base.city import load_city
from chengxin.intake.models import QuarantinedRow, Timeliness
from chengxin.records.models import Record
from chengxin.rehearsal import rehearse
from chengxin.subjects.models import Subject
from chengxin.testing.city import import_path

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.intake.receipt import Receipt
    from chengxin.rehearsal import Rehearsal

TODAY = date(2026, 3, 2)

Line = dict[str, str]


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    return rehearse(load_city("kunshan"), seed=7, bodies=300, out=tmp_path / "rehearsal", today=TODAY)


def truth(rehearsal: Rehearsal) -> dict[str, list[Line]]:
    """Return the true lines of each file by its name."""
    lines = defaultdict(list)
    with (rehearsal.out / "truth" / "facts.csv").open(encoding="utf-8", newline="") as held:
        for line in csv.DictReader(held):
            lines[line["file"]].append(line)
    return lines


def versions_by_line(batch_id: int) -> dict[int, Record]:
    return {one.line: one for one in Record.objects.filter(batch_id=batch_id).exclude(kind="relinked")}


def outcomes_by_line(batch_id: int) -> dict[int, tuple[str, frozenset[str]]]:
    """Return what became of a batch's lines that left a trace: (outcome, rules)."""
    found: dict[int, tuple[str, frozenset[str]]] = {}
    for line, one in versions_by_line(batch_id).items():
        found[line] = ("accepted" if one.version == 1 else "updated", frozenset())
    for row in QuarantinedRow.objects.filter(batch_id=batch_id):
        found[row.line] = ("quarantined", frozenset(finding["rule"] for finding in row.findings))
    return found


def compare(name: str, receipt: Receipt, lines: list[Line]) -> None:
    """Compare every line of one file with the truth: outcome, the rule expected to hold it back, and the body tied."""
    found = outcomes_by_line(receipt.batch_id)
    held = versions_by_line(receipt.batch_id)
    codes = dict(Subject.objects.values_list("id", "uscc"))
    for line in lines:
        number = int(line["line"])
        outcome, rules = found.get(number, ("duplicate", frozenset()))
        assert outcome == line["outcome"], (name, line)
        if line["rule"]:
            assert line["rule"] in rules, (name, line, rules)
        if outcome in {"accepted", "updated"}:
            tied = held[number].subject_id
            assert (tied is not None) == (line["linked"] == "true"), (name, line)
            if tied is not None:
                assert codes[tied] == line["body_uscc"], (name, line)


def test_every_line_of_every_file_becomes_what_the_truth_says(city: Path, rehearsal: Rehearsal) -> None:
    lines = truth(rehearsal)
    read, encodings = set(), set()
    for file in rehearsal.files:
        receipt = import_path(file.path, file.item, organisation=file.organisation)
        expected = file.expected
        assert receipt.lines == expected.lines
        assert {key: getattr(receipt, key) for key in expected.outcomes} == dict(expected.outcomes), file.path.name
        assert receipt.linked == expected.linked, file.path.name
        assert receipt.generation == file.generation
        compare(file.path.name, receipt, lines[file.path.name])
        read.add((file.item, receipt.generation))
        encodings.add(receipt.encoding)
    lists = {("registration", "R1"), *itertools.product(("licence", "penalty"), ("G1", "G2", "G3"))}
    assert read == lists
    assert encodings == {"utf-8", "utf-8-sig", "gb18030", "xlsx"}
    assert_punctuality_is_counted()
    assert not list((city / "inbox").iterdir())
    assert_public_store_is_the_facts()


def assert_punctuality_is_counted() -> None:
    """Each new decision is on time or late by its own deadline: all files arrive today."""
    firsts = Record.objects.filter(version=1, due_on__isnull=False)
    late = Counter(one.item for one in firsts if one.due_on is not None and one.due_on < TODAY)
    counted: Counter[str] = Counter()
    for row in Timeliness.objects.all():
        counted[row.item] += row.late
        assert row.reported == row.on_time + row.late
    assert counted == late
    assert sum(Timeliness.objects.values_list("reported", flat=True)) == firsts.count()


def assert_public_store_is_the_facts() -> None:
    """The public totals are counts of what is shown, and only tied, latest, public facts are shown."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT item, date_trunc('month', decided_on)::date, count(*) FROM publication.fact GROUP BY 1, 2
            EXCEPT SELECT item, month, facts FROM publication.monthly"""
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT sum(facts) = (SELECT count(*) FROM publication.fact) FROM publication.monthly")
        assert cursor.fetchone() == (True,)
        cursor.execute(
            """SELECT count(*) FROM publication.fact f JOIN records_record r ON r.id = f.record_id
            WHERE r.subject_id IS NULL OR NOT r.public
                OR EXISTS (SELECT 1 FROM records_record l WHERE l.key = r.key AND l.version > r.version)"""
        )
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT bodies = (SELECT count(*) FROM publication.body) FROM publication.state")
        assert cursor.fetchone() == (True,)


def test_the_whole_city_handed_in_again_changes_nothing(city: Path, rehearsal: Rehearsal) -> None:
    assert city.is_dir()
    first = [import_path(file.path, file.item, organisation=file.organisation) for file in rehearsal.files[3:5]]
    held = Record.objects.count()
    again = [import_path(file.path, file.item, organisation=file.organisation) for file in rehearsal.files[3:5]]
    assert again == first
    assert Record.objects.count() == held
