"""How good a linking is, from a sample whose truth is known: labelled by a person, or known pairs.

Every share comes with its 95 % interval after Wilson (1927, J. Am. Stat. Assoc. 22:209), because a sample is a sample.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError
from chengxin.linkage.files import HEADER, read_csv, write_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

BANDS = (0.999, 0.99, 0.9, 0.0)
"""Lower ends of the bands of probability that links are sampled from."""

LABEL = "label"
"""Column of ``sample.csv`` that a person fills in: 1 or 是 for the same body, 0 or 否 for another one."""

_YES = frozenset({"1", "是", "同", "yes", "y", "true"})
_NO = frozenset({"0", "否", "异", "no", "n", "false"})
_Z = 1.959964


@dataclass(frozen=True)
class Share:
    """``good`` of ``all`` in the sample, and the interval that holds the true share with 95 % confidence."""

    good: int
    all: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """Return the share, or None where nothing was sampled."""
        return self.good / self.all if self.all else None


@dataclass(frozen=True)
class Band:
    """Links of one band of probability: how many there are, and how many of the sampled ones are right."""

    name: str
    links: int
    right: Share


@dataclass(frozen=True)
class Quality:
    """What the sample says: precision of the links, recall of known pairs, and what a person will find in review.

    ``precision`` is weighted by the bands' sizes, as the small ones are sampled more densely; ``precision_low`` uses
    each band's lower end. ``recall`` and ``in_review`` are None without known pairs.
    """

    sampled: int
    precision: float | None
    precision_low: float | None
    bands: tuple[Band, ...]
    review: Share
    recall: Share | None
    in_review: Share | None

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain values for JSON."""
        return asdict(self)


def wilson(good: int, of: int) -> Share:
    """Return a share with its interval; nothing sampled leaves everything possible.

    >>> found = wilson(98, 100)
    >>> round(found.low, 3), round(found.high, 3)
    (0.93, 0.994)
    """
    if of == 0:
        return Share(0, 0, 0.0, 1.0)
    share = good / of
    middle = share + _Z**2 / (2 * of)
    spread = _Z * math.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2))
    whole = 1 + _Z**2 / of
    return Share(good, of, max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole))


def band_of(probability: float) -> str:
    """Return the band a link of this probability belongs to."""
    return next(f"≥{low}" for low in BANDS if probability >= low)


def draw_sample(folder: Path, size: int, seed: int) -> int:
    """Write ``sample.csv`` for a person to label and return its rows: each band and the review pairs alike.

    The same folder, size and seed draw the same sample.
    """
    strata: dict[str, list[list[str]]] = {}
    for name, stratum in (("links.csv", ""), ("review.csv", "review")):
        for row in read_csv(folder / name):
            key = stratum or band_of(float(row["probability"]))
            strata.setdefault(key, []).append([*(row[column] for column in HEADER), key])
    chance = random.Random(seed)  # noqa: S311 - a sample that can be drawn again, no secret
    each = max(1, size // max(1, len(strata)))
    drawn = [row for key in sorted(strata) for row in chance.sample(strata[key], min(each, len(strata[key])))]
    chance.shuffle(drawn)
    write_csv(folder / "sample.csv", (*HEADER, "stratum", LABEL), ([*row, ""] for row in drawn))
    return len(drawn)


def measure_quality(
    folder: Path, labels: Path | None = None, known: Iterable[tuple[str, str]] | None = None
) -> Quality:
    """Return the quality of the linking in ``folder``.

    Args:
        folder: what linking wrote.
        labels: ``sample.csv`` with its last column filled in; rows without a label do not count.
        known: pairs (id in the first register, id in the second) known to mean one body: a sample, not all of them.

    Raises:
        ChengxinError: a label is neither yes nor no.
    """
    links = [(row["a_id"], row["b_id"], float(row["probability"])) for row in read_csv(folder / "links.csv")]
    review = {(row["a_id"], row["b_id"]) for row in read_csv(folder / "review.csv")}
    truth = set(known or ())
    judged = list(_labels(labels)) if labels else []
    if truth and not judged:
        judged = list(_judged_by(truth, links, review))
    sizes = Counter(band_of(probability) for _a, _b, probability in links)
    bands = tuple(Band(name, sizes[name], _share(judged, name)) for name in (f"≥{low}" for low in BANDS) if sizes[name])
    linked = {(a, b) for a, b, _probability in links}
    return Quality(
        sampled=len(judged),
        precision=_weighted([(band.links, band.right.value) for band in bands]),
        precision_low=_weighted([(band.links, band.right.low if band.right.all else None) for band in bands]),
        bands=bands,
        review=_share(judged, "review"),
        recall=wilson(len(truth & linked), len(truth)) if truth else None,
        in_review=wilson(len(truth & review), len(truth)) if truth else None,
    )


def _labels(path: Path) -> Iterable[tuple[str, bool]]:
    """Yield (stratum, right) of each labelled row."""
    for number, row in enumerate(read_csv(path), start=2):
        label = (row.get(LABEL) or "").strip().lower()
        if label and label not in _YES | _NO:
            raise ChengxinError(
                "label_unclear",
                f"{path.name} 第 {number} 行的标注“{label}”看不懂，请填 1（同一主体）或 0（不是），不确定的留空",
                f"the label {label!r} in line {number} of {path.name} is neither 1 (the same body) nor 0; leave blank "
                "what you do not know",
                where=f"{path.name}:{number}",
            )
        if label:
            yield row["stratum"], label in _YES


def _judged_by(
    truth: set[tuple[str, str]], links: Sequence[tuple[str, str, float]], review: set[tuple[str, str]]
) -> Iterable[tuple[str, bool]]:
    """Yield (stratum, right) of each link and review pair about a row whose partner is known."""
    partner = dict(truth)
    for a, b, probability in links:
        if a in partner:
            yield band_of(probability), partner[a] == b
    for a, b in review:
        if a in partner:
            yield "review", partner[a] == b


def _share(judged: Sequence[tuple[str, bool]], stratum: str) -> Share:
    here = [right for name, right in judged if name == stratum]
    return wilson(sum(here), len(here))


def _weighted(parts: Sequence[tuple[int, float | None]]) -> float | None:
    """Return the mean of the bands' shares, each as heavy as it has links; None where no band was sampled."""
    held = [(size, share) for size, share in parts if share is not None]
    total = sum(size for size, _share_ in held)
    return sum(size * share for size, share in held) / total if total else None
