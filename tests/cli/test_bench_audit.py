"""The measurement of the audit trail measures what an installation does."""

from __future__ import annotations

import json

from click.testing import CliRunner

from chengxin.cli.bench_audit import audit


def test_a_small_measurement_adds_up() -> None:
    done = CliRunner().invoke(audit, ["--clients", "2", "--seconds", "1", "--events", "3000", "--json"])
    assert done.exit_code == 0, done.output
    held = json.loads(done.stdout.splitlines()[-1])
    assert held["clients"] == 2
    assert held["events"] > 0
    assert held["events_per_second"] == round(held["events"] / held["seconds"])
    assert held["verified"] >= 3000
    assert held["verified_per_second"] > 0
    assert held["ten_million_minutes"] > 0
    assert held["lag_seconds"] < 130
