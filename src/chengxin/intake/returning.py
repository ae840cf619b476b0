"""Keep the rows that are sent back, without what must not be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from chengxin.base.bulk import copy_in, one_row
from chengxin.catalogue import FieldType
from chengxin.intake.checking import person_number_sql
from chengxin.kernel.identifiers.sql import resident_id_shape_sql
from chengxin.kernel.masking import mask_persons_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from chengxin.catalogue import HeaderMatch, Item


def quarantine(
    duck: duckdb.DuckDBPyConnection,
    batch_id: int,
    item: Item,
    header: Sequence[str],
    match: HeaderMatch,
    person_rule: str,
) -> int:
    """Store every row with a finding, its own cells and its findings; return how many there are.

    Three things are not kept: all cells of a row about a natural person, columns the catalogue does not keep (identity
    numbers), and residents' numbers and telephones in any other column or finding: a cell that is a number is empty,
    inside a text stands a mark.
    """
    rows = int(one_row(duck, "SELECT count(DISTINCT row_number) FROM finding")[0])
    if rows == 0:
        return 0
    fields = {place: item.field(key) for key, place in match.columns.items()}
    cells = []
    for place in range(len(header)):
        known = fields.get(place)
        column = f"r.c{place}"
        if known is not None and not known.keep:
            cells.append("''")
        elif known is not None and known.type in (FieldType.CODE, FieldType.USCC):
            cells.append(f"CASE WHEN {person_number_sql(known, column)} THEN '' ELSE {column} END")
        else:
            cells.append(_without_persons(column))
    empty = ", ".join("''" for _ in header)
    duck.execute(
        f"""CREATE OR REPLACE TABLE sent_back AS SELECT row_number, bool_or(rule = ?) AS person,
        to_json(list({{'rule': rule, 'field': field, 'value': {_without_persons("value")},
            'message': {mask_persons_sql("message")}, 'expected': expected}} ORDER BY rule, field)) AS findings
        FROM (SELECT DISTINCT * FROM finding) GROUP BY row_number""",
        [person_rule],
    )
    # First the few rows, then what is done to their cells: the spool is read once more, and nothing else of it.
    duck.execute("CREATE OR REPLACE TABLE sent_cells AS SELECT * FROM raw SEMI JOIN sent_back USING (row_number)")
    with connection.cursor() as cursor:
        copy_in(
            duck,
            f"""SELECT {batch_id}, b.row_number,
            to_json(CASE WHEN b.person THEN [{empty}] ELSE [{", ".join(cells)}] END), b.findings
            FROM sent_back b JOIN sent_cells r USING (row_number)""",
            cursor,
            "intake_quarantinedrow",
            ("batch_id", "line", "cells", "findings"),
        )
    return rows


def _without_persons(column: str) -> str:
    """Return the DuckDB expression for a text without residents' numbers and telephones."""
    return f"(CASE WHEN {resident_id_shape_sql(column)} THEN '' ELSE {mask_persons_sql(column)} END)"
