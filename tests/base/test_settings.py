"""Each kind of process logs in as its own role, and has only the applications it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.base.config import ROLES, read_secrets
from chengxin.settings import common

if TYPE_CHECKING:
    from pathlib import Path

READ = """
import importlib, json, sys
read = importlib.import_module("chengxin.settings." + sys.argv[1])
print(json.dumps({name: value for name, value in vars(read).items() if name.isupper()}, default=str))
"""


@cache
def _settings(process: str, data: str, hosts: str = "", proxies: str = "0") -> dict[str, Any]:
    """Return the settings a fresh process of this kind reads."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHENGXIN_")}
    environment |= {"CHENGXIN_DATA": data, "CHENGXIN_HOSTS": hosts, "CHENGXIN_PROXIES": proxies}
    command = [sys.executable, "-W", "error", "-c", READ, process]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.fixture
def data(server_folder: Path) -> str:
    return str(server_folder)


@pytest.mark.parametrize("role", ROLES)
def test_each_process_logs_in_as_its_own_role(data: str, server_folder: Path, role: str) -> None:
    database = _settings(role, data)["DATABASES"]["default"]
    assert database["USER"] == f"chengxin_{role}"
    assert database["PASSWORD"] == read_secrets(server_folder).passwords[role]
    assert database["NAME"] == "chengxin"
    assert database["HOST"] == str(server_folder / "run")
    schema = "publication" if role == "public" else "core,publication"
    assert database["OPTIONS"]["options"].startswith(f"-c search_path={schema}")
    assert database["OPTIONS"]["prepare_threshold"] is None


@pytest.mark.parametrize("role", ROLES)
def test_no_process_shows_its_insides_or_answers_to_another_name(data: str, role: str) -> None:
    read = _settings(role, data)
    assert read["DEBUG"] is False
    assert read["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost"]
    assert read["X_FRAME_OPTIONS"] == "DENY"
    assert read["SECURE_CONTENT_TYPE_NOSNIFF"] is True
    assert (read["USE_TZ"], read["TIME_ZONE"]) == (True, "Asia/Shanghai")
    assert read["LANGUAGE_CODE"] == "zh-hans"


def test_the_public_process_has_no_room_of_the_platform_no_session_and_no_account(data: str) -> None:
    read = _settings("public", data)
    assert read["INSTALLED_APPS"] == ["django.contrib.staticfiles", "chengxin.ends.public"]
    assert [one for one in read["MIDDLEWARE"] if "session" in one.lower() or "auth" in one.lower()] == []


def test_the_api_has_no_session_and_no_cookie(data: str) -> None:
    read = _settings("api", data)
    assert [one for one in read["INSTALLED_APPS"] if "session" in one] == []
    assert [one for one in read["MIDDLEWARE"] if "session" in one.lower() or "csrf" in one.lower()] == []


def test_every_page_of_the_office_is_behind_the_log_in(data: str) -> None:
    assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in _settings("office", data)["MIDDLEWARE"]


@pytest.mark.parametrize(("hosts", "secure"), [("", False), ("127.0.0.1, localhost", False), ("credit.city.cn", True)])
def test_off_this_machine_a_cookie_of_the_office_never_travels_in_the_clear(
    data: str, hosts: str, *, secure: bool
) -> None:
    read = _settings("office", data, hosts)
    for cookie in ("SESSION_COOKIE", "CSRF_COOKIE", "LANGUAGE_COOKIE"):
        assert read[f"{cookie}_SECURE"] is secure
        assert read[f"{cookie}_HTTPONLY"] is True
        assert read[f"{cookie}_SAMESITE"] == "Strict"
        assert read[f"{cookie}_NAME"].startswith("__Host-") is secure


def test_hosts_are_read_as_people_write_them(data: str) -> None:
    read = _settings("office", data, " credit.city.cn , www.city.cn,")
    assert read["ALLOWED_HOSTS"] == ["credit.city.cn", "www.city.cn"]
    assert read["CSRF_TRUSTED_ORIGINS"] == ["https://credit.city.cn", "https://www.city.cn"]


def test_forwarded_addresses_are_believed_only_behind_a_proxy_of_the_city(data: str) -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in _settings("office", data)
    behind = _settings("office", data, "credit.city.cn", "1")
    assert behind["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_rooms_are_listed_from_the_lower_floors_up() -> None:
    floors = ["base", "accounts", "audit", "subjects", "practitioners", "records", "intake"]
    floors += ["publication", "conversion"]
    assert [f"chengxin.{floor}" for floor in floors] == common.ROOMS


@pytest.mark.parametrize("role", ["owner", "worker"])
def test_the_worker_has_the_owners_rooms_and_no_pages(data: str, role: str) -> None:
    read = _settings(role, data)
    assert set(common.ROOMS) < set(read["INSTALLED_APPS"])
    assert "ROOT_URLCONF" not in read
