"""``chengxin bench link``: two invented registers without a shared code, linked by name, against the truth."""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
import psutil

from chengxin.cli.frame import both, output
from chengxin.cli.memory import watched_memory
from chengxin.linkage.files import read_csv
from chengxin.linkage.linking import LinkRegisters
from chengxin.linkage.reading import Register
from chengxin.rehearsal.details import invent
from chengxin.rehearsal.registers import TwoRegisters, make_two_registers

SEED = 20170502


@dataclass(frozen=True)
class LinkFigures:
    """Seconds from two lists of names to the written links, memory of all processes, and how right the links are.

    ``in_review`` is the share of true pairs that a person will see instead, ``review`` all pairs that person will see.
    ``steps`` are the seconds of each step by its label, and ``cpu_seconds`` the time of all processes on all cores,
    which other work on the machine does not lengthen.
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
    review: int = 0
    cpu_seconds: float = 0.0
    details: bool = False
    steps: dict[str, float] = field(default_factory=dict)


class Steps:
    """Hears of progress and keeps the seconds of each step; a step is told on stderr when the next one begins."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._label = ""
        self._since = time.perf_counter()

    def __call__(self, label: str, _done: int, _total: int) -> None:
        """Hear that the step ``label`` is under way."""
        if label != self._label:
            self.end()
            self._label = label

    def end(self) -> None:
        """End the step under way."""
        now = time.perf_counter()
        if self._label:
            seconds = self.seconds.get(self._label, 0.0) + now - self._since
            self.seconds[self._label] = round(seconds, 2)
            click.echo(f"{self._label}: {seconds:.1f} s", err=True)
        self._label, self._since = "", now


@click.command(
    "link",
    short_help="名册关联 / linking",
    help=both(
        "测量按名称关联两份虚构名册的时间和对错（真值已知）。",
        "Measure linking two invented registers by name: the time, and how right it is.",
    ),
)
@click.option("--names", default=1_000_000, show_default=True, help="每份名册的名称数 / names in each register")
@click.option(
    "--details",
    is_flag=True,
    help="名册另有法定代表人、成立日期、区划和地址 / registers with leader, founding date, region and address",
)
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
def link(names: int, details: bool, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Print the figures."""
    figures = measure(names, details=True) if details else measure(names)
    if as_json:
        click.echo(json.dumps(asdict(figures), ensure_ascii=False))
        return
    output().print(
        f"{figures.names:,} × {figures.names:,} 名称 names: {figures.seconds} s; 查准率 precision {figures.precision}, "
        f"查全率 recall {figures.recall}, 待核实 review {figures.in_review}; 内存 memory {figures.peak_rss_mib} MiB"
    )


def measure(names: int, *, details: bool = False) -> LinkFigures:
    """Link two registers of ``names`` names each, with or without details of the bodies, and return the figures."""
    made = make_two_registers(SEED, names)
    more = invent(SEED, made) if details else ({}, {})
    ids = [str(number) for number in range(names)]
    with tempfile.TemporaryDirectory(prefix="chengxin-link-") as folder:
        out = Path(folder) / "out"
        first, second = (
            Register(Path("a.csv"), ids, made.first, more[0]),
            Register(Path("b.csv"), ids, made.second, more[1]),
        )
        with watched_memory(os.getpid()) as peak:
            steps = Steps()
            started, worked = time.perf_counter(), _cpu()
            linked = LinkRegisters(first, second, out, steps).execute()
            seconds, cpu = time.perf_counter() - started, _cpu() - worked
            steps.end()
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
        review=linked.review,
        cpu_seconds=round(cpu, 1),
        details=details,
        steps=steps.seconds,
    )


def _cpu() -> float:
    """Return the seconds this process and its ended children have worked."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _right(made: TwoRegisters, out: Path) -> tuple[int, int]:
    """Return how many links are true pairs, and how many pairs in review are."""
    truth = {(str(a), str(b)) for a, b in made.same.tolist()}
    found = [
        sum((row["a_id"], row["b_id"]) in truth for row in read_csv(out / name)) for name in ("links.csv", "review.csv")
    ]
    return found[0], found[1]
