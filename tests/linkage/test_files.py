"""The files of a linking open in a spreadsheet, run nothing there, and come back as they were written."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.linkage.files import HEADER, KNOWN, known_pairs, read_csv, write_csv

CELLS = st.text("'=+-@\t\r\n,\"昆山", max_size=6) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20
)


def _round(rows: list[list[str]], header: tuple[str, ...]) -> list[dict[str, str]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        write_csv(path, header, rows)
        return list(read_csv(path))


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_what_is_written_is_read_back_letter_for_letter(rows: list[tuple[str, str]]) -> None:
    assert _round([list(row) for row in rows], ("a", "b")) == [{"a": a, "b": b} for a, b in rows]


@pytest.mark.parametrize("cell", ["'=1+1", "''=1+1", "'", "''", "'昆山", "'-", "=", "'\tx"])
def test_a_quote_that_was_there_before_is_there_afterwards(cell: str) -> None:
    assert _round([[cell]], ("a",)) == [{"a": cell}]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(tmp_path: Path, start: str) -> None:
    path = tmp_path / "links.csv"
    write_csv(path, ("name", "id"), [(f"{start}cmd|' /C calc'!A0", "1")])
    with path.open(encoding="utf-8-sig", newline="") as file:
        (_header, row) = list(csv.reader(file))
    assert row[0].startswith(f"'{start}")
    assert row[1] == "1"


def test_numbers_are_written_as_numbers_and_negative_ones_are_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    write_csv(path, ("probability", "score"), [(0.25, -1), (1, 0.0)])
    assert path.read_text(encoding="utf-8-sig").splitlines() == ["probability,score", "0.25,-1", "1,0.0"]


def test_a_spreadsheet_knows_the_encoding_by_the_mark(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    write_csv(path, ("名称",), [("昆山禾映科技有限公司",)])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_name_with_commas_quotes_and_line_breaks_is_one_cell(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    name = '昆山"禾映",\n科技有限公司'
    write_csv(path, ("name", "id"), [(name, "1")])
    assert list(read_csv(path)) == [{"name": name, "id": "1"}]


def test_a_file_without_lines_has_none(tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    write_csv(path, HEADER, [])
    assert list(read_csv(path)) == []
    assert path.read_text(encoding="utf-8-sig").strip() == ",".join(HEADER)


def test_a_line_that_is_too_short_lacks_its_last_cells_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_text("a_id,b_id\n1\n2,3\n", encoding="utf-8")
    assert list(read_csv(path)) == [{"a_id": "1"}, {"a_id": "2", "b_id": "3"}]


@pytest.mark.parametrize("content", ["a_id,c\n1,2\n", "left,b_id\n1,2\n", "a_id,b_id\n1\n"])
def test_known_pairs_that_lack_a_column_are_refused_with_the_name_of_the_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "known.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ChengxinError) as refused:
        known_pairs(path)
    assert refused.value.as_dict() == {
        "code": "known_pairs_columns",
        "message": "known.csv 应有 a_id 和 b_id 两列，每行是一对已知为同一主体的编号",
        "message_en": "known.csv must have the columns a_id and b_id: on each line two ids known to be one body",
        "where": "known.csv",
    }


def test_known_pairs_keep_their_order_and_may_stand_twice(tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    write_csv(path, ("b_id", "note", "a_id"), [("2", "x", "1"), ("4", "", "3"), ("2", "x", "1")])
    assert known_pairs(path) == [("1", "2"), ("3", "4"), ("1", "2")]


def test_everything_linking_writes_is_known_by_name() -> None:
    assert {"links.csv", "review.csv", "model.json", "sample.csv"} <= KNOWN
    buffer = io.StringIO()
    csv.writer(buffer).writerow(HEADER)
    assert buffer.getvalue().count(",") == len(HEADER) - 1  # no header needs a quote
