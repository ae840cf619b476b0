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
    replaces an earlier version. ``today`` is the legal day of the addition.
    """

    item: str
    first_id: int
    last_id: int
    superseded: tuple[int, ...]
    replacing: bool
    today: date
