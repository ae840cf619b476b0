"""Text tables: delimiters, strict quoting, and cells that come back as they are written."""

import csv
import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.intake.reader import FileRefused, Limits, Reading
from chengxin.intake.reader.delimited import find_delimiter

Read = Callable[..., tuple[Reading, list[list[str]]]]
Refusal = Callable[..., FileRefused]


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("名称,代码,日期", ","),
        ("名称;代码;日期", ";"),
        ("名称\t代码\t日期", "\t"),
        ("名称|代码|日期", "|"),
        ("名称;代码;金额,万元", ";"),
        ("名称,代码;备注", ","),
        ('"名称,全称";代码', ";"),
        ("名称", ","),
        (",,,\n\n名称|代码", "|"),
        ('"没有结束', ","),
    ],
)
def test_the_delimiter_is_the_one_that_splits_the_header_best(header: str, delimiter: str) -> None:
    assert find_delimiter([line + "\n" for line in header.split("\n")]) == delimiter


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_with_any_delimiter_is_read(read_inline: Read, delimiter: str) -> None:
    text = "名称,代码\n甲,1\n乙,2\n".replace(",", delimiter)
    reading, rows = read_inline(text.encode())
    assert reading.header == ("名称", "代码")
    assert rows == [["2", "", "", "甲", "1"], ["3", "", "", "乙", "2"]]


def test_the_line_is_where_the_record_starts(read_inline: Read) -> None:
    _, rows = read_inline(b'a,b\r\n"1\r\n1",x\r\n\r\n2,y\r\n')
    assert rows == [["2", "", "", "1\r\n1", "x"], ["5", "", "", "2", "y"]]


def test_cells_are_not_trimmed_and_formulas_stay_text(read_inline: Read) -> None:
    cells = [" a ", "=HYPERLINK(1)", "+cmd", "@SUM", "\tx", "＝1", "330106199001011234", "1E5", "007"]
    text = "a,b,c,d,e,f,g,h,i\n" + ",".join(cells) + "\n"
    _, rows = read_inline(text.encode())
    assert rows[0][3:] == cells


def test_a_quote_inside_an_unquoted_cell_is_a_character(read_inline: Read) -> None:
    _, rows = read_inline('名称,规格\n管,12"x3"\n'.encode())
    assert rows[0][4] == '12"x3"'


def test_old_line_ends_are_line_ends(read_inline: Read) -> None:
    reading, rows = read_inline(b"a,b\r1,2\r3,4\r")
    assert reading.lines == 2
    assert [row[0] for row in rows] == ["2", "3"]


def test_rows_with_more_cells_are_flawed_and_the_others_go_on(read_inline: Read) -> None:
    reading, rows = read_inline(b"a,b\n1,2\n1,2,3\n1\n4,5\n")
    assert reading.lines == 4
    assert [row[1] for row in rows] == ["", "extra_cells", "", ""]


def test_an_unclosed_quote_is_refused_with_the_line_it_opened_in(refusal: Refusal) -> None:
    refused = refusal('名称,事由\n甲,a\n乙,"b\n丙,c\n丁,d\n'.encode())
    assert refused.code == "quote_unclosed"
    assert refused.where is not None
    assert refused.where.line == 3
    assert refused.message_zh.startswith("第 3 行有一个双引号没有另一半")


def test_the_quote_is_named_and_not_the_record_it_is_in(refusal: Refusal) -> None:
    refused = refusal(b'a,b,c\n"1\n1","2\n2","3\n')
    assert refused.where is not None
    assert (refused.code, refused.where.line) == ("quote_unclosed", 4)


def test_text_behind_a_closing_quote_is_refused_with_both_lines(refusal: Refusal) -> None:
    refused = refusal(b'a,b\n1,2\n"3\nx" y,4\n')
    assert refused.code == "quote_misplaced"
    assert refused.where is not None
    assert (refused.where.line, refused.details["at"]) == (3, 4)


def test_doubled_quotes_are_one_quote(read_inline: Read) -> None:
    _, rows = read_inline('a,b\n"他说""好""",""""\n'.encode())
    assert rows[0][3:] == ['他说"好"', '"']


@pytest.mark.parametrize(("length", "fits"), [(50, True), (51, False)])
@pytest.mark.parametrize("quoted", [True, False])
def test_a_cell_may_have_so_many_characters(read_inline: Read, length: int, *, fits: bool, quoted: bool) -> None:
    cell = "汉" * length
    data = (f'a,b\n1,"{cell}"\n' if quoted else f"a,b\n1,{cell}\n").encode()
    limits = Limits(max_cell_chars=50)
    if fits:
        assert read_inline(data, limits=limits)[1][0][4] == cell
        return
    with pytest.raises(FileRefused) as caught:
        read_inline(data, limits=limits)
    assert caught.value.code == "cell_too_long"
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_doubled_quotes_count_once_towards_the_length(refusal: Refusal) -> None:
    limits = Limits(max_cell_chars=50)
    refused = refusal(('a,b\n"' + '""' * 40 + '",' + "x" * 51 + "\n").encode(), limits=limits)
    assert refused.code == "cell_too_long"
    text = 'a,b\n"' + '""' * 40 + '","open\n'
    assert refusal(text.encode(), limits=limits).code == "quote_unclosed"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\n\n , \n", "header_missing"),
        (b"a,b\n", "header_only"),
        (b"a,b\n\n,,\n", "header_only"),
        (b"a,a\n1,2\n", "header_duplicate"),
        (b"a,,c\n1,2,3\n", "header_blank"),
        (b"a,\n1,2\n", "header_blank"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(refusal: Refusal, data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_blank_rows_before_the_header_are_skipped(read_inline: Read) -> None:
    reading, rows = read_inline(b"\n,,\na,b\n1,2\n")
    assert (reading.header, reading.blank_lines) == (("a", "b"), 2)
    assert rows[0][0] == "4"


def test_the_last_line_needs_no_end(read_inline: Read) -> None:
    assert read_inline(b"a,b\n1,2")[1] == [["2", "", "", "1", "2"]]


CELL = st.text(
    alphabet=st.characters(
        exclude_categories=("Cc", "Cs"), include_characters='\t\n\r",;|', exclude_characters="\ufffd\ufeff"
    ),
    max_size=12,
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 5))
    row = st.lists(CELL, min_size=width, max_size=width).filter(lambda cells: any(map(str.strip, cells)))
    return draw(st.lists(row, min_size=1, max_size=6))


@settings(deadline=None)
@given(
    tables(),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_any_table_comes_back_as_it_was_written(
    read_inline: Read, table: list[list[str]], encoding: str, delimiter: str
) -> None:
    header = [f"列{number}" for number in range(len(table[0]))]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([header, *table])
    reading, rows = read_inline(out.getvalue().encode(encoding), encoding)
    assert reading.header == tuple(header)
    assert reading.lines == len(table)
    assert [row[3:] for row in rows] == table
    assert {row[1] for row in rows} <= {""}


@settings(deadline=None)
@given(tables())
def test_the_numbers_of_rows_and_blank_rows_add_up(read_inline: Read, table: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([f"列{number}" for number in range(len(table[0]))])
    for row in table:
        writer.writerow(row)
        out.write("\r\n")
    reading, _ = read_inline(out.getvalue().encode())
    assert (reading.lines, reading.blank_lines) == (len(table), len(table))
