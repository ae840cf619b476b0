"""Bytes to text, strictly: nothing is ever replaced, and what cannot be decoded is named by byte and line.

Order of judgement: byte order mark, then UTF-8, then GB18030 (GB 18030-2005 as Python maps it). Text in UTF-8
often is valid GB18030 too and would be read as other characters, so one line that can only have been meant as
UTF-8 is enough to call a file with both kinds mixed.
"""

import codecs
import re
from collections.abc import Iterator
from io import StringIO
from typing import BinaryIO

from chengxin.intake.reader.limits import Limits
from chengxin.intake.reader.outcome import FileRefused, Where

ENCODINGS = ("auto", "utf-8", "utf-8-sig", "gb18030", "utf-16")

_PIECE_BYTES = 1 << 18
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030", "gb18030"),
)
# The first byte beyond ASCII, where it cannot start UTF-8: true of nine in ten lines of GB18030, and four times
# cheaper to see than a decoding error.
_SURELY_NOT_UTF8 = re.compile(rb"[\x00-\x7f]*(?:[\x80-\xc1\xf5-\xff]|[\xc2-\xf4][^\x80-\xbf])")
_CJK = re.compile(r"[\u3400-\u9fff]")
# Four hanzi of UTF-8 are twelve bytes. GB18030 hanzi that happen to be valid UTF-8 over twelve bytes have a
# chance below 1e-10; over six bytes (a header of two hanzi, looked at once per file) about 1e-6.
_SURE_HANZI, _SURE_HANZI_IN_HEADER = 4, 2


class NotThisEncoding(Exception):
    """The bytes at ``offset`` are no text of the encoding; ``cut``: the file ends inside a character."""

    def __init__(self, encoding: str, offset: int, *, cut: bool) -> None:
        super().__init__(encoding, offset, cut)
        self.encoding = encoding
        self.offset = offset
        self.cut = cut


def marked_encoding(stream: BinaryIO) -> tuple[str, str, int]:
    """Public name, codec and length of the byte order mark; empty names and 0 without one."""
    stream.seek(0)
    head = stream.read(4)
    for mark, name, codec in _MARKS:
        if head.startswith(mark):
            return name, codec, len(mark)
    return "", "", 0


def text_lines(stream: BinaryIO, codec: str, start: int, limits: Limits) -> Iterator[str]:
    r"""Physical lines with their ends kept; ``\n``, ``\r\n`` and a lone ``\r`` end a line.

    Args:
        stream: The file.
        codec: Python codec name.
        start: Byte offset of the first character, after a byte order mark.
        limits: For the length of a line.

    Raises:
        NotThisEncoding: A byte sequence cannot be decoded.
        FileRefused: A NUL byte, or a line without end.
    """
    count = 0
    for piece in _pieces(stream, codec, start, limits):
        if "\0" in piece:
            before = piece[: piece.index("\0")]
            raise FileRefused("nul_byte", Where(line=count + len(StringIO(before + ".", newline="").readlines())))
        lines = StringIO(piece, newline="").readlines()
        yield from lines
        count += len(lines)


def _pieces(stream: BinaryIO, codec: str, start: int, limits: Limits) -> Iterator[str]:
    """Text of about a MiB each, cut behind a line end except at the end of the file."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    stream.seek(start)
    fed, rest = start, ""
    while True:
        raw = stream.read(_PIECE_BYTES)
        pending = len(decoder.getstate()[0])
        try:
            text = rest + decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            raise NotThisEncoding(codec, fed - pending + error.start, cut=not raw) from None
        fed += len(raw)
        if not raw:
            if text:
                yield text
            return
        end = text.rfind("\n") + 1 or text.rfind("\r", 0, len(text) - 1) + 1
        rest = text[end:]
        if len(rest) > limits.max_line_chars:
            line = line_at(stream, fed - 1)
            raise FileRefused("row_too_long", Where(line=line), limit=limits.max_line_chars)
        if end:
            yield text[:end]


def line_at(stream: BinaryIO, offset: int) -> int:
    """The 1-based physical line that holds the byte at ``offset``.

    UTF-8 and GB18030 never use 0x0A or 0x0D inside a character. UTF-16 may, so that its lines are an estimate.
    """
    stream.seek(0)
    feeds = returns = pairs = 0
    left = offset
    last = b""
    while left > 0 and (raw := stream.read(min(left, _PIECE_BYTES))):
        left -= len(raw)
        feeds += raw.count(b"\n")
        returns += raw.count(b"\r")
        pairs += raw.count(b"\r\n") + (last + raw[:1] == b"\r\n")
        last = raw[-1:]
    return feeds + returns - pairs + 1


def choose_gb18030(stream: BinaryIO, failure: NotThisEncoding) -> None:
    """Return when a file that is not UTF-8 may be read as GB18030.

    Args:
        stream: The file.
        failure: Where UTF-8 ended.

    Raises:
        FileRefused: The file is UTF-8 but cut off, or mixes both encodings.
    """
    surely_utf8, first_is_utf8, changed_at = _survey(stream)
    if failure.cut and first_is_utf8:
        raise cannot_decode(stream, failure)
    if surely_utf8:
        at = failure.offset if first_is_utf8 else changed_at
        raise FileRefused("encoding_mixed", Where(line=line_at(stream, at), byte=at))


def _survey(stream: BinaryIO) -> tuple[bool, bool, int]:
    """Is any line surely UTF-8; is the first line with hanzi; byte offset of the first sure line."""
    stream.seek(0)
    offset, first_seen, first_is_utf8 = 0, False, False
    while raw := stream.readline(_PIECE_BYTES):
        if not raw.isascii():
            hanzi = _utf8_hanzi(raw)
            if not first_seen:
                first_seen, first_is_utf8 = True, hanzi >= 0
            if hanzi >= (_SURE_HANZI_IN_HEADER if offset == 0 else _SURE_HANZI):
                return True, first_is_utf8, offset
        offset += len(raw)
    return False, first_is_utf8, 0


def _utf8_hanzi(raw: bytes) -> int:
    """Hanzi in a line of UTF-8, which may end inside a character; -1 where it is no UTF-8."""
    if _SURELY_NOT_UTF8.match(raw):
        return -1
    try:
        return len(_CJK.findall(raw.decode("utf-8")))
    except UnicodeDecodeError as error:
        hanzi = len(_CJK.findall(raw[: error.start].decode("utf-8")))
        cut = error.reason == "unexpected end of data"
        return hanzi if cut and hanzi >= _SURE_HANZI_IN_HEADER else -1


def cannot_decode(stream: BinaryIO, failure: NotThisEncoding, tried: str = "") -> FileRefused:
    """The refusal for bytes that no allowed encoding explains, with byte offset and line."""
    place = Where(line=line_at(stream, failure.offset), byte=failure.offset)
    name = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}.get(failure.encoding, failure.encoding.upper())
    return FileRefused("encoding_truncated" if failure.cut else "encoding_broken", place, encoding=tried or name)
