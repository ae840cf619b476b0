"""Every entrance of every end and what it takes to get in, read from ``entrances.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from chengxin.accounts.access import load_matrix
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Iterable

PUBLIC, OFFICER = "public", "officer"
"""What an entrance may need besides an operation: nothing, or a log-in."""

EVERYWHERE, CAREFUL = "everywhere", "careful"
ENDS = ("api", "office", "public")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Entrance:
    """One address of one end with one method; ``needs`` is ``public``, ``officer`` or an operation.

    ``name`` is the operation id in the API and the address's name elsewhere, or its route where it has none.
    ``everywhere`` says that the officer's duty has to cover every organisation, ``careful`` that it gives or uses
    power: a session used from elsewhere than it began, or on a new device, is asked for the second factor again first.
    """

    end: str
    name: str
    method: str
    needs: str
    everywhere: bool = False
    careful: bool = False

    def opens_to_officer(self, roles: Iterable[str]) -> bool:
        """Return whether an officer with these duties gets in; the API knows no officers."""
        if self.needs == PUBLIC:
            return True
        if self.end != "office":
            return False
        held, matrix = tuple(roles), load_matrix()
        if self.everywhere and not matrix.everywhere(held):
            return False
        return self.needs == OFFICER or self.needs in matrix.allowed(held)

    def opens_to_client(self, grants: Iterable[str]) -> bool:
        """Return whether an API client with these live grants gets in; the office end knows no clients."""
        return self.needs == PUBLIC or (self.end == "api" and self.needs in set(grants))


@cache
def load_entrances() -> tuple[Entrance, ...]:
    """Return the package's entrances in the order of the file; see ``read_entrances`` for errors."""
    text = (resources.files("chengxin.accounts") / "entrances.yaml").read_text(encoding="utf-8")
    return read_entrances(yaml.safe_load(text))


def read_entrances(held: dict[str, Any]) -> tuple[Entrance, ...]:
    """Return the entrances of the file's content.

    Raises:
        ChengxinError: an end or method is unknown, or an entrance needs what is no operation.
    """
    needs = {PUBLIC, OFFICER, *load_matrix().operations}
    found: list[Entrance] = []
    for end, rows in held.items():
        for name, methods in rows.items():
            for method, written in methods.items():
                needed, *more = str(written).split(" ")
                known = more in ([], [EVERYWHERE], [CAREFUL], [EVERYWHERE, CAREFUL])
                if not known or end not in ENDS or method not in METHODS or needed not in needs:
                    raise ChengxinError(
                        "entrances_wrong",
                        f"entrances.yaml 中 {end} {name} {method} 的要求“{written}”不对，请改正",
                        f"{end} {name} {method} in entrances.yaml needs {written!r}, which is nothing known: mend it",
                        where=name,
                    )
                found.append(Entrance(end, name, method, needed, EVERYWHERE in more, CAREFUL in more))
    return tuple(found)
