"""The tables of clauses are whole, name only tests there are, and are the pages that readers see."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    """Load the script that makes the pages."""
    spec = importlib.util.spec_from_file_location("tested_compliance", ROOT / "tools" / "render_compliance.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


tool: Any = load()
CLAUSES = [row for control in tool.read("dengbao-level-3.yaml")["controls"] for row in control["clauses"]]
REQUIREMENTS = [row for chapter in tool.read("asvs-5.0.yaml")["chapters"] for row in chapter["requirements"]]

LETTERS = {
    "8.1.4.1": "abcd", "8.1.4.2": "abcdefg", "8.1.4.3": "abcd", "8.1.4.4": "abcdef", "8.1.4.5": "", "8.1.4.6": "",
    "8.1.4.7": "ab", "8.1.4.8": "ab", "8.1.4.9": "abc", "8.1.4.10": "ab", "8.1.4.11": "ab",
}  # fmt: skip
"""The lettered clauses of level 3, 安全计算环境; a control without letters is one clause."""

IN_SCOPE = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 4, "11.2": 5, "11.3": 5, "11.4": 4, "11.5": 2, "11.6": 2,
    "11.7": 2, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4,
    "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 4, "17.1": 1,
    "17.2": 4, "17.3": 2,
}  # fmt: skip
"""Requirements of OWASP ASVS 5.0.0 by section: levels 1 and 2, and level 3 of V8, V11 and V16; the first of each."""


def test_every_clause_of_the_computing_environment_has_its_row() -> None:
    wanted = [f"{control} {letter})" for control, letters in LETTERS.items() for letter in letters]
    wanted += [control for control, letters in LETTERS.items() if not letters]
    assert sorted(row["id"] for row in CLAUSES) == sorted(wanted)
    assert len(CLAUSES) == 34


def test_every_requirement_in_scope_has_its_row_in_order() -> None:
    wanted = [f"{section}.{number}" for section, count in IN_SCOPE.items() for number in range(1, count + 1)]
    assert [row["id"] for row in REQUIREMENTS] == wanted
    assert len(REQUIREMENTS) == 270
    third = [row["id"] for row in REQUIREMENTS if row["level"] == 3]
    assert all(one.split(".")[0] in {"8", "11", "16"} for one in third)
    assert len(third) == 17


def test_no_row_lacks_its_test_its_reason_or_a_file() -> None:
    assert tool.all_faults() == []


def test_what_is_met_in_the_code_says_where() -> None:
    silent = [row["id"] for row in REQUIREMENTS if row["answer"] in {"met", "part"} and not row.get("code")]
    assert silent == []


@pytest.mark.parametrize("page", tool.PAGES, ids=lambda page: page.name)
def test_a_page_is_the_one_its_file_makes(page: Any) -> None:
    shown = (tool.FOLDER / page.name).read_text(encoding="utf-8")
    assert shown == page.make(tool.read(page.source)), "python tools/render_compliance.py write"


def test_every_clause_is_told_in_both_languages_and_operators_learn_what_to_do() -> None:
    for row in CLAUSES:
        assert re.search("[一-鿿]", row["asks_zh"] + row["how_zh"]), row["id"]
        assert not re.search("[一-鿿]", row["asks_en"] + row["how_en"]), row["id"]
        if row["answer"] in {"operator", "part"}:
            assert row["do_zh"], row["id"]
            assert row["do_en"], row["id"]


def test_what_is_not_whole_stands_on_top_of_the_page() -> None:
    text = (tool.FOLDER / "asvs-5.0.md").read_text(encoding="utf-8")
    top = text[text.index("## What is open") : text.index("## V1 ")]
    unsound = [row["id"] for row in REQUIREMENTS if row["answer"] in {"part", "not_met"}]
    assert [line.split("|")[1].strip() for line in top.splitlines() if re.match(r"\| \d", line)] == unsound


def test_the_numbers_that_nobody_saw_in_print_are_marked() -> None:
    held = tool.read("dengbao-level-3.yaml")
    assert held["confidence"] == "R"
    assert "没有对照标准正式文本" in held["note_zh"]
    assert "not in the official print" in held["note_en"]


def test_a_row_with_a_fault_is_named() -> None:
    good = {"id": "1", "asks": "x", "how": "y", "answer": "met", "tests": ["tests/compliance/test_pages.py::load"]}
    wanted = ("asks", "how")
    assert list(tool.faults(good, wanted)) == []
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"asks": " "}, "asks is missing"),
        ({"answer": "perhaps"}, "is none of"),
        ({"tests": []}, "no test shows it"),
        ({"tests": ["tests/compliance/test_pages.py::test_of_nothing"]}, "there is no test"),
        ({"tests": ["tests/compliance/test_pages.py"]}, "there is no test"),
        ({"tests": ["tools/render_compliance.py::main"]}, "there is no test"),
        ({"tests": ["tests/none.py::test_x"]}, "there is no test"),
        ({"code": ["src/none.py"]}, "there is no file"),
    ]
    for change, words in wrong:
        (fault,) = tool.faults(good | change, wanted)
        assert words in fault
    assert list(tool.faults(good | {"answer": "not_applicable", "tests": []}, wanted)) == []


def test_a_cell_cannot_break_its_table() -> None:
    assert tool.cell("a | b\n c") == "a \\| b c"


def test_chinese_lines_are_joined_without_a_blank() -> None:
    assert tool.cell("审计员，\n  两人 3 日 OK 好") == "审计员，两人 3 日 OK 好"


def test_another_word_is_answered_with_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["mend"]) == 2
    assert "render_compliance.py write" in capsys.readouterr().out


def test_the_check_says_what_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for page in tool.PAGES:
        for name in (page.source, page.name):
            (tmp_path / name).write_bytes((tool.FOLDER / name).read_bytes())
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    monkeypatch.setattr(tool.read, "__defaults__", (tmp_path,))
    assert tool.main(["check"]) == 0
    (tmp_path / "asvs-5.0.md").write_text("old", encoding="utf-8")
    assert tool.main(["check"]) == 1
    assert "asvs-5.0.md is not the page its file makes" in capsys.readouterr().out
    assert tool.main(["write"]) == 0
    assert tool.main(["check"]) == 0


NOTES = (ROOT / "docs" / "compliance" / "security-notes.md").read_text(encoding="utf-8")


def test_the_notes_say_what_the_tables_send_readers_there_for() -> None:
    headings = set(re.findall(r"^## (.+)$", NOTES, re.MULTILINE))
    assert headings >= {
        "Ways to log in",
        "Sessions",
        "What decides about access, besides duty and organisation",
        "Classes of data",
        "Logs",
        "What costs much",
        "Components with known holes",
        "Outside connections",
    }
    sent = {one.lower() for row in REQUIREMENTS for one in re.findall(r"Notes, ([a-z ]+)", row["how"])}
    told = {one.lower() for one in headings}
    assert {one for one in sent if not any(each.startswith(one) for each in told)} == set()


@pytest.mark.parametrize(("severity", "days"), [("critical", "7 days"), ("high", "30 days"), ("other", "90 days")])
def test_holes_are_mended_within_days_that_are_written_down(severity: str, days: str) -> None:
    part = NOTES[NOTES.index("## Components") :]
    (line,) = [one for one in part.splitlines() if one.startswith("|") and severity in one and "days" in one]
    assert days in line
