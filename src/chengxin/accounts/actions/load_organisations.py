"""Bring the organisations of a city's profile into the register of organisations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.accounts.models import Organisation

if TYPE_CHECKING:
    from chengxin.base.city import City


@dataclass(frozen=True)
class LoadOrganisations:
    """Make or update every organisation that ``city`` names; what the profile no longer names stays as it is."""

    city: City

    def execute(self) -> int:
        """Return the number of organisations in the profile; parents are saved before their children."""
        with transaction.atomic():
            held = {row.code: row for row in Organisation.objects.all()}
            waiting = list(self.city.organisations)
            while waiting:
                ready = [one for one in waiting if not one.parent or one.parent in held]
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
                waiting = [one for one in waiting if one.code not in held]
        return len(self.city.organisations)
