"""Score the comparison of names: per class and overall, beside a plain edit ratio.

Run from the project's root:

    python -m benchmarks.names.score            the invented cases of cases.csv
    python -m benchmarks.names.score --write    the same, and write frozen.csv
    python -m benchmarks.names.score --real     dirt made over real names, where the shared data is

``same`` is what counts: precision is the share of rightly ``same`` among all ``same``, recall the share of the
pairs labelled ``same`` that were found. The ratio's threshold is the best one on the tuning half.
"""

from __future__ import annotations

import argparse
import csv
import time
import unicodedata
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.names.real import SPLITS, Pair, cleaned, half_of, made_pairs, neighbours, real_names

from chengxin.kernel.names import NameComparison, compare_names, parse_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = Path(__file__).parent
CASES, FROZEN = HERE / "cases.csv", HERE / "frozen.csv"
SEED = 1
ALL_SPLITS = (*SPLITS, "fresh")
THRESHOLDS = [step / 100 for step in range(70, 100)]
EVERY = 3


@dataclass(frozen=True)
class Judged:
    """A pair with what the product and the plain ratio say of it."""

    pair: Pair
    found: NameComparison
    ratio: float


@dataclass(frozen=True)
class Score:
    """Precision, recall and their harmonic mean for ``same``."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Give the harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def read_cases() -> list[Pair]:
    """Read the invented cases."""
    with CASES.open(encoding="utf-8", newline="") as lines:
        return [Pair(row["a"], row["b"], row["class"], row["label"], row["split"]) for row in csv.DictReader(lines)]


def frozen_text() -> str:
    """Give the result of the present code over the cases, as frozen.csv holds it."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["a", "b", "class", "label", "verdict", "score", "reasons"])
    for pair in read_cases():
        found = compare_names(pair.a, pair.b)
        codes = " ".join(reason.code for reason in found.reasons)
        writer.writerow([pair.a, pair.b, pair.kind, pair.label, found.verdict.value, found.score, codes])
    return out.getvalue()


def ratio(a: str, b: str) -> float:
    """Give the plain edit ratio of two names after NFKC, from 0 to 1."""
    one, other = unicodedata.normalize("NFKC", a), unicodedata.normalize("NFKC", b)
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def judge(pairs: Iterable[Pair]) -> list[Judged]:
    """Compare every pair both ways."""
    return [Judged(pair, compare_names(pair.a, pair.b), ratio(pair.a, pair.b)) for pair in pairs]


def score(judged: Sequence[Judged], threshold: float | None = None) -> Score:
    """Score the product, or the plain ratio at a threshold."""
    said = [one.found.verdict == "same" if threshold is None else one.ratio >= threshold for one in judged]
    right = sum(is_same and one.pair.label == "same" for is_same, one in zip(said, judged, strict=True))
    wanted = sum(one.pair.label == "same" for one in judged)
    return Score(right / max(sum(said), 1), right / max(wanted, 1))


def best_threshold(judged: Sequence[Judged]) -> float:
    """Give the threshold at which the plain ratio scores best."""
    return max(THRESHOLDS, key=lambda threshold: score(judged, threshold).f1)


def print_table(judged: Sequence[Judged], threshold: float) -> None:
    """Print one line a class, then one a split and one over all."""
    print(f"{'class':24}{'split':10}{'label':11}{'n':>6}{'same':>8}{'review':>8}{'differ':>8}{'ratio same':>12}")
    for (split, kind, label), count in sorted(
        Counter((o.pair.split, o.pair.kind, o.pair.label) for o in judged).items()
    ):
        group = [one for one in judged if (one.pair.split, one.pair.kind, one.pair.label) == (split, kind, label)]
        shares = [
            sum(one.found.verdict == verdict for one in group) / count for verdict in ("same", "review", "different")
        ]
        plain = sum(one.ratio >= threshold for one in group) / count
        print(f"{kind:24}{split:10}{label:11}{count:6}" + "".join(f"{one:8.3f}" for one in shares) + f"{plain:12.3f}")
    for name in (*sorted({one.pair.split for one in judged}), "all"):
        group = [one for one in judged if name in {one.pair.split, "all"}]
        ours, plain_score = score(group), score(group, threshold)
        print(
            f"{name:24}{len(group):6} pairs  product P {ours.precision:.4f} R {ours.recall:.4f} F1 {ours.f1:.4f}   "
            f"ratio >= {threshold:.2f} P {plain_score.precision:.4f} R {plain_score.recall:.4f} F1 {plain_score.f1:.4f}"
        )


def print_speed(pairs: Sequence[Pair]) -> None:
    """Print the processor time of a comparison and of a parse, on average."""
    started = time.process_time()
    for pair in pairs:
        compare_names(pair.a, pair.b)
    compared = time.process_time() - started
    started = time.process_time()
    for pair in pairs:
        parse_name(pair.b)
    parsed = time.process_time() - started
    print(f"compare {compared / len(pairs) * 1e6:.0f} µs a pair, parse {parsed / len(pairs) * 1e6:.0f} µs a name")


def real_pairs(half: str, splits: Sequence[str]) -> list[Pair]:
    """Make the pairs of some splits over one half of the real names, with its nearest neighbours."""
    names = real_names()
    firms = cleaned([name for name in names if half_of(name) == half][::EVERY])
    return [*neighbours(names, half)][::EVERY] + [pair for split in splits for pair in made_pairs(firms, split, SEED)]


def main() -> None:
    """Score as the command line asks."""
    parser = argparse.ArgumentParser(description="Score the comparison of organisation names.")
    parser.add_argument("--write", action="store_true", help="write frozen.csv")
    parser.add_argument("--real", action="store_true", help="dirt over the real names of the shared data")
    asked = parser.parse_args()
    if asked.write:
        FROZEN.write_text(frozen_text(), encoding="utf-8")
    pairs = real_pairs("held_out", (*ALL_SPLITS, "practice")) if asked.real else read_cases()
    tuning = judge(real_pairs("tuning", ["tuning"])) if asked.real else judge(p for p in pairs if p.split == "tuning")
    print_table(judge(pairs), best_threshold(tuning))
    print_speed(pairs)


if __name__ == "__main__":
    main()
