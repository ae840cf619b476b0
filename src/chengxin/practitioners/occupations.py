"""Regulated occupations, read from ``occupations.yaml``: nothing else makes a person a practitioner."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import yaml

from chengxin.base.errors import ChengxinError, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


@dataclass(frozen=True)
class Occupation:
    """A regulated occupation with its statutory basis, the days it is in force, and who keeps its register."""

    key: str
    name: str
    name_en: str
    start: date
    end: date | None
    basis: str
    registrars: Mapping[str, tuple[str, ...]]

    def in_force(self, day: date) -> bool:
        """Return whether its practitioners are registered on ``day``; both ends count."""
        return self.start <= day and (self.end is None or day <= self.end)


@cache
def load_occupations() -> Mapping[str, Occupation]:
    """Return the occupations by key; raise ``ValueError`` for one without a statutory basis."""
    text = (resources.files("chengxin.practitioners") / "occupations.yaml").read_text(encoding="utf-8")
    return read_occupations(text)


def read_occupations(text: str) -> Mapping[str, Occupation]:
    """Return the occupations that a YAML text lists; see ``load_occupations``."""
    found = {}
    for one in yaml.safe_load(text):
        if not str(one.get("basis") or "").strip():
            raise ValueError(f"{one['key']}: an occupation needs a statutory basis")
        registrars = {city: tuple(codes) for city, codes in one["registrars"].items()}
        found[one["key"]] = Occupation(
            one["key"], one["name"], one["en"], one["from"], one["until"], one["basis"], registrars
        )
    return found


def occupation_in_force(key: str, day: date) -> Occupation:
    """Return the occupation; raise ``ChengxinError`` where it is none on ``day``."""
    found = load_occupations().get(key)
    if found is None or not found.in_force(day):
        known = [one for one in load_occupations().values() if one.in_force(day)]
        raise ChengxinError(
            "occupation_unknown",
            f"没有这一法定执业类别，可选：{'、'.join(f'{one.name}（{one.key}）' for one in known)}",
            f"no such regulated occupation; there are: {', '.join(one.key for one in known)}",
            where="occupation",
        )
    return found


def require_registrar(occupation: Occupation, city: str, organisation: str) -> None:
    """Raise ``NotPermitted`` unless ``organisation`` keeps the register of ``occupation`` in ``city``."""
    if organisation not in occupation.registrars.get(city, ()):
        raise NotPermitted(
            "not_the_registrar",
            f"{occupation.name}由其登记机关报送，本单位不是",
            f"practitioners of the occupation {occupation.key} are registered by its registrar only",
            where="organisation",
        )
