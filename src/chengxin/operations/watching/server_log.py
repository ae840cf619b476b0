"""Gunicorn's own log, in the form of ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # it ships no types

from chengxin.operations.watching.logs import LogLine, ways
from chengxin.operations.watching.logs import without_address as stripped
from chengxin.operations.watching.shipping import shipping_handler

if TYPE_CHECKING:
    import logging


class ServerLogger(Logger):  # type: ignore[misc]  # the same
    """Gunicorn's own log in the same form; the address of a request that failed stays out of it."""

    def setup(self, cfg: object) -> None:
        """Give gunicorn's handlers our form."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(LogLine())
            handler.addFilter(without_address)
        for way in ways(os.environ):
            away = shipping_handler(way)
            away.addFilter(without_address)
            self.error_log.addHandler(away)


def without_address(record: logging.LogRecord) -> bool:
    """Take whatever looks like an address out of the message: it can hold what was searched for."""
    record.msg, record.args = stripped(record.getMessage()), ()
    return True
