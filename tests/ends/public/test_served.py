"""The end as it runs in production: gunicorn, the real role, a database that can go away."""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

import psycopg
import pytest

from chengxin.base.config import embedded_url, read_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

    from django.test import Client

CODE = "91320583187588026H"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _get(address: str, **headers: str) -> tuple[int, Message, bytes]:
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - this machine's own server
    try:
        with _DIRECT.open(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read()


@pytest.fixture
def superuser(own_database: str, server_folder: Path) -> Iterator[psycopg.Connection]:  # noqa: ARG001 - it must exist
    """Connect to the server as its superuser, outside the test's own database."""
    address = embedded_url(server_folder, "superuser", read_secrets(server_folder), "postgres")
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


def test_an_end_with_nothing_to_show_is_healthy(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content, response["Cache-Control"]) == (200, b"ok\n", "no-store")


def test_the_end_serves_its_pages_as_the_role_that_reads_one_schema(served: str) -> None:
    for page in (
        "/",
        "/en/",
        "/search/?q=%E9%87%91%E7%9F%B3",
        f"/body/{CODE}/",
        "/licences/",
        "/penalties/",
        "/about/",
    ):
        status, headers, body = _get(served + page)
        assert status == 200, page
        assert b"</html>" in body
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    status, headers, _body = _get(served + "/", **{"If-None-Match": _get(served + "/")[1]["ETag"]})
    assert status == 304
    assert _get(served + "/healthz")[2] == b"ok\n"
    home = _get(served + "/")[2].decode()
    style = home.partition('rel="stylesheet" href="')[2].partition('"')[0]
    status, headers, body = _get(served + style)
    assert (status, headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')
    assert "max-age=31536000" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert b"--paper" in body


def test_when_the_database_is_away_the_end_never_says_that_there_is_nothing(
    served: str, own_database: str, superuser: psycopg.Connection
) -> None:
    assert _get(served + "/search/?q=%E9%87%91%E7%9F%B3")[0] == 200
    superuser.execute(f'ALTER DATABASE "{own_database}" ALLOW_CONNECTIONS false')
    try:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'chengxin_public'",
            [own_database],
        )
        for page in ("/search/?q=%E9%87%91%E7%9F%B3", f"/body/{CODE}/", "/", "/fact/1/", "/healthz", "/en/licences/"):
            status, headers, body = _get(served + page)
            text = body.decode()
            assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, "60", "no-store"), page
            assert "这不表示没有记录" in text or "does not mean that there are no records" in text
            assert "没有查到" not in text
            assert "psycopg" not in text
    finally:
        superuser.execute(f'ALTER DATABASE "{own_database}" ALLOW_CONNECTIONS true')
    deadline = time.monotonic() + 20
    while _get(served + "/healthz")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "精密机械" in _get(served + "/search/?q=%E9%87%91%E7%9F%B3")[2].decode()
