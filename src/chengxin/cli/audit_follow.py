"""``chengxin audit follow``: the trail as lines, for a system on another machine that watches it and keeps a copy."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data
from chengxin.cli.serve import data_option

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

PAUSE = 1.0
"""Seconds between two looks whether the tree has grown; it grows once a second at most."""


@click.command(
    "follow",
    short_help="逐条输出审计事件 / the trail as lines",
    help=both(
        "按杂凑树的次序逐行输出审计事件（JSON，含叶子杂凑值、盐和规范字节，不含可删除的文字），"
        "供日志审计系统接收并自行核验；直到 SIGTERM。断开后从最后一行的 position 加一处继续。",
        "Write audit events in the tree's order, one JSON object a line with leaf hash, salt and canonical bytes and "
        "without erasable texts, for a system that watches logs and verifies them itself; until SIGTERM. Go on from "
        "the last line's position plus one.",
    ),
)
@click.option(
    "--from", "first", type=click.IntRange(0), default=0, show_default=True, metavar="N",
    help="从树中第几位开始 / position in the tree to begin at",
)  # fmt: skip
@click.option("--once", is_flag=True, help="写完现有的就结束 / end once what there is was written")
@data_option
def follow(first: int, once: bool, data: Path | None) -> None:  # noqa: FBT001 - click hands flags in by name
    """Write the trail as the owner, who may read all of it."""
    choose_data(data)
    with reach("owner"):
        import signal
        import threading

        stop = threading.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda _number, _frame: stop.set())
        write_events(first, stop, once=once)


def write_events(first: int, stop: Event, *, once: bool) -> int:
    """Write events from position ``first`` until ``stop``, or what there is; return the position to go on from.

    Each line is written whole or not at all when asked to stop; what waits is handed on before each pause.
    """
    from chengxin.audit.following import followed

    while not stop.is_set():
        for one in followed(first):
            sys.stdout.write(json.dumps(one.as_dict(), ensure_ascii=False) + "\n")
            first = one.position + 1
            if stop.is_set():
                break
        sys.stdout.flush()
        if once:
            break
        stop.wait(PAUSE)
    return first
