"""What this room tells the floors above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True)
class IdentifiersAdded:
    """Codes were tied to bodies in the current transaction; they stand in the temporary table ``new_identifier``.

    ``new_identifier`` has subject_id, kind and value. Facts that waited for one of these codes can now be tied.
    """

    now: datetime
    today: date
