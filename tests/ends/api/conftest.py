"""The API end in process: its settings, its middleware, its database role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import OPERATIONS
from chengxin.testing.ends import RoleClient, settings_of
from chengxin.testing.making import make_client, make_organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chengxin.accounts.models import Organisation


class Api:
    """Sends requests with or without a token; every answer is parsed JSON where it is JSON."""

    def __init__(self) -> None:
        self.client = RoleClient("api")

    def send(self, method: str, path: str, token: str | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.generic(method, f"/api/v1{path}", headers=headers, **more)

    def get(self, path: str, token: str | None = None) -> Any:
        return self.send("GET", path, token)

    def post(self, path: str, body: object, token: str | None = None) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", path, token, data=raw, content_type="application/json")

    def upload(self, fields: dict[str, Any], token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.post("/api/v1/batches", fields, headers=headers)


@pytest.fixture
def api(own_database: str) -> Iterator[Api]:
    assert own_database
    with settings_of("api"):
        yield Api()


@pytest.fixture
def organisation(api: Api) -> Organisation:
    assert api
    return make_organisation()


@pytest.fixture
def token(organisation: Organisation) -> str:
    return make_client(organisation, *OPERATIONS)
