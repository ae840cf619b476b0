"""The office end in process: its settings, its middleware, its templates, its database role."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from chengxin.testing.ends import RoleClient, settings_of
from chengxin.testing.making import NOW, PASSWORD, make_officer, make_organisation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from chengxin.accounts.models import Officer, Organisation

QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""A password hasher that is fast, because no secret of a test needs guarding."""


class Office:
    """A browser at the office end; time stands still until ``later``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = RoleClient("office")
        self._patch = monkeypatch
        monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "optional")
        self.now: datetime = NOW
        self.later()

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)
        self._patch.setenv("CHENGXIN_NOW", self.now.isoformat())

    def log_in(self, username: str = "zhang", password: str = PASSWORD, **more: Any) -> Any:
        return self.client.post("/log-in/", {"username": username, "password": password}, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def post(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> Any:
        return self.client.post(path, fields or {}, **more)

    def queries(self, path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert self.get(path).status_code == 200
        return len(captured)


@pytest.fixture
def office(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    assert own_database
    with settings_of("office"), override_settings(PASSWORD_HASHERS=QUICK):
        yield Office(monkeypatch)


@pytest.fixture
def organisation(office: Office) -> Organisation:
    assert office
    return make_organisation()


@pytest.fixture
def officer(organisation: Organisation) -> Officer:
    return make_officer(organisation)


@pytest.fixture
def desk(office: Office, officer: Officer) -> Office:
    """Give a browser in which the officer is logged in."""
    assert office.log_in(officer.username).status_code == 302
    return office
