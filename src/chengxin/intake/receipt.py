"""The receipt of a batch: what became of every line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Receipt:
    """What became of a file's lines (回执).

    Always ``lines = accepted + updated + duplicate + quarantined`` and ``accepted + updated = linked + unlinked``.
    ``seconds`` is the time from reading the file to the commit.
    """

    batch_id: int
    state: str
    lines: int
    accepted: int
    updated: int
    duplicate: int
    quarantined: int
    linked: int
    unlinked: int
    encoding: str
    generation: str
    seconds: float

    def __post_init__(self) -> None:
        """Refuse a receipt that does not add up: it would be a lie to the department."""
        if self.lines != self.accepted + self.updated + self.duplicate + self.quarantined:
            raise ValueError(f"the receipt's lines do not add up: {self}")
        if self.accepted + self.updated != self.linked + self.unlinked:
            raise ValueError(f"the receipt's links do not add up: {self}")

    def as_dict(self) -> dict[str, Any]:
        """Return the receipt as its JSON object."""
        return asdict(self)
