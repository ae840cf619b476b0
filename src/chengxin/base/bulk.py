"""Move sets of rows between DuckDB and PostgreSQL by COPY, without a Python object per row.

DuckDB writes into a named pipe from a thread of its own while PostgreSQL reads from it: the two engines work side by
side and no row is held in memory. Delimiter and quote are control characters that checked text cannot contain, so
JSON passes without its quotes being doubled.
"""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import duckdb
    from django.db.backends.utils import CursorWrapper

DELIMITER = "\x02"
QUOTE = "\x01"
PIECE = 1 << 18
"""Bytes handed to PostgreSQL at a time."""

_DUCK_FORMAT = f"FORMAT csv, HEADER false, DELIMITER '{DELIMITER}', QUOTE '{QUOTE}', ESCAPE '{QUOTE}', NULLSTR ''"
_COPY_FORMAT = f"FORMAT csv, DELIMITER '{DELIMITER}', QUOTE '{QUOTE}', ESCAPE '{QUOTE}', NULL ''"


def copy_in(
    duck: duckdb.DuckDBPyConnection,
    select: str,
    cursor: CursorWrapper,
    table: str,
    columns: Sequence[str],
    *,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Copy what ``select`` gives in DuckDB into ``columns`` of PostgreSQL's ``table``, in the caller's transaction.

    ``progress`` is told the number of bytes sent so far. An error on either side ends the other side and is raised.
    """
    with _pipe() as path:
        failure: list[BaseException] = []

        def write() -> None:
            try:
                # A pipe takes the writer's bytes as they come: no temporary file, no renaming.
                duck.cursor().execute(f"COPY ({select}) TO '{path}' ({_DUCK_FORMAT}, USE_TMP_FILE false)")
            except BaseException as error:  # noqa: BLE001 - handed over to the reading side, which raises it
                failure.append(error)
                _release(path, os.O_WRONLY)

        writer = threading.Thread(target=write, name="copy-in", daemon=True)
        writer.start()
        sent = 0
        try:
            with (
                path.open("rb", buffering=0) as source,
                cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN ({_COPY_FORMAT})") as copy,
            ):
                while piece := source.read(PIECE):
                    copy.write(piece)
                    sent += len(piece)
                    if progress is not None:
                        progress(sent)
                if failure:
                    raise failure[0]
        finally:
            writer.join()
        if failure:
            raise failure[0]


def copy_out(
    cursor: CursorWrapper, query: str, duck: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]
) -> None:
    """Make ``table`` in DuckDB (``columns``: name to DuckDB type) from the rows of a PostgreSQL ``query``."""
    with tempfile.NamedTemporaryFile(prefix="chengxin-copy-", suffix=".csv") as spool:
        with cursor.copy(f"COPY ({query}) TO STDOUT ({_COPY_FORMAT})") as copy:
            for piece in copy:
                spool.write(piece)
        spool.flush()
        types = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"
        duck.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM read_csv('{spool.name}', header = false, auto_detect = false, "  # noqa: S608
            f"columns = {types}, delim = '{DELIMITER}', quote = '{QUOTE}', escape = '{QUOTE}', nullstr = '')"
        )


def one_row(duck: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Return the single row of a DuckDB query that always has one."""
    row: tuple[Any, ...] | None = duck.execute(query, list(values)).fetchone()
    if row is None:
        raise LookupError(f"no row: {query}")
    return row


@contextmanager
def _pipe() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="chengxin-pipe-"))
    path = folder / "rows"
    os.mkfifo(path, 0o600)
    try:
        yield path
    finally:
        # A writer that still waits for a reader gets one that closes at once, and ends with a broken pipe.
        _release(path, os.O_RDONLY)
        path.unlink(missing_ok=True)
        folder.rmdir()


def _release(path: Path, side: int) -> None:
    """Open and close one side of the pipe without waiting, so that nobody waits on the other side for ever."""
    try:
        os.close(os.open(path, side | os.O_NONBLOCK))
    except OSError:
        return  # nobody is waiting (ENXIO), or the pipe is gone already
