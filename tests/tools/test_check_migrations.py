"""The linter of migrations: which are checked, what is excused, and that every excuse says why."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
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


tool: Any = load("check_migrations")
HELD = yaml.safe_load((ROOT / "tools" / "migrations.yaml").read_text(encoding="utf-8"))


def finding(rule: str = "r", migration: str = "a.1", line: int = 1) -> Any:
    return tool.Finding(migration, rule, line, "what is wrong")


def migrations_of(app: str) -> list[str]:
    package = ROOT / "src" / "chengxin"
    folder = package / "ends" / app.removeprefix("end_") if app.startswith("end_") else package / app
    return sorted(path.stem for path in (folder / "migrations").glob("0*.py"))


@pytest.mark.parametrize(("app", "name"), sorted(HELD["baseline"].items()))
def test_the_baseline_names_migrations_there_are(app: str, name: str) -> None:
    assert name in migrations_of(app)


@pytest.mark.parametrize("migration", sorted(HELD["exceptions"]))
def test_an_exception_is_for_a_migration_there_is_after_the_baseline(migration: str) -> None:
    app, _, name = migration.partition(".")
    assert name in migrations_of(app)
    assert name > HELD["baseline"].get(app, "")


@pytest.mark.parametrize(
    ("where", "rule", "why"),
    [
        *(("rules_off", rule, why) for rule, why in HELD["rules_off"].items()),
        *((name, rule, why) for name, rules in HELD["exceptions"].items() for rule, why in rules.items()),
    ],
)
def test_every_excuse_names_a_rule_and_gives_a_reason_one_can_judge(where: str, rule: str, why: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule), where
    assert len(why) >= len("the same table"), where


@pytest.mark.parametrize("why", ["''", "'   '", "null", "~"])
@pytest.mark.parametrize(
    "place", ["rules_off: {a-b: WHY}\nexceptions: {}", "rules_off: {}\nexceptions: {x.1: {a-b: WHY}}"]
)
def test_an_excuse_without_a_reason_stops_the_check(tmp_path: Path, place: str, why: str) -> None:
    path = tmp_path / "migrations.yaml"
    path.write_text(f"baseline: {{}}\n{place.replace('WHY', why)}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="every exception needs its reason"):
        tool.Settings.read(path)


def test_a_settings_file_with_a_part_missing_is_no_settings_file(tmp_path: Path) -> None:
    path = tmp_path / "migrations.yaml"
    path.write_text("baseline: {}\nrules_off: {}\n", encoding="utf-8")
    with pytest.raises(KeyError, match="exceptions"):
        tool.Settings.read(path)


PRESENT = st.lists(
    st.tuples(st.sampled_from(["audit", "records", "django"]), st.sampled_from(["0001_a", "0002_b", "0010_c"])),
    max_size=8,
)


@given(
    present=PRESENT,
    baseline=st.dictionaries(st.sampled_from(["audit", "records"]), st.sampled_from(["0001_a", "0002_b"])),
)
def test_what_is_newer_is_ours_after_the_baseline_and_in_order(
    present: list[tuple[str, str]], baseline: dict[str, str]
) -> None:
    found = tool.newer(present, baseline, {"audit", "records"})
    assert found == sorted(found)
    assert all(app in {"audit", "records"} and name > baseline.get(app, "") for app, name in found)
    left = [one for one in present if one not in found]
    assert all(app == "django" or name <= baseline[app] for app, name in left)


@pytest.mark.parametrize(
    ("sql", "line", "own"),
    [
        ('CREATE TABLE "a" ("id" bigint);\nALTER TABLE "a" ADD COLUMN "b" int;', 2, True),
        ('CREATE TABLE core.a ("id" bigint);\nALTER TABLE core.a ADD COLUMN "b" int;', 2, True),
        ('CREATE TABLE publication.a (id bigint);\nALTER TABLE ONLY publication.a ADD COLUMN "b" int;', 2, True),
        ('CREATE TABLE "a" ("id" bigint);\nALTER TABLE "ab" ADD COLUMN "b" int;', 2, False),
        ('ALTER TABLE "a" ADD COLUMN "b" int;', 1, False),
        ('CREATE TABLE "a" ("id" bigint);\nDROP TABLE "b";', 2, False),
    ],
)
def test_only_a_table_the_same_migration_makes_keeps_nobody_waiting(sql: str, line: int, own: bool) -> None:  # noqa: FBT001 - a column of the table
    assert tool.on_new_tables(sql, finding(line=line)) is own


def test_the_frame_that_django_writes_is_taken_off_and_nothing_else() -> None:
    text = "BEGIN;\n--\n-- BEGIN;\n--\nSELECT 'COMMIT;';\nCOMMIT;\n"
    assert tool.WRAP.sub("", text) == "\n--\n-- BEGIN;\n--\nSELECT 'COMMIT;';\n\n"


def test_a_finding_is_one_line_with_its_place() -> None:
    assert str(finding("ban-drop-column", "records.0009_x", 7)) == "records.0009_x:7: ban-drop-column: what is wrong"


def test_an_excuse_holds_for_its_rule_and_its_migration_only() -> None:
    settings = tool.Settings({}, {}, {"a.1": {"r": "because"}})
    others = [finding("s"), finding("r", "b.1")]
    assert tool.judge([finding(), *others], settings, ["a.1", "b.1"]) == (others, [])


def test_an_excuse_for_a_migration_that_is_not_checked_any_more_is_named() -> None:
    settings = tool.Settings({}, {}, {"a.1": {"r": "because", "s": "because"}})
    assert tool.judge([finding("r"), finding("s")], settings, []) == ([], ["a.1: r", "a.1: s"])


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ('ALTER TABLE "records_record" ADD COLUMN "x" int NOT NULL;', "adding-required-field"),
        ('ALTER TABLE "records_record" RENAME COLUMN "a" TO "b";', "renaming-column"),
        ('CREATE INDEX "i" ON "records_record" ("a");', "require-concurrent-index-creation"),
        ('ALTER TABLE "records_record" ALTER COLUMN "a" TYPE bigint;', "changing-column-type"),
        ('ALTER TABLE "records_record" DROP COLUMN "a";', "ban-drop-column"),
    ],
)
def test_what_would_break_or_lock_out_the_running_version_is_found(sql: str, rule: str) -> None:
    found = tool.lint(f"{sql}\n", "records.9999_x", list(HELD["rules_off"]))
    assert rule in {one.rule for one in found}
    for one in found:
        assert one.rule not in HELD["rules_off"]
        assert one.line == 1
        assert "\n" not in one.message


def test_a_migration_that_only_makes_a_table_is_right() -> None:
    sql = 'CREATE TABLE "a" ("id" bigint NOT NULL PRIMARY KEY, "b" text NOT NULL);\n'
    assert tool.lint(sql, "records.9999_x", list(HELD["rules_off"])) == []


def test_sql_that_is_none_is_no_clean_migration() -> None:
    assert tool.lint("ALTER TABEL x;\n", "records.9999_x", list(HELD["rules_off"])) != []
