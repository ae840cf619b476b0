"""A sheet of text is what a spreadsheet, and our own reader, reads back cell by cell."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
import python_calamine
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from chengxin.intake.reader import read_table
from chengxin.intake.text_sheet import ROWS_AT_A_TIME, write_text_sheet

if TYPE_CHECKING:
    from pathlib import Path

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufffe\uffff"), max_size=12)


def _written(rows: list[list[str]], header: tuple[str, ...] = ("甲", "乙", "丙")) -> bytes:
    out = io.BytesIO()
    assert write_text_sheet(out, "数据", header, rows, [10] * len(header)) == len(rows)
    return out.getvalue()


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=4))
@example([["_x0041_", "a\x00b", "<&>\"'"]])
@example([["\x1f_x001F_", "\t\n", " 前后空格 "]])
@example([["𠮷", "=1+1", "00123"]])
def test_every_text_comes_back_as_it_was(rows: list[list[str]]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(_written(rows))).worksheets[0]
    for number, row in enumerate(rows, start=2):
        for place, text in enumerate(row, start=1):
            cell = sheet.cell(number, place)
            assert unescape(str(cell.value or "")) == text
            assert cell.value is None or (cell.data_type, cell.number_format) == ("s", "@")


def test_a_second_program_reads_the_same() -> None:
    rows = [["=1+1", "00123", "91320583187588026H"], ["a & b", "<c>", "第一行\n第二行"]]
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(_written(rows)))
    assert book.sheet_names == ["数据"]
    assert book.get_sheet_by_index(0).to_python() == [["甲", "乙", "丙"], *rows]


def test_the_platforms_own_reader_takes_it(tmp_path: Path) -> None:
    rows = [["=1+1", "00123", "91320583187588026H"], ["", "", "只有末列"]]
    source, spool = tmp_path / "mended", tmp_path / "spool"
    source.write_bytes(_written(rows))
    reading = read_table(source, spool)
    assert (reading.header, reading.encoding, reading.lines) == (("甲", "乙", "丙"), "xlsx", 2)
    with spool.open(encoding="utf-8", newline="") as held:
        assert [row[-3:] for row in csv.reader(held)] == rows


def test_the_header_stands_out_and_columns_have_their_widths_and_stay_text() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(_written([["1", "2", "3"]]))).worksheets[0]
    assert [cell.font.bold for cell in sheet[1]] == [True] * 3
    assert [cell.font.bold for cell in sheet[2]] == [False] * 3
    assert sheet.freeze_panes == "A2"
    assert [sheet.column_dimensions[name].width for name in "ABC"] == [10] * 3


@pytest.mark.parametrize("count", [0, 1, ROWS_AT_A_TIME - 1, ROWS_AT_A_TIME, ROWS_AT_A_TIME + 1])
def test_no_row_is_lost_between_two_pieces(count: int) -> None:
    rows = [[str(number), "", "x"] for number in range(count)]
    sheet = openpyxl.load_workbook(io.BytesIO(_written(rows)), read_only=True).worksheets[0]
    read = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert read == [row[0] for row in rows]


def test_columns_beyond_z_are_named_as_spreadsheets_name_them() -> None:
    header = tuple(f"列{number}" for number in range(730))
    sheet = openpyxl.load_workbook(io.BytesIO(_written([], header))).worksheets[0]
    assert [cell.value for cell in sheet[1]] == list(header)


def test_the_file_has_no_formula_no_link_and_nothing_but_its_six_parts() -> None:
    with zipfile.ZipFile(io.BytesIO(_written([["=1+1", "http://a.b", "@x"]]))) as archive:
        names = archive.namelist()
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert len(names) == 6
    assert "<f" not in sheet
    assert "hyperlink" not in sheet
