"""What this room tells the floors above."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True)
class IdentifiersAdded:
    """Codes were tied to bodies in the current transaction; they stand in the temporary table ``new_identifier``.

    ``new_identifier`` has subject_id, kind and value. Facts that waited for one of these codes can now be tied.
    """

    now: datetime
    today: date


@dataclass(frozen=True)
class Moving:
    """What one room would move, for people to read before they agree.

    ``counts`` are rows by a key of the room's own (an item of the catalogue, say); ``digest`` names exactly these rows,
    and those of both bodies that they would stand beside, so that any change in between shows.
    """

    room: str
    zh: str
    en: str
    counts: dict[str, int]
    digest: str = ""
    notices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class BodyMove:
    """Facts and what hangs on them go from the body ``source`` to the body ``target``.

    ``kind``: ``merge`` (everything), ``split`` (what came under ``codes``, written ``kind:value``, and the facts
    ``facts``, by key) or ``undo`` of the change ``undoes``, whose kind is ``undone``: what that change moved and what
    came under ``codes`` since; of a split, everything. ``target`` is None while a split is only being looked at.
    """

    kind: str
    source: int
    target: int | None
    codes: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    undoes: int | None = None
    undone: str = ""


@dataclass(frozen=True)
class MoveAsked:
    """Somebody wants to see what ``move`` would do: every room adds its part to ``found``, and nothing is done."""

    move: BodyMove
    found: list[Moving] = field(default_factory=list)


@dataclass(frozen=True)
class BodiesMoved:
    """``move`` is carried out by the change ``change_id`` in the current transaction; the register's rows have moved.

    The register is held alone (``hold_register``).
    """

    move: BodyMove
    change_id: int
    now: datetime
    today: date


@dataclass(frozen=True)
class BodiesChanged:
    """Codes, names or the state of these bodies changed other than by a register entry, in the current transaction.

    It is told last, when everything has moved.
    """

    subjects: tuple[int, ...]
    now: datetime
    today: date


@dataclass(frozen=True)
class CodesRefused:
    """Codes were found not to be a body's and taken from it, in the current transaction.

    They stand in the temporary table ``refused_code`` (subject_id, kind, value). Facts that only such a code tied to
    the body are tied to it no more.
    """

    now: datetime
    today: date
