"""The rehearsal as a whole: what is in the files is what the truth says, twice over."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.base.city import City, load_city
from chengxin.base.errors import ChengxinError
from chengxin.catalogue import load_catalogue, recognise_header
from chengxin.intake.reader import read_table
from chengxin.kernel.calendar import WorkCalendar
from chengxin.kernel.identifiers import Uscc, Verdict
from chengxin.rehearsal import rehearse, vocabulary
from chengxin.rehearsal.bodies import make_bodies
from chengxin.rehearsal.stage import plan_jobs

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.rehearsal import Rehearsal, RehearsalFile

    from .conftest import Staged

TODAY = date(2026, 1, 5)


def read_by_others(file: RehearsalFile) -> list[list[str]]:
    """Read a file with the standard library or openpyxl; the first row is the header."""
    if file.format == "xlsx":
        book = openpyxl.load_workbook(file.path)
        rows = book["数据"].iter_rows(values_only=True)
        return [["" if cell is None else str(cell) for cell in row] for row in rows]
    with file.path.open(encoding=file.encoding, newline="") as held:
        return list(csv.reader(held))


def bytes_of(made: Rehearsal) -> dict[str, str]:
    paths = sorted(path for path in made.out.rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


class TestTheDemoCity:
    def test_it_has_the_size_of_a_demo(self, staged: Staged) -> None:
        lines = Counter[str]()
        for file in staged.rehearsal.files:
            lines[file.item] += file.expected.lines
        assert len(staged.rehearsal.files) == 12
        assert 2_000 <= lines["registration"] <= 2_200
        assert lines["licence"] == 6_000
        assert lines["penalty"] == 3_000

    def test_the_truth_has_one_line_for_each_line_of_each_file(self, staged: Staged) -> None:
        assert set(staged.truth) == {file.path.name for file in staged.rehearsal.files}
        for file in staged.rehearsal.files:
            rows = read_by_others(file)
            assert sorted(staged.truth[file.path.name]) == list(range(2, len(rows) + 1))
            assert file.expected.lines == len(rows) - 1

    def test_counts_add_up_and_are_those_of_the_truth(self, staged: Staged) -> None:
        for file in staged.rehearsal.files:
            rows = staged.truth[file.path.name].values()
            expected = file.expected.as_dict()
            outcomes = Counter(row["outcome"] for row in rows)
            assert sum(outcomes.values()) == file.expected.lines
            for outcome in ("accepted", "updated", "duplicate", "quarantined"):
                assert outcomes[outcome] == expected[outcome]
            assert expected["linked"] == sum(row["linked"] == "true" for row in rows)
            assert expected["late"] == sum(row["late"] == "true" for row in rows)
            assert expected["rules"] == dict(sorted(Counter(row["rule"] for row in rows if row["rule"]).items()))

    def test_every_dirt_occurs_somewhere(self, staged: Staged) -> None:
        seen = {kind for file in staged.rehearsal.files for kind in file.expected.dirt}
        main = {each.kind for each in vocabulary.dirt_rates().main}
        assert main | {kind for kind, _ in vocabulary.dirt_rates().surface} == seen

    def test_the_manifest_tells_each_file_and_its_sum(self, staged: Staged) -> None:
        manifest = json.loads(staged.rehearsal.manifest.read_text(encoding="utf-8"))
        assert (manifest["city"], manifest["seed"], manifest["bodies"]) == ("kunshan", 5, 2_000)
        assert "虚构" in manifest["notice"]
        for entry in manifest["files"]:
            content = (staged.rehearsal.out / "files" / entry["name"]).read_bytes()
            assert entry["sha256"] == hashlib.sha256(content).hexdigest()
            assert entry["bytes"] == len(content)
            expected = entry["expected"]
            kinds = ("accepted", "updated", "duplicate", "quarantined")
            assert entry["lines"] == sum(expected[kind] for kind in kinds)

    def test_registers_come_first(self, staged: Staged) -> None:
        items = [file.item for file in staged.rehearsal.files]
        assert items == sorted(items, key=["registration", "licence", "penalty"].index)

    def test_every_registered_body_stands_once_and_sound_in_a_register(self, staged: Staged) -> None:
        sound = Counter(
            row["body_uscc"]
            for rows in staged.truth.values()
            for row in rows.values()
            if row["item"] == "registration" and row["outcome"] == "accepted"
        )
        registered = {uscc for uscc, row in staged.bodies.items() if row["registered"] == "true"}
        assert sound == Counter(registered)

    def test_a_line_is_linked_exactly_when_it_is_taken_in_for_a_registered_body(self, staged: Staged) -> None:
        for rows in staged.truth.values():
            for row in rows.values():
                body = staged.bodies.get(row["body_uscc"])
                known = body is not None and body["registered"] == "true"
                assert (row["linked"] == "true") == (known and row["outcome"] in ("accepted", "updated"))

    def test_no_two_facts_share_a_document_number_but_repetitions(self, staged: Staged) -> None:
        facts = [
            row
            for rows in staged.truth.values()
            for row in rows.values()
            if row["item"] != "registration" and row["outcome"] not in ("duplicate", "updated")
        ]
        numbers = [row["document_number"] for row in facts]
        assert len(numbers) == len(set(numbers)) > 8_000

    def test_every_clean_code_is_valid(self, staged: Staged) -> None:
        held = {row["uscc"] for rows in staged.truth.values() for row in rows.values() if row["uscc"]}
        held |= {row["issuer_code"] for rows in staged.truth.values() for row in rows.values() if row["issuer_code"]}
        assert {Uscc.parse(code).verdict for code in held} == {Verdict.VALID}

    def test_late_lines_are_late_by_the_working_calendar_and_the_others_are_not(self, staged: Staged) -> None:
        calendar = WorkCalendar()
        checked = Counter[str]()
        for rows in staged.truth.values():
            for row in list(rows.values())[:150]:
                if row["item"] == "registration" or row["outcome"] == "quarantined":
                    continue
                decided, reported = (date.fromisoformat(row[key]) for key in ("decided_on", "reported_on"))
                due = calendar.add_working_days(decided, 7).day
                assert (reported > due) == (row["late"] == "true"), row
                checked[row["late"]] += 1
        assert checked["true"] > 20
        assert checked["false"] > 500


class TestReadByThePlatform:
    def test_every_file_is_read_recognised_and_holds_what_the_truth_says(self, staged: Staged, tmp_path: Path) -> None:
        for file in staged.rehearsal.files:
            spool = tmp_path / f"{file.path.name}.spool"
            reading = read_table(file.path, spool)
            item = load_catalogue().item(file.item)
            match = recognise_header(item, reading.header)
            assert match.generation == file.generation
            assert match.missing_required == ()
            assert reading.lines == file.expected.lines
            assert reading.encoding == file.encoding
            with spool.open(encoding="utf-8", newline="") as held:
                for line, _, damaged, *cells in csv.reader(held):
                    truth = staged.truth[file.path.name][int(line)]
                    kinds = truth["dirt"].split(";")
                    if file.format == "xlsx" and "excel_damaged" in kinds:
                        assert damaged == str(match.columns["uscc"])
                    elif truth["dirt"] in ("", "duplicate", "update", "formula_text"):
                        for key in ("subject_name", "uscc", "document_number", "remarks", "legal_representative"):
                            if key in match.columns:
                                assert cells[match.columns[key]] == truth[key]

    def test_only_the_departments_own_column_is_not_recognised(self, staged: Staged) -> None:
        for file in staged.rehearsal.files:
            header = read_by_others(file)[0]
            match = recognise_header(load_catalogue().item(file.item), header)
            assert match.unknown == ()
            assert len(match.columns) == len([name for name in header if not name.startswith("flex_")])


class TestSameSeedSameBytes:
    def test_twice_the_same(self, city: City, tmp_path: Path) -> None:
        first, second = (rehearse(city, seed=9, bodies=150, out=tmp_path / name, today=TODAY) for name in ("a", "b"))
        assert bytes_of(first) == bytes_of(second)
        assert len(bytes_of(first)) == 12 + 3

    def test_another_seed_is_another_city(self, city: City, tmp_path: Path) -> None:
        first, second = (rehearse(city, seed=seed, bodies=60, out=tmp_path / str(seed), today=TODAY) for seed in (1, 2))
        assert not set(bytes_of(first).values()) & set(bytes_of(second).values())

    @settings(max_examples=6, deadline=None)
    @given(
        seed=st.integers(0, 2**40),
        bodies=st.integers(1, 60),
        licences=st.integers(0, 80),
        penalties=st.integers(0, 80),
        back=st.integers(0, 3_000),
    )
    def test_whatever_is_asked_the_lines_add_up(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        seed: int,
        bodies: int,
        licences: int,
        penalties: int,
        back: int,
    ) -> None:
        out = tmp_path_factory.mktemp("any")
        rows = {"licence": licences, "penalty": penalties}
        today = TODAY - timedelta(back)
        made = rehearse(load_city("kunshan"), seed=seed, bodies=bodies, out=out, today=today, rows=rows)
        lines = Counter[str]()
        for file in made.files:
            lines[file.item] += file.expected.lines
            assert sum(file.expected.outcomes.values()) == file.expected.lines
            assert len(read_by_others(file)) == file.expected.lines + 1
        assert lines["licence"] == licences
        assert lines["penalty"] == penalties
        assert bodies <= lines["registration"] <= bodies * 2
        assert made.lines == lines.total()


class TestAsking:
    def test_progress_is_told_file_by_file_up_to_the_end(self, city: City, tmp_path: Path) -> None:
        told: list[tuple[str, int, int]] = []
        made = rehearse(city, seed=1, bodies=40, out=tmp_path, today=TODAY, progress=lambda *step: told.append(step))
        assert [name for name, _, _ in told] == [file.path.name for file in made.files]
        assert all(done == total for _, done, total in told)

    def test_a_longer_file_is_written_in_several_stretches(self, city: City, tmp_path: Path) -> None:
        told: list[tuple[str, int, int]] = []
        made = rehearse(
            city,
            seed=1,
            bodies=30,
            out=tmp_path,
            today=TODAY,
            rows={"licence": 0, "penalty": 46_000},
            progress=lambda *step: told.append(step),
        )
        market = [done for name, done, _ in told if name == "ks-scjg-penalty-G3.csv"]
        assert market == [20_000, 20_700]
        assert sum(file.expected.lines for file in made.files if file.item == "penalty") == 46_000
        with (tmp_path / "truth" / "facts.csv").open(encoding="utf-8", newline="") as held:
            lines = [int(row["line"]) for row in csv.DictReader(held) if row["file"] == "ks-scjg-penalty-G3.csv"]
        assert lines == list(range(2, 20_702))

    @pytest.mark.parametrize("rows", [{"registration": 5}, {"licence": -1}, {"scores": 1}])
    def test_rows_that_cannot_be_are_refused(self, city: City, tmp_path: Path, rows: dict[str, int]) -> None:
        with pytest.raises(ChengxinError) as caught:
            rehearse(city, seed=1, bodies=10, out=tmp_path, today=TODAY, rows=rows)
        assert caught.value.code == "rehearsal_rows"
        assert caught.value.where in rows

    def test_no_facts_no_files_of_facts(self, city: City, tmp_path: Path) -> None:
        made = rehearse(city, seed=1, bodies=200, out=tmp_path, today=TODAY, rows={"licence": 0, "penalty": 0})
        assert {file.item for file in made.files} == {"registration"}


class TestJobs:
    def test_a_workbook_too_long_for_a_department_is_written_as_csv(self, city: City) -> None:
        bodies = make_bodies(city, seed=1, count=100, today=TODAY)
        few = plan_jobs(city, bodies, {"licence": 1_000, "penalty": 1_000}, TODAY)
        many = plan_jobs(city, bodies, {"licence": 2_000_000, "penalty": 2_000_000}, TODAY)
        assert [job.profile.format for job in few].count("xlsx") == 4
        formats = [job.profile.format for job in many if job.profile.item != "registration"]
        assert set(formats) == {"csv"}
        assert all(job.profile.dates != "cell" for job in many if job.profile.format == "csv")

    def test_an_organ_that_has_gone_hands_nothing_in(self, city: City) -> None:
        gone = tuple(
            replace(each, until=date(2020, 1, 1)) if each.code == "ks-sthj" else each for each in city.organisations
        )
        bodies = make_bodies(city, seed=1, count=100, today=TODAY)
        jobs = plan_jobs(replace(city, organisations=gone), bodies, {"licence": 100, "penalty": 100}, TODAY)
        assert "ks-sthj" not in {job.organisation.code for job in jobs}
        assert sum(job.rows for job in jobs if job.profile.item == "penalty") == 100

    def test_a_city_with_one_organ_still_has_its_rehearsal(self, city: City, tmp_path: Path) -> None:
        alone = replace(city, organisations=(city.organisation("ks-scjg"),))
        made = rehearse(alone, seed=3, bodies=50, out=tmp_path, today=TODAY)
        assert [file.item for file in made.files] == ["registration", "licence", "penalty"]
        assert made.files[2].expected.lines == 75

    def test_two_files_of_one_organ_never_give_the_same_number(self, city: City) -> None:
        bodies = make_bodies(city, seed=1, count=10, today=TODAY)
        jobs = plan_jobs(city, bodies, {"licence": 500, "penalty": 500}, TODAY)
        taken: set[tuple[str, str, int]] = set()
        for job in jobs:
            for serial in range(job.first_serial, job.first_serial + job.rows):
                key = (job.organisation.code, job.profile.item, serial)
                assert job.profile.item == "registration" or key not in taken
                taken.add(key)
