"""The demo's log-ins: made at random for each installation and kept in its data folder, to be shown again."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actions.clients import GrantOperation, MakeApiClient
from chengxin.accounts.actions.officers import SetOfficer, setting_up
from chengxin.accounts.actor import OPERATIONS, operator
from chengxin.accounts.clients import EVERYTHING
from chengxin.accounts.models import Officer
from chengxin.accounts.queries import client_by_token, organisation_by_code
from chengxin.accounts.quota import usual_quota
from chengxin.cli.demo_state import Access, LogIn, write_private

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from chengxin.base.city import City

DEPARTMENTS = 3
"""How many departments get an officer who hands in."""

AT_DEPARTMENT = ("releaser", "reviewer")
"""Duties beside handing in that somebody of the first department has."""

AT_CENTRE = ("centre", "window", "auditor", "administrator", "security")
"""Duties that somebody more of the credit centre has: a second officer of it, because merges take four eyes.

The last two stay last: once both are there, duties are granted in the office end only.
"""

TOKEN_DAYS = 90
"""How long the demo's API token lives; a later run makes a new one."""

FILE = "demo-access.json"


@dataclass(frozen=True)
class _Kept:
    """What the file holds; ``ready`` once the database has all of it, ``token_until`` in ISO 8601."""

    officers: tuple[LogIn, ...]
    token: str
    token_until: str
    ready: bool


def make_access(folder: Path, city: City, now: datetime) -> Access:
    """Return the demo's log-ins, making officers and token where they are missing.

    A run that was interrupted is completed; what exists keeps its password. The file is written (mode 0600) before
    the database hears of a password, so none can be lost.
    """
    kept = _completed(_read(folder) or _Kept((), token="", token_until="", ready=False), city)
    names = [one.username for one in kept.officers]
    owner = kept.officers[0].organisation
    if not kept.ready or Officer.objects.filter(username__in=names).count() < len(names):
        kept = replace(kept, ready=False)
        _write(folder, kept)
        for one in kept.officers:
            organisation = organisation_by_code(one.organisation)
            SetOfficer(one.username, one.password, one.name, organisation, (one.role,), now).execute()
    if not kept.token or client_by_token(kept.token, now) is None:
        until = now + timedelta(days=TOKEN_DAYS)
        kept = replace(kept, token=_make_client(owner, now, until), token_until=until.isoformat(), ready=False)
    if not kept.ready:
        _write(folder, replace(kept, ready=True))
    return Access(kept.officers, kept.token, owner, kept.token_until)


def _make_client(organisation: str, now: datetime, until: datetime) -> str:
    """Make the rehearsal's client, which may do everything a client may and shows a token; return the token."""
    quota = usual_quota()
    made, token = MakeApiClient(
        operator(), "演练接口调用方", organisation_by_code(organisation), now, until, allow_bearer=True
    ).execute()
    for operation in OPERATIONS:
        GrantOperation(
            operator(), made.pk, operation, (EVERYTHING,), (EVERYTHING,),
            quota.per_minute, quota.per_day, until, now,
        ).execute()  # fmt: skip
    return token


def _completed(kept: _Kept, city: City) -> _Kept:
    """Return ``kept`` with the officers that a folder of an older demo lacks.

    Where people have set up both managing duties already, nobody new can be given a duty from here: they stay out.
    """
    had = {one.username for one in kept.officers}
    missing = tuple(one for one in _draw(city) if one.username not in had)
    if not missing or (had and not setting_up()):
        return kept
    return replace(kept, officers=(*kept.officers, *missing), ready=False)


def _draw(city: City) -> tuple[LogIn, ...]:
    """Choose departments that hand in both lists, a registrar first, and the credit centre; make their log-ins."""
    able = [one for one in city.organisations if {"licence", "penalty"} <= set(one.items)]
    able.sort(key=lambda one: not one.registrar)
    centre = next(one for one in city.organisations if one.kind == "centre")
    duties = load_matrix().duties
    first = [(one, "submitter", one.code) for one in able[:DEPARTMENTS]] + [(centre, "centre", centre.code)]
    more = [(able[0], role, f"{able[0].code}-{role}") for role in AT_DEPARTMENT]
    more += [(centre, role, f"{centre.code}-{role}") for role in AT_CENTRE]
    drawn = []
    for one, role, username in first + more:
        second = "二" if username == f"{centre.code}-centre" else ""
        name = f"演练{duties[role].name}{second}（{one.name}）"
        drawn.append(LogIn(username, secrets.token_urlsafe(12), name, one.code, role))
    return tuple(drawn)


def _read(folder: Path) -> _Kept | None:
    path = folder / FILE
    if not path.exists():
        return None
    held = json.loads(path.read_text(encoding="utf-8"))
    return _Kept(tuple(LogIn(**one) for one in held["officers"]), held["token"], held["token_until"], held["ready"])


def _write(folder: Path, kept: _Kept) -> None:
    write_private(folder / FILE, asdict(kept))
