"""A file handed in at the command line becomes facts, a receipt, and a file of the rows sent back."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chengxin.base.city import load_city
from chengxin.intake.models import Batch
from chengxin.rehearsal import Rehearsal, rehearse
from chengxin.testing.city import ORGANISATION, row, write_file

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal

    from chengxin.rehearsal import RehearsalFile

DAY = date(2026, 3, 2)
NOW = "2026-03-02T10:00:00+08:00"
COUNTS = ("accepted", "updated", "duplicate", "quarantined")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    return rehearse(load_city("kunshan"), seed=11, bodies=120, out=tmp_path_factory.mktemp("city"), today=DAY)


def hand_in(terminal: Terminal, file: RehearsalFile) -> dict[str, object]:
    arguments = ["import", str(file.path), "--item", file.item, "--org", file.organisation, "--json"]
    done = terminal.run(*arguments, CHENGXIN_NOW=NOW)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    held = json.loads(line)
    assert isinstance(held, dict)
    return held


def first(city: Rehearsal, item: str) -> RehearsalFile:
    return next(one for one in city.files if one.item == item)


@pytest.mark.django_db
def test_a_new_database_holds_no_batch() -> None:
    assert not Batch.objects.exists()


def test_a_file_gives_one_line_of_json_that_adds_up(terminal: Terminal, city: Rehearsal) -> None:
    file = first(city, "registration")
    receipt = hand_in(terminal, file)
    assert receipt["state"] == "published"
    assert receipt["lines"] == file.expected.lines
    assert receipt["lines"] == sum(int(str(receipt[name])) for name in COUNTS)
    assert receipt["generation"] == "R1"


def test_the_same_file_again_gives_the_receipt_it_got(terminal: Terminal, city: Rehearsal) -> None:
    file = first(city, "registration")
    assert hand_in(terminal, file) == hand_in(terminal, file)


def test_the_returned_rows_are_written_and_shown(terminal: Terminal, city: Rehearsal, tmp_path: Path) -> None:
    for file in (one for one in city.files if one.item == "registration"):
        hand_in(terminal, file)
    receipt = hand_in(terminal, first(city, "penalty"))
    returned = tmp_path / "returned.csv"
    done = terminal.run("batch", str(receipt["batch_id"]), "--returned", str(returned), "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert {name: shown[name] for name in receipt} == receipt
    with returned.open(encoding="utf-8-sig", newline="") as held:
        rows = list(csv.DictReader(held))
    assert len(rows) == receipt["quarantined"]
    assert all(row["自留_问题"] for row in rows)
    workbook = tmp_path / "returned.xlsx"
    assert terminal.run("batch", str(receipt["batch_id"]), "--returned", str(workbook)).returncode == 0
    assert workbook.read_bytes().startswith(b"PK")


def test_a_receipt_for_people_is_a_table_in_both_languages(terminal: Terminal, city: Rehearsal) -> None:
    file = first(city, "registration")
    done = terminal.run("import", str(file.path), "--item", file.item, "--org", file.organisation, CHENGXIN_NOW=NOW)
    assert done.returncode == 0, done.stderr
    assert "行数 lines" in done.stdout
    assert "退回 quarantined" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("{file}", "--item", "score", "--org", "ks-scjg"), "score"),
        (("{file}", "--item", "registration", "--org", "nobody"), "chengxin organisations"),
        (("{file}", "--item", "registration", "--org", "ks-cgj"), "不报送"),
        (("{file}", "--item", "penalty", "--org", "ks-scjg"), "登记"),
        (("{file}", "--item", "registration", "--org", "ks-scjg", "--encoding", "latin-1"), "latin-1"),
        (("{file}", "--item", "registration", "--org", "ks-scjg", "--mapping", "nothing"), "nothing"),
        (("missing.csv", "--item", "registration", "--org", "ks-scjg"), "missing.csv"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_with_a_sentence_and_leaves_no_batch(
    terminal: Terminal, city: Rehearsal, arguments: tuple[str, ...], told: str
) -> None:
    file = str(first(city, "registration").path)
    done = terminal.run("import", *(one.format(file=file) for one in arguments), "--json")
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert terminal.run("batch", "1").returncode == 2


def test_returned_rows_go_to_csv_or_xlsx_only(terminal: Terminal) -> None:
    done = terminal.run("batch", "1", "--returned", "rows.pdf")
    assert done.returncode == 2
    assert ".xlsx" in done.stderr
    assert not Path("rows.pdf").exists()


def test_a_held_batch_is_told_with_its_figures_and_released_with_a_reason(terminal: Terminal, tmp_path: Path) -> None:
    rows = [row("penalty", "G3", number, **({"facts": ""} if number % 2 else {})) for number in range(1, 121)]
    path = write_file(tmp_path / "half.csv", "penalty", "G3", rows)
    arguments = ["import", str(path), "--item", "penalty", "--org", ORGANISATION, "--json"]
    lone = terminal.run(*arguments, "--release", CHENGXIN_NOW=NOW)
    assert (lone.returncode, "--reason" in lone.stderr) == (2, True)
    held = terminal.run(*arguments, CHENGXIN_NOW=NOW)
    assert held.returncode == 2
    assert "120 行中有 60 行未通过校验（50.0%），超过 30% 的界限" in held.stderr.replace("\n", "")
    done = terminal.run(*arguments, "--release", "--reason", "整批核对过", CHENGXIN_NOW=NOW)
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert (receipt["state"], receipt["accepted"], receipt["quarantined"]) == ("published", 60, 60)
