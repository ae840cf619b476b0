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


Outcome: Any = tool.Outcome


def test_a_hole_is_told_with_the_versions_that_mend_it() -> None:
    assert tool.judge(said(part("a", HOLE)), "") == (
        Outcome.HOLES,
        ["a 1: CVE-2026-1, mended in 2, 3", "HOLES: 1 in 1 parts"],
    )


def test_a_hole_that_nobody_mended_yet_is_told_so_and_still_fails() -> None:
    outcome, lines = tool.judge(said(part("a", {"id": "CVE-2026-2", "fix_versions": []})), "")
    assert (outcome.exit_code, lines[0]) == (1, "a 1: CVE-2026-2, mended in no version yet")


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_every_hole_of_every_part_is_one_line(counts: list[int]) -> None:
    parts = [part(f"p{number}", *[HOLE] * count) for number, count in enumerate(counts)]
    outcome, lines = tool.judge(said(*parts), "")
    assert outcome is (Outcome.HOLES if sum(counts) else Outcome.NONE_KNOWN)
    assert len(lines) == sum(counts) + 1


def test_a_hole_counts_although_other_parts_were_not_looked_at() -> None:
    outcome, lines = tool.judge(said({"name": "b", "skip_reason": "private"}, part("a", HOLE)), "")
    assert outcome.exit_code == 1
    assert lines[:2] == ["b: not looked at: private", "a 1: CVE-2026-1, mended in 2, 3"]


TRACE = 'Traceback (most recent call last):\n  File "pip_audit/_service/pypi.py", line 63, in query\n'


@pytest.mark.parametrize(
    "errors",
    [
        TRACE
        + "requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: https://x/pypi/a/1/json\n"
        "\nThe above exception was the direct cause of the following exception:\n\n"
        + TRACE
        + "pip_audit._service.interface.ServiceError",
        TRACE + "requests.exceptions.ProxyError: HTTPSConnectionPool(host='x', port=443): Max retries exceeded",
        TRACE + "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='x', port=443): Read timed out.",
        TRACE + "requests.exceptions.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        (
            "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed\n"
            "ERROR:pip_audit._cli:Tip: your network may be blocking this service. Try another with `-s SERVICE`"
        ),
    ],
)
def test_a_service_that_is_away_or_answers_503_stops_no_build_and_makes_no_clean_result(errors: str) -> None:
    outcome, lines = tool.judge("", f"INFO something\n{errors}\n")
    assert outcome is Outcome.COULD_NOT_ASK
    assert outcome.exit_code == 0
    assert lines[-1].startswith("COULD NOT ASK: nobody looked for known holes")
    assert "not a clean result" in lines[-1]
    assert not any("no known hole" in line for line in lines)


@pytest.mark.parametrize(
    "errors",
    [
        "ERROR:pip_audit._cli:requirement connection-pool==1 does not contain a hash in runtime.lock",
        "ERROR:pip_audit._cli:invalid requirements input: timed out.lock",
        "ERROR:pip_audit._cli:could not resolve marker of package ServiceError==503",
        "ValueError: a lock of 503 lines",
    ],
)
def test_a_fault_of_the_lock_is_no_absence_of_the_service_whatever_words_it_uses(errors: str) -> None:
    outcome, (line,) = tool.judge("", errors)
    assert outcome is Outcome.FAILED
    assert outcome.exit_code == 1
    assert line == f"FAILED: pip-audit: {errors}"


def test_parts_nobody_looked_at_make_no_clean_result() -> None:
    outcome, lines = tool.judge(said({"name": "b", "skip_reason": "not found"}, part("a")), "")
    assert outcome is Outcome.COULD_NOT_ASK
    assert lines[-1].startswith("COULD NOT ASK: about 1 of 2 parts")


def test_only_an_answer_about_every_part_is_clean() -> None:
    assert tool.judge(said(part("a"), part("b")), "") == (
        Outcome.NONE_KNOWN,
        ["NONE KNOWN: 2 parts asked about, no known hole"],
    )


def test_an_answer_about_no_part_fails() -> None:
    assert tool.judge(said(), "")[0] is Outcome.FAILED


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "{", '{"dependencies": '])
@pytest.mark.parametrize("errors", ["ERROR: hash mismatch", "", "\n\n"])
def test_an_answer_that_is_none_fails_with_what_was_said(text: str, errors: str) -> None:
    outcome, (line,) = tool.judge(text, errors)
    assert outcome.exit_code == 1
    assert line == f"FAILED: pip-audit: {errors.strip() or 'nothing said'}"


@pytest.mark.parametrize("text", ["", "# nothing but a remark\n"])
def test_a_list_without_parts_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    lock, out = tmp_path / "runtime.lock", tmp_path / "sbom.json"
    lock.write_text(text, encoding="utf-8")
    assert tool.write_sbom(lock, out) == 1
    assert "no list of parts" in capsys.readouterr().out
    assert not out.exists()


def test_a_list_that_lacks_parts_of_the_lock_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, out = tmp_path / "runtime.lock", tmp_path / "sbom.json"
    lock.write_text("alpha==1.0\nbeta[extra]==2.0\n", encoding="utf-8")
    maker = tmp_path / "cyclonedx-py"
    maker.write_text(f'#!/bin/sh\necho \'{{"components": [{{"name": "alpha"}}]}}\' > {out}\n', encoding="utf-8")
    maker.chmod(0o755)
    monkeypatch.setattr(tool, "program", lambda _name: str(maker))
    assert tool.write_sbom(lock, out) == 1
    assert "missing: ['beta']" in capsys.readouterr().out
    assert not out.exists()


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
