"""The backend: the settings of ``chengxin.base.context`` go out with the first statement of every transaction.

A statement outside a transaction is one by itself, and PostgreSQL takes two statements of one message as one
transaction: so the settings hold for it, too, and are gone when it ends. Django's cursors bind on the client and use
the simple protocol, which is what makes one message of two statements possible (PostgreSQL 18, 54.2.2.1).
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import debug_transaction  # type: ignore[attr-defined]
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import register_tzloader
from psycopg import OperationalError, ProgrammingError, adapters, sql
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus

from chengxin.base.context import current

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from psycopg import ClientCursor, Connection, ServerCursor
    from psycopg.pq.abc import PGresult

    DjangoCursor = ClientCursor[Any]
    DjangoServerCursor = ServerCursor[Any]
else:
    DjangoCursor = base.Cursor
    DjangoServerCursor = base.ServerSideCursor

NOT_COUNTED = nullcontext()

TIMESTAMPTZ = adapters.types["timestamptz"].oid


def _begins(connection: Connection[Any]) -> bool:
    """Return whether Django wants a transaction of more than one statement on this connection."""
    return bool(getattr(connection, "chengxin_begins", False))


def _unsaid(connection: Connection[Any]) -> list[str]:
    """Return what goes in front of the next statement: BEGIN where a transaction begins, and who acts in it."""
    if connection.pgconn.transaction_status != TransactionStatus.IDLE:
        return []
    who = current()
    return ["BEGIN"] * _begins(connection) + ([] if who is None else list(who.statements))


def _sent(connection: Connection[Any], text: str) -> PGresult:
    """Send statements in one message, wait for the answer and return the last result. Django speaks UTF-8.

    Raises psycopg's errors as its cursors do; ``OperationalError`` where the connection is lost.
    """
    found = connection.pgconn.exec_(text.encode())
    if found.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
        return found
    if connection.pgconn.status != ConnStatus.OK:
        raise OperationalError(connection.pgconn.get_error_message())
    raise error_from_result(found)


class ActingCursor(DjangoCursor):
    """A cursor whose first statement of a transaction carries its beginning and the settings in front of it."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> ActingCursor:  # noqa: ANN401 - psycopg's own types
        """Run ``query``; where it begins a transaction, begin it and say first who acts, in the same message."""
        unsaid = _unsaid(self.connection)
        if not unsaid:
            super().execute(query, params, **more)
            return self
        said = "; ".join(unsaid)
        if params is not None:
            said = said.replace("%", "%%")
        if isinstance(query, sql.Composable):
            joined: Any = sql.SQL("{}; {}").format(sql.SQL(said), query)
        elif isinstance(query, bytes):
            joined = f"{said}; ".encode() + query
        else:
            joined = f"{said}; {query}"
        super().execute(joined, params, **more)
        for _ in unsaid:
            self.nextset()  # past what was put in front, to what was asked
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **more: Any) -> None:  # noqa: ANN401
        """Run ``query`` for each of ``params_seq`` in one transaction that says who acts."""
        with _transaction(self.connection):
            super().executemany(query, params_seq, **more)

    def copy(self, statement: Any, params: Any = None, **more: Any) -> Any:  # noqa: ANN401
        """Begin a COPY. Outside a transaction it says nobody: then it sees no row and may add none."""
        if _begins(self.connection) and (unsaid := _unsaid(self.connection)):
            super().execute("; ".join(unsaid))
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

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: FBT001 - as Django has it
        """Note whether statements are transactions by themselves; the first one of a longer one carries its BEGIN.

        psycopg would send BEGIN in a message of its own, and wait for the answer, in every transaction there is.
        """
        if self.connection.pgconn.transaction_status == TransactionStatus.IDLE and self.connection.autocommit:
            self.connection.chengxin_begins = not autocommit
            return
        with self.wrap_database_errors:
            if self.connection.pgconn.transaction_status == TransactionStatus.IDLE:
                self.connection.autocommit = True
                self.connection.chengxin_begins = not autocommit
            else:
                self.connection.autocommit = autocommit  # psycopg refuses in the middle of a transaction

    def one_row(self, query: str, values: Sequence[Any]) -> tuple[bytes | None, ...]:
        """Run ``query`` in the transaction that is open and return the first row of its last result, as text.

        What a cursor does for one statement costs as much as a small statement itself; this is for the few that every
        request pays for. Wrappers around statements see it like any other.
        """
        self.validate_no_broken_transaction()
        self.ensure_connection()
        run: Callable[..., PGresult] = self._run
        for wrapper in reversed(self.execute_wrappers):
            run = partial(wrapper, run)
        with self._noted(query), self.wrap_database_errors:
            found = run(query, values, False, {"connection": self, "cursor": None})
            if not found.ntuples:
                raise ProgrammingError("the statement gave no row")
        return tuple(found.get_value(0, column) for column in range(found.nfields))

    def _run(self, query: str, values: Sequence[Any], _many: bool, _context: Any) -> PGresult:  # noqa: ANN401, FBT001
        """Bind ``values`` into ``query``, put in front what is unsaid, and return the last result."""
        raw = self.connection
        binder = getattr(raw, "chengxin_binder", None)
        if binder is None:
            binder = raw.chengxin_binder = DjangoCursor(raw)
        return _sent(raw, "; ".join([*_unsaid(raw), binder.mogrify(query, values)]))

    def _noted(self, query: str) -> AbstractContextManager[None]:
        """Return what notes a statement for whoever counts them: nothing, where nobody does."""
        noted: AbstractContextManager[None] = debug_transaction(self, query) if self.queries_logged else NOT_COUNTED
        return noted

    def _commit(self) -> None:
        """Commit, without the steps of psycopg for pipelines and two phases, which nobody uses here."""
        if self.connection is None:
            return
        with self._noted("COMMIT"), self.wrap_database_errors:
            if self.connection.pgconn.transaction_status == TransactionStatus.IDLE and not self.connection.closed:
                return
            _sent(self.connection, "COMMIT")

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ANN401 - as Django has it
        """Return a new cursor, on the server where it has a name."""
        if not name:
            return super().create_cursor()
        hold = not _begins(self.connection)
        made = ActingServerCursor(self.connection, name=name, scrollable=False, withhold=hold)
        loader: Any = self.connection.adapters.get_loader(TIMESTAMPTZ, Format.TEXT)
        if self.timezone != loader.timezone:
            register_tzloader(self.timezone, made)
        return made


class _transaction:  # noqa: N801 - used like a function
    """A transaction that says who acts, around what psycopg sends in more than one message.

    Where one is open, or the connection begins them by itself, it only says who acts if nobody has.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._own: Any = None

    def __enter__(self) -> None:
        unsaid = _unsaid(self._connection)
        if not unsaid:
            return
        if not _begins(self._connection):
            self._own = self._connection.transaction()
            self._own.__enter__()
        DjangoCursor(self._connection).execute("; ".join(unsaid))

    def __exit__(self, *error: object) -> None:
        if self._own is not None:
            self._own.__exit__(*error)
