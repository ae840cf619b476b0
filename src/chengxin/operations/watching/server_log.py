"""Gunicorn's own log, in the form of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # it ships no types

from chengxin.operations.watching.logs import LogLine

if TYPE_CHECKING:
    import logging

ADDRESS = re.compile(r"(?<![\w/])/\S*")
"""An address to its end, quotes included: what stands behind one is a part of it still."""


class ServerLogger(Logger):  # type: ignore[misc]  # the same
    """Gunicorn's own log in the same form; the address of a request that failed stays out of it."""

    def setup(self, cfg: object) -> None:
        """Give gunicorn's handlers our form."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(LogLine())
            handler.addFilter(without_address)


def without_address(record: logging.LogRecord) -> bool:
    """Take whatever looks like an address out of the message: it can hold what was searched for."""
    record.msg, record.args = ADDRESS.sub("/…", record.getMessage()), ()
    return True
