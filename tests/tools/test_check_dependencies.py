"""The list of parts and the search for known holes in them."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def load(name: str) -> ModuleType:
    """Load a script of the tools folder under a name of this test's own."""
    spec = importlib.util.spec_from_file_location(f"tested_{name}", ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


tool: Any = load("check_dependencies")
HOLE: dict[str, object] = {"id": "CVE-2026-1", "fix_versions": ["2", "3"]}


def part(name: str = "a", *holes: dict[str, object]) -> dict[str, object]:
    return {"name": name, "version": "1", "vulns": list(holes)}


def said(*parts: dict[str, object]) -> str:
    return json.dumps({"dependencies": list(parts)})


def test_a_hole_is_told_with_the_versions_that_mend_it() -> None:
    assert tool.judge(said(part("a", HOLE)), "") == (
        1,
        ["a 1: CVE-2026-1, mended in 2, 3", "1 parts asked about, 1 known holes"],
    )


def test_a_hole_that_nobody_mended_yet_is_told_so_and_still_fails() -> None:
    verdict, lines = tool.judge(said(part("a", {"id": "CVE-2026-2", "fix_versions": []})), "")
    assert (verdict, lines[0]) == (1, "a 1: CVE-2026-2, mended in no version yet")


@given(st.lists(st.integers(0, 3), max_size=6))
def test_every_hole_of_every_part_is_one_line(counts: list[int]) -> None:
    parts = [part(f"p{number}", *[HOLE] * count) for number, count in enumerate(counts)]
    verdict, lines = tool.judge(said(*parts), "")
    assert verdict == int(sum(counts) > 0)
    assert len(lines) == sum(counts) + 1
    assert lines[-1] == f"{len(counts)} parts asked about, {sum(counts)} known holes"


def test_a_hole_counts_although_other_parts_were_not_looked_at() -> None:
    verdict, lines = tool.judge(said({"name": "b", "skip_reason": "private"}, part("a", HOLE)), "")
    assert verdict == 1
    assert lines[:2] == ["b: not looked at: private", "a 1: CVE-2026-1, mended in 2, 3"]


@pytest.mark.parametrize(
    "errors",
    [
        "requests.exceptions.ConnectionError: x",
        "urllib3: Max retries exceeded with url",
        "ReadTimeout: timed out",
        "could not resolve host",
        "ServiceError: 503 Server Error",
    ],
)
def test_a_build_does_not_fail_because_another_server_is_away_and_says_that_nobody_looked(errors: str) -> None:
    verdict, lines = tool.judge("", f"INFO something\n{errors}\n")
    assert (verdict, lines) == (0, [tool.NOT_REACHED, errors])
    assert "nobody looked for known holes" in lines[0]


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "{", '{"dependencies": '])
@pytest.mark.parametrize("errors", ["ERROR: hash mismatch", "", "\n\n"])
def test_an_answer_that_is_none_fails_with_what_was_said(text: str, errors: str) -> None:
    verdict, (line,) = tool.judge(text, errors)
    assert verdict == 1
    assert line == f"pip-audit failed: {errors.strip() or 'nothing said'}"


@pytest.mark.parametrize("arguments", [[], ["help"], ["sbom", "more"], ["audit", "--fix"], ["SBOM"]])
def test_another_word_is_answered_with_the_two_there_are(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(arguments) == 2
    shown = capsys.readouterr().out
    assert "check_dependencies.py sbom" in shown
    assert "check_dependencies.py audit" in shown


def test_a_lock_that_cannot_be_read_makes_no_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.write_sbom(tmp_path / "none.lock", tmp_path / "out" / "sbom.json") == 1
    assert capsys.readouterr().out.strip()
    out = tmp_path / "out" / "sbom.json"
    assert not out.exists() or not out.read_text(encoding="utf-8"), (
        "an empty file at most, which nobody takes for a list"
    )


def test_the_list_names_the_platform_each_part_and_its_version(tmp_path: Path) -> None:
    lock = tmp_path / "runtime.lock"
    lock.write_text(
        "alpha==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\nbeta==2.0 ; python_version < '4'\n", encoding="utf-8"
    )
    assert tool.write_sbom(lock, tmp_path / "sbom.json") == 0
    held = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    assert (held["bomFormat"], held["specVersion"]) == ("CycloneDX", "1.6")
    assert held["metadata"]["component"]["name"] == "chengxin"
    assert {(one["name"], one["version"]) for one in held["components"]} == {("alpha", "1.0"), ("beta", "2.0")}
    assert not {"serialNumber"} & held.keys()
    assert "timestamp" not in held["metadata"]


LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


@pytest.mark.parametrize("path", LOCKS, ids=lambda one: one.name)
def test_every_part_of_a_lock_has_one_version_and_a_hash(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "-"))]
    assert lines
    for line in lines:
        assert re.match(r"[A-Za-z0-9._\[\],-]+==\S+", line), line
        assert "--hash=sha256:" in line, line


def test_what_runs_is_locked_and_what_only_develops_is_not_in_it() -> None:
    text = (ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    held = set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
    assert {"django", "psycopg", "cryptography", "duckdb", "click"} <= held
    assert not {"pytest", "hypothesis", "ruff", "mypy", "squawk-cli", "pip-audit"} & held
