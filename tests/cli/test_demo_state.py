"""The note of a finished demo is believed only while everything it rests on is as it was."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from chengxin.cli import demo_state
from chengxin.cli.demo_state import COUNTS, Access, Line, LogIn, State, read_state, receipts_table, write_state

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
UNTIL = NOW + timedelta(days=90)

STATE = State(
    seed=1,
    bodies=30,
    lines=(
        Line("a.csv", "市场监督管理局", dict.fromkeys(COUNTS, 1200), 1.25),
        Line("b.xlsx", "城市管理局", dict.fromkeys(COUNTS, 34), 0.5),
    ),
    access=Access(
        (LogIn("ks-scjg", "secret-word", "演练报送员", "ks-scjg", "submitter"),), "token", "ks-scjg", UNTIL.isoformat()
    ),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")
    write_state(tmp_path, "kunshan", STATE)
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    assert read_state(folder, "kunshan", NOW) == STATE


def test_there_is_none_in_a_new_folder(tmp_path: Path) -> None:
    assert read_state(tmp_path, "kunshan", NOW) is None


def test_it_is_for_the_installing_user_only(folder: Path) -> None:
    assert (folder / demo_state.FILE).stat().st_mode & 0o077 == 0


def test_another_city_is_another_demo(folder: Path) -> None:
    assert read_state(folder, "elsewhere", NOW) is None


def test_a_cluster_made_anew_is_not_taken_for_the_old_one(folder: Path) -> None:
    (folder / "postgres" / "PG_VERSION").unlink()
    assert read_state(folder, "kunshan", NOW) is None
    (folder / "postgres" / "PG_VERSION").write_text("18\n")
    assert read_state(folder, "kunshan", NOW) is None


def test_new_tables_or_rights_are_brought_in_first(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = tmp_path_factory.mktemp("migrations") / "0099_more.py"
    added.write_text("operations = []\n")
    files = list(demo_state._schema_files())
    assert any(path.name == "grants.sql" for path in files)
    assert any(path.name == "0001_initial.py" for path in files)
    assert any(path.name == "kunshan.yaml" for path in files)
    monkeypatch.setattr(demo_state, "_schema_files", lambda: [*files, added])
    assert read_state(folder, "kunshan", NOW) is None


def test_a_token_that_has_ended_is_made_anew(folder: Path) -> None:
    assert read_state(folder, "kunshan", UNTIL - timedelta(seconds=1)) == STATE
    assert read_state(folder, "kunshan", UNTIL) is None


def test_the_note_names_no_password_of_the_database(folder: Path) -> None:
    held = json.loads((folder / demo_state.FILE).read_text(encoding="utf-8"))
    assert set(held) == {"fingerprint", "seed", "bodies", "lines", "access"}


def test_the_table_of_receipts_ends_with_sums() -> None:
    console = Console(width=150, record=True, file=None, quiet=True)
    with console.capture() as shown:
        Console(width=150, file=console.file).print("")
        console.quiet = False
        console.print(receipts_table(STATE.lines))
    lines = shown.get().splitlines()
    assert any("a.csv" in line and "1,200" in line and "1.2" in line for line in lines)
    assert any("合计 total" in line and "1,234" in line for line in lines)
