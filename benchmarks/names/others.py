"""Other matchers on the same pairs: rapidfuzz, nomenklatura's logic-v2 and companynameparser with five rules.

Needs ``requirements/benchmarks.in`` besides the project. Thresholds are set on the ``tuning`` classes over one half of
the firms and applied to the rest, which is more than the product gets: its verdicts have no threshold.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import time
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from benchmarks.names.score import ALL_SPLITS, Score, read_cases, real_pairs

from chengxin.kernel.names import compare_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.names.real import Pair

THRESHOLDS = [step / 100 for step in range(50, 101)]
LONG_FORMS = {"有限责任公司": "有限公司", "股份有限责任公司": "股份有限公司"}
BRANCHES = ("分公司", "支公司", "分行", "支行", "分店", "营业部", "办事处", "门市部")
_UNSEEN = str.maketrans("〔〕【】", "()()", "\u200b\t")
_numbers = itertools.count()


@dataclass(frozen=True)
class Matcher:
    """A matcher: its name, its score of two names, and whether the score is a yes or no."""

    name: str
    score: Callable[[str, str], float]
    yes_or_no: bool = False


def product(a: str, b: str) -> float:
    """Say 1 where the product judges two names the same."""
    return float(compare_names(a, b).verdict == "same")


def rapidfuzz_ratio(a: str, b: str) -> float:
    """Give rapidfuzz's ratio after NFKC, from 0 to 1."""
    fuzz = importlib.import_module("rapidfuzz.fuzz")
    return float(fuzz.ratio(unicodedata.normalize("NFKC", a), unicodedata.normalize("NFKC", b))) / 100


@cache
def _logic() -> tuple[Any, Any, Any]:
    matching = importlib.import_module("nomenklatura.matching")
    entity = importlib.import_module("followthemoney").EntityProxy
    algorithm = matching.get_algorithm("logic-v2")
    return algorithm, algorithm.default_config(), entity


def logic_v2(a: str, b: str) -> float:
    """Give the score of nomenklatura's logic-v2 for two companies known by name alone.

    Every call has new ids: nomenklatura keeps analysed names by the id of the entity.
    """
    algorithm, config, entity = _logic()
    one, other = (
        entity.from_dict({"id": f"x{next(_numbers)}", "schema": "Company", "properties": {"name": [name]}})
        for name in (a, b)
    )
    return float(algorithm.compare(one, other, config).score)


@cache
def _parser() -> Any:  # noqa: ANN401 - a library without types
    return importlib.import_module("companynameparser.parser").Parser()


@cache
def _parsed(name: str) -> tuple[str, str, str, str, bool]:
    """Give place, brand, trade, form and whether the name is a branch's; width, brackets and blanks made alike."""
    plain = "".join(unicodedata.normalize("NFKC", name).split()).translate(_UNSEEN)
    found = cast("dict[str, str]", _parser().parse(plain))
    place = "".join(one for one in found["place"] if one not in "省市县区,")
    form = found["suffix"].replace(",", "")
    for long, short in LONG_FORMS.items():
        form = form.replace(long, short)
    return place, found["brand"], found["trade"], form, plain.endswith(BRANCHES)


def parser_and_rules(a: str, b: str) -> float:
    """Say 1 where companynameparser's parts agree by five rules, nothing fuzzy.

    One place ends in the other, which may be empty; brands are equal; trades are equal; forms are equal, long or short,
    or one has none; both are branches or neither is.
    """
    x, y = _parsed(a), _parsed(b)
    places = x[0].endswith(y[0]) or y[0].endswith(x[0])
    forms = not x[3] or not y[3] or x[3] == y[3]
    return float(places and forms and x[1] == y[1] and x[2] == y[2] and x[4] == y[4])


MATCHERS = (
    Matcher("chengxin", product, yes_or_no=True),
    Matcher("rapidfuzz ratio", rapidfuzz_ratio),
    Matcher("nomenklatura logic-v2", logic_v2),
    Matcher("companynameparser + 5 rules", parser_and_rules, yes_or_no=True),
)


def score_at(pairs: Sequence[Pair], scores: Sequence[float], threshold: float) -> Score:
    """Score the pairs whose score reaches a threshold as judged the same."""
    said = [one >= threshold for one in scores]
    right = sum(is_same and pair.label == "same" for is_same, pair in zip(said, pairs, strict=True))
    return Score(right / max(sum(said), 1), right / max(sum(pair.label == "same" for pair in pairs), 1))


def best_threshold(matcher: Matcher, pairs: Sequence[Pair]) -> float:
    """Give the threshold with the best F1 on some pairs."""
    if matcher.yes_or_no:
        return 1.0
    scores = [matcher.score(pair.a, pair.b) for pair in pairs]
    return max(THRESHOLDS, key=lambda threshold: score_at(pairs, scores, threshold).f1)


def table(groups: dict[str, list[Pair]], tuning: list[Pair]) -> list[str]:
    """Give the rows of a Markdown table: every matcher on every group of pairs."""
    lines = ["| matcher | t | " + " | ".join(f"{name} P / R / F1" for name in groups) + " | µs a pair |"]
    lines.append("|---" * (len(groups) + 3) + "|")
    for matcher in MATCHERS:
        threshold = best_threshold(matcher, tuning)
        cells = []
        started, compared = time.process_time(), 0
        for pairs in groups.values():
            found = score_at(pairs, [matcher.score(pair.a, pair.b) for pair in pairs], threshold)
            compared += len(pairs)
            cells.append(f"{found.precision:.3f} / {found.recall:.3f} / {found.f1:.3f}")
        spent = (time.process_time() - started) / compared * 1e6
        shown = "–" if matcher.yes_or_no else f"{threshold:.2f}"
        lines.append(f"| {matcher.name} | {shown} | " + " | ".join(cells) + f" | {spent:.0f} |")
    return lines


def main() -> None:
    """Print the table for the invented cases, or with --real for dirt over the unseen half of the real names."""
    parser = argparse.ArgumentParser(description="Score other matchers beside the product.")
    parser.add_argument("--real", action="store_true", help="dirt over the real names of the shared data")
    asked = parser.parse_args()
    if asked.real:
        pairs = real_pairs("held_out", ALL_SPLITS)
        tuning = real_pairs("tuning", ["tuning"])
        # The neighbours are real other firms and stand beside every kind of dirt.
        beside = [pair for pair in pairs if pair.kind.startswith("neighbour")]
        groups = {
            split: [pair for pair in pairs if pair.split == split and not pair.kind.startswith("neighbour")] + beside
            for split in ALL_SPLITS
        }
    else:
        pairs = read_cases()
        tuning = [pair for pair in pairs if pair.split == "tuning"]
        groups = {"all": pairs, "held_out": [pair for pair in pairs if pair.split == "held_out"]}
    print("\n".join(table(groups, tuning)))


if __name__ == "__main__":
    main()
