"""The operator lists organisations and sets officers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from chengxin.accounts.models import ApiClient, Officer, Organisation

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
    assert "在用" in line


def test_a_closed_organisation_is_listed_as_closed_and_can_be_listed_alone(terminal: Terminal) -> None:
    assert "ks-scjg" not in terminal.run("organisations", "--closed").stdout
    held = Organisation.objects.filter(code="ks-scjg")
    held.update(is_active=False)
    try:
        alone = terminal.run("organisations", "--closed").stdout
        everyone = terminal.run("organisations").stdout
    finally:
        held.update(is_active=True)
    lines = [one for one in alone.splitlines() if "ks-" in one]
    assert len(lines) == 1
    assert "昆山市市场监督管理局" in lines[0]
    assert "停用" in lines[0]
    assert lines[0].split()[1] == "ks-scjg"
    assert sum("停用" in one for one in everyone.splitlines()) == 1
    assert sum("在用" in one for one in everyone.splitlines()) > 1


def test_an_officer_is_made_with_a_random_password_shown_once(terminal: Terminal) -> None:
    arguments = ("officer", "set", "li.min", "--name", "李敏", "--org", "ks-scjg", "--role", "submitter")
    first, second = terminal.run(*arguments), terminal.run(*arguments)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    officer = Officer.objects.select_related("organisation").get(username="li.min")
    assert (officer.name, officer.organisation.code, officer.roles) == ("李敏", "ks-scjg", ["submitter"])
    assert officer.must_change_password
    assert first.stdout != second.stdout
    assert officer.check_password(second.stdout.strip())
    assert not officer.check_password(first.stdout.strip())


def test_a_duty_that_does_not_exist_is_refused(terminal: Terminal) -> None:
    done = terminal.run("officer", "set", "x", "--name", "x", "--org", "ks-scjg", "--role", "king")
    assert done.returncode == 2
    assert "king" in done.stderr
    assert not Officer.objects.filter(username="x").exists()


def test_the_first_two_are_two_people_and_after_them_duties_are_granted_in_the_office_end(terminal: Terminal) -> None:
    def run(username: str, name: str, *roles: str) -> int:
        chosen = [part for role in roles for part in ("--role", role)]
        done = terminal.run("officer", "set", username, "--name", name, "--org", "ks-xyzx", *chosen)
        assert done.returncode == 0 or "Traceback" not in done.stderr, done.stderr
        return int(done.returncode)

    before = dict(Officer.objects.values_list("pk", "is_active"))
    try:
        assert run("boss", "甲", "administrator") == 0
        assert run("guard", "甲", "security") == 2
        assert run("boss", "甲", "administrator", "security") == 2
        assert run("guard", "乙", "security") == 0
        assert run("third", "丙", "centre") == 2
        listed = terminal.run("officer", "list").stdout
        assert "boss" in listed
        assert "administrator" in listed
    finally:
        Officer.objects.exclude(pk__in=before).delete()


def test_an_organisation_nobody_knows_is_refused_with_where_to_look(terminal: Terminal) -> None:
    done = terminal.run("officer", "set", "x", "--name", "x", "--org", "nobody", "--role", "centre")
    assert done.returncode == 2
    assert "chengxin organisations" in done.stderr


def test_migrating_again_changes_nothing_and_says_so(terminal: Terminal) -> None:
    done = terminal.run("migrate")
    assert done.returncode == 0, done.stderr
    assert "数据库结构已是最新" in done.stderr
