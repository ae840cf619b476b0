"""Headers, languages, caching and refusals that every answer has in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from chengxin.ends.public.middleware import HEADERS

if TYPE_CHECKING:
    from django.test import Client
    from tests.ends.public.conftest import Store

CODE = "91320583187588026H"
PAGES = ["/", "/en/", "/search/", f"/body/{CODE}/", "/licences/", "/about/", "/nowhere/", "/robots.txt", "/healthz"]


@pytest.mark.parametrize("address", PAGES)
def test_every_answer_has_the_security_headers_and_sets_no_cookie(
    client: Client, city_store: Store, address: str
) -> None:
    response = client.get(address)
    for name, value in HEADERS.items():
        assert response[name] == value
    assert not response.cookies
    assert "Vary" not in response
    assert city_store


def test_no_script_can_run_and_no_inline_style_is_needed(client: Client, city_store: Store) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for address in PAGES[:6]:
        text = client.get(address).content.decode()
        assert "<script" not in text
        assert " style=" not in text
        assert "<style" not in text
    assert city_store


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("address", ["/", "/search/", "/healthz", "/nowhere"])
def test_only_reading_is_allowed(client: Client, store: Store, method: str, address: str) -> None:
    response = getattr(client, method)(address)
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "本站只供查阅" in response.content.decode()
    assert store


def test_head_has_the_headers_of_get_and_no_body(client: Client, city_store: Store) -> None:
    head, get = client.head("/licences/"), client.get("/licences/")
    assert (head.status_code, head["ETag"], head.content) == (200, get["ETag"], b"")
    assert city_store


@pytest.mark.parametrize("address", ["/", "/en/", f"/body/{CODE}/", "/licences/", "/about/"])
def test_an_unchanged_page_is_not_sent_again(client: Client, city_store: Store, address: str) -> None:
    first = client.get(address)
    assert first["Cache-Control"] == "public, max-age=60"
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == first["Cache-Control"]
    city_store.changed("2026-11-23T09:59:59+08:00")
    assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_a_page_changes_at_midnight_in_shanghai(
    client: Client, city_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_NOW", "2026-11-23T15:59:40+00:00")
    before = client.get("/licences/")
    assert before["Cache-Control"] == "public, max-age=20"
    monkeypatch.setenv("CHENGXIN_NOW", "2026-11-23T16:00:00+00:00")
    assert client.get("/licences/", headers={"if-none-match": before["ETag"]}).status_code == 200
    assert city_store


def test_what_was_searched_is_kept_by_no_shared_cache(client: Client, city_store: Store) -> None:
    response = client.get("/search/?q=金石")
    assert response["Cache-Control"] == "private, max-age=60"
    assert response["X-Robots-Tag"] == "noindex"
    assert city_store


def test_the_address_alone_decides_the_language(client: Client, city_store: Store) -> None:
    chinese = client.get("/", headers={"accept-language": "en"})
    english = client.get("/en/", headers={"accept-language": "zh"})
    assert chinese["Content-Language"] == "zh-Hans"
    assert '<html lang="zh-Hans">' in chinese.content.decode()
    assert english["Content-Language"] == "en"
    assert "Public credit information on organisations in Kunshan" in english.content.decode()
    assert city_store


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("/", "/en/"),
        ("/en/about/", "/about/"),
        (f"/body/{CODE}/?licence=2025-03-15.9", f"/en/body/{CODE}/?licence=2025-03-15.9"),
        ("/en/search/?q=%E9%87%91%E7%9F%B3", "/search/?q=%E9%87%91%E7%9F%B3"),
        ("/nowhere/", "/en/"),
        ("/search/?q=11010519491231002X", "/en/search/"),
    ],
)
def test_the_language_switch_keeps_page_and_query(client: Client, city_store: Store, address: str, other: str) -> None:
    text = client.get(address).content.decode()
    switch = re.search(r'class="switch" href="([^"]+)"', text)
    assert switch is not None
    assert switch[1] == other
    assert city_store


@pytest.mark.parametrize("address", ["/nowhere", "/body/ABC/", "/fact/01/", "/fact/99999999999999999999/", "/zh-hans/"])
def test_an_unknown_address_is_a_page_in_style(client: Client, store: Store, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "没有公示不等于没有记录" in response.content.decode()
    assert response["Cache-Control"] == "no-store"
    assert store


def test_an_address_without_its_last_slash_finds_its_page(client: Client, store: Store) -> None:
    response = client.get("/licences")
    assert (response.status_code, response["Location"]) == (301, "/licences/")
    assert store


def test_a_strange_host_is_refused_in_style(client: Client, store: Store) -> None:
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "evil" not in response.content.decode()
    assert store


def test_a_failure_shows_nothing_of_the_inside(
    client: Client, city_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_NOW", "not a moment")
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    text = response.content.decode()
    assert "不是您的操作有误" in text
    assert "Traceback" not in text
    assert "not a moment" not in text
    assert city_store


def test_crawlers_are_kept_out_of_the_search_only(client: Client, store: Store) -> None:
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /search/" in text
    assert "Disallow: /\n" not in text
    assert store


def test_the_mark_is_found_where_browsers_look_for_it(client: Client, store: Store) -> None:
    moved = client.get("/favicon.ico")
    found = client.get(moved["Location"])
    assert found["Content-Type"] == "image/svg+xml"
    assert "max-age=31536000" in found["Cache-Control"]
    assert b"<svg" in b"".join(found.streaming_content)  # type: ignore[attr-defined]
    assert store


def test_over_tls_browsers_are_told_to_stay_there(client: Client, store: Store) -> None:
    assert "Strict-Transport-Security" not in client.get("/about/")
    assert client.get("/about/", secure=True)["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert store
