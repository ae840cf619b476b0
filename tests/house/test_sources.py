"""The house rules that no other tool checks: sizes, documentation, types, tests, translations, what files may say."""

from __future__ import annotations

import ast
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "chengxin"

LONGEST_FILE = 500
LONGEST_FUNCTION = 60
DOCUMENTED = 0.60

TEXT = {
    ".py",
    ".md",
    ".yaml",
    ".yml",
    ".toml",
    ".txt",
    ".in",
    ".lock",
    ".sql",
    ".html",
    ".css",
    ".js",
    ".csv",
    ".po",
    "",
}


def tracked() -> list[Path]:
    """Return the files of the project: what git tracks or would, or all but the generated ones without git."""
    if (ROOT / ".git").exists():
        asked = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard", "-z"]
        listed = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True)
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    parts = ("src", "tests", "docs", "tools", "benchmarks", "requirements")
    found = [path for part in parts for path in (ROOT / part).rglob("*") if path.is_file()]
    return [path for path in found if "__pycache__" not in path.parts and ".egg-info" not in str(path)]


def python_files(*folders: str) -> list[Path]:
    chosen = [ROOT / one for one in folders]
    return [one for one in tracked() if one.suffix == ".py" and any(one.is_relative_to(folder) for folder in chosen)]


@dataclass(frozen=True)
class Function:
    """A function of ours, with the file it stands in."""

    path: Path
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.node.lineno} {self.node.name}"

    @property
    def lines(self) -> int:
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    def untyped(self) -> list[str]:
        given = self.node.args
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        extra = [one for one in (given.vararg, given.kwarg) if one is not None]
        bare = [one.arg for one in [*arguments, *extra] if one.annotation is None and one.arg not in {"self", "cls"}]
        return [*bare, *(["return"] if self.node.returns is None else [])]


def functions(*folders: str) -> list[Function]:
    return [
        Function(path, node)
        for path in python_files(*folders)
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in python_files("src", "tests", "tools", "benchmarks")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    assert [one.place for one in functions("src", "tests", "tools", "benchmarks") if one.lines > LONGEST_FUNCTION] == []


def test_every_function_is_typed() -> None:
    assert [one.place for one in functions("src", "tests", "tools", "benchmarks") if one.untyped()] == []


def test_six_functions_in_ten_are_documented() -> None:
    found = functions("src")
    documented = [one for one in found if ast.get_docstring(one.node)]
    assert len(documented) / len(found) >= DOCUMENTED


def lines_of(*folders: str) -> int:
    return sum(
        1
        for path in python_files(*folders)
        if "migrations" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    )


def test_there_are_at_least_as_many_lines_of_tests_as_of_sources() -> None:
    # The fixtures and builders that the product ships for tests of its parts are tests' code.
    builders = lines_of("src/chengxin/testing")
    assert lines_of("tests") + builders >= lines_of("src") - builders


CHECKS = re.compile(r"\bassert\b|pytest\.(raises|warns|fail)|assert_\w+\(")


def test_every_test_asserts_or_expects_something() -> None:
    by_file: dict[Path, list[Function]] = {}
    for one in functions("tests"):
        by_file.setdefault(one.path, []).append(one)
    idle = []
    for found in by_file.values():
        checking = {one.node.name for one in found if CHECKS.search(ast.unparse(one.node))}
        calls = re.compile("|".join([*(rf"\b{re.escape(name)}\(" for name in sorted(checking)), CHECKS.pattern]))
        idle += [
            one.place for one in found if one.node.name.startswith("test_") and not calls.search(ast.unparse(one.node))
        ]
    assert idle == []


# Written in pieces, so that this file does not contain what it looks for.
UNWANTED = {
    "a package registry's address": re.compile("py" + r"pi\.org|files\.python" + r"hosted|registry\.npm" + r"js"),
    "a package index": re.compile(r"--(extra-)?index" + r"-url|--find" + r"-links "),
    "a path of somebody's machine": re.compile(r"/(work|ho" + r"me|Users)/[a-z]+[/\s\"']|/tm" + r"p/[a-z]+/brief"),
    "unfinished work": re.compile(r"\bTO" + r"DO\b|\bFIX" + r"ME\b"),
}
MAKEFILE_LOCK = {"Makefile"}
"""The recipe that keeps addresses out of the lock files has to name the options that do so."""


@pytest.mark.parametrize("what", list(UNWANTED))
def test_no_file_mentions(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix in TEXT and path.name not in MAKEFILE_LOCK
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if UNWANTED[what].search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["build", "runtime", "development"])
def test_a_lock_file_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==\S+", text, flags=re.MULTILINE | re.IGNORECASE)
    assert pinned
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_development_lock_contains_the_runtime_lock() -> None:
    runtime, development = (
        set(re.findall(r"^[\w.\[\],-]+==\S+", (ROOT / "requirements" / f"{name}.lock").read_text(), flags=re.MULTILINE))
        for name in ("runtime", "development")
    )
    assert runtime - development == set()


def test_every_exception_from_a_lint_rule_carries_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lint = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.pydocstyle]")]
    rules = [line for line in lint.splitlines() if re.match(r'\s+"[A-Z]+[0-9]*",', line)]
    assert rules
    assert [line.strip() for line in rules if not re.search(r"#\s+\S+ \S+", line)] == []


def catalogues() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".po"]


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: str(path.relative_to(SOURCES)))
def test_a_compiled_translation_is_in_step_with_its_text(path: Path) -> None:
    compiled = {
        (one.msgctxt, one.msgid): (one.msgstr, one.msgstr_plural) for one in polib.mofile(str(path.with_suffix(".mo")))
    }
    written = {
        (one.msgctxt, one.msgid): (one.msgstr, one.msgstr_plural)
        for one in polib.pofile(str(path))
        if one.translated() and not one.obsolete
    }
    assert compiled == written
