"""Who acts, told to the database: four settings that last exactly as long as one transaction.

Row security reads ``chengxin.actor_kind``, ``chengxin.actor``, ``chengxin.organisation`` and ``chengxin.everywhere``.
Nothing set, no rows: what nobody acts for sees nothing. The settings are local to a transaction, so a connection that
goes from one request to the next carries nothing with it (OWASP ASVS 5.0, 8.4.1).

A process says who acts by ``acting``; the database backend of this room (``chengxin.base.postgres``) puts the settings
in front of the first statement of every transaction, in the same message: nobody can forget them, and they cost no
round trip.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from psycopg.pq import TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

ARRIVAL = "arrival"
"""Kind of actor of a request whose sender is not known yet: it may look an account up and do nothing else."""


@dataclass(frozen=True)
class Acting:
    """Who acts in a transaction.

    Attributes:
        actor_kind: ``officer``, ``client``, ``operator`` or ``arrival``.
        actor: the officer's user name or the client's number.
        organisation: the number of the organisation acted for, or None for none.
        everywhere: whether the actor's duty covers every organisation.
    """

    actor_kind: str
    actor: str
    organisation: int | None
    everywhere: bool

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The SQL that sets the four settings for the rest of the transaction: half the work of set_config()."""
        values = {
            "actor_kind": self.actor_kind,
            "actor": self.actor,
            "organisation": "" if self.organisation is None else str(int(self.organisation)),
            "everywhere": "on" if self.everywhere else "off",
        }
        return tuple(f"SET LOCAL chengxin.{name} = {_literal(value)}" for name, value in values.items())

    @property
    def statement(self) -> str:
        """The same in one text, for who sends no more than one."""
        return "; ".join(self.statements)


NOBODY = Acting("", "", None, everywhere=False)
"""What holds where nobody acts; row security lets it see nothing."""

_acting: ContextVar[Acting | None] = ContextVar("chengxin.acting", default=None)


def current() -> Acting | None:
    """Return who acts in this thread or task, or None where nobody said."""
    return _acting.get()


@contextmanager
def acting(
    actor_kind: str,
    actor_id: str,
    organisation_id: int | None = None,
    everywhere: bool = False,  # noqa: FBT001, FBT002 - a contract of the rooms
) -> Iterator[None]:
    """Act as this actor for the block, in every transaction that begins in it and in one that is open already.

    Blocks nest; at the end of one, the actor around it acts again. Without a connection nothing is asked of the
    database: the settings go out with the first statement.
    """
    _tell(Acting(actor_kind, actor_id, organisation_id, everywhere))
    before = _acting.set(Acting(actor_kind, actor_id, organisation_id, everywhere))
    try:
        yield
    finally:
        _acting.reset(before)
        _tell(_acting.get() or NOBODY)


@contextmanager
def arriving() -> Iterator[None]:
    """Act as somebody who is not known yet, until ``become`` says who it is or the block ends."""
    with acting(ARRIVAL, ""):
        yield


def become(actor_kind: str, actor_id: str, organisation_id: int | None = None, *, everywhere: bool = False) -> None:
    """Say who acts from here to the end of the surrounding ``acting`` or ``arriving``: the request was recognised.

    Raises ``RuntimeError`` outside such a block, where the actor would outlive the request.
    """
    if _acting.get() is None:
        raise RuntimeError("become() belongs inside acting() or arriving()")
    known = Acting(actor_kind, actor_id, organisation_id, everywhere)
    _tell(known)
    _acting.set(known)


@contextmanager
def about(subject_id: int) -> Iterator[None]:
    """Act on behalf of one subject for the block: what the subject may see of itself is seen, of no other subject.

    Raises ``RuntimeError`` outside a transaction, where the setting would be gone with its own statement.
    """
    from django.db import connection  # noqa: PLC0415 - this module is read before Django is set up

    if not connection.in_atomic_block:
        raise RuntimeError("about() belongs inside a transaction")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('chengxin.subject', %s, true)", [str(int(subject_id))])
        try:
            yield
        finally:
            if connection.connection.info.transaction_status == TransactionStatus.INTRANS:
                cursor.execute("SELECT set_config('chengxin.subject', '', true)")


def _tell(who: Acting) -> None:
    """Tell a transaction that is under way; one still to begin hears it with its first statement.

    A transaction that failed is left alone: it can only be rolled back.
    """
    from django.db import connection  # noqa: PLC0415 - this module is read before Django is set up

    raw = connection.connection
    if raw is not None and raw.info.transaction_status == TransactionStatus.INTRANS:
        with connection.cursor() as cursor:
            cursor.execute(who.statement)


def _literal(value: str) -> str:
    """Return ``value`` as an SQL literal that means the same whatever ``standard_conforming_strings`` says.

    PostgreSQL's text holds no NUL; a name with one can be nobody's, so it is refused.
    """
    if "\0" in value:
        raise ValueError("an actor's name has no NUL")
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'" if "\\" in value else f"'{escaped}'"
