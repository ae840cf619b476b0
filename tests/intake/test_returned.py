"""The rows sent back: harmless in a spreadsheet, complete, and fit to be handed in again."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chengxin.accounts.actor import READ_BATCHES, Actor
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.catalogue import load_catalogue, recognise_header
from chengxin.intake.models import QuarantinedRow
from chengxin.intake.queries import Finding, ReturnedRow
from chengxin.intake.returned import (
    CELL_CHARACTERS,
    EXTRA_COLUMNS,
    DownloadReturned,
    RuleCount,
    ViewReturned,
    escape_formula,
    failing_rules,
    unescape_formula,
    write_returned_csv,
    write_returned_xlsx,
)
from chengxin.testing.making import NOW, make_batch, make_organisation

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

HEADER = ("行政相对人名称", "统一社会信用代码", "许可内容")
WRONG_CODE = Finding("uscc_wrong", "统一社会信用代码", "9132", "位数不对", "18 位")
NO_CONTENT = Finding("content_required", "许可内容", "", "没有填写", "")
ROW = ReturnedRow(7, ("昆山甲", "9132", ""), (WRONG_CODE, NO_CONTENT))
FORMULAS = ("=HYPERLINK(1)", "+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", "\r=1")
MORE_FORMULAS = ("＝1+1", "＋1", "－1", "＠A1", "'=1")
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


def _read_csv(written: bytes) -> list[list[str]]:
    assert written.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))


def _csv(rows: list[ReturnedRow], header: tuple[str, ...] = HEADER) -> list[list[str]]:
    out = io.BytesIO()
    assert write_returned_csv(out, header, rows) == len(rows)
    return _read_csv(out.getvalue())


def _sheet(rows: list[ReturnedRow], header: tuple[str, ...] = HEADER) -> Worksheet:
    out = io.BytesIO()
    assert write_returned_xlsx(out, header, rows) == len(rows)
    book = openpyxl.load_workbook(out)
    assert len(book.worksheets) == 1
    return book.worksheets[0]


def test_a_row_comes_back_with_its_own_cells_its_line_and_what_is_wrong() -> None:
    head, row = _csv([ROW])
    assert head == [*HEADER, "自留_行号", "自留_规则", "自留_问题", "自留_应为"]
    assert row == [
        "昆山甲",
        "9132",
        "",
        "7",
        "uscc_wrong；content_required",
        "统一社会信用代码：位数不对；许可内容：没有填写",
        "统一社会信用代码：18 位",
    ]


def test_the_workbook_says_the_same_as_the_csv() -> None:
    sheet = _sheet([ROW])
    values = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
    assert values == _csv([ROW])


@pytest.mark.parametrize("cell", [*FORMULAS, *MORE_FORMULAS])
def test_no_cell_of_the_csv_begins_like_a_formula(cell: str) -> None:
    _, row = _csv([ReturnedRow(2, (cell, "", ""), ())])
    assert row[0] == "'" + cell
    assert unescape_formula(row[0]) == cell


@pytest.mark.parametrize(
    "cell", [*FORMULAS, *MORE_FORMULAS, "00123", "91320583187588026H", "2026-01-05", "1E5", "TRUE", "http://a.b"]
)
def test_every_cell_of_the_workbook_is_text_and_stays_text_when_edited(cell: str) -> None:
    sheet = _sheet([ReturnedRow(2, (cell, "", ""), ())])
    held = sheet.cell(2, 1)
    assert (held.data_type, held.number_format, held.hyperlink) == ("s", "@", None)
    assert str(held.value).replace("_x000D_", "\r") == cell
    kinds = {one.data_type for row in sheet.iter_rows() for one in row if one.value is not None}
    assert kinds == {"s"}


def test_a_formula_in_the_header_is_as_harmless_as_one_in_a_row() -> None:
    assert _csv([], ("=1+1",))[0][0] == "'=1+1"
    assert _sheet([], ("=1+1",)).cell(1, 1).data_type == "s"


@given(CELLS)
@example("'=1")
@example("''=1")
@example("'")
@example("")
def test_escaping_loses_nothing_and_leaves_no_formula(cell: str) -> None:
    escaped = escape_formula(cell)
    assert unescape_formula(escaped) == cell
    assert not escaped.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
def test_whatever_was_handed_in_comes_back_as_it_was(cells: list[list[str]]) -> None:
    rows = [ReturnedRow(number, tuple(row), (WRONG_CODE,)) for number, row in enumerate(cells, start=2)]
    read = _csv(rows)[1:]
    assert [[unescape_formula(cell) for cell in row[:3]] for row in read] == cells


def test_the_file_is_recognised_when_it_comes_in_again() -> None:
    item = load_catalogue().item("licence")
    header = tuple(field.names_in("G3")[0] for field in item.fields_in("G3"))
    before = recognise_header(item, header)
    again = recognise_header(item, [*header, *EXTRA_COLUMNS])
    assert (again.generation, dict(again.columns)) == (before.generation, dict(before.columns))
    assert again.carried == EXTRA_COLUMNS
    assert again.unknown == before.unknown


def test_a_file_sent_back_twice_has_the_added_columns_once() -> None:
    header = (*HEADER, *EXTRA_COLUMNS)
    row = ReturnedRow(3, ("昆山甲", "9132", "x", "7", "old", "old", "old"), (WRONG_CODE,))
    head, body = _csv([row], header)
    assert head == [*HEADER, *EXTRA_COLUMNS]
    assert body[:5] == ["昆山甲", "9132", "x", "3", "uscc_wrong"]


def test_a_short_row_is_filled_up_and_a_long_one_keeps_to_its_columns() -> None:
    rows = [ReturnedRow(2, ("a",), ()), ReturnedRow(3, ("a", "b", "c", "d"), ())]
    assert [row[:4] for row in _csv(rows)[1:]] == [["a", "", "", "2"], ["a", "b", "c", "3"]]


def test_a_cell_too_long_for_a_sheet_is_said_and_not_cut() -> None:
    row = ReturnedRow(9, ("长" * (CELL_CHARACTERS + 1), "", ""), ())
    with pytest.raises(ChengxinError) as raised:
        write_returned_xlsx(io.BytesIO(), HEADER, [row])
    assert (raised.value.code, raised.value.where) == ("too_large_for_xlsx", "9")
    assert len(_csv([row])[1][0]) == CELL_CHARACTERS + 1


def test_more_rows_than_a_sheet_has_are_said_and_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chengxin.intake.returned.SHEET_ROWS", 3)
    rows = [ReturnedRow(line, ("", "", ""), ()) for line in (2, 3, 4)]
    with pytest.raises(ChengxinError) as raised:
        write_returned_xlsx(io.BytesIO(), HEADER, rows)
    assert raised.value.where == "4"
    assert write_returned_xlsx(io.BytesIO(), HEADER, rows[:2]) == 2


def test_the_workbook_holds_no_link_no_macro_and_no_formula() -> None:
    out = io.BytesIO()
    write_returned_xlsx(out, HEADER, [ReturnedRow(2, ("=1+1", "http://a.b/c", "mailto:x@y"), (WRONG_CODE,))])
    with zipfile.ZipFile(out) as archive:
        names = archive.namelist()
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert not [name for name in names if "vba" in name or "external" in name.lower()]
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


def _actor(organisation: str = "market", *, everywhere: bool = False) -> Actor:
    return Actor("officer", "zhang", organisation, frozenset({READ_BATCHES}), everywhere=everywhere)


def _batch_with_rows(state: str = "published") -> int:
    batch = make_batch(make_organisation(), state)
    for line in (9, 3, 5):
        findings = [vars(WRONG_CODE)] + ([vars(NO_CONTENT)] if line == 9 else [])
        QuarantinedRow.objects.create(batch=batch, line=line, cells=["昆山甲", "9132", ""], findings=findings)
    return batch.pk


@pytest.mark.django_db
def test_a_download_is_in_the_order_of_the_file_and_on_file_itself() -> None:
    batch_id = _batch_with_rows()
    out = io.BytesIO()
    assert DownloadReturned(_actor(), batch_id, "csv", NOW).execute(out) == 3
    assert [row[3] for row in _read_csv(out.getvalue())[1:]] == ["3", "5", "9"]
    event = Event.objects.get()
    assert (event.action, event.object, event.detail) == (
        "batch.returned_downloaded",
        str(batch_id),
        {"form": "csv", "rows": 3},
    )


@pytest.mark.django_db
def test_the_workbook_is_downloaded_too() -> None:
    batch_id = _batch_with_rows()
    out = io.BytesIO()
    assert DownloadReturned(_actor(), batch_id, "xlsx", NOW).execute(out) == 3
    assert openpyxl.load_workbook(out).worksheets[0].max_row == 4


@pytest.mark.django_db
def test_another_organisations_rows_are_not_found_and_the_centres_are() -> None:
    batch_id = _batch_with_rows()
    for wrong in (_actor("tax"), _actor("")):
        with pytest.raises(NotFound):
            DownloadReturned(wrong, batch_id, "csv", NOW).execute(io.BytesIO())
        with pytest.raises(NotFound):
            ViewReturned(wrong, batch_id, 20, NOW).execute()
        with pytest.raises(NotFound):
            failing_rules(wrong, batch_id, 5)
    assert not Event.objects.exists()
    assert DownloadReturned(_actor("centre", everywhere=True), batch_id, "csv", NOW).execute(io.BytesIO()) == 3


@pytest.mark.django_db
def test_a_batch_under_way_has_no_file_yet() -> None:
    batch_id = _batch_with_rows("checking")
    with pytest.raises(ChengxinError) as raised:
        DownloadReturned(_actor(), batch_id, "csv", NOW).execute(io.BytesIO())
    assert raised.value.code == "batch_under_way"


@pytest.mark.django_db
def test_a_form_nobody_offers_is_named() -> None:
    with pytest.raises(ChengxinError) as raised:
        DownloadReturned(_actor(), _batch_with_rows(), "pdf", NOW).execute(io.BytesIO())
    assert (raised.value.code, raised.value.where) == ("unknown_form", "pdf")


@pytest.mark.django_db
def test_the_first_rows_are_shown_and_the_look_is_on_file() -> None:
    batch_id = _batch_with_rows()
    rows = ViewReturned(_actor(), batch_id, 2, NOW).execute()
    assert [row.line for row in rows] == [3, 5]
    assert rows[0].findings == (WRONG_CODE,)
    assert Event.objects.get().detail == {"rows": 2}


@pytest.mark.django_db
def test_a_batch_without_rows_sent_back_leaves_no_event() -> None:
    batch = make_batch(make_organisation())
    assert ViewReturned(_actor(), batch.pk, 20, NOW).execute() == ()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_the_rules_that_fail_most_rows_come_first() -> None:
    batch_id = _batch_with_rows()
    assert failing_rules(_actor(), batch_id, 5) == (
        RuleCount("uscc_wrong", "统一社会信用代码", "位数不对", 3),
        RuleCount("content_required", "许可内容", "没有填写", 1),
    )
    assert len(failing_rules(_actor(), batch_id, 1)) == 1
