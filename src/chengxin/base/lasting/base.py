"""The backend ``chengxin.base.postgres`` for a process that outlives its password.

libpq reads the password from the file anew for each connection, but a connection that begins while passwords change
may have read the old one and be asked for the new one. That lasts milliseconds; it tries again.
"""

from __future__ import annotations

import time
from typing import Any

import psycopg

from chengxin.base.postgres import base
from chengxin.base.renewal import REFUSED

PATIENCE = 2.0
"""Seconds in which a wrong password may turn out to be only an old one; a renewal's own window is some milliseconds."""

PAUSE = 0.02


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection, which tries again when its password was changed between reading and using it."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:  # noqa: ANN401 - as Django has it
        """Return a new connection; raise psycopg's ``OperationalError`` for a password that stays wrong."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return super().get_new_connection(conn_params)
            except psycopg.OperationalError as error:
                if REFUSED not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(PAUSE)
