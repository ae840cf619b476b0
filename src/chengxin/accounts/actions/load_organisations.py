"""Bring the organisations of a city's profile into the register of organisations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.accounts.models import Organisation
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chengxin.base.city import City
    from chengxin.base.city import Organisation as Listed


@dataclass(frozen=True)
class LoadOrganisations:
    """Make or update every organisation that ``city`` names; what the profile no longer names stays as it is."""

    city: City

    def execute(self) -> int:
        """Return the number of organisations in the profile; parents are saved before their children.

        Raises ``ChengxinError`` when a parent is missing or parents form a circle; nothing is changed then.
        """
        with transaction.atomic():
            held: dict[str, Organisation] = {}
            while waiting := [one for one in self.city.organisations if one.code not in held]:
                # What the register holds already may be listed under a parent that is new: it waits for it too.
                ready = [one for one in waiting if not one.parent or one.parent in held]
                if not ready:
                    raise _without_root(waiting)
                for one in ready:
                    held[one.code], _ = Organisation.objects.update_or_create(
                        code=one.code,
                        defaults={
                            "uscc": one.uscc,
                            "name": one.name,
                            "name_en": one.name_en,
                            "aliases": list(one.aliases),
                            "level": one.level,
                            "kind": one.kind,
                            "parent": held[one.parent] if one.parent else None,
                            "hands_in": list(one.items),
                            "registrar": one.registrar,
                        },
                    )
        return len(self.city.organisations)


def _without_root(waiting: Sequence[Listed]) -> ChengxinError:
    """Return the error for organisations whose parents are missing from the profile or lead in a circle."""
    codes = [one.code for one in waiting]
    return ChengxinError(
        "organisation_without_parent",
        f"单位 {'、'.join(codes)} 的上级单位不在城市文件中或互为上级，请改正城市文件的 parent",
        f"the parents of {', '.join(codes)} are missing from the profile or form a circle: mend their parent",
        where=codes[0],
    )
