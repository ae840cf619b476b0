"""The checks of the build: migrations that would keep people out, parts, and known holes in them."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def tool(name: str) -> ModuleType:
    """Load a script of the tools folder."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


migrations: Any = tool("check_migrations")
dependencies: Any = tool("check_dependencies")


@pytest.mark.django_db
def test_no_migration_keeps_people_out_without_a_reason() -> None:
    settings = migrations.Settings.read()
    checked = dict(migrations.statements(settings.baseline))
    findings = [
        one
        for name, sql in checked.items()
        for one in migrations.lint(sql, name, list(settings.rules_off))
        if not migrations.on_new_tables(sql, one)
    ]
    left, idle = migrations.judge(findings, settings, list(checked))
    assert [str(one) for one in left] == []
    assert idle == []


def test_a_column_that_locks_everybody_out_is_found() -> None:
    sql = "ALTER TABLE records_record ADD COLUMN x uuid NOT NULL DEFAULT gen_random_uuid();\n"
    (finding,) = [one for one in migrations.lint(sql, "records.9999_x", []) if "default" in one.rule]
    assert finding.line == 1
    assert not migrations.on_new_tables(sql, finding)


def test_what_a_migration_makes_itself_keeps_nobody_waiting() -> None:
    sql = 'CREATE TABLE "a" ("id" bigint);\nCREATE INDEX "i" ON "a" ("id");\nCREATE INDEX "j" ON "b" ("id");\n'
    found = [one for one in migrations.lint(sql, "x.1", []) if one.rule == "require-concurrent-index-creation"]
    assert [migrations.on_new_tables(sql, one) for one in found] in ([False], [True, False])


def test_only_migrations_after_the_baseline_are_checked() -> None:
    present = [("records", "0001_initial"), ("records", "0002_x"), ("audit", "0001_initial"), ("django", "0009_x")]
    found = migrations.newer(present, {"records": "0001_initial"}, {"records", "audit"})
    assert found == [("audit", "0001_initial"), ("records", "0002_x")]


def test_an_exception_that_names_nothing_is_named() -> None:
    settings = migrations.Settings({}, {}, {"a.1": {"rule": "because"}})
    finding = migrations.Finding("a.1", "rule", 1, "x")
    assert migrations.judge([finding], settings, ["a.1"]) == ([], [])
    assert migrations.judge([], settings, ["a.1"]) == ([], ["a.1: rule"])
    assert migrations.judge([finding], migrations.Settings({}, {}, {}), ["a.1"]) == ([finding], [])


def test_an_exception_needs_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "migrations.yaml"
    path.write_text("baseline: {}\nrules_off: {x: ''}\nexceptions: {}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="reason"):
        migrations.Settings.read(path)


def test_the_parts_of_the_platform_are_those_of_the_lock(tmp_path: Path) -> None:
    out = tmp_path / "build" / "sbom.json"
    assert dependencies.write_sbom(out=out) == 0
    parts = {one["name"]: one["version"] for one in json.loads(out.read_text(encoding="utf-8"))["components"]}
    lock = dependencies.LOCK.read_text(encoding="utf-8")
    assert parts
    assert all(f"{name}=={version}" in lock for name, version in parts.items())
    assert "django" in parts


def test_the_same_lock_gives_the_same_list(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert dependencies.write_sbom(out=tmp_path / name) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_known_hole_fails_the_build() -> None:
    said = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]}
    outcome, lines = dependencies.judge(json.dumps(said), "")
    assert outcome.exit_code == 1
    assert lines[0] == "a 1: CVE-1, mended in 2"


def test_no_known_hole_passes() -> None:
    said = {"dependencies": [{"name": "a", "version": "1", "vulns": []}]}
    outcome, lines = dependencies.judge(json.dumps(said), "")
    assert (outcome.exit_code, lines) == (0, ["NONE KNOWN: 1 parts asked about, no known hole"])


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ("", "requests.exceptions.ConnectionError: Max retries exceeded"),
        (json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found"}]}), ""),
    ],
)
def test_a_service_that_was_not_reached_is_said_and_does_not_fail(said: str, errors: str) -> None:
    outcome, lines = dependencies.judge(said, errors)
    assert outcome.exit_code == 0
    assert lines[-1].startswith("COULD NOT ASK")


def test_a_lock_that_cannot_be_read_is_no_clean_one() -> None:
    assert dependencies.judge("", "ERROR: invalid requirement")[0].exit_code == 1


def test_what_was_not_looked_at_is_named_beside_what_was() -> None:
    said = {"dependencies": [{"name": "a", "skip_reason": "x"}, {"name": "b", "version": "1", "vulns": []}]}
    assert dependencies.judge(json.dumps(said), "")[1][0] == "a: not looked at: x"
