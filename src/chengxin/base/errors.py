"""Errors a person reads: Chinese first, with an English translation, a place and a next step."""

from __future__ import annotations

from typing import Any


class ChengxinError(Exception):
    """Something the reader can act on.

    ``code`` is stable and machine-readable; ``message_zh`` says what is wrong and what to do next, ``message_en``
    is its translation; ``where`` names the place (a row, a cell, a byte offset, a setting) or is empty.
    """

    def __init__(self, code: str, message_zh: str, message_en: str, *, where: str = "") -> None:
        self.code = code
        self.message_zh = message_zh
        self.message_en = message_en
        self.where = where
        super().__init__(f"{message_zh} ({message_en})")

    def __reduce__(self) -> tuple[type[ChengxinError], tuple[str, str, str], dict[str, Any]]:
        return type(self), (self.code, self.message_zh, self.message_en), vars(self)

    def as_dict(self) -> dict[str, str]:
        """Return the error as the API and ``--json`` print it."""
        return {
            "code": self.code,
            "message": self.message_zh,
            "message_en": self.message_en,
            "where": self.where,
        }


class NotPermitted(ChengxinError):
    """The acting officer or client may not do this."""


class NotFound(ChengxinError):
    """What was asked for does not exist, or is not the asker's to see; both look the same on purpose."""
