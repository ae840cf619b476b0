"""What OWASP ASVS asks of pages and processes and no other test of the platform says in just these words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.hashers import get_hasher
from django.contrib.sessions.backends.db import SessionStore
from django.test import override_settings

from chengxin.crypto.purposes import PURPOSES
from chengxin.ends.office.forms import LogInForm
from chengxin.testing.ends import RoleClient, settings_of
from chengxin.testing.making import NOW, PASSWORD, make_officer, make_organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
ENDS = ROOT / "src" / "chengxin" / "ends"
QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ENOUGH = 600_000
"""Iterations of PBKDF2-HMAC-SHA-256 (OWASP Password Storage Cheat Sheet, 2023)."""


@pytest.fixture
def browser(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoleClient]:
    """Give a browser in which an officer is logged in."""
    assert own_database
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "optional")
    monkeypatch.setenv("CHENGXIN_NOW", NOW.isoformat())
    with settings_of("office"), override_settings(PASSWORD_HASHERS=QUICK):
        make_officer(make_organisation())
        made = RoleClient("office")
        made.post("/log-in/", {"username": "zhang", "password": PASSWORD})
        yield made


def test_password_fields_are_masked_and_let_managers_fill_them(browser: RoleClient) -> None:
    response: Any = browser.get("/account/password/")
    shown = str(LogInForm()) + response.content.decode()
    fields = [
        one for one in re.findall("<input[^>]*>", shown) if re.search('(name|id)="[^"]*(password|old|new|again)', one)
    ]
    assert len(fields) >= 3, "the log-in and the old and new password"
    for field in fields:
        assert 'type="password"' in field, field
        assert re.search('autocomplete="(current|new)-password"', field), field
        assert "onpaste" not in field
    scripts = "".join(path.read_text(encoding="utf-8") for path in ENDS.glob("office/static/office/*.js"))
    assert "paste" not in scripts


@pytest.mark.parametrize("typed", [f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper(), PASSWORD[:-1], f"{PASSWORD}x"])
def test_a_password_counts_exactly_as_typed(browser: RoleClient, typed: str) -> None:
    browser.post("/log-out/")
    refused: Any = browser.post("/log-in/", {"username": "zhang", "password": typed})
    assert refused.status_code == 403
    let_in: Any = browser.post("/log-in/", {"username": "zhang", "password": PASSWORD})
    assert let_in.status_code == 302


def test_passwords_are_hashed_at_todays_cost() -> None:
    hasher: Any = get_hasher()
    assert hasher.algorithm == "pbkdf2_sha256"
    assert hasher.iterations >= ENOUGH


def test_a_session_key_has_more_than_128_bits_of_the_systems_randomness(own_database: str) -> None:
    assert own_database
    keys = {str(SessionStore()._get_new_session_key()) for _ in range(20)}  # type: ignore[attr-defined]
    assert len(keys) == 20
    assert all(re.fullmatch("[a-z0-9]{32}", key) for key in keys), "36 signs to the power of 32 are 165 bits"


def test_every_page_behind_the_log_in_offers_the_way_out(browser: RoleClient) -> None:
    for page in ("/", "/batches/", "/upload/", "/account/", "/punctuality/"):
        response: Any = browser.get(page)
        assert response.status_code == 200, page
        assert 'action="/log-out/"' in response.content.decode(), page


def test_the_inventory_names_every_purpose_of_a_key() -> None:
    text = (ROOT / "docs" / "crypto-inventory.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE))
    assert listed == set(PURPOSES)


SECRET = re.compile(r"(?:==|!=)\s*(?:[\w.]*(?:token|nonce|secret|mac)\b)|(?:\b\w*(?:token|secret|mac))\s*(?:==|!=)")


def test_secrets_are_compared_in_constant_time() -> None:
    found = []
    for folder in ("accounts", "crypto", "ends"):
        for path in (ROOT / "src" / "chengxin" / folder).rglob("*.py"):
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [f"{path.name}: {line.strip()}" for line in lines if SECRET.search(line)]
    assert found == []


@pytest.mark.parametrize("end", ["public", "office", "api"])
def test_nothing_of_the_source_tree_is_served(own_database: str, end: str) -> None:
    assert own_database
    with settings_of(end):
        client = RoleClient(end)
        for path in ("/.git/config", "/static/", "/static/../settings/common.py", "/pyproject.toml", "/manage.py"):
            response: Any = client.get(path)
            assert response.status_code in {302, 401, 404}, path
            assert b"SECRET_KEY" not in response.content
            assert b"[core]" not in response.content


@pytest.mark.parametrize("end", ["public", "office", "api"])
def test_trace_is_refused_by_every_end(own_database: str, end: str) -> None:
    assert own_database
    with settings_of(end):
        client = RoleClient(end)
        for path in ("/", "/healthz", "/api/v1/checks"):
            response: Any = client.generic("TRACE", path, headers={"X-Secret": "planted"})
            assert response.status_code >= 300, path
            assert b"planted" not in response.content


def test_scripts_of_ours_keep_nothing_in_the_browsers_storage() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in ENDS.glob("*/static/*/*.js"))
    kept = set(re.findall(r'(?:localStorage|sessionStorage)\.\w+\("([^"]+)"', text))
    assert kept <= {"review-keys"}, "whether the keyboard is used for decisions, on or off"
    assert not re.search(r"indexedDB|document\.cookie|__proto__|\beval\(|postMessage", text)
