"""The spool: one text form for every source, and the header rules."""

import csv
import doctest
import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.intake.reader import DEFAULT, FileRefused, Limits
from chengxin.intake.reader import spool as module
from chengxin.intake.reader.spool import Spool, clean_name, column_letters


@pytest.fixture
def fd() -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        file.write(b"left over from another attempt")
        file.flush()
        yield file.fileno()


def text(fd: int) -> str:
    return os.pread(fd, 1 << 20, 0).decode()


def test_the_examples_in_the_documentation_hold() -> None:
    result = doctest.testmod(module)
    assert result.attempted >= 2
    assert result.failed == 0


def test_a_record_is_line_flaw_damaged_and_the_columns(fd: int) -> None:
    spool = Spool(fd, "xlsx", DEFAULT)
    spool.row(1, ["名称", "代码"])
    spool.row(3, ['甲"乙', "1,2\n3"], damaged=[1])
    reading = spool.finish("xlsx")
    assert text(fd) == '3,"","1","甲""乙","1,2\n3"\n'
    assert (reading.header, reading.lines, reading.blank_lines) == (("名称", "代码"), 1, 0)
    assert [(n.code, dict(n.details)) for n in reading.notices] == [("numbers_damaged", {"size": 1})]
    assert reading.notices[0].where is not None
    assert reading.notices[0].where.cell == "B3"


def test_blank_rows_are_counted_and_skipped(fd: int) -> None:
    spool = Spool(fd, "csv", DEFAULT)
    for line, cells in enumerate([[], ["", ""], ["a", "b"], [" ", "　"], ["1", ""], [""]], 1):
        spool.row(line, cells)
    reading = spool.finish("utf-8")
    assert text(fd) == '5,"","","1",""\n'
    assert (reading.lines, reading.blank_lines) == (1, 4)


def test_a_row_of_characters_without_width_is_no_header(fd: int) -> None:
    spool = Spool(fd, "csv", DEFAULT)
    spool.row(1, ["\u200b", "\ufeff"])
    spool.row(2, ["a"])
    spool.row(3, ["1"])
    reading = spool.finish("utf-8")
    assert (reading.header, reading.blank_lines) == (("a",), 1)


def test_short_rows_are_padded_and_long_rows_are_a_flaw(fd: int) -> None:
    spool = Spool(fd, "csv", DEFAULT)
    spool.row(1, ["a", "b"])
    spool.row(2, ["1"])
    spool.row(3, ["1", "2", "", " "])
    spool.row(4, ["1", "2", "", "x"])
    spool.finish("utf-8")
    assert text(fd) == '2,"","","1",""\n3,"","","1","2"\n4,"extra_cells","","1","2"\n'


def test_damage_in_a_cell_that_was_cut_is_not_reported(fd: int) -> None:
    spool = Spool(fd, "xlsx", DEFAULT)
    spool.row(1, ["a"])
    spool.row(2, ["1", "2"], damaged=[1])
    assert spool.finish("xlsx").notices == ()
    assert text(fd) == '2,"extra_cells","","1"\n'


@pytest.mark.parametrize(
    ("cell", "flaw"),
    [
        ("a\x01b", "control_character"),
        ("a\x0bb", "control_character"),
        ("a\x7fb", "control_character"),
        ("a\x85b", "control_character"),
        ("a\x9fb", "control_character"),
        ("a\ufffdb", "replacement_character"),
        ("a\tb\nc\r\nd", ""),
        ("买买提·吐尔逊\xa0", ""),
        ("䶮㼆𬭚鿍", ""),
    ],
)
def test_invisible_and_lost_characters_are_a_flaw_of_the_row(fd: int, cell: str, flaw: str) -> None:
    spool = Spool(fd, "csv", DEFAULT)
    spool.row(1, ["名称"])
    spool.row(2, [cell])
    spool.finish("utf-8")
    record = next(csv.reader(text(fd).splitlines(keepends=True), strict=True)) if "\x85" not in cell else None
    assert text(fd).startswith(f'2,"{flaw}","",')
    assert record is None or record[1] == flaw


def test_trailing_nameless_columns_are_dropped_while_they_are_empty(fd: int) -> None:
    spool = Spool(fd, "csv", DEFAULT)
    spool.row(1, ["a", "b", "", " "])
    spool.row(2, ["1", "2", "", ""])
    assert spool.finish("utf-8").header == ("a", "b")
    with pytest.raises(FileRefused) as caught:
        spool.row(3, ["1", "2", "3", ""])
    assert caught.value.message_zh == "C 列没有列名，但第 3 行有内容。请补上列名，或删除这一列。"


def test_a_nameless_column_between_names_stays_as_an_empty_name(fd: int) -> None:
    spool = Spool(fd, "xlsx", DEFAULT)
    spool.sheet = "名单"
    spool.row(1, ["a", "", "c"])
    spool.row(2, ["1", "", "3"])
    reading = spool.finish("xlsx")
    assert reading.header == ("a", "", "c")
    assert [n.message_zh for n in reading.notices] == ["B 列没有列名也没有内容，已忽略。"]
    with pytest.raises(FileRefused) as caught:
        spool.row(3, ["1", "2", "3"])
    assert caught.value.code == "header_blank"
    assert "工作表“名单”B3 单元格" in caught.value.message_zh


def test_duplicate_names_are_refused_with_both_columns(fd: int) -> None:
    with pytest.raises(FileRefused) as caught:
        Spool(fd, "csv", DEFAULT).row(1, ["名 称", "x", "名　称"])
    assert caught.value.message_zh.startswith("表头有重名：“名 称”同时出现在 A 列和 C 列。")


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["a" * 201], "header_too_long"),
        ([f"c{n}" for n in range(201)], "too_many_columns"),
        (["a\x01"], "header_damaged"),
        (["a", "b\ufffd"], "header_damaged"),
    ],
)
def test_a_header_that_cannot_be_one_is_refused(fd: int, names: list[str], code: str) -> None:
    with pytest.raises(FileRefused) as caught:
        Spool(fd, "csv", DEFAULT).row(1, names)
    assert caught.value.code == code


def test_an_error_value_as_a_name_is_refused_with_its_column(fd: int) -> None:
    with pytest.raises(FileRefused) as caught:
        Spool(fd, "xlsx", DEFAULT).row(1, ["a", "#REF!"], "error_value")
    assert (caught.value.code, caught.value.details["column"]) == ("header_damaged", "B")


def test_too_many_rows_are_refused(fd: int) -> None:
    spool = Spool(fd, "csv", Limits(max_csv_rows=2))
    for line in range(1, 4):
        spool.row(line, ["x"])
    with pytest.raises(FileRefused) as caught:
        spool.row(4, ["x"])
    assert caught.value.message_zh.startswith("文件超出范围：数据超过 2 行。")


def test_a_file_without_header_or_rows_is_refused(fd: int) -> None:
    spool = Spool(fd, "csv", DEFAULT)
    with pytest.raises(FileRefused) as caught:
        spool.finish("utf-8")
    assert caught.value.message_zh.startswith("文件没有表头")
    spool.row(1, ["a"])
    with pytest.raises(FileRefused) as caught:
        spool.finish("utf-8")
    assert caught.value.message_zh.startswith("文件没有数据行")


def test_more_than_the_buffer_is_written(fd: int) -> None:
    spool = Spool(fd, "csv", DEFAULT)
    spool.row(1, ["a"])
    for line in range(2, 60):
        spool.row(line, ["汉" * 10_000])
    spool.finish("utf-8")
    assert os.fstat(fd).st_size == sum(len(f'{line},"","",""\n') + 30_000 for line in range(2, 60))


@given(st.integers(0, 16_383))
def test_column_letters_count_in_bijective_base_26(index: int) -> None:
    number = 0
    for letter in column_letters(index):
        number = number * 26 + ord(letter) - 64
    assert number == index + 1


@given(st.text())
def test_cleaning_a_name_twice_changes_nothing_more(name: str) -> None:
    once = clean_name(name)
    assert clean_name(once) == once
    assert once == once.strip()
    assert "  " not in once
