"""Text tables: comma, semicolon, tab or bar between cells; RFC 4180 quoting, strictly."""

import csv
from collections.abc import Iterator
from enum import Enum
from io import StringIO
from itertools import chain, islice
from typing import BinaryIO

from chengxin.intake.reader.decoding import (
    NotThisEncoding,
    cannot_decode,
    choose_gb18030,
    marked_encoding,
    text_lines,
)
from chengxin.intake.reader.limits import Limits
from chengxin.intake.reader.outcome import FileRefused, Notice, Reading, Where
from chengxin.intake.reader.spool import Spool

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50


def read_delimited(stream: BinaryIO, fd_out: int, encoding: str, limits: Limits) -> Reading:
    """Read a text file into the spool.

    Args:
        stream: The file, positioned anywhere.
        fd_out: Spool to write; must be seekable, because a file that turns out not to be UTF-8 is read again.
        encoding: ``auto`` or one of the names of :data:`decoding.ENCODINGS`.
        limits: Bounds of the reading.

    Returns:
        The reading, with the encoding that was found.

    Raises:
        FileRefused: Encoding, quoting, header or size are not acceptable.
    """
    found, codec, start = marked_encoding(stream)
    if found and encoding not in ("auto", found) and (found, encoding) != ("utf-8-sig", "utf-8"):
        raise FileRefused("encoding_contradiction", found=found, encoding=encoding)
    if not found and encoding == "utf-16":
        raise FileRefused("encoding_unsupported")
    name = found or {"auto": "utf-8", "utf-8-sig": "utf-8"}.get(encoding, encoding)
    try:
        return _read(stream, fd_out, (name, codec or name, start), limits)
    except NotThisEncoding as failure:
        if found or encoding != "auto":
            raise cannot_decode(stream, failure) from None
        choose_gb18030(stream, failure)
        utf8_end = failure
    try:
        guessed = Notice("encoding_guessed")
        return _read(stream, fd_out, ("gb18030", "gb18030", 0), limits, guessed)
    except NotThisEncoding as failure:
        further = max(failure, utf8_end, key=lambda end: end.offset)
        raise cannot_decode(stream, further, tried="UTF-8 / GB18030") from None


def _read(stream: BinaryIO, fd_out: int, source: tuple[str, str, int], limits: Limits, *notices: Notice) -> Reading:
    """One attempt under one encoding; ``source`` is public name, codec and offset of the first character."""
    name, codec, start = source
    spool = Spool(fd_out, "csv", limits)
    csv.field_size_limit(limits.max_cell_chars)
    lines = text_lines(stream, codec, start, limits)
    sample = list(islice(lines, _SAMPLE_LINES))
    delimiter = find_delimiter(sample)
    reader = csv.reader(chain(sample, lines), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            spool.row(line, row)
            line = reader.line_num + 1
    except csv.Error:
        again = islice(text_lines(stream, codec, start, limits), line - 1, None)
        raise _explain(again, line, delimiter, limits) from None
    return spool.finish(name, notices)


def find_delimiter(lines: list[str]) -> str:
    """The delimiter that splits the header, the first line with content, into most names.

    Args:
        lines: First physical lines of the file.

    Returns:
        One of comma, semicolon, tab and bar; comma where none splits anything.
    """
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        try:
            rows = csv.reader(StringIO("".join(lines), newline=""), delimiter=delimiter, strict=True)
            names = next((row for row in rows if any(cell.strip(" \t\r\n;,|") for cell in row)), [])
        except csv.Error:
            continue
        score = sum(1 for name in names if name.strip())
        if score > most:
            best, most = delimiter, score
    return best


class _State(Enum):
    START = 0
    PLAIN = 1
    QUOTED = 2
    CLOSED = 3
    BROKEN = 4


def _explain(lines: Iterator[str], line: int, delimiter: str, limits: Limits) -> FileRefused:
    """Find what stopped the parser in the record that starts at ``line``, character by character.

    The parser only says that something is wrong; an officer needs the line where the quote was opened.
    """
    state, opened, size = _State.START, line, 0
    for number, text in enumerate(lines, line):
        for char in text:
            before, state = state, _next_state(state, char, delimiter)
            if state is _State.BROKEN:
                return FileRefused("quote_misplaced", Where(line=opened), at=number)
            if state is _State.QUOTED and before is _State.START:
                opened, size = number, 0
            elif state is _State.START:
                size = 0
            elif state is not _State.CLOSED:
                size += 1
            if size > limits.max_cell_chars:
                place = opened if state is _State.QUOTED else number
                return FileRefused("cell_too_long", Where(line=place), limit=limits.max_cell_chars)
    return FileRefused("quote_unclosed", Where(line=opened))


def _next_state(state: _State, char: str, delimiter: str) -> _State:
    """RFC 4180 as an automaton over characters."""
    if state is _State.QUOTED:
        return _State.CLOSED if char == '"' else _State.QUOTED
    if char == delimiter or char in "\r\n":
        return _State.START
    if state is _State.CLOSED:
        return _State.QUOTED if char == '"' else _State.BROKEN
    return _State.QUOTED if state is _State.START and char == '"' else _State.PLAIN
