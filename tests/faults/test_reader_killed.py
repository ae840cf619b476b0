"""The process that reads a file is killed: once is nobody's fault, twice is the file's."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.intake.reader import FileRefused, read_table

if TYPE_CHECKING:
    from pathlib import Path

SUICIDE = "import os, signal, sys; os.write(int(sys.argv[1]), b'half'); os.kill(os.getpid(), signal.SIGKILL)"


def killed(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Let the first children write half of something and die of SIGKILL; return how many children there were."""
    real: Any = subprocess.Popen
    started: list[int] = []

    def start(command: list[str], **options: Any) -> Any:
        started.append(len(started))
        if len(started) <= times:
            command = [sys.executable, "-c", SUICIDE, str(options["pass_fds"][1])]
        return real(command, **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    return started


def test_a_reader_killed_once_reads_again_and_nothing_of_the_first_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "a.csv"
    source.write_text("名称,代码\n甲,1\n乙,2\n", encoding="utf-8")
    whole = read_table(source, tmp_path / "whole")
    started = killed(monkeypatch, 1)
    assert read_table(source, tmp_path / "again") == whole
    assert len(started) == 2
    assert (tmp_path / "again").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_file_that_kills_its_reader_twice_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "a.csv"
    source.write_text("名称\n甲\n", encoding="utf-8")
    started = killed(monkeypatch, 9)
    with pytest.raises(FileRefused) as caught:
        read_table(source, tmp_path / "spool")
    assert caught.value.code == "reader_died"
    assert len(started) == 2
    assert not (tmp_path / "spool").exists()
