"""``chengxin bench identifiers``: credit codes judged in bulk, against ``python-stdnum`` called in a loop.

Both judge codes made for the purpose in one run: three in four are right, the fourth has one wrong character.
``python-stdnum`` is timed on a part of them and counted for all: a loop takes the same time for every code. Where
it is not installed (it comes with the development requirements) the bulk figures stand alone.
"""

from __future__ import annotations

import importlib
import json
import statistics
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click
import numpy as np

from chengxin.cli.frame import both, output
from chengxin.kernel.identifiers.bulk import make_usccs, validate_usccs
from chengxin.kernel.identifiers.checks import USCC_ALPHABET

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = 50_000
"""Codes that python-stdnum is timed on, at most."""

ROUNDS = 5
"""How often each is timed, in turn; the median counts."""

SEED = 32100
PAIRS = np.array(["91", "92", "93", "11", "12", "51", "52"])
REGIONS = np.array([320583, 320505, 110108, 350211, 440305])


@dataclass(frozen=True)
class IdentifierFigures:
    """Seconds for all codes, microseconds for one, and how many times as fast the bulk way is (None: not compared)."""

    codes: int
    seconds: float
    microseconds_per_code: float
    stdnum_codes: int
    stdnum_microseconds_per_code: float | None
    ratio: float | None


@click.command(
    "identifiers",
    short_help="代码校验 / identifiers",
    help=both(
        "测量批量校验统一社会信用代码的速度，并与 python-stdnum 逐个校验相比。",
        "Measure how fast credit codes are judged in bulk, against python-stdnum one by one.",
    ),
)
@click.option("--codes", default=1_000_000, show_default=True, help="代码个数 / codes")
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
def identifiers(codes: int, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Print the figures."""
    figures = measure(codes)
    if as_json:
        click.echo(json.dumps(asdict(figures)))
        return
    compared = "" if figures.ratio is None else f"; python-stdnum 的 {figures.ratio} 倍 times as fast"
    output().print(f"{figures.codes:,} 个代码 codes: {figures.seconds} s, {figures.microseconds_per_code} µs{compared}")


def measure(codes: int) -> IdentifierFigures:
    """Judge ``codes`` made credit codes both ways and return the figures."""
    texts = made_codes(codes)
    sample = texts[:SAMPLE]
    loop = _stdnum_loop()
    bulk_seconds, loop_seconds = [], []
    for _ in range(ROUNDS):
        bulk_seconds.append(_timed(lambda: validate_usccs(texts)))
        if loop is not None:
            loop_seconds.append(_timed(lambda: loop(sample)))
    seconds = statistics.median(bulk_seconds)
    each = seconds / codes
    loop_each = statistics.median(loop_seconds) / len(sample) if loop_seconds else None
    return IdentifierFigures(
        codes=codes,
        seconds=round(seconds, 4),
        microseconds_per_code=round(each * 1e6, 4),
        stdnum_codes=len(sample) if loop_each is not None else 0,
        stdnum_microseconds_per_code=None if loop_each is None else round(loop_each * 1e6, 3),
        ratio=None if loop_each is None else round(loop_each / each, 1),
    )


def made_codes(codes: int) -> list[str]:
    """Return ``codes`` credit codes of the rehearsal kind, every fourth with its last character changed."""
    dice = np.random.default_rng(SEED)
    made = make_usccs(dice.choice(PAIRS, codes), dice.choice(REGIONS, codes), dice.permutation(codes).astype(np.int64))
    texts: list[str] = made.astype(str).tolist()
    for place in range(0, codes, 4):
        code = texts[place]
        following = USCC_ALPHABET[(USCC_ALPHABET.index(code[-1]) + 1) % len(USCC_ALPHABET)]
        texts[place] = code[:-1] + following
    return texts


def _stdnum_loop() -> Callable[[list[str]], list[bool]] | None:
    """Return a loop over python-stdnum's own verdict, or None where it is not installed."""
    try:
        uscc = importlib.import_module("stdnum.cn.uscc")
    except ModuleNotFoundError:
        return None
    is_valid: Callable[[str], bool] = uscc.is_valid
    return lambda texts: [is_valid(text) for text in texts]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
