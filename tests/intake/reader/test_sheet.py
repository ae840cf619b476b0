"""One pass over a worksheet: values as text, and nothing hidden, merged or computed comes in."""

import datetime as dt
import io
import re
from collections.abc import Callable

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.intake.reader import FileRefused, Limits, Reading

Read = Callable[..., tuple[Reading, list[list[str]]]]
xlsxwriter = pytest.importorskip("xlsxwriter")  # has no type information
Refusal = Callable[..., FileRefused]
Make = Callable[..., bytes]
HEAD = '<row r="1"><c r="A1" t="str"><v>名称</v></c><c r="B1" t="str"><v>数</v></c></row>'


def cell(content: str, row: int = 2) -> str:
    """A header and one row with a filled first cell and the given second."""
    return f'{HEAD}<row r="{row}"><c r="A{row}" t="str"><v>甲</v></c>{content}</row>'


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<c r="B2"><v>42</v></c>', "42"),
        ('<c r="B2"><v>1.50</v></c>', "1.5"),
        ('<c r="B2" t="n"><v>1E-7</v></c>', "0.0000001"),
        ('<c r="B2" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="B2" t="b"><v>0</v></c>', "FALSE"),
        ('<c r="B2" t="str"><v> 前后 </v></c>', " 前后 "),
        ('<c r="B2" t="str"><v>=1+1</v></c>', "=1+1"),
        ('<c r="B2" t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r><rPh><t>jia</t></rPh></is></c>', "甲乙"),
        ('<c r="B2" t="inlineStr"><is><t>行_x000D_&#10;行</t></is></c>', "行\r\n行"),
        ('<c r="B2" t="d"><v>2025-06-30T00:00:00</v></c>', "2025-06-30"),
        ('<c r="B2" t="d"><v>2025-06-30T08:15:00Z</v></c>', "2025-06-30 08:15:00"),
        ('<c r="B2" s="7"/>', ""),
        ("<c><v>5</v></c>", "5"),
    ],
)
def test_a_cell_becomes_text(read_inline: Read, make_workbook: Make, xml: str, text: str) -> None:
    styles = "<cellXfs>" + "<xf numFmtId='0'/>" * 8 + "</cellXfs>"
    _, rows = read_inline(make_workbook(cell(xml), styles=styles))
    assert rows == [["2", "", "", "甲", text]]


@pytest.mark.parametrize(("from_1904", "text"), [("0", "2025-06-30"), ("1", "2029-07-01")])
def test_a_date_cell_follows_the_date_system_of_the_workbook(
    read_inline: Read, make_workbook: Make, from_1904: str, text: str
) -> None:
    _, rows = read_inline(
        make_workbook(
            cell('<c r="B2" s="1"><v>45838</v></c>'),
            styles='<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>',
            properties=f'<workbookPr date1904="{from_1904}"/>',
        )
    )
    assert rows[0][4] == text


def test_a_date_that_is_none_is_a_flaw_and_shows_its_number(read_inline: Read, make_workbook: Make) -> None:
    styles = '<cellXfs><xf numFmtId="14"/></cellXfs>'
    _, rows = read_inline(make_workbook(cell('<c r="B2" s="0"><v>-5</v></c>'), styles=styles))
    assert rows == [["2", "date_out_of_range", "", "甲", "-5"]]


def test_an_error_cell_is_a_flaw_of_its_row(read_inline: Read, make_workbook: Make) -> None:
    _, rows = read_inline(make_workbook(cell('<c r="B2" t="e"><v>#REF!</v></c>')))
    assert rows == [["2", "error_value", "", "甲", "#REF!"]]


def test_an_identity_number_that_became_a_number_is_marked(read_inline: Read, make_workbook: Make) -> None:
    reading, rows = read_inline(make_workbook(cell('<c r="B2"><v>3.3010619900101123E+17</v></c>')))
    assert rows == [["2", "", "1", "甲", "330106199001011200"]]
    assert [n.code for n in reading.notices] == ["numbers_damaged"]
    assert "B2" in reading.notices[0].message_zh


@pytest.mark.parametrize(
    "xml",
    [
        '<c r="B2"><v>abc</v></c>',
        '<c r="B2"><v>inf</v></c>',
        '<c r="B2" t="s"><v>0</v></c>',
        '<c r="B2" t="s"><v>-1</v></c>',
        '<c r="B2" t="s"><v>9999999999999</v></c>',
        '<c r="B2" t="zz"><v>1</v></c>',
        '<c r="B2" s="5"><v>1</v></c>',
        '<c r="B3"><v>1</v></c>',
        '<c r="2B"><v>1</v></c>',
        '<c r="XFE2"><v>1</v></c>',
        '<c r="ABCD2"><v>1</v></c>',
        '<c r="Ａ2"><v>1</v></c>',
        '<c r="A2"><v>1</v></c>',
        '<c r="B2"><v>1</v></c><c r="B2"><v>2</v></c>',
    ],
)
def test_a_cell_that_no_spreadsheet_writes_is_refused_with_its_row(
    refusal: Refusal, make_workbook: Make, xml: str
) -> None:
    refused = refusal(make_workbook(cell(xml), styles="<cellXfs><xf/></cellXfs>"))
    assert refused.code == "xlsx_broken"
    assert "第 2 行" in refused.message_zh


@pytest.mark.parametrize("number", ["1", "0", "-3", "1048577", "x", "99999999999999999999", "２"])
def test_row_numbers_must_rise_and_exist(refusal: Refusal, make_workbook: Make, number: str) -> None:
    refused = refusal(make_workbook(f'{HEAD}<row r="{number}"><c t="str"><v>x</v></c></row>'))
    assert refused.code == "xlsx_broken"


def test_rows_and_cells_without_references_follow_each_other(read_inline: Read, make_workbook: Make) -> None:
    rows = "<row><c t='str'><v>a</v></c><c t='str'><v>b</v></c></row><row><c/><c><v>2</v></c></row>"
    assert read_inline(make_workbook(rows))[1] == [["2", "", "", "", "2"]]


def test_blank_rows_and_gaps_are_counted(read_inline: Read, make_workbook: Make) -> None:
    rows = f'{HEAD}<row r="3"><c r="A3" t="str"><v> </v></c></row><row r="6"><c r="A6" t="str"><v>x</v></c></row>'
    reading, records = read_inline(make_workbook(rows))
    assert records == [["6", "", "", "x", ""]]
    assert (reading.lines, reading.blank_lines) == (1, 4)


def test_a_formula_is_refused_with_its_cell(refusal: Refusal, make_workbook: Make) -> None:
    refused = refusal(make_workbook(cell('<c r="B2"><f>SUM(A1:A9)</f><v>3</v></c>')))
    assert refused.message_zh == "工作表“名单”B2 单元格是公式。请复制后“选择性粘贴—数值”，再重新上传。"


def test_a_formula_in_a_validation_rule_is_none(read_inline: Read, make_workbook: Make) -> None:
    after = "<extLst><ext><f>1</f></ext></extLst>"
    assert read_inline(make_workbook(cell(""), after=after))[0].lines == 1


def test_merged_cells_are_refused_with_their_range(refusal: Refusal, make_workbook: Make) -> None:
    refused = refusal(make_workbook(cell(""), after='<mergeCells><mergeCell ref="A2:B3"/></mergeCells>'))
    assert refused.code == "cell_merged"
    assert "A2:B3" in refused.message_zh


@pytest.mark.parametrize("mark", ['hidden="1"', 'hidden="true"', 'ht="0" customHeight="1"'])
def test_a_hidden_row_with_content_is_refused(refusal: Refusal, make_workbook: Make, mark: str) -> None:
    rows = f'{HEAD}<row r="2" {mark}><c r="B2"><v>1</v></c></row>'
    refused = refusal(make_workbook(rows))
    assert refused.code == "row_hidden"
    assert "筛选" in refused.message_zh


@pytest.mark.parametrize("mark", ['hidden="1"', 'width="0"'])
def test_a_hidden_column_with_content_is_refused(refusal: Refusal, make_workbook: Make, mark: str) -> None:
    before = f'<cols><col min="2" max="16384" {mark}/></cols>'
    refused = refusal(make_workbook(cell('<c r="B2"><v>1</v></c>'), before=before))
    assert refused.code == "column_hidden"


def test_hidden_rows_and_columns_without_content_do_not_matter(read_inline: Read, make_workbook: Make) -> None:
    before = '<cols><col min="3" max="16384" hidden="1"/></cols>'
    rows = cell('<c r="B2"><v>1</v></c><c r="C2" s="0"/>') + '<row r="3" hidden="1"><c r="A3"/></row>'
    styles = "<cellXfs><xf/></cellXfs>"
    assert read_inline(make_workbook(rows, before=before, styles=styles))[0].lines == 1


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_with_content_is_refused_by_name(refusal: Refusal, make_workbook: Make, state: str) -> None:
    refused = refusal(make_workbook(more={"底稿": (state, HEAD)}))
    assert refused.code == "sheet_hidden"
    assert refused.message_zh.startswith("工作表“底稿”是隐藏的")


def test_a_hidden_sheet_with_only_a_formula_has_content(refusal: Refusal, make_workbook: Make) -> None:
    rows = '<row r="1"><c r="A1"><f>1</f></c></row>'
    assert refusal(make_workbook(more={"底稿": ("hidden", rows)})).code == "sheet_hidden"


def test_empty_sheets_hidden_or_not_do_not_matter(read_inline: Read, make_workbook: Make) -> None:
    empty = '<row r="1"><c r="A1"/><c r="B1" t="str"><v> </v></c></row>'
    reading, _ = read_inline(make_workbook(more={"空": ("hidden", empty), "白": ("visible", empty)}))
    assert reading.lines == 1


def test_the_first_sheet_may_be_empty(read_inline: Read, make_workbook: Make) -> None:
    reading, rows = read_inline(make_workbook("", more={"数据": ("visible", cell(""))}))
    assert reading.header == ("名称", "数")
    assert rows[0][3] == "甲"


def test_two_sheets_with_content_are_refused_by_their_names(refusal: Refusal, make_workbook: Make) -> None:
    refused = refusal(make_workbook(more={"许可": ("visible", HEAD)}))
    assert refused.code == "sheet_several"
    assert "名单、许可" in refused.message_zh


def test_the_sheet_of_seventeen_billion_cells_costs_two(refusal: Refusal, make_workbook: Make) -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="1048576"><c r="XFD1048576" t="str"><v>z</v></c></row>'
    )
    data = make_workbook(rows, before='<dimension ref="A1:XFD1048576"/>')
    assert len(data) < 2_000
    refused = refusal(data)
    assert refused.code == "range_too_large"
    assert refused.message_zh.startswith("文件超出范围：工作表“名单”XFD1048576 单元格有内容")


def test_formats_far_outside_the_table_do_not_matter(read_inline: Read, make_workbook: Make) -> None:
    rows = cell('<c r="XFD2" s="0"/>') + '<row r="1048576"><c r="A1048576" s="0"/></row>'
    data = make_workbook(rows, before='<dimension ref="A1:XFD1048576"/>', styles="<cellXfs><xf/></cellXfs>")
    assert read_inline(data)[0].lines == 1


def test_rows_and_columns_are_limited(refusal: Refusal, make_workbook: Make) -> None:
    wide = cell('<c r="C2"><v>1</v></c>')
    assert refusal(make_workbook(wide), limits=Limits(max_columns=2)).code == "range_too_large"
    assert refusal(make_workbook(cell("", row=9)), limits=Limits(max_xlsx_rows=7)).code == "range_too_large"


def test_a_huge_cell_is_refused_with_its_place(refusal: Refusal, make_workbook: Make) -> None:
    refused = refusal(make_workbook(cell(f'<c r="B2" t="str"><v>{"汉" * 32_768}</v></c>')))
    assert refused.code == "cell_too_long"
    assert "B2" in refused.message_zh


def test_an_error_or_a_gap_in_the_header_is_refused(refusal: Refusal, make_workbook: Make) -> None:
    rows = '<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    assert refusal(make_workbook(rows)).code == "header_damaged"
    gap = '<row r="1"><c r="A1"><v>1</v></c><c r="C1"><v>3</v></c></row><row r="2"><c r="B2"><v>1</v></c></row>'
    assert refusal(make_workbook(gap)).code == "header_blank"


def test_a_workbook_of_openpyxl_is_read(read_inline: Read) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["名称", "日期", "金额", "代码", "是否"])
    sheet.append(["甲", dt.date(2025, 6, 30), 12.5, "007", True])
    sheet.append(["乙", dt.datetime(2025, 6, 30, 8, 15), 3, 91320583123456789, None])  # noqa: DTZ001 - cells have no zone
    out = io.BytesIO()
    book.save(out)
    reading, rows = read_inline(out.getvalue())
    assert reading.encoding == "xlsx"
    assert rows[0] == ["2", "", "", "甲", "2025-06-30", "12.5", "007", "TRUE"]
    assert rows[1][:6] == ["3", "", "3", "乙", "2025-06-30 08:15:00", "3"]


TEXT = st.text(
    alphabet=st.characters(
        exclude_categories=("Cc", "Cs"), include_characters="\t\n", exclude_characters="\ufffd\ufffe\uffff"
    ),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() and not re.search("_x[0-9A-Fa-f]{4}_", text))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXT, st.integers(-(10**14), 10**14), st.dates(dt.date(1900, 3, 1))), min_size=1, max_size=5))
def test_any_rows_written_as_a_workbook_come_back(read_inline: Read, rows: list[tuple[str, int, dt.date]]) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("名单")
        form = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["甲", "乙", "丙"])
        for number, (text, integer, day) in enumerate(rows, 1):
            sheet.write_string(number, 0, text)
            sheet.write_number(number, 1, integer)
            sheet.write_datetime(number, 2, day, form)
    reading, records = read_inline(out.getvalue())
    assert reading.lines == len(rows)
    assert [row[1:] for row in records] == [["", "", text, str(n), day.isoformat()] for text, n, day in rows]
