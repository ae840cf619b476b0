"""A file is judged by its content; the refusal says what it is and what to do."""

import io
import os
import struct
import tempfile
import zipfile
from collections.abc import Callable

import pytest

from chengxin.intake.reader import DEFAULT, FileRefused, Limits
from chengxin.intake.reader.content import inspect


def kind_of(data: bytes, limits: Limits = DEFAULT) -> str:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return inspect(file.fileno(), limits)


def refused(data: bytes, limits: Limits = DEFAULT) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        kind_of(data, limits)
    return caught.value


def compound(name: str, shift: int = 9) -> bytes:
    """A compound file with one directory entry, as far as the reader looks."""
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0"))
    struct.pack_into("<H", head, 30, shift)
    struct.pack_into("<I", head, 48, 1)
    return bytes(head) + b"\0" * 512 + name.encode("utf-16-le").ljust(512, b"\0")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"%PDF-1.7\n", "kind_pdf"),
        (b"{\\rtf1\\ansi", "kind_document"),
        (b"\x1f\x8b\x08\x00", "kind_archive"),
        (b"Rar!\x1a\x07\x00", "kind_archive"),
        (b"7z\xbc\xaf\x27\x1c\x00", "kind_archive"),
        (b"BZh91AY", "kind_archive"),
        (b"\x28\xb5\x2f\xfd\x00", "kind_archive"),
        (b"\x89PNG\r\n\x1a\n", "kind_binary"),
        (b"\xff\xd8\xff\xe0", "kind_binary"),
        (b"SQLite format 3\x00", "kind_binary"),
        (b"\x09\x08\x10\x00\x00\x05", "kind_xls"),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", "encoding_unsupported"),
        ("名称,代码\n".encode("utf-16-le") + "abc,def\n".encode("utf-16-le") * 9, "encoding_unsupported"),
        (bytes(range(16)) * 4 + b"\0" * 64, "kind_binary"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "kind_html"),
        (b"\xef\xbb\xbf \r\n<!DOCTYPE HTML PUBLIC>", "kind_html"),
        (b"<TABLE border=1>", "kind_html"),
        ("<html><body>".encode("utf-16"), "kind_html"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "kind_html"),
        (b'<?xml version="1.0"?><html xmlns="x">', "kind_html"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "kind_xml"),
        (b"<!DOCTYPE lolz [<!ENTITY lol 'lol'>]>", "kind_xml"),
        (b'[{"a": 1}]', "kind_json"),
        (b'{ "a": 1}', "kind_json"),
    ],
)
def test_what_is_no_table_is_refused_by_content(data: bytes, code: str) -> None:
    assert refused(data).code == code


@pytest.mark.parametrize(
    ("name", "shift", "code"),
    [
        ("Workbook", 9, "kind_xls"),
        ("Book", 9, "kind_xls"),
        ("EncryptedPackage", 9, "kind_encrypted"),
        ("WordDocument", 9, "kind_ole2"),
        ("Workbook", 3, "kind_ole2"),
    ],
)
def test_an_encrypted_workbook_is_told_apart_from_an_old_one(name: str, shift: int, code: str) -> None:
    assert refused(compound(name, shift)).code == code


def test_a_compound_file_cut_after_its_magic_is_refused() -> None:
    assert refused(compound("Workbook")[:512]).code == "kind_ole2"


@pytest.mark.parametrize(
    "data", ["名称,代码\n".encode(), "名称".encode("gb18030"), "a,b".encode("utf-16"), b"a;b", b"[x"]
)
def test_text_is_taken_as_a_text_table(data: bytes) -> None:
    assert kind_of(data) == "csv"


def test_a_harmless_workbook_is_taken(make_workbook: Callable[..., bytes]) -> None:
    assert kind_of(make_workbook()) == "xlsx"


def test_a_file_above_the_limit_is_refused_with_both_sizes() -> None:
    refusal = refused(b"a,b\n1,2\n", Limits(max_file_bytes=5))
    assert refusal.code == "file_too_large"
    assert refusal.message_zh == "文件大小 8 字节，超过上限 5 字节。请拆分成几个文件后分别上传。"


def test_a_pipe_is_no_file() -> None:
    read, write = os.pipe()
    try:
        with pytest.raises(FileRefused) as caught:
            inspect(read, DEFAULT)
    finally:
        os.close(read)
        os.close(write)
    assert caught.value.code == "not_a_file"


def test_the_place_in_the_file_is_not_moved() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"a,b\n1,2\n")
        file.flush()
        os.lseek(file.fileno(), 3, os.SEEK_SET)
        inspect(file.fileno(), DEFAULT)
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 3


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ("data.csv", "kind_zip"),
        ("word/document.xml", "kind_document"),
        ("ppt/presentation.xml", "kind_document"),
        ("xl/workbook.bin", "kind_xlsb"),
        ("xl/vbaProject.bin", "kind_macro"),
        ("xl/macrosheets/sheet1.xml", "kind_macro"),
    ],
)
def test_packages_of_other_programs_are_named(member: str, code: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(member, "x")
    assert refused(out.getvalue()).code == code


def test_an_open_document_sheet_is_named() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("content.xml", "<x/>")
    assert refused(out.getvalue()).message_zh.startswith("这是 OpenDocument")
