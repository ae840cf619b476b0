"""Stop the embedded database when the command that started it is gone: ``python -m chengxin.cli.keeper FOLDER``.

PostgreSQL leaves its starter's session, so no signal reaches it when that command is killed with -9. The keeper holds
the other end of a pipe: when the pipe closes, however that came about, it stops the server unless another command
still uses it. It sleeps in a read until then.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from chengxin.base.embedded import EmbeddedServer
from chengxin.cli.database import RELEASED, stop_when_unused

PATIENCE = 5.0
"""Seconds in which the lock of a killed command is expected to go: its pipe may close a moment before its lock does."""

LOOK = 0.2
"""Seconds between two looks at the lock."""


def main(folder: Path) -> None:
    """Wait until the pipe on stdin closes, then stop the server of ``folder`` when nobody uses it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read() == RELEASED:
        return
    server = EmbeddedServer(folder)
    until = time.monotonic() + PATIENCE
    while not stop_when_unused(server) and time.monotonic() < until:
        time.sleep(LOOK)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
