"""Log lines leave the machine: a bounded queue, one thread, and one of two carriers (``carriers.py``).

A line goes into the queue masked, as the local line is, and the request goes on: nothing here waits for a network.
Where the collector is away the thread tries again; once the queue is full, further lines stay in the local log only and
are counted, in a figure and in a local line. The local log is complete in any case.

Source: OWASP ASVS 5.0, 16.4.3; GB/T 22239-2019 8.1.5.4 c).
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from typing import TYPE_CHECKING, Protocol

from chengxin.operations.settings import load_settings
from chengxin.operations.watching.logs import OTLP, SYSLOG_PLACE, parts_of
from chengxin.operations.watching.metrics import LINES_LOST, LINES_SHIPPED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Line = Mapping[str, str | int]
    """A line as ``logs.parts_of`` makes it."""

LOG = logging.getLogger("chengxin.shipping")

NOT_THESE = ("opentelemetry", "urllib3", "requests", "chengxin.shipping")
"""Loggers of the way itself: what they say stays here, or a collector that is away would make lines about itself."""

BATCH = 512
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two tries with a collector that is away."""

LAST_SECONDS = 3.0
"""Seconds that the end of a process waits for lines still on their way."""

TOLD_EVERY = 60.0
"""Seconds between two local lines that say how many lines were lost."""


class Carrier(Protocol):
    """Takes lines to another machine."""

    def send(self, lines: Sequence[Line]) -> bool:
        """Return whether the lines arrived; False for a try that may be repeated."""

    def close(self) -> None:
        """Give up a try that is under way, and the connection."""


class Shipping(logging.Handler):
    """Hands every line to a carrier, from a thread of this process: threads do not survive the fork of a server."""

    def __init__(self, carrier: Carrier, waiting_lines: int = 0, first_pause: float = FIRST_PAUSE) -> None:
        super().__init__()
        self._carrier = carrier
        self._room = waiting_lines or load_settings().waiting_lines
        self._first_pause = first_pause
        self._owner = 0
        self._closed = False
        self._told = float("-inf")
        self._begin()

    def _begin(self) -> None:
        """Begin anew in a process that was forked: a lock of the one before may be held for ever."""
        self._queue: queue.Queue[Line] = queue.Queue(self._room)
        self._stop = threading.Event()
        self._counting = threading.Lock()
        self._untold = 0
        self._thread: threading.Thread | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line leaves; what is asked before the handler's lock is taken waits for nobody."""
        return not self._closed and not record.name.startswith(NOT_THESE) and bool(super().filter(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Put the line into the queue, or count it where the queue is full."""
        if self._owner != os.getpid():
            self._begin()
            self._owner = os.getpid()
            self._thread = threading.Thread(target=self._run, name="shipping", daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait(parts_of(record))
        except queue.Full:
            self._lose(1)

    def _run(self) -> None:
        while batch := self._take():
            pause = self._first_pause
            while not self._carrier.send(batch):
                if self._stop.is_set():
                    self._lose(len(batch))
                    return
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            LINES_SHIPPED.inc(len(batch))

    def _take(self) -> list[Line]:
        """Return what waits, at least one line; nothing once the process ends and nothing waits."""
        batch: list[Line] = []
        while not batch:
            try:
                batch.append(self._queue.get(timeout=0.2))
            except queue.Empty:
                if self._stop.is_set():
                    return []
        while len(batch) < BATCH and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch

    def _lose(self, count: int) -> None:
        """Count lines that stay here, and say so at most once a minute."""
        LINES_LOST.inc(count)
        with self._counting:
            self._untold += count
            now, untold = time.monotonic(), self._untold
            if now - self._told < TOLD_EVERY:
                return
            self._told, self._untold = now, 0
        LOG.warning("log lines did not leave this machine: %d", untold)

    def close(self) -> None:
        """Let what waits go within ``LAST_SECONDS``; count what does not."""
        self._closed = True
        thread = self._thread if self._owner == os.getpid() else None
        if thread is not None and thread.is_alive():
            self._stop.set()
            thread.join(LAST_SECONDS)
            if thread.is_alive():
                self._carrier.close()
                thread.join(LAST_SECONDS)
            if rest := self._queue.qsize():
                self._lose(rest)
        super().close()


def shipping_handler(way: str) -> Shipping:
    """Return the handler of one way; Django's configuration of logging calls it."""
    from chengxin.operations.watching import carriers  # noqa: PLC0415 - off by default

    return Shipping(carriers.OtlpCarrier() if way == OTLP else carriers.SyslogCarrier(os.environ[SYSLOG_PLACE]))
