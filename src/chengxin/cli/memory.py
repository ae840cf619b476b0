"""The memory of a process and its children while a block runs: what a machine must have, not what one process says."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def watched_memory(pid: int) -> Iterator[list[int]]:
    """Sample the resident memory of a process and its children ten times a second; yield the list of sums in bytes."""
    peaks = [0]
    ended = threading.Event()

    def watch() -> None:
        try:
            root = psutil.Process(pid)
            while not ended.wait(0.1):
                peaks.append(_resident([root, *root.children(recursive=True)]))
        except psutil.NoSuchProcess:
            return

    watcher = threading.Thread(target=watch, name="watch-memory", daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        ended.set()
        watcher.join()


def _resident(processes: list[psutil.Process]) -> int:
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue  # it ended between the listing and the look
    return total
