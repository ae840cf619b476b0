"""The directory of a package is judged before anything is unpacked."""

import io
import struct
import tempfile
import zipfile
from collections.abc import Callable

import pytest

from chengxin.intake.reader import DEFAULT, FileRefused, Limits
from chengxin.intake.reader.archive import check_package

Parts = dict[str, str | bytes]


def check(data: bytes, limits: Limits = DEFAULT) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        check_package(file.fileno(), len(data), limits)


def refused(data: bytes, limits: Limits = DEFAULT) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        check(data, limits)
    return caught.value


def patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """The package with bytes changed behind the last place of a signature."""
    at = data.rindex(signature) + offset
    return data[:at] + value + data[at + len(value) :]


@pytest.fixture(scope="module")
def good(make_workbook: Callable[..., bytes]) -> bytes:
    return bytes(make_workbook())


def test_an_ordinary_workbook_passes(good: bytes) -> None:
    check(good)
    with pytest.raises(FileRefused):
        check(good[:-1])


def test_a_zip_bomb_is_refused_by_its_ratio(
    make_package: Callable[..., bytes], workbook_parts: Callable[..., Parts]
) -> None:
    refusal = refused(make_package({**workbook_parts(), "xl/media/a.xml": b" " * 5_000_000}))
    assert refusal.code == "zip_bomb"
    assert "xl/media/a.xml" in refusal.message_zh
    assert "未解压" in refusal.message_zh


def test_a_small_member_is_not_judged_by_ratio(
    make_package: Callable[..., bytes], workbook_parts: Callable[..., Parts]
) -> None:
    data = make_package({**workbook_parts(), "xl/theme.xml": b" " * 500_000})
    check(data)
    assert refused(data, Limits(zip_ratio_floor_bytes=1000)).code == "zip_bomb"


def test_many_small_members_are_judged_together(
    make_package: Callable[..., bytes], workbook_parts: Callable[..., Parts]
) -> None:
    many = {f"xl/p{number}.xml": b" " * 1_000_000 for number in range(20)}
    assert refused(make_package({**workbook_parts(), **many})).details["part"] == "*"


def test_declared_sizes_are_added_up(good: bytes) -> None:
    refusal = refused(good, Limits(zip_total_bytes=1000))
    assert refusal.code == "zip_too_large"
    assert refusal.message_zh.startswith("文件超出范围")


def test_too_many_members_are_refused(make_package: Callable[..., bytes]) -> None:
    assert refused(make_package({f"p{number}": "x" for number in range(201)})).code == "zip_too_many"


@pytest.mark.parametrize(
    "name", ["../etc/passwd", "a/../../b", "/etc/passwd", "..\\evil.xml", "C:/evil.xml", "a/..", "a\\b"]
)
def test_a_path_that_leads_outside_is_refused(make_package: Callable[..., bytes], name: str) -> None:
    assert refused(make_package({name: "x"})).code == "zip_path"


def test_a_symbolic_link_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        info = zipfile.ZipInfo("xl/link.xml")
        info.create_system = 3
        info.external_attr = 0o120777 << 16
        file.writestr(info, "/etc/passwd")
    assert refused(out.getvalue()).code == "zip_link"


def test_duplicate_members_are_refused_whatever_their_case(
    make_package: Callable[..., bytes], workbook_parts: Callable[..., Parts]
) -> None:
    refusal = refused(make_package({**workbook_parts(), "XL/Workbook.xml": "<x/>"}))
    assert (refusal.code, refusal.details["part"]) == ("zip_duplicate", "xl/workbook.xml")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_member_twice_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("[Content_Types].xml", "<a/>")
        file.writestr("[Content_Types].xml", "<b/>")
    assert refused(out.getvalue()).code == "zip_duplicate"


def test_a_zip_inside_is_refused(make_package: Callable[..., bytes], workbook_parts: Callable[..., Parts]) -> None:
    refusal = refused(make_package({**workbook_parts(), "xl/embeddings/book.xlsx": "PK"}))
    assert refusal.code == "zip_nested"


def test_an_encrypted_member_is_refused(good: bytes) -> None:
    assert refused(patched(good, b"PK\x01\x02", 8, b"\x01\x00")).code == "kind_encrypted"


def test_an_unknown_compression_is_refused(good: bytes) -> None:
    assert refused(patched(good, b"PK\x01\x02", 10, b"\x0c\x00")).code == "zip_broken"


def test_a_member_that_claims_more_bytes_than_there_are_is_refused(good: bytes) -> None:
    assert refused(patched(good, b"PK\x01\x02", 20, struct.pack("<I", 1 << 30))).code == "zip_size_lie"


def test_members_that_share_bytes_are_refused(good: bytes) -> None:
    # the overlap that makes a bomb without nesting: two entries with one local header
    assert refused(patched(good, b"PK\x01\x02", 42, struct.pack("<I", 0))).code == "zip_size_lie"


def test_a_stored_member_of_two_sizes_is_refused(make_package: Callable[..., bytes]) -> None:
    data = make_package({"[Content_Types].xml": "abc"}, zipfile.ZIP_STORED)
    assert refused(patched(data, b"PK\x01\x02", 24, struct.pack("<I", 9))).code == "zip_size_lie"


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (4, b"\x01\x00"),  # another disk
        (8, b"\x01\x00"),  # fewer entries here than in all
        (12, b"\x01\x00\x00\x00"),  # directory of one byte
        (16, b"\xff\xff\xff\xff"),  # ZIP64 marker
        (20, b"\x05\x00"),  # comment beyond the end
    ],
)
def test_an_end_record_that_lies_is_refused(good: bytes, offset: int, value: bytes) -> None:
    assert refused(patched(good, b"PK\x05\x06", offset, value)).code == "zip_broken"


def test_a_hidden_second_directory_is_refused(good: bytes) -> None:
    # a library may follow this locator to another directory than the one that was checked
    at = good.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + b"\0" * 16
    length = struct.unpack_from("<I", good, at + 12)[0]
    end = patched(good[at:], b"PK\x05\x06", 12, struct.pack("<I", length + len(locator)))
    entry = good.rindex(b"PK\x01\x02")
    comment = patched(good[:at], b"PK\x01\x02", 32, struct.pack("<H", len(locator)))
    assert entry < at
    assert refused(comment + locator + end).code == "zip_broken"


def test_bytes_before_or_behind_the_package_are_refused(good: bytes) -> None:
    assert refused(b"MZ" + good).code == "zip_broken"
    assert refused(good + b"x").code == "zip_broken"


def test_a_directory_with_the_wrong_count_is_refused(good: bytes) -> None:
    count = struct.unpack_from("<H", good, good.rindex(b"PK\x05\x06") + 8)[0]
    less = struct.pack("<HH", count - 1, count - 1)
    more = struct.pack("<HH", count + 1, count + 1)
    assert refused(patched(good, b"PK\x05\x06", 8, less)).code == "zip_broken"
    assert refused(patched(good, b"PK\x05\x06", 8, more)).code == "zip_broken"


def test_a_spoilt_entry_is_refused(good: bytes) -> None:
    assert refused(patched(good, b"PK\x01\x02", 0, b"PK\x01\x03")).code == "zip_broken"


@pytest.mark.parametrize("name", ["xl/externalLinks/externalLink1.xml", "xl/connections.xml", "xl/queryTables/q.xml"])
def test_links_to_other_files_are_refused(
    make_package: Callable[..., bytes], workbook_parts: Callable[..., Parts], name: str
) -> None:
    refusal = refused(make_package({**workbook_parts(), name: "<x/>"}))
    assert refusal.code == "xlsx_external"
    assert "断开链接" in refusal.message_zh
