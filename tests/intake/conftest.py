"""The small city these tests live in, and files staged for a look at one step of their way."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.base.city import load_city
from chengxin.catalogue import HeaderMatch, Item, load_catalogue, recognise_header
from chengxin.intake.checking import check
from chengxin.intake.reader import Reading, read_table
from chengxin.intake.staging import judge_codes, load_rows, stage
from chengxin.intake.workspace import workspace
from chengxin.testing.city import city, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import duckdb

    from chengxin.catalogue import ForeignMapping
    from chengxin.testing.city import Row

__all__ = ["city"]


@pytest.fixture(autouse=True)
def own_limit_of_cells() -> Iterator[None]:
    """Give every test the csv module as it was: a reading in this process narrows what one cell may hold."""
    kept = csv.field_size_limit()
    yield
    csv.field_size_limit(kept)


@dataclass(frozen=True)
class Staged:
    """A file that was read and staged."""

    duck: duckdb.DuckDBPyConnection
    item: Item
    match: HeaderMatch
    reading: Reading

    def select(self, query: str) -> list[Any]:
        """Return the rows of a query in the scratch database."""
        return self.duck.execute(query).fetchall()

    def check(self, today: date = date(2026, 3, 2)) -> list[tuple[int, str, str]]:
        """Check with the city's organisations; return (row, rule, value) of the findings in their order."""
        organisations = [(one.uscc, (one.name, *one.aliases)) for one in load_city("kunshan").organisations]
        check(self.duck, self.item, self.match, today=today, organisations=organisations)
        return self.select("SELECT DISTINCT row_number, rule, value FROM finding ORDER BY ALL")


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Callable[..., Staged]]:
    """Return a function that writes rows as a department's CSV, reads it and stages it."""
    with workspace() as scratch:

        def make(
            item: str,
            generation: str,
            rows: Iterable[Row],
            *,
            path: Path | None = None,
            mapping: ForeignMapping | None = None,
        ) -> Staged:
            path = path or write_file(tmp_path / "staged.csv", item, generation, rows)
            reading = read_table(path, scratch.spool)
            found = load_catalogue().item(item)
            match = recognise_header(found, reading.header, mapping=mapping)
            load_rows(scratch.duck, scratch.spool, reading)
            stage(scratch.duck, found, match)
            judge_codes(scratch.duck, found)
            return Staged(scratch.duck, found, match, reading)

        yield make
