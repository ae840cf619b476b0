"""The scratch folder goes when the work is done, and a killed import's goes with the next one."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import duckdb
import pytest

from chengxin.intake.workspace import MEMORY, workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folder_and_database_are_gone_afterwards_whatever_happened(scratch: Path) -> None:
    with workspace() as made:
        assert made.folder.parent == scratch
        assert made.spool == made.folder / "rows.csv"
        made.spool.write_text("x")
        assert made.duck.execute("SELECT 1").fetchone() == (1,)
    assert list(scratch.iterdir()) == []
    with pytest.raises(RuntimeError, match="import broke"), workspace():
        raise RuntimeError("import broke")
    assert list(scratch.iterdir()) == []


def test_only_its_owner_can_look_into_the_folder() -> None:
    with workspace() as made:
        assert made.folder.stat().st_mode & 0o777 == 0o700


def test_what_a_killed_import_left_goes_and_what_a_living_one_uses_stays(scratch: Path) -> None:
    killed = scratch / "chengxin-batch-killed"
    (killed / "spill").mkdir(parents=True)
    (killed / "rows.csv").write_text("张某,320583199001011234")
    elsewhere = scratch / "elsewhere"
    elsewhere.mkdir()
    (scratch / "chengxin-batch-link").symlink_to(elsewhere)
    with workspace() as living, workspace() as made:
        assert living.folder.is_dir()
        assert {entry.name for entry in scratch.iterdir()} == {
            "elsewhere",
            "chengxin-batch-link",
            living.folder.name,
            made.folder.name,
        }
    assert elsewhere.is_dir()


def test_memory_is_bounded_and_rows_spill_into_the_folder() -> None:
    with workspace() as made:
        settings = dict(made.duck.execute("SELECT name, value FROM duckdb_settings()").fetchall())
        assert settings["temp_directory"] == str(made.folder / "spill")
        with duckdb.connect(config={"memory_limit": MEMORY}) as other:
            assert other.execute("SELECT current_setting('memory_limit')").fetchone() == (settings["memory_limit"],)
        assert int(MEMORY.removesuffix("MB")) < 2048
        assert (settings["autoinstall_known_extensions"], settings["autoload_known_extensions"]) == ("false", "false")


def test_another_users_folder_is_left_alone(scratch: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder to somebody else")
    foreign = scratch / "chengxin-batch-foreign"
    foreign.mkdir()
    os.chown(foreign, 65534, 65534)
    with workspace():
        assert foreign.is_dir()
