"""The scratch database a batch is checked in: DuckDB in memory, spilling into a folder that goes when the work is done.

In memory because a database file compresses and writes what is read once and thrown away (measured: a third slower on
the processor, three times by the clock).
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = "1100MB"
"""What DuckDB may hold in memory; beyond it rows go to the scratch folder. With the parser's process and the
importer itself an import of a million rows stays under 2 GiB."""

THREADS = 2


@dataclass(frozen=True)
class Workspace:
    """One batch's scratch: a folder and a DuckDB database that spills into it."""

    folder: Path
    duck: duckdb.DuckDBPyConnection

    @property
    def spool(self) -> Path:
        """Where the reader's child writes the rows it has read."""
        return self.folder / "rows.csv"


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Yield a fresh workspace; folder and database are gone afterwards, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="chengxin-batch-"))
    try:
        with duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY,
                "threads": THREADS,
                "temp_directory": str(folder / "spill"),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        ) as duck:
            # DuckDB draws its own bar on stdout, where a command's JSON goes.
            duck.execute("SET enable_progress_bar = false")
            yield Workspace(folder, duck)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def written_order(duck: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let joins run as they are written: the right side, narrow and small, becomes the hash table.

    The planner knows nothing of a spool's size and would build its hash tables of the wide rows, which takes ten times
    the memory.
    """
    duck.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        yield
    finally:
        duck.execute("RESET disabled_optimizers")
