"""How long log files are kept: lines older than the setting ``log_days`` go, also from files being written to.

The programs of ``chengxin serve`` hold their logs open for appending, for months. A copy that is put in a log's place
would be written to by nobody, and one that is cut after copying loses what was written between. So a log that somebody
holds open gets line ends over its old lines, where no writer ever writes; the room they took comes back when the file
is next found closed. The journal of systemd keeps its own time: ``deploy/systemd/journald@chengxin.conf``.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import psutil

from chengxin.operations.sealed import draft_beside, sync_folder
from chengxin.operations.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATED = re.compile(rb'(?:\{"at": ")?([0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9]{2}:[0-9]{2}:[0-9]{2}')
"""How a line of ours begins, as JSON or as text, and one of PostgreSQL's."""

ZONES = timedelta(days=1)
"""A line carries the day of whatever zone wrote it; so much later nobody can say that it went too early."""

PIECE = 1 << 20
DAY = 86_400.0


def first_kept(path: Path, before: date) -> int:
    """Return where the first line begins that is kept: dated ``before`` or later; the file's length when none is.

    A line without a date belongs to the dated one above it. A file without any dated line is as old as its last change.
    """
    place, old, dated = 0, False, False
    with path.open("rb") as lines:
        for line in lines:
            found = DATED.match(line)
            if found is not None:
                dated = True
                if found[1] >= before.isoformat().encode():
                    return place if old else 0
            old = old or dated or not line.strip()  # line ends at the beginning are what was taken out before
            place += len(line)
        if not dated:
            changed = datetime.fromtimestamp(os.fstat(lines.fileno()).st_mtime, UTC).date()
            return place if changed < before else 0
    return place


def oldest_day(path: Path) -> date | None:
    """Return the day of the first dated line, or None where there is none."""
    with path.open("rb") as lines:
        found = next(filter(None, map(DATED.match, lines)), None)
    return date.fromisoformat(found[1].decode()) if found is not None else None


def held_open(folder: Path) -> frozenset[str]:
    """Return the files under ``folder`` that a process of this account has open."""
    root = f"{folder.resolve()}{os.sep}"
    found = set()
    for process in psutil.process_iter():
        try:
            found |= {one.path for one in process.open_files() if one.path.startswith(root)}
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return frozenset(found)


def last_day(now: datetime, days: int) -> date:
    """Return the first day whose lines are kept at ``now``; a line is kept at least ``days`` days."""
    return (now - timedelta(days=days) - ZONES).astimezone(UTC).date()


def forget_lines(folder: Path, now: datetime) -> dict[str, int]:
    """Take the lines older than ``log_days`` out of the logs in ``folder``; return the bytes by file that went.

    A file of another account, or one that cannot be written, is left alone: the doctor names it.
    """
    before, gone = last_day(now, load_settings().log_days), {}
    busy: frozenset[str] | None = None
    for path in sorted(folder.glob("*.log")):
        if path.is_symlink() or not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
            continue
        place = first_kept(path, before)
        if not place:
            continue
        busy = held_open(folder) if busy is None else busy
        old = _blank(path, place) if str(path.resolve()) in busy else _cut(path, place)
        if old:
            gone[path.name] = old
    return gone


def _blank(path: Path, place: int) -> int:
    """Put line ends over the first ``place`` bytes; return how many of them were something else."""
    changed = 0
    with path.open("r+b", buffering=0) as out:
        at = 0
        while at < place:
            piece = os.pread(out.fileno(), min(PIECE, place - at), at)
            if not piece:
                break
            if held := len(piece) - piece.count(b"\n"):
                os.pwrite(out.fileno(), b"\n" * len(piece), at)
                changed += held
            at += len(piece)
        if changed:
            os.fsync(out.fileno())
    return changed


def _cut(path: Path, place: int) -> int:
    """Write the file anew without its first ``place`` bytes, with the same owner and rights."""
    held, draft = path.stat(), draft_beside(path)
    try:
        with (
            path.open("rb") as source,
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
        ):
            source.seek(place)
            while piece := source.read(PIECE):
                out.write(piece)
            out.flush()
            os.fchmod(out.fileno(), held.st_mode & 0o777)
            if (held.st_uid, held.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(out.fileno(), held.st_uid, held.st_gid)
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    return place


@dataclass
class DailyForgetting:
    """Calls ``forget_lines`` for ``folder`` at its first call and then once a day, however often it is called."""

    folder: Path
    clock: Callable[[], datetime]
    ticks: Callable[[], float] = time.monotonic
    due: float = field(default=float("-inf"))

    def __call__(self) -> None:
        """Forget what is due; a disk in trouble stops nothing: the doctor names lines that are too old."""
        if self.ticks() < self.due:
            return
        self.due = self.ticks() + DAY
        try:
            forget_lines(self.folder, self.clock())
        except OSError:
            return
