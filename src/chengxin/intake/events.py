"""What happens to a batch, for the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta


@dataclass(frozen=True)
class BatchStep:
    """An import reached ``state``; ``rows`` is known once the file was read. Nothing of the batch is named."""

    state: str
    rows: int | None


@dataclass(frozen=True)
class HoldDecided:
    """A second person decided about a held batch: ``outcome`` is ``release`` or ``send_back``, after ``waited``."""

    outcome: str
    waited: timedelta
