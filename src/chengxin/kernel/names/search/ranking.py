"""From names that may answer to candidates in order: score many, compare and explain few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from chengxin.kernel.names.search.explaining import Hit, explain
from chengxin.kernel.names.search.scoring import score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chengxin.kernel.names.model import Reason, Verdict
    from chengxin.kernel.names.search.asking import Ask
    from chengxin.kernel.names.search.encoding import Encoded, Numbers

Id = TypeVar("Id")

_MORE = 2
_WORTH_COMPARING = 0.75


@dataclass(frozen=True)
class Candidate(Generic[Id]):
    """A body that a text may mean.

    Attributes:
        id: the body's, as given to the index.
        name: the name that answered.
        name_kind: its kind, as given to the index: ``current``, ``former`` or ``english``.
        score: 0 to 1, orders candidates; 0.85 and more only where the names compare as the same.
        verdict: ``same`` proposes and never attaches; a short name or pinyin says no more than ``review``.
        reasons: in words, Chinese and English.
    """

    id: Id
    name: str
    name_kind: str
    score: float
    verdict: Verdict
    reasons: tuple[Reason, ...]


def best_hits(ask: Ask, names: Encoded, rows: Numbers, most: int) -> list[Hit]:
    """Give the best of some names for one way of reading what was asked, at most ``most``."""
    if not rows.size:
        return []
    scored = score(ask, names, rows)
    best = np.argsort(-scored.score, kind="stable")[:most]
    return [
        Hit(int(rows[at]), float(scored.score[at]), int(scored.found[at]), int(scored.exact[at]), ask)
        for at in best.tolist()
        if scored.score[at] > 0
    ]


def conclude(
    text: str, hits: Iterable[Hit], named: Callable[[int], tuple[Id, str, str]], top: int
) -> list[Candidate[Id]]:
    """Give the candidates, each body once by its best name, the likeliest first.

    Comparing costs some 100 µs a name, so only names that answer nearly as well as the best are compared.

    Args:
        text: what was asked.
        hits: the names that answered, a name perhaps by several ways of reading.
        named: gives id, name and kind of name for a hit's row.
        top: candidates wanted.
    """
    best: dict[int, Hit] = {}
    for hit in hits:
        if hit.row not in best or best[hit.row].score < hit.score:
            best[hit.row] = hit
    ranked = sorted(best.values(), key=lambda hit: (-hit.score, hit.row))
    found: dict[Id, Candidate[Id]] = {}
    for hit in ranked:
        one, name, kind = named(hit.row)
        if one in found:
            continue
        if len(found) == top + _MORE:
            break
        worth = hit.score >= _WORTH_COMPARING * ranked[0].score
        said = explain(text, hit, name, kind, compare=worth)
        found[one] = Candidate(one, name, kind, said.score, said.verdict, said.reasons)
    return sorted(found.values(), key=lambda one: -one.score)[:top]
