"""Run a program that ends with its parent: ``python -m chengxin.cli.leash PARENT PROGRAM ARGUMENTS…``.

``PR_SET_PDEATHSIG`` (prctl(2), Linux) lives through ``execve``, so a parent killed with -9 leaves no server behind.
Where the system has no such call the program runs all the same.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


def hold(parent: int) -> bool:
    """Ask for SIGTERM when ``parent`` ends; return whether this process still is that parent's child."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    return os.getppid() == parent


def main(arguments: list[str]) -> int:
    """Become the program in ``arguments`` [parent's process id, program, its arguments …]."""
    parent, program, *rest = arguments
    if not hold(int(parent)):
        return 1
    return os.execv(program, [program, *rest])  # noqa: S606 - the supervisor's own list, no shell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
