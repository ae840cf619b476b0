"""``chengxin audit follow`` as a program that watches logs uses it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

from chengxin.audit.actions import record_event
from chengxin.audit.keeping import Keeper
from chengxin.base.clock import system_now
from chengxin.cli.audit_follow import write_events
from chengxin.crypto import load_keyring

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(load_keyring(tmp_path / "keys"), [], system_now)


def built(keeper: Keeper, count: int) -> None:
    """Write events and have them in the tree."""
    for number in range(count):
        with transaction.atomic():
            record_event(
                at=system_now(), actor=("officer", "zhang", "ks-scjg"), action="subject.read", object_kind="subject",
                object_id=str(number), personal="张三",
            )  # fmt: skip
    keeper.round()
    connection.close()


def read(text: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in text.splitlines()]


def test_what_there_is_is_written_and_the_rest_is_fetched_from_the_next_position(
    terminal: Terminal, keeper: Keeper
) -> None:
    built(keeper, 4)
    done = terminal.run("audit", "follow", "--once")
    assert done.returncode == 0, done.stderr
    first = read(done.stdout)
    assert [one["position"] for one in first] == [0, 1, 2, 3]
    assert "张三" not in done.stdout
    built(keeper, 2)
    rest = read(terminal.run("audit", "follow", "--once", "--from", str(first[-1]["position"] + 1)).stdout)
    assert [one["position"] for one in rest] == [4, 5]
    assert terminal.run("audit", "follow", "--once", "--from", "6").stdout == ""


def test_it_goes_on_while_the_tree_grows_and_ends_when_told(terminal: Terminal, keeper: Keeper) -> None:
    built(keeper, 2)
    program = subprocess.Popen(
        [sys.executable, "-m", "chengxin.cli.main", "audit", "follow"],
        env=terminal.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with program:
        assert program.stdout is not None
        begun = [json.loads(program.stdout.readline())["position"] for _ in range(2)]
        built(keeper, 1)
        begun.append(json.loads(program.stdout.readline())["position"])
        program.send_signal(signal.SIGTERM)
        rest, told = program.communicate(timeout=30)
    assert begun == [0, 1, 2]
    assert program.returncode == 0, told
    assert rest == ""


def test_when_told_to_end_the_line_under_way_is_whole(
    terminal: Terminal, keeper: Keeper, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert terminal
    built(keeper, 3)
    stop = threading.Event()
    writing = sys.stdout.write

    def write(text: str) -> int:
        stop.set()
        return writing(text)

    monkeypatch.setattr(sys.stdout, "write", write)
    assert write_events(0, stop, once=False) == 1
    monkeypatch.undo()
    assert [one["position"] for one in read(capsys.readouterr().out)] == [0]


@pytest.mark.parametrize("first", ["-1", "x", ""])
def test_a_position_that_is_none_is_refused(terminal: Terminal, first: str) -> None:
    done = terminal.run("audit", "follow", "--once", "--from", first)
    assert done.returncode == 2
    assert done.stdout == ""
