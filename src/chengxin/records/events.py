"""What this room tells the floors above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class RecordsAdded:
    """Versions ``first_id`` to ``last_id`` of facts of ``item`` were added in the current transaction.

    ``superseded`` are those among them that another of them already replaces; ``replacing`` tells whether any of them
    replaces an earlier version. ``today`` is the legal day of the addition. ``moved``: every one of them says the same
    as the version it replaces, about another body (merge, split or its undoing).
    """

    item: str
    first_id: int
    last_id: int
    superseded: tuple[int, ...]
    replacing: bool
    today: date
    moved: bool = False


@dataclass(frozen=True)
class LinkDecided:
    """An officer decided about a proposal, or took a decision back, in the current transaction.

    ``outcome`` is that of the decision, for ``undo`` that of the decision taken back stands in ``undone``. ``fact`` is
    true for a proposal about a fact and false for one about a row sent back.
    """

    decision_id: int
    proposal_id: int
    fact: bool
    outcome: str
    undone: str = ""
