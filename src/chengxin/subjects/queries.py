"""Reads of the register of bodies: one body at a time, by a code. Nothing here lists, ranks or searches by prefix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Prefetch

from chengxin.base.errors import ChengxinError
from chengxin.subjects.models import Identifier, Name, Subject

if TYPE_CHECKING:
    from datetime import date

IDENTIFIER_KINDS = ("uscc", "registration_number", "organisation_code", "tax_number")
"""Kinds of identifier a body is found by, in the order in which they are shown."""


class AmbiguousCode(ChengxinError):
    """A code that stands at more than one body: no answer about either would be true."""


@dataclass(frozen=True)
class IdentifierView:
    """One code of a body: its kind (one of ``IDENTIFIER_KINDS``) and the code."""

    kind: str
    value: str


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


def subject_by_identifier(kind: str, value: str) -> SubjectView | None:
    """Return the body that bears the code ``value`` of this ``kind``, or None when nobody does.

    Three queries, whatever the body has.

    Raises:
        AmbiguousCode: the code stands at more than one body, so it names none until a person decides.
    """
    bearers = Identifier.objects.filter(kind=kind, value=value).values_list("subject_id")
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
    return _view(found[0]) if found else None


def _view(subject: Subject) -> SubjectView:
    codes = [IdentifierView(one.kind, one.value) for one in subject.identifiers.all() if one.kind in IDENTIFIER_KINDS]
    return SubjectView(
        id=subject.pk,
        kind=subject.kind,
        name=subject.name,
        uscc=subject.uscc,
        status=subject.status,
        registrar=subject.registrar,
        established_on=subject.established_on,
        identifiers=tuple(sorted(codes, key=lambda one: (IDENTIFIER_KINDS.index(one.kind), one.value))),
        names=tuple(NameView(one.kind, one.name) for one in subject.names.all()),
    )
