"""``chengxin bench link``: two invented registers without a shared code, linked by name, against the truth."""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import psutil

from chengxin.cli.frame import both, output
from chengxin.cli.memory import watched_memory
from chengxin.linkage.files import read_csv
from chengxin.linkage.linking import LinkRegisters
from chengxin.linkage.reading import Register
from chengxin.rehearsal.registers import TwoRegisters, make_two_registers

SEED = 20170502


@dataclass(frozen=True)
class LinkFigures:
    """Seconds from two lists of names to the written links, memory of all processes, and how right the links are.

    ``in_review`` is the share of true pairs that a person will see instead.
    """

    names: int
    seconds: float
    names_per_second: int
    compared: int
    links: int
    precision: float
    recall: float
    in_review: float
    peak_rss_mib: int
    cores: int


@click.command(
    "link",
    short_help="名册关联 / linking",
    help=both(
        "测量按名称关联两份虚构名册的时间和对错（真值已知）。",
        "Measure linking two invented registers by name: the time, and how right it is.",
    ),
)
@click.option("--names", default=1_000_000, show_default=True, help="每份名册的名称数 / names in each register")
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
def link(names: int, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Print the figures."""
    figures = measure(names)
    if as_json:
        click.echo(json.dumps(asdict(figures)))
        return
    output().print(
        f"{figures.names:,} × {figures.names:,} 名称 names: {figures.seconds} s; 查准率 precision {figures.precision}, "
        f"查全率 recall {figures.recall}, 待核实 review {figures.in_review}; 内存 memory {figures.peak_rss_mib} MiB"
    )


def measure(names: int) -> LinkFigures:
    """Link two registers of ``names`` names each and return the figures."""
    made = make_two_registers(SEED, names)
    ids = [str(number) for number in range(names)]
    with tempfile.TemporaryDirectory(prefix="chengxin-link-") as folder:
        out = Path(folder) / "out"
        first, second = Register(Path("a.csv"), ids, made.first), Register(Path("b.csv"), ids, made.second)
        with watched_memory(os.getpid()) as peak:
            started = time.perf_counter()
            linked = LinkRegisters(first, second, out).execute()
            seconds = time.perf_counter() - started
        right, in_review = _right(made, out)
    true = len(made.same)
    return LinkFigures(
        names=names,
        seconds=round(seconds, 2),
        names_per_second=round(2 * names / seconds),
        compared=linked.compared,
        links=linked.links,
        precision=round(right / max(linked.links, 1), 5),
        recall=round(right / true, 5),
        in_review=round(in_review / true, 5),
        peak_rss_mib=round(max(peak) / 2**20),
        cores=psutil.cpu_count() or 1,
    )


def _right(made: TwoRegisters, out: Path) -> tuple[int, int]:
    """Return how many links are true pairs, and how many pairs in review are."""
    truth = {(str(a), str(b)) for a, b in made.same.tolist()}
    found = [
        sum((row["a_id"], row["b_id"]) in truth for row in read_csv(out / name)) for name in ("links.csv", "review.csv")
    ]
    return found[0], found[1]
