"""Reads of the register of bodies: one body at a time, by a code. Nothing here lists, ranks or searches by prefix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch

from chengxin.base.errors import ChengxinError, NotFound
from chengxin.kernel.calendar import legal_day
from chengxin.subjects.history import bearers_at, body_on, moved_since
from chengxin.subjects.models import Identifier, Name, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from chengxin.subjects.history import BodyOn, Code

IDENTIFIER_KINDS = ("uscc", "registration_number", "organisation_code", "tax_number")
"""Kinds of identifier a body is found by, in the order in which they are shown."""


class AmbiguousCode(ChengxinError):
    """A code that stands at more than one body: no answer about either would be true."""


@dataclass(frozen=True)
class IdentifierView:
    """One code of a body: its kind (one of ``IDENTIFIER_KINDS``) and the code.

    A credit code that was replaced has the legal day ``ended_on`` and the code ``replaced_by``; ``merged`` tells that
    it came with a body that was merged into this one.
    """

    kind: str
    value: str
    ended_on: date | None = None
    replaced_by: str = ""
    merged: bool = False


@dataclass(frozen=True)
class NameView:
    """One name of a body: ``current``, ``former`` or ``english``."""

    kind: str
    name: str


@dataclass(frozen=True)
class SubjectView:
    """A registered body (信用主体) with every code and name on file; ``uscc`` is empty while it has none."""

    id: int
    kind: str
    name: str
    uscc: str
    status: str
    registrar: str
    established_on: date | None
    identifiers: tuple[IdentifierView, ...]
    names: tuple[NameView, ...]


def subject_by_identifier(kind: str, value: str, known_at: datetime | None = None) -> SubjectView | None:
    """Return the body that bears the code ``value`` of this ``kind``, or None when nobody does.

    A code that was replaced, or whose body was merged into another, leads to where it is. With ``known_at`` the answer
    is the one of that moment. Three queries, whatever the body has, and one more for a moment nothing moved after.

    Raises:
        AmbiguousCode: the code stands at more than one body, so it names none until a person decides.
    """
    if "\x00" in value:
        return None  # the database knows no text with U+0000 in it
    held = Identifier.objects.filter(kind=kind, value=value).values_list("subject_id", flat=True)
    bearers: Any = held
    if known_at is not None:
        moved = moved_since(known_at)
        bearers = bearers_at(kind, value, known_at) if moved else held.filter(first_seen_at__lte=known_at)
    found = list(
        Subject.objects.filter(pk__in=bearers)
        .order_by("pk")
        .prefetch_related(
            Prefetch("identifiers", Identifier.objects.order_by("kind", "value")),
            Prefetch("names", Name.objects.order_by("kind", "name")),
        )[:2]
    )
    if len(found) > 1:
        raise AmbiguousCode(
            "ambiguous_code",
            "该代码同时登记在两个主体名下，核实之前无法据此查询，请联系信用中心",
            "the code stands at two bodies and names neither until that is settled; ask the credit centre",
            where=value,
        )
    if found and known_at is not None and (moved or found[0].changed_at > known_at):
        stood = body_on(found[0].pk, legal_day(known_at), known_at)
        if stood is not None:
            return _as_it_was(stood)
    return _view(found[0]) if found else None


def subject_by_number(number: int) -> SubjectView:
    """Return the body of this number, merged or not; raise ``NotFound``. For officers: two bodies can share a code."""
    found = Subject.objects.filter(pk=number).prefetch_related("identifiers", "names").first()
    if found is None:
        raise NotFound(
            "unknown_subject", f"没有编号为 {number} 的主体", f"there is no body {number}", where=str(number)
        )
    return _view(found)


def _as_it_was(body: BodyOn) -> SubjectView:
    version = body.version
    return SubjectView(
        id=body.subject_id,
        kind=version.kind,
        name=version.name,
        uscc=version.uscc,
        status=version.status,
        registrar=version.registrar,
        established_on=version.established_on,
        identifiers=_in_order(_identifier(one, one.came_from) for one in body.codes),
        names=tuple(NameView(one.kind, one.name) for one in body.names),
    )


def _identifier(code: Code | Identifier, came_from: int | None) -> IdentifierView:
    return IdentifierView(code.kind, code.value, code.ended_on, code.replaced_by, came_from is not None)


def _in_order(codes: Iterable[IdentifierView]) -> tuple[IdentifierView, ...]:
    shown = [one for one in codes if one.kind in IDENTIFIER_KINDS]
    return tuple(sorted(shown, key=lambda one: (IDENTIFIER_KINDS.index(one.kind), one.value)))


def _view(subject: Subject) -> SubjectView:
    return SubjectView(
        id=subject.pk,
        kind=subject.kind,
        name=subject.name,
        uscc=subject.uscc,
        status=subject.status,
        registrar=subject.registrar,
        established_on=subject.established_on,
        identifiers=_in_order(_identifier(one, one.came_from_id) for one in subject.identifiers.all()),
        names=tuple(NameView(one.kind, one.name) for one in subject.names.all()),
    )
