"""Whatever the bytes, the answer is a reading or a refusal."""

import codecs
import errno
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.intake.reader import DEFAULT, FileRefused, Limits, Reading, codes
from chengxin.intake.reader.parse import parse

Attempt = Callable[..., tuple[Reading | FileRefused, list[list[str]]]]
Make = Callable[..., bytes]
FRAGMENTS = st.sampled_from(
    [b"\n", b"\r", b",", b'"', b";", b"\t", b"\x00", b"\xff", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"PK\x03\x04"]
)
ANY_BYTES = st.lists(
    st.binary(max_size=9) | FRAGMENTS | st.text(max_size=5).map(lambda t: t.encode("gb18030", "ignore"))
)


def check(answer: Reading | FileRefused, rows: list[list[str]]) -> None:
    """A listed refusal in both languages, or as many rows as told, as wide as the header, in rising order."""
    if isinstance(answer, FileRefused):
        assert answer.code in codes("refusal")
        assert answer.message_zh.endswith("。")
        assert answer.message_en.endswith(".")
        return
    assert answer.lines == len(rows) > 0
    assert {len(row) for row in rows} == {3 + len(answer.header)}
    numbers = [int(row[0]) for row in rows]
    assert numbers == sorted(set(numbers))
    assert {row[1] for row in rows} <= codes("flaw") | {""}
    assert "\ufffd" not in "".join("".join(row) for row in rows if not row[1])


@settings(deadline=None)
@given(ANY_BYTES.map(b"".join))
def test_any_bytes_give_a_reading_or_a_listed_refusal(attempt: Attempt, data: bytes) -> None:
    check(*attempt(data))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_workbook_with_spoilt_bytes_gives_a_reading_or_a_listed_refusal(
    attempt: Attempt, make_workbook: Make, data: st.DataObject
) -> None:
    spoilt = bytearray(make_workbook(strings="<si><t>a</t></si>", styles="<cellXfs><xf/></cellXfs>"))
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    check(*attempt(bytes(spoilt)))


TAGS = st.sampled_from(
    [
        "<row>",
        '<row r="3">',
        '<row r="9" hidden="1">',
        "</row>",
        "<c>",
        '<c r="B3" t="s">',
        '<c t="str">',
        '<c t="e">',
        "</c>",
        "<v>1</v>",
        "<v>x</v>",
        "<is><t>甲</t></is>",
        "<f/>",
        "<c/>",
        '<mergeCell ref="A1"/>',
        "&#x1;",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(TAGS, max_size=14).map("".join))
def test_any_sheet_of_known_elements_gives_a_reading_or_a_listed_refusal(
    attempt: Attempt, make_workbook: Make, rows: str
) -> None:
    check(*attempt(make_workbook(rows)))


def test_what_the_spool_held_before_is_gone() -> None:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as spool:
        spool.write(b"personal data of another file\n" * 9)
        spool.flush()
        source.write("名称\n甲\n".encode("gb18030"))
        source.flush()
        parse(source.fileno(), spool.fileno(), "csv", "auto", DEFAULT)
        spool.seek(0)
        assert spool.read() == '2,"","","甲"\n'.encode()


def test_a_spool_that_grows_too_large_is_a_refusal() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as spool:
        source.write(b"a\n" + b"x\n" * 5_000)
        source.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
        try:
            with pytest.raises(FileRefused) as caught:
                parse(source.fileno(), spool.fileno(), "csv", "auto", Limits(max_spool_bytes=4_096))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code == "limit_output"
    assert "4096 字节" in caught.value.message_zh


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_full_disk_is_not_the_fault_of_the_file() -> None:
    with tempfile.TemporaryFile() as source, Path("/dev/full").open("wb") as spool:
        source.write(b"a\n1\n")
        source.flush()
        with pytest.raises(OSError, match=r".") as caught:
            parse(source.fileno(), spool.fileno(), "csv", "auto", DEFAULT)
    assert caught.value.errno in (errno.ENOSPC, errno.EINVAL)
