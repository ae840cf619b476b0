"""The tests that docs/attack-cases.md names exist, and every case has some."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "attack-cases.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CASES = ("1", "2", "3", "4", "5", "6", "41")


def functions(path: Path) -> set[str]:
    """Return the names of a file's functions, those of its classes included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def missing(text: str) -> list[str]:
    """Return the tests that ``text`` names and that are not there."""
    found = NAMED.findall(text)
    there = {path: functions(ROOT / path) if (ROOT / path).exists() else set() for path, _name in found}
    return [f"{path}::{name}" for path, name in found if name not in there[path]]


def sections() -> dict[str, str]:
    """Return the text of each case by its number."""
    parts = re.split(r"^## (\d+)\. ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_test_that_is_named_exists() -> None:
    assert missing(PAGE.read_text(encoding="utf-8")) == []


def test_every_case_says_the_rule_what_one_reads_and_its_tests() -> None:
    held = sections()
    assert tuple(held) == CASES
    for number, text in held.items():
        assert {"**Rule.**", "**What one reads.**", "**Tests.**"} <= set(re.findall(r"\*\*[^*]+\*\*", text)), number
        assert len(NAMED.findall(text)) > 1, number


def test_a_test_that_is_not_there_is_found_out() -> None:
    own = "tests/house/test_attack_cases.py"
    text = f"`{own}::functions`, `{own}::test_nobody_wrote`, `tests/house/nowhere.py::test_x`"
    assert missing(text) == [f"{own}::test_nobody_wrote", "tests/house/nowhere.py::test_x"]
