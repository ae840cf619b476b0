"""The operator lists organisations, sets officers and makes API clients."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from chengxin.accounts.models import ApiClient, Officer
from chengxin.accounts.queries import client_by_token

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal

NOW = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.django_db
def test_a_new_database_has_no_officer_and_no_default_password() -> None:
    assert not Officer.objects.exists()
    assert not ApiClient.objects.exists()


def test_the_organisations_are_listed_with_what_they_hand_in(terminal: Terminal) -> None:
    done = terminal.run("organisations")
    assert done.returncode == 0, done.stderr
    line = next(one for one in done.stdout.splitlines() if "ks-scjg" in one)
    assert "昆山市市场监督管理局" in line
    assert "registration, licence, penalty" in line


def test_an_officer_is_made_with_a_random_password_shown_once(terminal: Terminal) -> None:
    arguments = ("officer", "set", "li.min", "--name", "李敏", "--org", "ks-scjg", "--role", "submitter")
    first, second = terminal.run(*arguments), terminal.run(*arguments)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    officer = Officer.objects.select_related("organisation").get(username="li.min")
    assert (officer.name, officer.organisation.code, officer.role) == ("李敏", "ks-scjg", "submitter")
    assert first.stdout != second.stdout
    assert officer.check_password(second.stdout.strip())
    assert not officer.check_password(first.stdout.strip())


def test_a_duty_that_does_not_exist_is_refused(terminal: Terminal) -> None:
    done = terminal.run("officer", "set", "x", "--name", "x", "--org", "ks-scjg", "--role", "king")
    assert done.returncode == 2
    assert "king" in done.stderr
    assert not Officer.objects.filter(username="x").exists()


def test_an_organisation_nobody_knows_is_refused_with_where_to_look(terminal: Terminal) -> None:
    done = terminal.run("officer", "set", "x", "--name", "x", "--org", "nobody", "--role", "centre")
    assert done.returncode == 2
    assert "chengxin organisations" in done.stderr


def test_a_client_gets_a_token_that_opens_the_api_until_its_end(terminal: Terminal) -> None:
    done = terminal.run(
        "client", "make", "审批系统", "--org", "ks-scjg", "--grant", "checks.run", "--grant", "subjects.read",
        "--days", "10", CHENGXIN_NOW=NOW.isoformat(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    token = done.stdout.strip()
    client = client_by_token(token, NOW)
    assert client is not None
    assert client.grants == ["checks.run", "subjects.read"]
    assert (client.expires_at - NOW).days == 10
    assert token not in done.stderr
    assert client_by_token(token, client.expires_at) is None


@pytest.mark.parametrize("more", [["--grant", "everything"], ["--grant", "checks.run", "--days", "9999"], []])
def test_a_client_without_proper_grants_is_refused(terminal: Terminal, more: list[str]) -> None:
    done = terminal.run("client", "make", "x", "--org", "ks-scjg", *more)
    assert done.returncode == 2
    assert done.stdout == ""


def test_migrating_again_changes_nothing_and_says_so(terminal: Terminal) -> None:
    done = terminal.run("migrate")
    assert done.returncode == 0, done.stderr
    assert "数据库结构已是最新" in done.stderr
