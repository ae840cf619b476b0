"""The small city these cases happen in, and the files that are handed in there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from chengxin.testing.city import city, import_rows, row

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.intake.models import QuarantinedRow
    from chengxin.intake.receipt import Receipt
    from chengxin.records.models import Record
    from chengxin.testing.city import Row

__all__ = ["city"]


@dataclass(frozen=True)
class Files:
    """Files handed in one after the other, and what became of their rows."""

    folder: Path

    def register(self, *rows: Row) -> Receipt:
        """Hand a register in."""
        return import_rows(self.folder, "registration", "R1", rows)

    def penalties(self, *changed: Row) -> Receipt:
        """Hand penalties about body 1 in; each row has a document of its own and what ``changed`` says."""
        rows = [
            row("penalty", "G3", 1, **({"document_number": f"昆市监罚〔2026〕{number}号"} | one))
            for number, one in enumerate(changed, start=100)
        ]
        return import_rows(self.folder, "penalty", "G3", rows)

    def sent_back(self) -> list[QuarantinedRow]:
        """Return the rows sent back, of every file, in their order."""
        from chengxin.intake.models import QuarantinedRow  # noqa: PLC0415 - Django is set up by the fixtures

        return list(QuarantinedRow.objects.order_by("batch_id", "line"))

    def rules(self) -> list[str]:
        """Return why each row was sent back."""
        return [one["rule"] for held in self.sent_back() for one in held.findings]

    def facts(self) -> list[Record]:
        """Return the latest versions of the penalties, in the order in which they came."""
        from chengxin.records.models import Record  # noqa: PLC0415 - see above

        held: dict[str, Record] = {}
        for one in Record.objects.filter(item="penalty").order_by("pk"):
            held[str(one.key)] = one
        return list(held.values())


@pytest.fixture
def files(city: Path, tmp_path: Path) -> Files:
    """Give a city with body 1 in its register."""
    assert city
    made = Files(tmp_path)
    made.register(row("registration", "R1", 1))
    return made
