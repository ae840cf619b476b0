"""What every check has in common: the installation it looks at, and the form of a complaint."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import sys
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import psycopg

from chengxin.base.errors import ChengxinError
from chengxin.operations.places import known_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from chengxin.operations.places import BackupFolder


class Severity(StrEnum):
    """How bad it is: ``wrong`` is to be mended, ``watch`` will have to be, ``note`` is right in a rehearsal."""

    WRONG = "wrong"
    WATCH = "watch"
    NOTE = "note"


@dataclass(frozen=True)
class Complaint:
    """One thing found: what it is, and how to mend it, Chinese first."""

    code: str
    severity: Severity
    zh: str
    en: str
    mend_zh: str
    mend_en: str
    where: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the complaint as ``--json`` prints it."""
        return asdict(self)


def free_percent(path: Path) -> float:
    """Return how much of the file system under ``path`` is free, in percent."""
    usage = shutil.disk_usage(path)
    return 100 * usage.free / usage.total


STATUS_AT = 40
"""Where ``status`` lies in ``struct timex`` on 64-bit Linux (adjtimex(2)): a padded int and four longs come first."""

UNSYNCHRONISED = 0x40
"""STA_UNSYNC of linux/timex.h: no program has disciplined the clock lately."""

TIMEX = 512
"""Bytes handed to the kernel, which fills in 208."""


def clock_synchronised() -> bool | None:
    """Return whether the kernel says that a time service keeps the clock; None where it cannot be asked."""
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_long) != struct.calcsize("q"):
        return None
    held = ctypes.create_string_buffer(TIMEX)  # modes 0: only asked, nothing set
    if ctypes.CDLL(None, use_errno=True).adjtimex(held) < 0:
        return None
    (status,) = struct.unpack_from("i", held.raw, STATUS_AT)
    return not status & UNSYNCHRONISED


@dataclass
class Patient:
    """The installation in ``data``, at ``now``; ``urls`` are the database's addresses by role.

    Everything a check reads of the machine comes from here, so that a test can show it a machine that is broken.
    """

    data: Path
    keys: Path
    urls: Mapping[str, str]
    now: datetime
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    embedded: bool = True
    python: tuple[int, int] = sys.version_info[:2]
    lock: Path | None = None
    free: Callable[[Path], float] = free_percent
    synchronised: Callable[[], bool | None] = clock_synchronised
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def backups(self) -> BackupFolder | None:
        """Where backups go, or None where no folder is known or the note about it cannot be read."""
        try:
            return known_folder(self.data)
        except ChengxinError:  # the check of the backups says so
            return None

    @property
    def has_keys(self) -> bool:
        """Whether there is a key at all: where there is none, opening the folder would make new ones."""
        return self.keys.is_dir() and next(self.keys.glob("*.key"), None) is not None

    @cached_property
    def owner(self) -> psycopg.Connection | None:
        """A connection as the owner, who reads every table; None where the database is away."""
        try:
            return psycopg.connect(
                self.urls["owner"], autocommit=True, connect_timeout=5, options="-c search_path=core,publication"
            )
        except (KeyError, psycopg.Error):
            return None

    @cached_property
    def migrated(self) -> bool:
        """Whether the platform's tables are there."""
        return bool(self.ask("SELECT to_regclass('core.django_migrations') IS NOT NULL", default=False))

    def ask(self, query: str, *, default: object = None) -> object:
        """Return the one value of ``query``, or ``default`` where the database or the table is away."""
        rows = self.rows(query)
        return rows[0][0] if rows else default

    def rows(self, query: str) -> Sequence[tuple[object, ...]]:
        """Return the rows of ``query``; none where the database, a table or a column is away: other checks say so."""
        if self.owner is None:
            return ()
        try:
            return self.owner.execute(query.encode()).fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return ()

    def close(self) -> None:
        """Let go of the database."""
        if "owner" in self.__dict__ and self.owner is not None:
            self.owner.close()


Look: TypeAlias = "Callable[[Patient], Iterator[Complaint]]"


@dataclass(frozen=True)
class Check:
    """One thing to look at."""

    code: str
    zh: str
    en: str
    look: Look


def examine(patient: Patient, checks: Sequence[Check]) -> list[Complaint]:
    """Return what the checks complain about, in their order; the connection is closed at the end."""
    try:
        return [found for check in checks for found in check.look(patient)]
    finally:
        patient.close()
