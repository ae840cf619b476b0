"""What every command shares: two languages, one sentence for an error, tables, and progress on a terminal."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from rich.progress import TaskID

    from chengxin.base.errors import ChengxinError

Report: TypeAlias = "Callable[[str, int, int], None]"
"""How a long step tells how far it is: its label, steps done, steps in all (0 while not known)."""

SPOKEN = "诚信〔2026〕“”—"
"""Characters that the output must be able to carry."""

PLAIN_WIDTH = 150
"""Columns of a table that goes to a file or a pipe: wide enough that no cell breaks."""

REFUSED = 2
"""Exit code of every refusal that the reader can mend."""


def both(zh: str, en: str) -> str:
    """Return a help text in both languages, Chinese first."""
    return f"{zh}\n\n{en}"


def output() -> Console:
    """Return the console for results; tables are not squeezed where there is no terminal."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False)


def tell(zh: str, en: str) -> None:
    """Say a sentence in both languages on stderr: stdout is for results."""
    click.echo(zh, err=True)
    click.echo(en, err=True)


def report_error(error: ChengxinError) -> None:
    """Say what is wrong and what to do, Chinese first, without a traceback."""
    tell(f"错误：{error.message_zh}", f"Error: {error.message_en}")


def require_speech() -> None:
    """Raise ``SystemExit`` with code 2 when the output's encoding cannot carry Chinese.

    A broken locale would otherwise end the first sentence with a traceback. The reason is written as UTF-8 bytes.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            SPOKEN.encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            sentence = (
                f"错误：终端编码 {stream.encoding} 不能显示中文，请设置 LC_ALL=C.UTF-8 后重试\n"
                f"Error: the encoding {stream.encoding} of this terminal cannot show Chinese: set LC_ALL=C.UTF-8\n"
            )
            os.write(2, sentence.encode())
            raise SystemExit(REFUSED) from None


@contextmanager
def progress() -> Iterator[Report]:
    """Yield a function that draws one bar for each label on stderr, and nothing where there is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as drawn:

        def report(label: str, done: int, total: int) -> None:
            if label not in bars:
                bars[label] = drawn.add_task(label, total=None)
            drawn.update(bars[label], completed=done, total=total or None)

        yield report


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block the way Ctrl-C does: through every ``finally``, the database's included.

    A library that turns the interruption into an error of its own (DuckDB does) does not hide it: the block ends with
    ``KeyboardInterrupt`` all the same.
    """
    asked = False

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except Exception as error:
        if asked:
            raise KeyboardInterrupt from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep a second Ctrl-C or SIGTERM from breaking off an orderly stop that has begun."""
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def choose_data(folder: Path | None) -> None:
    """Make ``folder`` the data folder of this process and of those it starts."""
    if folder is not None:
        os.environ["CHENGXIN_DATA"] = str(folder.resolve())
