"""Log lines: one event, one line, JSON or plain text, with persons' numbers masked and errors without their values."""

from __future__ import annotations

import json
import logging
import os
import re
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chengxin.kernel.masking import mask_persons

if TYPE_CHECKING:
    from types import TracebackType

CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]+")
"""What could end a line or command a terminal: C0, DEL, C1, and Unicode's own line ends."""

LONGEST = 4000
"""Characters of a message that are written down."""

CAUSES = 6
"""Errors behind an error that are named."""


class LogLine(logging.Formatter):
    """Formats a record as one line.

    ``CHENGXIN_LOG_FORMAT=json`` makes it JSON, for machines; otherwise it is text. An error is told by the types of the
    exceptions and the places in the code: what an exception says can quote a row.
    """

    def __init__(self, form: str = "") -> None:
        super().__init__()
        self.json = (form or os.environ.get("CHENGXIN_LOG_FORMAT", "")) == "json"

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        held = {
            "at": at,
            "level": record.levelname,
            "logger": record.name,
            "message": clean(record.getMessage()),
            "process": os.environ.get("CHENGXIN_PROCESS", ""),
        }
        if record.exc_info and record.exc_info[0] is not None:
            held["error"] = describe(*record.exc_info[1:])
        if self.json:
            return json.dumps(held, ensure_ascii=False)
        error = f" [{held['error']}]" if "error" in held else ""
        return f"{at} {record.levelname} {record.name} {held['message']}{error}"


def clean(text: str) -> str:
    r"""Return ``text`` on one line, with persons' numbers and telephones masked.

    >>> clean("甲\r\n2026 ERROR 乙 13800138000")
    '甲 2026 ERROR 乙 [电话已隐去]'
    """
    return CONTROL.sub(" ", mask_persons(text))[:LONGEST]


def describe(error: BaseException | None, place: TracebackType | None) -> str:
    """Return an error as types and places: no message, because a database's message quotes the row."""
    names: list[str] = []
    held = error
    while held is not None and len(names) < CAUSES:  # two errors may name each other as their cause
        names.append(type(held).__name__)
        held = held.__cause__ or held.__context__
    frames = [f"{os.path.basename(one.filename)}:{one.lineno}" for one in traceback.extract_tb(place)[-8:]]  # noqa: PTH119 - a code's name, not a file
    return f"{' from '.join(names)} at {' > '.join(frames)}"
