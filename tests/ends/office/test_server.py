"""The office end as the process it is in production: gunicorn, its own role, its own cookies."""

from __future__ import annotations

import http.client
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from chengxin.testing.ends import served
from chengxin.testing.making import PASSWORD, make_officer, make_organisation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _send(
    where: tuple[str, int], method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, dict[str, str], list[str], str]:
    connection = http.client.HTTPConnection(*where, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body, sent)
    response = connection.getresponse()
    text = response.read().decode()
    cookies = [value for name, value in response.getheaders() if name == "Set-Cookie"]
    connection.close()
    return response.status, dict(response.getheaders()), cookies, text


def _cookie(cookies: list[str], name: str) -> str:
    return next(one.split(";")[0] for one in cookies if one.startswith(name))


def _log_in(where: tuple[str, int], csrf: str = "chengxin-csrf", **headers: str) -> tuple[int, list[str]]:
    _, _, cookies, page = _send(where, "GET", "/log-in/", **headers)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    body = urlencode({"username": "zhang", "password": PASSWORD, "csrfmiddlewaretoken": token.group(1)})
    status, _, cookies, _ = _send(where, "POST", "/log-in/", body, Cookie=_cookie(cookies, csrf), **headers)
    return status, cookies


def test_the_process_serves_pages_styles_and_scripts_and_lets_an_officer_in(
    own_database: str, database_url: Callable[[str], str], tmp_path: Path
) -> None:
    assert own_database
    make_officer(make_organisation())
    with served("office", database_url("office"), tmp_path) as where:
        assert _send(where, "GET", "/healthz")[0] == 200
        status, headers, _, _ = _send(where, "GET", "/")
        assert (status, headers["Location"]) == (302, "/log-in/?next=/")
        for path in ("/static/office/office.css", "/static/office/mark.svg", "/static/django_htmx/htmx-2.min.js"):
            assert _send(where, "GET", path)[0] == 200
        status, cookies = _log_in(where)
        assert status == 302
        session = next(one for one in cookies if one.startswith("chengxin-session="))
        assert "HttpOnly" in session
        assert "SameSite=Strict" in session
        assert "Secure" not in session
        status, _, _, page = _send(where, "GET", "/", Cookie=_cookie(cookies, "chengxin-session"))
        assert status == 200
        assert "张三" in page


def test_off_loopback_cookies_are_secure_and_bound_to_the_host(
    own_database: str, database_url: Callable[[str], str], tmp_path: Path
) -> None:
    assert own_database
    make_officer(make_organisation())
    name = "office.example.gov.cn"
    proxied = {"Host": name, "X_Forwarded_Proto": "https", "Referer": f"https://{name}/log-in/"}
    given = {"CHENGXIN_HOSTS": name, "CHENGXIN_PROXIES": "1"}
    with served("office", database_url("office"), tmp_path, **given) as where:
        status, cookies = _log_in(where, "__Host-chengxin-csrf", **proxied)
        assert status == 302
        session = next(one for one in cookies if one.startswith("__Host-chengxin-session="))
        assert "Secure" in session
        assert "Domain" not in session


def test_a_database_that_stops_answering_is_said_and_nothing_else(tmp_path: Path) -> None:
    nowhere = f"postgresql://chengxin_office:x@{str(tmp_path).replace('/', '%2F')}/none"
    with served("office", nowhere, tmp_path) as where:
        status, headers, _, page = _send(where, "GET", "/", Cookie="chengxin-session=" + "a" * 32)
        assert (status, headers["Retry-After"]) == (503, "10")
        assert "平台暂时不可用" in page
        assert _send(where, "GET", "/healthz")[0] == 503
