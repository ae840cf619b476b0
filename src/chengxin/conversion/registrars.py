"""Which organisation keeps the register that a body stands in, by what the register calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.accounts.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Iterable


def registrars() -> tuple[Organisation, ...]:
    """Return the organisations that keep a register of bodies, by name."""
    return tuple(Organisation.objects.filter(registrar=True, is_active=True).order_by("name"))


def registrar_named(name: str, among: Iterable[Organisation] | None = None) -> Organisation | None:
    """Return the registrar that is called ``name`` in full or by an alias, or None; never one that is only alike."""
    wanted = name.strip()
    for one in registrars() if among is None else among:
        if wanted and wanted in (one.name, *one.aliases):
            return one
    return None


def is_called(organisation: Organisation, name: str) -> bool:
    """Return whether the register's ``name`` of a registrar means this organisation."""
    return bool(name.strip()) and name.strip() in (organisation.name, *organisation.aliases)
