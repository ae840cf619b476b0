"""The demo's log-ins: made at random for each installation and kept in its data folder, to be shown again."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chengxin.accounts.actions.accounts import MakeApiClient, SetOfficer
from chengxin.accounts.actor import OPERATIONS
from chengxin.accounts.models import Officer
from chengxin.accounts.queries import client_by_token, organisation_by_code

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from chengxin.base.city import City

DEPARTMENTS = 3
"""How many departments get an officer who hands in."""

TOKEN_DAYS = 90
"""How long the demo's API token lives; a later run makes a new one."""

FILE = "demo-access.json"


@dataclass(frozen=True)
class LogIn:
    """One officer of the demo, with the password in clear: it opens invented data only."""

    username: str
    password: str
    name: str
    organisation: str
    role: str


@dataclass(frozen=True)
class Access:
    """What the demo prints for trying it: officers, and the token of an API client of one organisation."""

    officers: tuple[LogIn, ...]
    token: str
    client_organisation: str


@dataclass(frozen=True)
class _Kept:
    """What the file holds; ``ready`` once the database has all of it."""

    officers: tuple[LogIn, ...]
    token: str
    ready: bool


def make_access(folder: Path, city: City, now: datetime) -> Access:
    """Return the demo's log-ins, making officers and token where they are missing.

    A run that was interrupted is completed; what exists keeps its password. The file is written (mode 0600) before
    the database hears of a password, so none can be lost.
    """
    kept = _read(folder) or _Kept(_draw(city), token="", ready=False)
    names = [one.username for one in kept.officers]
    token, owner, ready = kept.token, kept.officers[0].organisation, kept.ready
    if not ready or Officer.objects.filter(username__in=names).count() < len(names):
        ready = False
        _write(folder, _Kept(kept.officers, token, ready))
        for one in kept.officers:
            organisation = organisation_by_code(one.organisation)
            SetOfficer(one.username, one.password, one.name, organisation, one.role).execute()
    if not token or client_by_token(token, now) is None:
        ready = False
        until = now + timedelta(days=TOKEN_DAYS)
        _, token = MakeApiClient("演练接口调用方", organisation_by_code(owner), OPERATIONS, now, until).execute()
    if not ready:
        _write(folder, _Kept(kept.officers, token, ready=True))
    return Access(kept.officers, token, owner)


def _draw(city: City) -> tuple[LogIn, ...]:
    """Choose three departments that hand in both lists, and the credit centre; a registrar comes first."""
    able = [one for one in city.organisations if {"licence", "penalty"} <= set(one.items)]
    able.sort(key=lambda one: not one.registrar)
    centre = next(one for one in city.organisations if one.kind == "centre")
    chosen = [(one, "submitter", "报送员") for one in able[:DEPARTMENTS]] + [(centre, "centre", "专员")]
    return tuple(
        LogIn(one.code, secrets.token_urlsafe(12), f"演练{duty}（{one.name}）", one.code, role)
        for one, role, duty in chosen
    )


def _read(folder: Path) -> _Kept | None:
    path = folder / FILE
    if not path.exists():
        return None
    held = json.loads(path.read_text(encoding="utf-8"))
    return _Kept(tuple(LogIn(**one) for one in held["officers"]), held["token"], held["ready"])


def _write(folder: Path, kept: _Kept) -> None:
    part = folder / f"{FILE}.part"
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(asdict(kept), out, ensure_ascii=False, indent=1)
    part.replace(folder / FILE)
