"""Organisations as administrators see them: a tree of three levels, the external agencies, and who works where."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actor import MANAGE_OFFICERS
from chengxin.accounts.clients import ApiClient
from chengxin.accounts.models import Officer, Organisation
from chengxin.accounts.officers import OfficerRow, officer_rows
from chengxin.accounts.queries import organisation_by_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chengxin.accounts.actor import Actor

EXTERNAL = "external"
"""``kind`` of an organ or firm outside the city government, which stands in no line of the tree."""


@dataclass(frozen=True)
class OrganisationRow:
    """One organisation in the tree.

    ``depth`` is 0 for the city's own, 1 and 2 below; ``officers`` are those who can log in, ``duties`` how many of them
    hold each duty, in the order of the access matrix; ``clients`` are API clients that were not closed.
    """

    code: str
    name: str
    name_en: str
    level: str
    kind: str
    active: bool
    depth: int
    officers: int
    duties: tuple[tuple[str, int], ...]
    clients: int


@dataclass(frozen=True)
class OrganisationDetail:
    """One organisation with its place in the tree and every account it has."""

    row: OrganisationRow
    uscc: str
    parent: OrganisationRow | None
    children: tuple[OrganisationRow, ...]
    officers: tuple[OfficerRow, ...]


def organisation_tree(actor: Actor) -> tuple[OrganisationRow, ...]:
    """Return every organisation, each behind its parent, external agencies last; three queries.

    Raises ``NotPermitted``.
    """
    actor.require(MANAGE_OFFICERS)
    return _rows()


def organisation_detail(actor: Actor, code: str) -> OrganisationDetail:
    """Return one organisation; raise ``NotPermitted`` or ``NotFound``."""
    actor.require(MANAGE_OFFICERS)
    held = organisation_by_code(code)
    rows = {one.code: one for one in _rows()}
    parent = held.parent.code if held.parent is not None else ""
    children = Organisation.objects.filter(parent=held).order_by("name").values_list("code", flat=True)
    return OrganisationDetail(
        rows[held.code],
        held.uscc,
        rows.get(parent),
        tuple(rows[one] for one in children),
        officer_rows(organisation=held.code),
    )


def _rows() -> tuple[OrganisationRow, ...]:
    officers: Counter[int] = Counter()
    duties: dict[int, Counter[str]] = {}
    for organisation, roles in Officer.objects.filter(is_active=True).values_list("organisation_id", "roles"):
        officers[organisation] += 1
        duties.setdefault(organisation, Counter()).update(roles)
    clients = Counter(ApiClient.objects.filter(revoked_at=None).values_list("organisation_id", flat=True))
    every = list(Organisation.objects.order_by("name"))
    below: dict[int | None, list[Organisation]] = {}
    for one in every:
        below.setdefault(one.parent_id, []).append(one)
    known = tuple(load_matrix().duties)
    return tuple(
        OrganisationRow(
            one.code,
            one.name,
            one.name_en,
            one.level,
            one.kind,
            one.is_active,
            depth,
            officers[one.pk],
            tuple((role, duties[one.pk][role]) for role in known if one.pk in duties and duties[one.pk][role]),
            clients[one.pk],
        )
        for one, depth in _in_order(below)
    )


def _in_order(below: Mapping[int | None, Sequence[Organisation]]) -> Iterator[tuple[Organisation, int]]:
    """Yield each organisation behind its parent with its depth; roots outside the government come last."""
    roots = sorted(below.get(None, ()), key=lambda one: one.kind == EXTERNAL)
    waiting = [(one, 0) for one in reversed(roots)]
    while waiting:
        one, depth = waiting.pop()
        yield one, depth
        waiting.extend((child, depth + 1) for child in reversed(below.get(one.pk, ())))
