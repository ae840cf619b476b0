"""What service managers and probes are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chengxin.cli.health import metrics_folder, of_end

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg
    import pytest
    from tests.cli.conftest import Terminal


def test_an_end_that_does_not_answer_is_away() -> None:
    assert of_end(1, ready=False) == {"status": "away"}


def test_the_worker_is_silent_until_its_heart_beats(
    terminal: Terminal, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    done = terminal.run("health", "worker")
    assert (done.returncode, json.loads(done.stdout)) == (1, {"process": "worker", "status": "silent"})
    connect_as("owner").execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    done = terminal.run("health", "worker")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"process": "worker", "status": "ready"})


def test_figures_are_shared_in_the_data_folder_unless_a_setting_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_DATA", str(tmp_path))
    monkeypatch.delenv("CHENGXIN_METRICS_FOLDER", raising=False)
    assert metrics_folder() == tmp_path / "metrics"
    monkeypatch.setenv("CHENGXIN_METRICS_FOLDER", str(tmp_path / "m"))
    assert metrics_folder() == tmp_path / "m"
