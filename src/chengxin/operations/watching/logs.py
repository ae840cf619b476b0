"""Log lines: one event, one line, JSON or plain text, with persons' numbers masked and errors without their values."""

from __future__ import annotations

import json
import logging
import os
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from chengxin.kernel.masking import mask_persons

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]+")
"""What could end a line or command a terminal: C0, DEL, C1, and Unicode's own line ends."""

LONGEST = 4000
"""Characters of a message that are written down."""

LONGEST_WORD = 150
"""Characters of a field's value: the longest user name Django allows."""

CAUSES = 6
"""Errors behind an error that are named."""

ADDRESS = re.compile(r"(?<![\w/])/\S*")
"""An address to its end, quotes included: what stands behind one is a part of it still."""

REQUEST: ContextVar[str] = ContextVar("chengxin.request", default="")
"""The number of the request under way: drawn by lot or its trace's, never what a sender chose."""

OTLP, SYSLOG = "otlp", "syslog"
COLLECTOR = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")
SYSLOG_PLACE = "CHENGXIN_SYSLOG"
"""Ways that lines leave this machine, and the settings that name where to."""

_as_json = json.JSONEncoder(ensure_ascii=False).encode
_SHOWN = frozenset({"at", "level", "logger", "message", "process", "error"})
"""Parts of a line of text that stand in it without their names, or not at all."""


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
        held = parts_of(record)
        if self.json:
            return _as_json(held)
        more = "".join(
            f" {name}={value if isinstance(value, int) else json.dumps(value, ensure_ascii=False)}"
            for name, value in held.items()
            if name not in _SHOWN
        )
        error = f" [{held['error']}]" if "error" in held else ""
        return f"{held['at']} {held['level']} {held['logger']} {held['message']}{more}{error}"


def parts_of(record: logging.LogRecord) -> dict[str, str | int]:
    """Return what is told of ``record``, masked: every way a line takes begins here, whatever its form.

    Besides what every line has, ``extra={"fields": {...}}`` adds fields of short words and whole numbers, and a line
    written during a request carries the request's number.
    """
    said = record.getMessage()
    said = without_address(said) if record.name.startswith("django.") else said
    held: dict[str, str | int] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": clean_word(said) if len(said) <= LONGEST_WORD else clean(said),
        "process": os.environ.get("CHENGXIN_PROCESS", ""),
    }
    for name, value in getattr(record, "fields", {}).items():
        held[name] = value if isinstance(value, int) else clean_word(value)
    if number := REQUEST.get():
        held["request"] = number
    if record.exc_info and record.exc_info[0] is not None:
        held["error"] = describe(*record.exc_info[1:])
    return held


def without_address(text: str) -> str:
    """Return ``text`` without what looks like an address: it can hold what was searched for, or a name.

    >>> without_address("Not Found: /bodies/?q=x")
    'Not Found: /…'
    """
    return ADDRESS.sub("/…", text)


@lru_cache(maxsize=2048)
def clean_word(word: str) -> str:
    """Return a field's value cleaned like a message, on at most ``LONGEST_WORD`` characters; most come again."""
    return clean(word)[:LONGEST_WORD]


def ways(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return how lines leave the machine by these settings: ``otlp``, ``syslog``, both or none.

    ``OTEL_LOGS_EXPORTER=none`` keeps lines here where only traces shall go.
    """
    collector = any(environment.get(name) for name in COLLECTOR) and environment.get("OTEL_LOGS_EXPORTER") != "none"
    return (*((OTLP,) if collector else ()), *((SYSLOG,) if environment.get(SYSLOG_PLACE) else ()))


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
