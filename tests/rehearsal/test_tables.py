"""Files as departments hand them in: read back by other programs, they hold what was written."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.rehearsal import tables, vocabulary
from chengxin.rehearsal.sheet import Cell, Sheet
from chengxin.rehearsal.vocabulary import Profile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CSV = Profile("penalty", "G3", "csv", "utf-8", "chinese", "slash")
XLSX = replace(CSV, format="xlsx", encoding="xlsx", dates="cell")
TEXT = st.text(st.characters(codec="gb18030", exclude_characters="\x00"), max_size=12)


def sheet_of(profile: Profile, rows: int = 2, **shown: list[Cell]) -> Sheet:
    """Return a sheet whose cells tell their column and row, but for the columns given."""
    keys = [column.key for column in vocabulary.layouts().columns[profile.item, profile.generation]]
    clean = {key: [f"{key} {row}" for row in range(rows)] for key in keys}
    for key in tables.AMOUNT_COLUMNS & set(keys):
        clean[key] = [f"{row}.5" for row in range(rows)]
    sheet = Sheet(profile.item, profile.generation, rows, {**clean}, ["x"] * rows, ["d"] * rows, [False] * rows)
    sheet.shown.update(shown)
    return sheet


def written(path: Path, profile: Profile, *sheets: Sheet) -> bytes:
    with tables.open_table(path, profile) as table:
        for sheet in sheets:
            table.write(sheet)
    return path.read_bytes()


def cells_of(content: bytes, encoding: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


def workbook_of(path: Path) -> Mapping[str, list[object]]:
    """Return the one sheet's columns by header."""
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["数据"]
    columns = list(book["数据"].iter_cols(values_only=True))
    return {str(column[0]): list(column[1:]) for column in columns}


class TestHeaders:
    def test_chinese_headers_are_the_lists_names_in_its_order(self) -> None:
        header = tables.header_of(CSV)
        assert header[:3] == ["行政相对人名称", "行政相对人类别", "统一社会信用代码"]
        assert len(header) == 30

    def test_code_headers_are_the_lists_codes(self) -> None:
        header = tables.header_of(replace(CSV, headers="codes"))
        assert header[0] == "CF_XDR_MC"
        assert "CF_NR_FK" in header

    def test_noted_headers_carry_what_departments_add(self) -> None:
        header = tables.header_of(replace(CSV, headers="noted"))
        assert "行政相对人名称（必填）" in header
        assert "统一社会信用代码*" in header
        assert "处罚决定日期（YYYY/MM/DD）" in header

    def test_moved_columns_are_all_there_and_the_departments_own_comes_last(self) -> None:
        moved = tables.header_of(replace(CSV, moved=True))
        assert moved[-1] == "flex_经办科室"
        assert sorted(moved[:-1]) == sorted(tables.header_of(CSV))
        assert moved[:-1] != tables.header_of(CSV)

    @pytest.mark.parametrize("generation", vocabulary.GENERATIONS)
    @pytest.mark.parametrize("headers", ["chinese", "codes", "noted"])
    @pytest.mark.parametrize("item", ["licence", "penalty"])
    def test_no_file_has_two_columns_of_one_name(self, item: str, headers: str, generation: str) -> None:
        header = tables.header_of(replace(CSV, item=item, headers=headers, generation=generation))
        assert len(header) == len(set(header))


class TestCsv:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_it_reads_back_in_its_encoding(self, tmp_path: Path, encoding: str) -> None:
        profile = replace(CSV, encoding=encoding)
        sheet = sheet_of(profile, subject_name=["昆山䶮㼆有限公司", '说"好"，,\n换行'])
        rows = cells_of(written(tmp_path / "a.csv", profile, sheet), encoding)
        assert rows[0] == tables.header_of(profile)
        assert [row[0] for row in rows[1:]] == ["昆山䶮㼆有限公司", '说"好"，,\n换行']
        assert rows[2][1] == "subject_category 1"

    def test_only_the_file_with_a_mark_begins_with_one_and_only_once(self, tmp_path: Path) -> None:
        mark = b"\xef\xbb\xbf"
        profile = replace(CSV, encoding="utf-8-sig")
        marked = written(tmp_path / "a.csv", profile, sheet_of(profile), sheet_of(profile))
        plain = written(tmp_path / "b.csv", CSV, sheet_of(CSV))
        assert marked.startswith(mark)
        assert marked.count(mark) == 1
        assert not plain.startswith(mark)

    def test_lines_end_as_spreadsheets_end_them(self, tmp_path: Path) -> None:
        content = written(tmp_path / "a.csv", CSV, sheet_of(CSV))
        assert content.count(b"\r\n") == content.count(b"\n") == 3

    def test_sheets_follow_one_another_under_one_header(self, tmp_path: Path) -> None:
        rows = cells_of(written(tmp_path / "a.csv", CSV, sheet_of(CSV, 2), sheet_of(CSV, 3)), "utf-8")
        assert len(rows) == 1 + 2 + 3

    def test_moved_cells_stay_under_their_headers(self, tmp_path: Path) -> None:
        profile = replace(CSV, moved=True)
        rows = cells_of(written(tmp_path / "a.csv", profile, sheet_of(profile)), "utf-8")
        assert dict(zip(rows[0], rows[1], strict=True))["行政处罚决定书文号"] == "document_number 0"
        assert rows[1][-1] == "综合科"

    @given(names=st.lists(TEXT, min_size=1, max_size=5))
    def test_any_text_comes_back(self, tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
        profile = replace(CSV, encoding="gb18030")
        sheet = sheet_of(profile, len(names), subject_name=list(names))
        path = tmp_path_factory.getbasetemp() / "any-text.csv"
        rows = cells_of(written(path, profile, sheet), "gb18030")
        assert [row[0] for row in rows[1:]] == names


class TestXlsx:
    def test_text_is_text_even_where_a_spreadsheet_would_run_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        risky: list[Cell] = ['=HYPERLINK("http://example.invalid","x")', "http://example.invalid"]
        written(path, XLSX, sheet_of(XLSX, remarks=risky))
        sheet = openpyxl.load_workbook(path)["数据"]
        cells = [sheet.cell(row, sheet.max_column) for row in (2, 3)]
        assert [cell.value for cell in cells] == risky
        assert [cell.hyperlink for cell in cells] == [None, None]
        with_formula = openpyxl.load_workbook(path, data_only=False)["数据"]
        assert b"<f>" not in path.read_bytes()
        assert with_formula.max_row == 3

    def test_codes_are_text_and_damaged_ones_are_numbers(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        written(path, XLSX, sheet_of(XLSX, uscc=["913205839083345027", 913205839083345000]))
        whole, damaged = workbook_of(path)["统一社会信用代码"]
        assert whole == "913205839083345027"
        assert isinstance(damaged, int | float)
        assert damaged == pytest.approx(913205839083345000)

    def test_amounts_are_numbers_and_empty_cells_are_empty(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        written(path, XLSX, sheet_of(XLSX, fine_amount=["0.01285", ""]))
        assert workbook_of(path)["罚款金额（万元）"] == [0.01285, None]

    def test_days_are_date_cells_and_impossible_days_are_text(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        written(path, XLSX, sheet_of(XLSX, decided_on=["2026-01-05", "2025-02-30"]))
        day, impossible = workbook_of(path)["处罚决定日期"]
        assert isinstance(day, datetime)
        assert day.date().isoformat() == "2026-01-05"
        assert impossible == "2025-02-30"

    def test_days_are_text_where_the_department_types_them(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        profile = replace(XLSX, dates="slash")
        written(path, profile, sheet_of(profile, decided_on=["2026/01/05", "2026/01/06"]))
        assert workbook_of(path)["处罚决定日期"] == ["2026/01/05", "2026/01/06"]

    def test_the_same_rows_give_the_same_bytes(self, tmp_path: Path) -> None:
        first = written(tmp_path / "a.xlsx", XLSX, sheet_of(XLSX, 50))
        assert first == written(tmp_path / "b.xlsx", XLSX, sheet_of(XLSX, 50))

    def test_it_says_that_it_is_invented_and_when_it_was_made_is_fixed(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        written(path, XLSX, sheet_of(XLSX))
        held = openpyxl.load_workbook(path).properties
        assert held.title == "演练数据"
        assert held.created is not None
        assert held.created.isoformat().startswith("2026-01-01")

    def test_moved_cells_stay_under_their_headers(self, tmp_path: Path) -> None:
        profile = replace(XLSX, moved=True)
        written(tmp_path / "a.xlsx", profile, sheet_of(profile))
        columns = workbook_of(tmp_path / "a.xlsx")
        assert columns["行政处罚决定书文号"][0] == "document_number 0"
        assert columns["flex_经办科室"] == ["综合科", "综合科"]


class TestRefusing:
    def test_a_cell_the_encoding_lacks_is_an_error_and_never_a_question_mark(self, tmp_path: Path) -> None:
        profile = replace(CSV, encoding="gbk")
        sheet = sheet_of(profile, 1, subject_name=["昆山䶮有限公司"])
        with tables.open_table(tmp_path / "a.csv", profile) as table, pytest.raises(UnicodeEncodeError):
            table.write(sheet)

    def test_a_column_shorter_than_the_sheet_is_an_error(self, tmp_path: Path) -> None:
        sheet = sheet_of(CSV, 3, subject_name=["只有一行"])
        with tables.open_table(tmp_path / "a.csv", CSV) as table, pytest.raises(ValueError, match=r"zip\(\)"):
            table.write(sheet)

    def test_an_empty_sheet_adds_nothing(self, tmp_path: Path) -> None:
        rows = cells_of(written(tmp_path / "a.csv", CSV, sheet_of(CSV, 0), sheet_of(CSV, 1)), "utf-8")
        assert len(rows) == 2
