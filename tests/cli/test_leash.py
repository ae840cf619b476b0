"""A process on the leash does not outlive its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

PARENT = """
import subprocess, sys, os, time
child = subprocess.Popen([sys.executable, "-m", "chengxin.cli.leash", str(os.getpid()),
                          sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(600)"],
                         stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Return whether the process ends within ``seconds``; one that nobody has collected yet counts as ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_child_ends_when_its_parent_is_killed_with_minus_9() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert gone(child)


def test_a_child_whose_parent_is_gone_already_does_not_start() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chengxin.cli.leash", "1", sys.executable, "-c", "print('ran')"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == b""


def test_the_program_gets_its_arguments_and_its_exit_code_counts() -> None:
    program = "import sys; print(sys.argv[1:]); sys.exit(7)"
    done = subprocess.run(
        [sys.executable, "-m", "chengxin.cli.leash", str(os.getpid()), sys.executable, "-c", program, "a b", "中"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 7
    assert done.stdout.strip() == "['a b', '中']"
