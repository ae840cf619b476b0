"""Branches 分支机构: a branch is never its parent, and two branches of one parent are two bodies."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from chengxin.kernel.names.regions import Relation, leading_places, relate
from chengxin.kernel.names.slips import find_slips
from chengxin.kernel.names.tables import branch_markers

if TYPE_CHECKING:
    from chengxin.kernel.names.parsing import Reading
    from chengxin.kernel.names.reasons import Findings

_FORGIVEN = frozenset({"homophone", "lookalike", "doubled", "swapped"})


@cache
def _markers() -> re.Pattern[str]:
    return re.compile("|".join(branch_markers("always")))


def _count(reading: Reading) -> int:
    """Count the branch markers of a name: the branch of a branch has one more than the branch."""
    return len(_markers().findall(reading.text)) + len(_markers().findall(reading.unit[len(reading.branch) :]))


def _marker(unit: str) -> str:
    """Give the marker that a branch ends in: 支行 and 分行 are two kinds of branch."""
    found = (one for where in ("always", "after_form") for one in branch_markers(where) if unit.endswith(one))
    return next(found, "")


def compare_units(a: Reading, b: Reading, findings: Findings) -> None:
    """Add the reasons that the branches of two names give; nothing where neither names one."""
    x, y = a.unit, b.unit
    ours, theirs = _count(a), _count(b)
    if ours != theirs and min(ours, theirs) > 0:
        findings.add("branch_differs", x, y)
        return
    if x == y:
        return
    if not x or not y:
        findings.add("branch_and_parent", x or y)
        return
    if _marker(x) and _marker(y) and _marker(x) != _marker(y):
        findings.add("branch_differs", x, y)
        return
    at_x, places_x, _ = leading_places(x)
    at_y, places_y, _ = leading_places(y)
    relation = relate(places_x, places_y)
    if relation is Relation.DIFFERS:
        findings.add("branch_differs", x, y)
        return
    same_rest = x[at_x:] == y[at_y:] and relation in {Relation.EQUAL, Relation.WIDENED}
    slips = () if same_rest else find_slips(x, y)
    if slips is None or len(slips) > 1:
        close = relation is Relation.MISSING and x[at_x:] == y[at_y:]
        findings.add("branch_unclear" if close else "branch_differs", x, y)
    elif not slips or slips[0].kind in _FORGIVEN or ours != theirs:
        findings.add("branch_written", x, y)
    else:
        findings.add("branch_unclear", x, y)
