"""The truth beside the files: counted right, written plainly."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

from chengxin.rehearsal import vocabulary
from chengxin.rehearsal.sheet import Sheet
from chengxin.rehearsal.truth import LEADING, Expected, FactTruth, truth_fields, write_bodies

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.rehearsal.bodies import Bodies


def sheet_of(rows: int = 3) -> Sheet:
    sheet = Sheet(
        "penalty",
        "G3",
        rows,
        {"subject_name": [f"甲{row}" for row in range(rows)]},
        [f"code{row}" for row in range(rows)],
        ["2026-01-05"] * rows,
        [row == 0 for row in range(rows)],
    )
    wrong = next(each for each in vocabulary.dirt_rates().main if each.kind == "wrong_code")
    sheet.expect(1, wrong, "uscc")
    sheet.kinds.setdefault(2, []).append("stray_spaces")
    return sheet


class TestExpected:
    def test_every_line_has_one_outcome(self) -> None:
        expected = Expected()
        expected.add(sheet_of())
        expected.add(sheet_of(4))
        assert expected.lines == 7
        assert sum(expected.outcomes.values()) == 7
        assert expected.outcomes == Counter(accepted=5, quarantined=2)

    def test_late_and_linked_lines_rules_and_dirt_are_counted(self) -> None:
        expected = Expected()
        expected.add(sheet_of())
        assert expected.as_dict() == {
            "accepted": 2,
            "updated": 0,
            "duplicate": 0,
            "quarantined": 1,
            "linked": 2,
            "late": 1,
            "rules": {"uscc_suspect": 1},
            "dirt": {"stray_spaces": 1, "wrong_code": 1},
        }


class TestFacts:
    def test_each_line_says_where_it_is_and_what_should_become_of_it(self, tmp_path: Path) -> None:
        path = tmp_path / "facts.csv"
        with FactTruth(path) as truth:
            truth.write("a.csv", 2, sheet_of())
            truth.write("a.csv", 5, sheet_of(2))
        with path.open(encoding="utf-8", newline="") as held:
            rows = list(csv.DictReader(held))
        assert [row["line"] for row in rows] == ["2", "3", "4", "5", "6"]
        assert rows[1] | {"subject_name": "甲1"} == rows[1]
        assert {key: rows[1][key] for key in LEADING} == {
            "file": "a.csv",
            "line": "3",
            "item": "penalty",
            "generation": "G3",
            "body_uscc": "code1",
            "dirt": "wrong_code",
            "outcome": "quarantined",
            "rule": "uscc_suspect",
            "linked": "false",
            "late": "false",
            "reported_on": "2026-01-05",
        }
        assert rows[0]["late"] == "true"
        assert rows[2]["dirt"] == "stray_spaces"

    def test_it_has_the_fields_of_all_lists_each_once(self) -> None:
        fields = truth_fields()
        assert len(fields) == len(set(fields))
        for columns in vocabulary.layouts().columns.values():
            assert {column.key for column in columns} <= set(fields)
        assert not set(fields) & set(LEADING)


class TestBodies:
    def test_every_body_is_written_with_its_codes_and_names(self, tmp_path: Path, bodies: Bodies) -> None:
        path = tmp_path / "bodies.csv"
        write_bodies(path, bodies)
        with path.open(encoding="utf-8", newline="") as held:
            rows = {row["uscc"]: row for row in csv.DictReader(held)}
        assert len(rows) == bodies.uscc.size
        assert Counter(row["registered"] for row in rows.values()) == {"true": 3_000, "false": 60}

    def test_a_branch_names_its_firms_code(self, tmp_path: Path, bodies: Bodies) -> None:
        path = tmp_path / "bodies.csv"
        write_bodies(path, bodies)
        with path.open(encoding="utf-8", newline="") as held:
            rows = {row["uscc"]: row for row in csv.DictReader(held)}
        branches = [row for row in rows.values() if row["branch_of"]]
        assert len(branches) == int((bodies.parent >= 0).sum())
        for row in branches:
            assert row["name"].startswith(rows[row["branch_of"]]["name"])
