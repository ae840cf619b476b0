"""Tests of the ends run them as what they are in production: their settings, their role, their process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from chengxin.testing.ends import as_role, served, settings_of

if TYPE_CHECKING:
    from pathlib import Path


NAME = "ROOT_URLCONF"


def _address_module() -> str:
    return str(getattr(settings, NAME))


def _user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize("role", ["office", "api", "worker", "public"])
def test_a_role_is_taken_on_and_given_back_even_after_an_error(own_database: str, role: str) -> None:
    assert own_database
    assert _user() == "chengxin_owner"
    with as_role(role):
        assert _user() == f"chengxin_{role}"
    assert _user() == "chengxin_owner"
    with pytest.raises(ZeroDivisionError), as_role(role):
        raise ZeroDivisionError
    assert _user() == "chengxin_owner"


@pytest.mark.django_db
def test_an_ends_settings_and_applications_are_in_force_only_inside() -> None:
    before = (NAME in dir(settings), set(apps.app_configs))
    with settings_of("office"):
        assert _address_module() == "chengxin.ends.office.urls"
        assert apps.is_installed("django.contrib.auth")
    after = (NAME in dir(settings), set(apps.app_configs))
    assert after == before


@pytest.mark.parametrize("end", ["office", "api"])
def test_an_ends_settings_give_the_database_little_time(end: str) -> None:
    with settings_of(end):
        module = __import__(f"chengxin.settings.{end}", fromlist=["DATABASES"])
    options = module.DATABASES["default"]["OPTIONS"]
    assert "statement_timeout=" in options["options"]
    assert options["connect_timeout"] <= 5
    assert module.DATABASES["default"]["USER"] == f"chengxin_{end}"


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="did not start"), served("nothing", "postgresql://", tmp_path):
        pytest.fail("there is no such end")
