"""Bytes become text strictly, or are refused with byte and line."""

import codecs
import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.intake.reader import DEFAULT, FileRefused, Limits, Reading
from chengxin.intake.reader.decoding import NotThisEncoding, line_at, marked_encoding, text_lines

Read = Callable[..., tuple[Reading, list[list[str]]]]
Refusal = Callable[..., FileRefused]
Attempt = Callable[..., tuple[Reading | FileRefused, list[list[str]]]]
TABLE = "名称,代码\n昆山某某有限公司,1\n苏州某某有限公司,2\n"
# people's names that GBK cannot write, and GB18030 can
RARE = "姓名,证件\n王䶮,1\n李㼆,2\n赵𬭚,3\n钱鿍,4\n"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (TABLE.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TABLE.encode(), "utf-8-sig"),
        (TABLE.encode("gb18030"), "gb18030"),
        (b"\x84\x31\x95\x33" + TABLE.encode("gb18030"), "gb18030"),
        (TABLE.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "utf-16"),
        (b"a,b\n1,2\n", "utf-8"),
    ],
)
def test_the_encoding_is_found_and_the_mark_is_no_part_of_the_header(
    read_inline: Read, data: bytes, found: str
) -> None:
    reading, rows = read_inline(data)
    assert reading.encoding == found
    assert reading.header in (("名称", "代码"), ("a", "b"))
    assert rows[-1][0] in ("2", "3")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_rare_characters_of_real_names_survive(read_inline: Read, encoding: str) -> None:
    _, rows = read_inline(RARE.encode(encoding))
    assert [row[3] for row in rows] == ["王䶮", "李㼆", "赵𬭚", "钱鿍"]


def test_gb18030_without_a_mark_is_told_to_the_officer(read_inline: Read) -> None:
    reading, _ = read_inline(TABLE.encode("gb18030"))
    assert [n.code for n in reading.notices] == ["encoding_guessed"]
    chosen, _ = read_inline(TABLE.encode("gb18030"), "gb18030")
    assert chosen.notices == ()


def test_utf8_with_gb18030_lines_behind_is_refused_where_it_changes(refusal: Refusal) -> None:
    head = TABLE.encode()
    refused = refusal(head + "南京某某有限公司,3\n".encode("gb18030"))
    assert refused.code == "encoding_mixed"
    assert refused.where is not None
    assert (refused.where.line, refused.where.byte) == (4, len(head))
    assert "字节偏移" in refused.message_zh


def test_gb18030_with_utf8_lines_behind_is_refused_though_it_would_decode(refusal: Refusal) -> None:
    head = TABLE.encode("gb18030")
    tail = "南京某某有限公司,3\n".encode()
    (head + tail).decode("gb18030")
    refused = refusal(head + tail)
    assert refused.code == "encoding_mixed"
    assert refused.where is not None
    assert (refused.where.line, refused.where.byte) == (4, len(head))


def test_utf8_cut_inside_the_last_character_is_refused_with_its_offset(refusal: Refusal) -> None:
    data = TABLE.encode() + "南京".encode()[:-1]
    refused = refusal(data)
    assert refused.code == "encoding_truncated"
    assert refused.where is not None
    assert (refused.where.line, refused.where.byte) == (4, len(data) - 2)


def test_utf8_cut_in_the_first_line_with_hanzi_is_not_taken_for_gb18030(refusal: Refusal) -> None:
    data = b"name\n" + "张三丰".encode()[:-1]
    data[5:].decode("gb18030")
    assert refusal(data).code == "encoding_truncated"


def test_gb18030_cut_inside_the_last_character_is_refused_with_its_offset(refusal: Refusal) -> None:
    data = TABLE.encode("gb18030") + "南京".encode("gb18030")[:-1]
    refused = refusal(data)
    assert refused.code == "encoding_truncated"
    assert refused.where is not None
    assert refused.where.byte == len(data) - 1


def test_utf16_cut_inside_the_last_character_is_refused(refusal: Refusal) -> None:
    refused = refusal(TABLE.encode("utf-16")[:-1])
    assert refused.code == "encoding_truncated"
    assert "UTF-16" in refused.message_zh


def test_bytes_of_no_encoding_are_refused_at_the_furthest_place(refusal: Refusal) -> None:
    refused = refusal(b"a,b\n1,2\n3,\xff\xff\n")
    assert refused.code == "encoding_broken"
    assert refused.where is not None
    assert (refused.where.line, refused.where.byte) == (3, 10)
    assert "UTF-8 / GB18030" in refused.message_zh


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_an_encoding_that_was_chosen_is_not_second_guessed(refusal: Refusal, encoding: str) -> None:
    refused = refusal(TABLE.encode("gb18030"), encoding)
    assert refused.code == "encoding_broken"
    assert refused.details["encoding"] == "UTF-8"


def test_a_mark_that_contradicts_the_choice_is_refused(refusal: Refusal) -> None:
    assert refusal(codecs.BOM_UTF8 + TABLE.encode(), "gb18030").code == "encoding_contradiction"
    assert refusal(TABLE.encode("utf-16"), "utf-8").code == "encoding_contradiction"
    assert refusal(TABLE.encode(), "utf-16").code == "encoding_unsupported"


def test_choosing_utf8_accepts_its_mark(read_inline: Read) -> None:
    assert read_inline(codecs.BOM_UTF8 + TABLE.encode(), "utf-8")[0].encoding == "utf-8-sig"


@pytest.mark.parametrize("data", [b"a,b\n1,2\n\n3,\x004\n", "a,b\n1,2\n\n3,\x004\n".encode("utf-16")])
def test_a_nul_byte_is_refused_with_its_line(refusal: Refusal, data: bytes) -> None:
    refused = refusal(data)
    assert refused.code == "nul_byte"
    assert refused.where is not None
    assert refused.where.line == 4


def test_a_line_without_end_is_refused_before_it_fills_memory(refusal: Refusal) -> None:
    refused = refusal(b"a,b\n" + b"x" * 600_000, limits=Limits(max_columns=2, max_cell_chars=1000))
    assert refused.code == "row_too_long"
    assert refused.where is not None
    assert refused.where.line == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16-le"])
def test_lines_longer_than_a_piece_come_out_whole(end: str, codec: str) -> None:
    lines = [f"{'行' * 3_000}{number}{end}" for number in range(120)]
    stream = io.BytesIO("".join(lines).encode(codec))
    assert list(text_lines(stream, codec, 0, DEFAULT)) == lines


@settings(deadline=None)
@given(st.lists(st.text(alphabet="a汉\r\n,\U00020000", max_size=9)), st.sampled_from(["utf-8", "gb18030"]))
def test_the_lines_of_a_text_are_its_text(parts: list[str], codec: str) -> None:
    text = "".join(parts)
    lines = list(text_lines(io.BytesIO(text.encode(codec)), codec, 0, DEFAULT))
    assert "".join(lines) == text
    assert all(line.rstrip("\r\n") == line.replace("\r", "").replace("\n", "") for line in lines)


def strictly(data: bytes, codec: str) -> str | int:
    """The text, or the offset of the first byte that is none."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        return error.start


def by_lines(data: bytes, codec: str) -> str | int:
    try:
        return "".join(text_lines(io.BytesIO(data), codec, 0, DEFAULT))
    except NotThisEncoding as found:
        return found.offset


@settings(deadline=None)
@given(st.binary(max_size=60).filter(lambda data: 0 not in data), st.sampled_from(["utf-8", "gb18030"]))
def test_text_is_what_strict_decoding_gives_or_fails_at_the_same_byte(data: bytes, codec: str) -> None:
    assert by_lines(data, codec) == strictly(data, codec)


def test_line_numbers_count_every_kind_of_line_end() -> None:
    stream = io.BytesIO(b"a\nb\r\nc\rd")
    assert [line_at(stream, offset) for offset in (0, 2, 3, 5, 7)] == [1, 2, 2, 3, 4]


def test_files_shorter_than_a_mark_have_none() -> None:
    assert marked_encoding(io.BytesIO(b"")) == ("", "", 0)
    assert marked_encoding(io.BytesIO(b"\xef\xbb")) == ("", "", 0)


def is_utf8(data: bytes) -> bool:
    return not isinstance(strictly(data, "utf-8"), int)


# "一一一一" in GB18030 is also four Cyrillic letters in UTF-8: such a line alone cannot be told
TEXT = st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=4, max_size=12).filter(
    lambda text: not is_utf8(text.encode("gb18030"))
)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, st.sampled_from(["utf-8", "gb18030"])), min_size=3, max_size=12))
def test_no_mixture_of_encodings_is_ever_read(attempt: Attempt, lines: list[tuple[str, str]]) -> None:
    answer, rows = attempt(b"".join(text.encode(encoding) + b"\n" for text, encoding in lines))
    if len({encoding for _, encoding in lines}) > 1:
        assert isinstance(answer, FileRefused)
        assert answer.code in ("encoding_mixed", "encoding_broken")
    elif isinstance(answer, Reading):
        assert answer.encoding == lines[0][1]
        assert [row[3] for row in rows] == [text for text, _ in lines[1:]]
