"""The operator imports a feed, looks for conflicts, reads progress, and hands the signed mapping out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chengxin.testing.bodies import register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.csv"
    rows = ["企业名称,统一社会信用代码,工商登记码", f"甲公司,{uscc(1)},{registration_number(1)}", "乙公司,9132,"]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_from_the_feed_to_the_verified_mapping(terminal: Terminal, feed: Path, tmp_path: Path) -> None:
    when = {"CHENGXIN_NOW": NOW.isoformat()}
    register_bodies({"uscc": uscc(1), "name": "甲公司"}, now=NOW, entries=False)
    returned = tmp_path / "returned.csv"
    done = terminal.run("codes", "import", str(feed), "--returned", str(returned), "--json", **when)
    assert done.returncode == 1, done.stderr
    receipt = json.loads(done.stdout)
    assert {name: receipt[name] for name in ("lines", "added", "known", "conflict", "sent_back", "codes")} == {
        "lines": 2,
        "added": 1,
        "known": 0,
        "conflict": 0,
        "sent_back": 1,
        "codes": 1,
    }
    assert '"3"' in returned.read_text(encoding="utf-8-sig")
    found = terminal.run("codes", "find", "--json", **when)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == {"standing": 0, "opened": 0, "gone": 0}
    told = terminal.run("codes", "progress", "--month", "2026-03", "--json", **when)
    assert told.returncode == 0, told.stderr
    months = json.loads(told.stdout)["months"]
    assert [(one["month"], one["bodies"], one["with_uscc"], one["share"]) for one in months] == [
        ("2026-03", 1, 1, 100.0)
    ]
    package = tmp_path / "package"
    exported = terminal.run("codes", "export", "--out", str(package), "--json", **when)
    assert exported.returncode == 0, exported.stderr
    assert json.loads(exported.stdout)["rows"] == 2
    key = str(package / "mapping.pub.pem")
    assert terminal.run("codes", "verify", str(package), "--public-key", key).returncode == 0
    (package / "mapping.csv").write_bytes((package / "mapping.csv").read_bytes() + b"x")
    wrong = terminal.run("codes", "verify", str(package), "--public-key", key)
    assert wrong.returncode == 2
    assert "mapping.csv 与签名时不同" in wrong.stderr


def test_a_month_that_is_none_is_refused(terminal: Terminal) -> None:
    refused = terminal.run("codes", "progress", "--month", "2026-13")
    assert refused.returncode == 2
    assert "2026-03" in refused.stderr
