"""Check that an installation goes on serving while it migrates: squawk over the SQL of every newer migration.

python tools/check_migrations.py [--json]

The baseline, the rules that are off and the exceptions, each with its reason, are in ``tools/migrations.yaml``. The SQL
is what Django would send; steps in Python send none and are not judged. Exit code 1 when something is found that no
exception names, and when an exception names something that is not found any more.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

SETTINGS = Path(__file__).with_name("migrations.yaml")


@dataclass(frozen=True)
class Finding:
    """What the linter says about a line of a migration's SQL."""

    migration: str
    rule: str
    line: int
    message: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        return f"{self.migration}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Settings:
    """The settings file: last migrations not checked, rules off, and exceptions, all with their reasons."""

    baseline: Mapping[str, str]
    rules_off: Mapping[str, str]
    exceptions: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, path: Path = SETTINGS) -> Settings:
        """Return the settings; raise ``ValueError`` for an exception without a reason."""
        held: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        reasons = [*held["rules_off"].values(), *(why for one in held["exceptions"].values() for why in one.values())]
        if not all(str(why or "").strip() for why in reasons):
            raise ValueError(f"{path}: every exception needs its reason")
        return cls(held["baseline"], held["rules_off"], held["exceptions"])


def newer(
    present: Sequence[tuple[str, str]], baseline: Mapping[str, str], ours: Collection[str]
) -> list[tuple[str, str]]:
    """Return the migrations (application, name) of ours after the baseline; all of an application without one."""
    return sorted(one for one in present if one[0] in ours and one[1] > baseline.get(one[0], ""))


def lint(sql: str, name: str, off: Sequence[str], pg_version: str = "15.0") -> list[Finding]:
    """Return what squawk says about ``sql``, for the oldest PostgreSQL that is supported."""
    program = shutil.which("squawk") or str(Path(sys.executable).with_name("squawk"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.sql"
        path.write_text(sql, encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - the linter of our development requirements
            [
                program, "--reporter", "json", "--assume-in-transaction", "--pg-version", pg_version,
                *(f"--exclude={rule}" for rule in off), str(path),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if not done.stdout.strip():
        raise RuntimeError(f"squawk said nothing about {name}: {done.stderr.strip()}")
    return [
        Finding(name, str(one["rule_name"]), int(one["line"]) + 1, " ".join(str(one["message"]).split()))
        for one in json.loads(done.stdout)
    ]


TABLE = re.compile(r'(?:ALTER TABLE|ON)\s+(?:ONLY\s+)?(?:core\.|publication\.)?"?([a-z_0-9]+)"?')
MADE = re.compile(r'CREATE TABLE\s+(?:core\.|publication\.)?"?([a-z_0-9]+)"?')
WRAP = re.compile(r"^(?:BEGIN|COMMIT);$", re.MULTILINE)
"""Django's own frame around the statements; the linter is told that there is one."""


def on_new_tables(sql: str, finding: Finding) -> bool:
    """Return whether a finding is about a table that the same migration makes: nobody waits for that one."""
    found = TABLE.search(sql.splitlines()[finding.line - 1])
    return found is not None and found[1] in MADE.findall(sql)


def judge(findings: Sequence[Finding], settings: Settings, checked: Sequence[str]) -> tuple[list[Finding], list[str]]:
    """Return the findings that no exception names, and the exceptions that name nothing."""
    left = [one for one in findings if one.rule not in settings.exceptions.get(one.migration, {})]
    said = {(one.migration, one.rule) for one in findings}
    idle = [
        f"{migration}: {rule}"
        for migration, rules in settings.exceptions.items()
        for rule in rules
        if migration not in checked or (migration, rule) not in said
    ]
    return left, idle


def statements(baseline: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (name, SQL) of every migration to check, as Django would send it; Django has to be ready."""
    from django.apps import apps  # noqa: PLC0415 - the settings come first
    from django.core.management import call_command  # noqa: PLC0415 - the settings come first
    from django.db import connection  # noqa: PLC0415 - the same
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415 - the same

    present = list(MigrationLoader(connection).disk_migrations or {})
    ours = {one.label for one in apps.get_app_configs() if one.name.startswith("chengxin.")}
    for app, name in newer(present, baseline, ours):
        text = StringIO()
        call_command("sqlmigrate", app, name, stdout=text, no_color=True)
        yield f"{app}.{name}", WRAP.sub("", text.getvalue())


def main() -> int:
    """Check every newer migration against a scratch server, and print what is found."""
    settings = Settings.read()
    with ExitStack() as stack:
        if not os.environ.get("CHENGXIN_DATABASE_URL"):
            from chengxin.base.embedded import scratch_server  # noqa: PLC0415 - only without an address

            server = stack.enter_context(scratch_server())
            os.environ |= {"CHENGXIN_DATABASE_URL": server.url("owner"), "CHENGXIN_DATA": str(server.folder)}
        os.environ["DJANGO_SETTINGS_MODULE"] = "chengxin.settings.owner"
        import django  # noqa: PLC0415 - the settings come first

        django.setup()
        checked = dict(statements(settings.baseline))
        findings = [
            one
            for name, sql in checked.items()
            for one in lint(sql, name, list(settings.rules_off))
            if not on_new_tables(sql, one)
        ]
        from django.db import connections  # noqa: PLC0415 - the same

        connections.close_all()
    left, idle = judge(findings, settings, list(checked))
    for one in left:
        print(one)
    for exception in idle:
        print(f"tools/migrations.yaml: this exception names nothing any more: {exception}")
    print(f"{len(checked)} migrations checked, {len(findings) - len(left)} findings excepted, {len(left)} left")
    return 1 if left or idle else 0


if __name__ == "__main__":
    sys.exit(main())
