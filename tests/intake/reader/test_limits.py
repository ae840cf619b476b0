"""Limits are settings with an allowance for large text files."""

import pytest

from chengxin.intake.reader import DEFAULT, Limits


def test_the_defaults_are_the_promised_ones() -> None:
    assert DEFAULT.max_csv_rows == 2_000_000
    assert DEFAULT.max_xlsx_rows == 200_000
    assert DEFAULT.max_columns == 200
    assert DEFAULT.max_cell_chars == 32_767
    assert DEFAULT.address_space_bytes == 1 << 30
    assert (DEFAULT.zip_ratio, DEFAULT.zip_total_bytes, DEFAULT.zip_members) == (100, 200_000_000, 200)


def test_a_large_text_file_earns_time_and_a_workbook_never_does() -> None:
    assert DEFAULT.cpu_for("csv", 1_000) == 30
    assert DEFAULT.cpu_for("csv", 600_000_000) == 70
    assert DEFAULT.wall_for("csv", 600_000_000) == 140
    assert DEFAULT.cpu_for("xlsx", 600_000_000) == 30
    assert DEFAULT.wall_for("xlsx", 600_000_000) == 60


def test_rows_and_output_depend_on_the_kind() -> None:
    assert DEFAULT.rows_for("csv") == 2_000_000
    assert DEFAULT.rows_for("xlsx") == 200_000
    assert DEFAULT.spool_for("csv") > DEFAULT.spool_for("xlsx")
    assert Limits(max_columns=2, max_cell_chars=3).max_line_chars == 6


def test_limits_survive_the_way_to_the_child() -> None:
    limits = Limits(cpu_seconds=3, max_columns=7)
    assert Limits.from_json(limits.to_json()) == limits


def test_an_unknown_limit_is_an_error() -> None:
    with pytest.raises(TypeError):
        Limits.from_json({"no_such_limit": 1})
