"""The scratch database a batch is checked in: DuckDB in memory, spilling into a folder that goes when the work is done.

In memory because a database file compresses and writes what is read once and thrown away (measured: a third slower on
the processor, three times by the clock).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = "1400MB"
"""What DuckDB may hold in memory; beyond it rows go to the scratch folder. With the parser's process and the
importer itself an import of a million rows stays under 2 GiB."""

THREADS = 2

AS_WRITTEN = "join_order,build_side_probe_side"
"""Parts of the planner left out: joins run as they are written, and the right side, narrow and small, becomes the hash
table. The planner knows nothing of a spool's size or a cell's length and would build its tables of the wide rows, which
takes ten times the memory and, past the limit, the disk."""


@dataclass(frozen=True)
class Workspace:
    """One batch's scratch: a folder and a DuckDB database that spills into it."""

    folder: Path
    duck: duckdb.DuckDBPyConnection

    @property
    def spool(self) -> Path:
        """Where the reader's child writes the rows it has read."""
        return self.folder / "rows.csv"


PREFIX = "chengxin-batch-"


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Yield a fresh workspace; folder and database are gone afterwards, whatever happened.

    A killed import cannot tidy up, and its spool holds what the department wrote: the next import removes it.
    """
    sweep()
    with (
        _locked_folder() as folder,
        duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY,
                "threads": THREADS,
                "temp_directory": str(folder / "spill"),
                "preserve_insertion_order": False,
                "disabled_optimizers": AS_WRITTEN,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        ) as duck,
    ):
        # DuckDB draws its own bar on stdout, where a command's JSON goes.
        duck.execute("SET enable_progress_bar = false")
        yield Workspace(folder, duck)


@contextmanager
def _locked_folder() -> Iterator[Path]:
    """Yield a new folder that no sweep takes away before the block ends."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        handle = _lock(folder)
        if handle is not None:
            break
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _lock(folder: Path) -> int | None:
    """Return a handle that locks ``folder``, or None where somebody else has it or it is gone."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    if not folder.exists():
        os.close(handle)
        return None
    return handle


def sweep() -> None:
    """Remove the folders of imports that were killed: ours by owner, and locked by nobody."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
        except FileNotFoundError:
            continue  # its own import, or another sweep, was faster
        handle = _lock(folder)
        if handle is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)
