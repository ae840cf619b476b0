"""``chengxin bench names``: look-ups by name over a register of invented names, each with its reasons.

Everything is made here from the rehearsal city, so that the figures can be had on any machine; one process, one core.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import click
import numpy as np
from pypinyin import lazy_pinyin

from chengxin.base.city import load_city
from chengxin.cli.frame import both, output
from chengxin.kernel.names import compare_names, parse_name
from chengxin.kernel.names.search import NameIndex
from chengxin.rehearsal.bodies import make_bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEED = 20170502
TODAY = date(2026, 1, 5)
QUESTIONS = 2_000
"""Look-ups measured, the same number of whole, mistyped, short and spelled names."""

PAIRS = 200
"""Pairs of characters looked for, drawn from the names themselves, so that frequent pairs are drawn often."""

LONGEST_SPELLED = 4


@dataclass(frozen=True)
class NamesFigures:
    """What was measured. Times of a look-up are wall time; ``core_per_second`` counts processor time alone.

    ``first_share`` is how often the name a question was made from came first; several names may answer a short one.
    """

    names: int
    build_seconds: float
    memory_mib: int
    lookups: int
    lookups_per_second: int
    core_per_second: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    first_share: float
    pair_p50_ms: float
    pair_p95_ms: float
    compare_us: float
    parse_us: float


@click.command(
    "names",
    short_help="名称查找 / look-ups by name",
    help=both(
        "测量按名称查找：建索引的时间和内存、每秒查找数、延迟、两字片段查找、名称比较和解析。",
        "Measure look-ups by name: time and memory of the index, look-ups a second with their reasons, latency, parts "
        "of two characters, comparing and parsing.",
    ),
)
@click.option("--names", default=1_000_000, show_default=True, help="名称数 / names", type=click.IntRange(1000))
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
def names(names: int, *, as_json: bool) -> None:
    """Print the figures."""
    figures = measure(names)
    if as_json:
        click.echo(json.dumps(asdict(figures)))
        return
    output().print(
        f"{figures.names:,} 名称 names: 建索引 index {figures.build_seconds} s, {figures.memory_mib} MiB; "
        f"查找 look-ups {figures.lookups_per_second:,}/s（每核 per core {figures.core_per_second:,}/s），"
        f"p95 {figures.p95_ms} ms; 两字 two characters p95 {figures.pair_p95_ms} ms; "
        f"比较 compare {figures.compare_us} µs, 解析 parse {figures.parse_us} µs"
    )


def measure(count: int) -> NamesFigures:
    """Build an index of ``count`` names and ask it."""
    made = make_bodies(load_city("kunshan"), seed=SEED, count=count, today=TODAY)
    register = made.names(np.arange(count))
    before = _memory()
    started = time.monotonic()
    index = NameIndex((place, name, "current") for place, name in enumerate(register))
    build = time.monotonic() - started
    memory = _memory() - before
    chance = Random(SEED)  # noqa: S311 - which names are asked for is no secret
    asked = questions(register, chance)
    for text, _ in asked[: QUESTIONS // 20]:
        index.search(text)
    found = 0
    core = time.thread_time()
    walls = []
    for text, right in asked:
        started = time.perf_counter()
        candidates = index.search(text)
        walls.append(time.perf_counter() - started)
        found += bool(candidates) and candidates[0].name == right
    core = time.thread_time() - core
    pairs = [_pair(chance.choice(register), chance) for _ in range(PAIRS)]
    p50, p95, p99 = _percentiles(walls)
    pair_p50, pair_p95, _ = _percentiles([_timed(partial(index.containing, text)) for text in pairs])
    mistyped = [(text, right) for text, right in asked if len(text) > LONGEST_SPELLED and not text.isascii()]
    return NamesFigures(
        names=count,
        build_seconds=round(build, 2),
        memory_mib=memory,
        lookups=len(asked),
        lookups_per_second=round(len(asked) / sum(walls)),
        core_per_second=round(len(asked) / core),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        first_share=round(found / len(asked), 3),
        pair_p50_ms=pair_p50,
        pair_p95_ms=pair_p95,
        compare_us=_each(lambda pair: compare_names(*pair), mistyped),
        parse_us=_each(parse_name, [text for text, _ in mistyped]),
    )


def questions(register: Sequence[str], chance: Random) -> list[tuple[str, str]]:
    """Return what is asked, with the name it was made from: whole, with a slip, short, and spelled in pinyin."""
    asked = []
    for turn in range(QUESTIONS):
        name = chance.choice(register)
        asked.append(((_whole, _slipped, _short, _spelled)[turn % 4](name, chance), name))
    chance.shuffle(asked)
    return asked


def _whole(name: str, _chance: Random) -> str:
    return name


def _slipped(name: str, chance: Random) -> str:
    at = chance.randrange(1, len(name))
    return name[:at] + name[at + 1 :] if chance.random() < 0.5 else name[:at] + name[at - 1] + name[at:]  # noqa: PLR2004 - a coin


def _short(name: str, _chance: Random) -> str:
    parts = parse_name(name)
    return parts.brand + parts.trade[:2]


def _spelled(name: str, _chance: Random) -> str:
    return "".join(lazy_pinyin(parse_name(name).brand[:LONGEST_SPELLED]))


def _pair(name: str, chance: Random) -> str:
    at = chance.randrange(len(name) - 1)
    return name[at : at + 2]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _each(work: Callable[[tuple[str, str]], object] | Callable[[str], object], items: Sequence[object]) -> float:
    """Return the microseconds of processor time that ``work`` takes for one item."""
    started = time.thread_time()
    for item in items:
        work(item)  # type: ignore[arg-type]
    return round((time.thread_time() - started) / max(len(items), 1) * 1e6, 1)


def _percentiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    values = np.percentile(np.array(seconds) * 1000, [50, 95, 99])
    return tuple(round(float(one), 2) for one in values)  # type: ignore[return-value]


def _memory() -> int:
    """Return the greatest resident memory of this process so far in MiB; Linux counts it in KiB, macOS in bytes."""
    greatest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return greatest >> (20 if sys.platform == "darwin" else 10)
