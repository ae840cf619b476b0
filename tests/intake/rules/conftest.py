"""A few staged rows, and what one rule reports of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import duckdb
import pytest

from chengxin.catalogue import load_catalogue
from chengxin.intake.rulebook import rulebook

Report = list[tuple[int, str, str, str]]
Find = Callable[..., Report]


@pytest.fixture
def find() -> Iterator[Find]:
    """Return a function that stages rows (by field key) and gives what a rule reports, in the order of the rows."""
    with duckdb.connect(":memory:") as duck:

        def report(
            rule: str,
            *rows: Mapping[str, str],
            item: str = "penalty",
            today: date = date(2026, 3, 2),
            organs: Sequence[tuple[str, str]] = (("11320583R00000509D", "昆山市市场监督管理局"),),
            person_like: Sequence[int] = (),
        ) -> Report:
            keys = [field.key for field in load_catalogue().item(item).fields]
            columns = ", ".join(f"{key} VARCHAR" for key in keys)
            duck.execute(f"CREATE OR REPLACE TABLE staged (row_number INTEGER, {columns})")
            marks = ", ".join("?" for _ in keys)
            for number, row in enumerate(rows, start=2):
                assert set(row) <= set(keys)
                values = [number, *(row.get(key, "") for key in keys)]
                duck.execute(f"INSERT INTO staged VALUES (?, {marks})", values)  # noqa: S608 - question marks
            duck.execute("CREATE OR REPLACE TABLE context AS SELECT ?::DATE AS today", [today])
            codes, names = [code for code, _ in organs], [name for _, name in organs]
            duck.execute("CREATE OR REPLACE TABLE organisation AS SELECT unnest(?::VARCHAR[]) AS uscc", [codes])
            duck.execute("CREATE OR REPLACE TABLE organisation_name AS SELECT unnest(?::VARCHAR[]) AS name", [names])
            duck.execute(
                "CREATE OR REPLACE TABLE person_like AS SELECT unnest(?::INTEGER[]) AS row_number", [list(person_like)]
            )
            sql = next(one.sql for one in rulebook().written if one.id == rule)
            chosen = f"SELECT row_number, field, value, expected FROM ({sql}) ORDER BY row_number"  # noqa: S608 - our own rule
            return duck.execute(chosen).fetchall()

        yield report
