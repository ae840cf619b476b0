"""What names are compared on: every text has its columns, and nothing missing counts as agreement."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.linkage.columns import CHUNK, COLUMNS, NONE, columns_of, table_of, tables_of


def _column(name: str, column: str) -> str | None:
    return columns_of(name)[COLUMNS.index(column)]


@given(st.text())
def test_every_text_of_any_kind_has_all_columns(text: str) -> None:
    row = columns_of(text)
    assert len(row) == len(COLUMNS)
    assert all(value is None or value for value in row)  # empty is NULL, so two gaps never agree


@pytest.mark.parametrize(
    ("one", "other", "column"),
    [
        ("昆山禾映科技有限公司", "昆山禾应科技有限公司", "sounds"),
        ("昆山禾映科技有限公司", "昆山禾映技科有限公司", "bag"),
        ("昆山禾映科技有限公司", "昆山禾映映科技有限公司", "bag"),
        ("昆山禾映餐饮管理有限公司", "昆山禾映餐管理有限公司", "ends"),
        ("昆山禾映科技有限公司", "禾映（昆山）科技有限公司", "place"),
        ("昆山华龙机电有限公司", "昆山華龍機電有限公司", "core"),
        ("昆山市禾映科技有限公司", "江苏省昆山市禾映科技有限责任公司", "core"),
    ],
)
def test_a_slip_leaves_one_column_to_meet_on(one: str, other: str, column: str) -> None:
    assert _column(one, column) == _column(other, column) is not None


def test_a_branch_and_its_parent_differ_in_a_column_that_is_never_empty() -> None:
    assert _column("昆山禾映科技有限公司", "branch") == NONE
    assert _column("昆山禾映科技有限公司苏州分公司", "branch") != NONE


def test_ordinals_differ_in_a_column_that_is_never_empty() -> None:
    assert _column("昆山第一人民医院", "figures") != _column("昆山第二人民医院", "figures")
    assert _column("昆山人民医院", "figures") == NONE


def test_a_core_too_short_for_two_ends_has_none() -> None:
    assert _column("昆山禾映有限公司", "ends") is None


def test_many_names_come_in_order_whatever_the_number_of_processes() -> None:
    names = [f"昆山禾映{number}号科技有限公司" for number in range(CHUNK + 5)]
    told: list[int] = []
    tables = list(tables_of(names, told.append))
    assert pa.concat_tables(tables).column("name").to_pylist() == names
    assert pa.concat_tables(tables).column("row").to_pylist() == list(range(len(names)))
    assert sum(told) == len(names)


def test_a_table_counts_its_rows_from_where_it_is_told() -> None:
    table = table_of(["昆山禾映科技有限公司", "昆山云舫餐饮管理有限公司"], 7)
    assert table.column("row").to_pylist() == [7, 8]
    assert table.column_names == ["row", "name", *COLUMNS]
