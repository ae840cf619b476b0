"""The demo's log-ins are random, made once, and completed by the next run when a run was broken off."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actions.load_organisations import LoadOrganisations
from chengxin.accounts.actions.officers import SetOfficer
from chengxin.accounts.actor import DECIDE_APPROVALS, OPERATIONS
from chengxin.accounts.models import ApiClient, ClientGrant, Officer
from chengxin.accounts.queries import client_by_token, organisation_by_code
from chengxin.base.city import load_city
from chengxin.cli import demo_access
from chengxin.cli.demo_access import TOKEN_DAYS, make_access

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.base.city import City
    from chengxin.cli.demo_state import Access

NOW = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai"))

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    found = load_city("kunshan")
    LoadOrganisations(found).execute()
    return found


def test_three_departments_and_the_centre_can_log_in(tmp_path: Path, city: City) -> None:
    access = make_access(tmp_path, city, NOW)
    assert [one.role for one in access.officers[:4]] == ["submitter"] * 3 + ["centre"]
    for one in access.officers:
        officer = Officer.objects.get(username=one.username)
        assert officer.check_password(one.password)
        assert officer.roles == [one.role]
        assert not officer.must_change_password
    departments = [city.organisation(one.organisation) for one in access.officers[:3]]
    assert all({"licence", "penalty"} <= set(one.items) for one in departments)
    assert departments[0].registrar


def test_every_duty_that_may_do_something_has_somebody(tmp_path: Path, city: City) -> None:
    access = make_access(tmp_path, city, NOW)
    idle = {key for key in load_matrix().duties if not load_matrix().allowed([key])}
    assert {one.role for one in access.officers} == set(load_matrix().duties) - idle
    assert all(one.name.startswith("演练") for one in access.officers)
    assert len({one.name for one in access.officers}) == len({one.username for one in access.officers})
    assert len(access.officers) == len({one.username for one in access.officers})


def test_two_officers_can_decide_on_each_operation_that_takes_four_eyes(tmp_path: Path, city: City) -> None:
    """One asks and another agrees: merges, which take officers who act everywhere, and a department's releases too."""
    matrix = load_matrix()
    people = make_access(tmp_path, city, NOW).officers
    for operation in (one for one in matrix.operations.values() if one.four_eyes):
        able = [one for one in people if operation.key in matrix.allowed([one.role])]
        everywhere = [one for one in able if matrix.everywhere([one.role])]
        deciding = [one for one in everywhere if DECIDE_APPROVALS in matrix.allowed([one.role])]
        assert any(one != other for one in deciding for other in everywhere), operation.key


def test_a_folder_of_an_older_demo_gets_the_log_ins_it_lacks(tmp_path: Path, city: City) -> None:
    whole = _as_an_older_demo(tmp_path, city)
    again = make_access(tmp_path, city, NOW)
    assert again.officers[:4] == whole.officers[:4]
    assert [one.username for one in again.officers] == [one.username for one in whole.officers]
    last = Officer.objects.get(username=again.officers[-1].username)
    assert last.check_password(again.officers[-1].password)


def test_where_people_manage_duties_an_older_demo_stays_as_it_is(tmp_path: Path, city: City) -> None:
    whole = _as_an_older_demo(tmp_path, city)
    for role in ("administrator", "security"):
        own = organisation_by_code(whole.officers[3].organisation)
        SetOfficer(f"real-{role}", "a long pass word 7", role, own, (role,), NOW).execute()
    assert make_access(tmp_path, city, NOW).officers == whole.officers[:4]


def _as_an_older_demo(folder: Path, city: City) -> Access:
    """Make the log-ins, then take those that older demos did not have from the file and the database."""
    whole = make_access(folder, city, NOW)
    path = folder / demo_access.FILE
    held = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(held | {"officers": held["officers"][:4]}), encoding="utf-8")
    Officer.objects.filter(username__in=[one.username for one in whole.officers[4:]]).delete()
    return whole


def test_passwords_are_random_for_each_installation(tmp_path: Path, city: City) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = make_access(tmp_path / "a", city, NOW), make_access(tmp_path / "b", city, NOW)
    passwords = [one.password for one in (*first.officers, *second.officers)]
    assert len(set(passwords)) == len(passwords)
    assert min(map(len, passwords)) >= 16


def test_a_second_run_shows_the_same_log_ins_and_makes_nothing(tmp_path: Path, city: City) -> None:
    first = make_access(tmp_path, city, NOW)
    hashes = set(Officer.objects.values_list("username", "password"))
    assert make_access(tmp_path, city, NOW + timedelta(days=1)) == first
    assert set(Officer.objects.values_list("username", "password")) == hashes
    assert ApiClient.objects.count() == 1


def test_the_token_opens_what_a_department_may_do(tmp_path: Path, city: City) -> None:
    access = make_access(tmp_path, city, NOW)
    client = client_by_token(access.token, NOW)
    assert client is not None
    assert client.organisation.code == access.client_organisation == access.officers[0].organisation
    assert client.allow_bearer
    assert {one.operation for one in client.grants.all()} == set(OPERATIONS)


def test_a_token_that_has_ended_is_replaced_and_the_passwords_stay(tmp_path: Path, city: City) -> None:
    first = make_access(tmp_path, city, NOW)
    later = NOW + timedelta(days=TOKEN_DAYS)
    second = make_access(tmp_path, city, later)
    assert second.officers == first.officers
    assert second.token != first.token
    assert client_by_token(second.token, later) is not None


def test_a_database_made_anew_gets_the_log_ins_of_the_file(tmp_path: Path, city: City) -> None:
    first = make_access(tmp_path, city, NOW)
    Officer.objects.all().delete()
    ClientGrant.objects.all().delete()
    ApiClient.objects.all().delete()
    second = make_access(tmp_path, city, NOW)
    assert second.officers == first.officers
    assert Officer.objects.get(username=first.officers[0].username).check_password(first.officers[0].password)
    assert client_by_token(second.token, NOW) is not None


def test_a_lost_file_means_new_passwords_for_the_same_officers(tmp_path: Path, city: City) -> None:
    first = make_access(tmp_path, city, NOW)
    (tmp_path / demo_access.FILE).unlink()
    second = make_access(tmp_path, city, NOW)
    assert [one.username for one in second.officers] == [one.username for one in first.officers]
    officer = Officer.objects.get(username=second.officers[0].username)
    assert officer.check_password(second.officers[0].password)
    assert not officer.check_password(first.officers[0].password)


def test_a_run_broken_off_between_file_and_database_is_completed(
    tmp_path: Path, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __init__(self, *_: object) -> None:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo_access, "SetOfficer", Broken)
        with pytest.raises(KeyboardInterrupt):
            make_access(tmp_path, city, NOW)
    held = json.loads((tmp_path / demo_access.FILE).read_text(encoding="utf-8"))
    assert held["ready"] is False
    access = make_access(tmp_path, city, NOW)
    assert [one.password for one in access.officers] == [one["password"] for one in held["officers"]]
    assert Officer.objects.get(username=access.officers[-1].username).check_password(access.officers[-1].password)
