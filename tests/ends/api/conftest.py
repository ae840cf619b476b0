"""The API end in process: its settings, its middleware, its database role."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import OPERATIONS
from chengxin.accounts.signing import content_digest, sign
from chengxin.testing.ends import RoleClient, settings_of
from chengxin.testing.making import make_client, make_organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chengxin.accounts.models import Organisation
    from chengxin.testing.making import SigningClient


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

    def signed(self, method: str, path: str, who: SigningClient, body: bytes = b"", **more: Any) -> Any:
        """Send a request signed by ``who``; ``kind`` is the body's media type, ``now`` when it was signed."""
        kind = more.pop("kind", "application/json")
        headers = self.signature(method, path, who, body, kind=kind, now=more.pop("now", None))
        headers |= more.pop("headers", {})
        return self.raw(method, path, headers, body, **more)

    def signature(self, method: str, path: str, who: SigningClient, body: bytes = b"", **more: Any) -> dict[str, str]:
        return sign(
            method,
            f"http://testserver/api/v1{path}",
            who.key,
            who.key_id,
            now=more.get("now") or datetime.now(UTC),
            digest=content_digest(io.BytesIO(body)) if body else "",
            content_type=more.get("kind", "application/json") if body else "",
        )

    def raw(self, method: str, path: str, headers: dict[str, str], body: bytes = b"", **more: Any) -> Any:
        headers = dict(headers)
        kind = headers.pop("Content-Type", "")
        return self.client.generic(method, f"/api/v1{path}", data=body, content_type=kind, headers=headers, **more)

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
