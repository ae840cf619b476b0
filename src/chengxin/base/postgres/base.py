"""The backend: the settings of ``chengxin.base.context`` go out with the first statement of every transaction.

A statement outside a transaction is one by itself, and PostgreSQL takes two statements of one message as one
transaction: so the settings hold for it, too, and are gone when it ends. Django's cursors bind on the client and use
the simple protocol, which is what makes one message of two statements possible (PostgreSQL 18, 54.2.2.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql import base
from psycopg import sql
from psycopg.pq import TransactionStatus

from chengxin.base.context import current

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg import ClientCursor, Connection, ServerCursor

    DjangoCursor = ClientCursor[Any]
    DjangoServerCursor = ServerCursor[Any]
else:
    DjangoCursor = base.Cursor
    DjangoServerCursor = base.ServerSideCursor


def _unsaid(connection: Connection[Any]) -> str | None:
    """Return the statement that says who acts, where a transaction is about to begin and somebody does act."""
    who = current()
    if who is None or connection.info.transaction_status != TransactionStatus.IDLE:
        return None
    return who.statement


class ActingCursor(DjangoCursor):
    """A cursor whose first statement of a transaction carries the settings in front of it."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> ActingCursor:  # noqa: ANN401 - psycopg's own types
        """Run ``query``; where it begins a transaction, say first who acts, in the same message."""
        said = _unsaid(self.connection)
        if said is None:
            super().execute(query, params, **more)
            return self
        if params is not None:
            said = said.replace("%", "%%")
        if isinstance(query, sql.Composable):
            joined: Any = sql.SQL("{}; {}").format(sql.SQL(said), query)
        elif isinstance(query, bytes):
            joined = f"{said}; ".encode() + query
        else:
            joined = f"{said}; {query}"
        super().execute(joined, params, **more)
        self.nextset()  # past the settings, to what was asked
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **more: Any) -> None:  # noqa: ANN401
        """Run ``query`` for each of ``params_seq`` in one transaction that says who acts."""
        with _transaction(self.connection):
            super().executemany(query, params_seq, **more)

    def copy(self, statement: Any, params: Any = None, **more: Any) -> Any:  # noqa: ANN401
        """Begin a COPY. Outside a transaction it says nobody: then it sees no row and may add none."""
        said = _unsaid(self.connection)
        if said is not None and not self.connection.autocommit:
            super().execute(said)
        return super().copy(statement, params, **more)


class ActingServerCursor(DjangoServerCursor):
    """A cursor on the server, for results that do not fit into memory; it says who acts before it is declared."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> ActingServerCursor:  # noqa: ANN401
        """Declare the cursor; outside a transaction its rows are gathered at once, by what the actor may see."""
        with _transaction(self.connection):
            super().execute(query, params, **more)
        return self


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection with cursors that say who acts."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return psycopg's parameters, with the cursor of this backend."""
        params: dict[str, Any] = super().get_connection_params()
        if params["cursor_factory"] is base.Cursor:
            params["cursor_factory"] = ActingCursor
        return params

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ANN401 - as Django has it
        """Return a new cursor, on the server where it has a name."""
        made = super().create_cursor(name)
        if isinstance(made, base.ServerSideCursor):
            # Django has no place to name the class of these: it differs in one method, and in nothing it keeps.
            made.__class__ = ActingServerCursor  # type: ignore[assignment]
        return made


class _transaction:  # noqa: N801 - used like a function
    """A transaction that says who acts, around what psycopg sends in more than one message.

    Where one is open, or the connection begins them by itself, it only says who acts if nobody has.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._own: Any = None

    def __enter__(self) -> None:
        said = _unsaid(self._connection)
        if said is None:
            return
        if self._connection.autocommit:
            self._own = self._connection.transaction()
            self._own.__enter__()
        DjangoCursor(self._connection).execute(said)

    def __exit__(self, *error: object) -> None:
        if self._own is not None:
            self._own.__exit__(*error)
