"""Officers and clients are made with a real duty, a real password and real operations, or not at all."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.test import override_settings

from chengxin.accounts.actions.accounts import MakeApiClient, SetOfficer
from chengxin.accounts.actor import OPERATIONS, client_actor
from chengxin.accounts.models import ApiClient, Officer, Organisation
from chengxin.accounts.queries import client_by_token
from chengxin.base.errors import ChengxinError
from chengxin.testing.making import NOW, PASSWORD, make_organisation

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)


def _set(organisation: Organisation, **more: str) -> SetOfficer:
    given = {"username": "zhang", "password": PASSWORD, "name": "张三", "role": "submitter"} | more
    return SetOfficer(organisation=organisation, **given)


def test_a_new_officer_can_log_in() -> None:
    made = _set(make_organisation()).execute()
    held = Officer.objects.get()
    assert held == made
    assert held.check_password(PASSWORD)
    assert (held.name, held.organisation.code, held.role) == ("张三", "market", "submitter")


def test_an_officer_who_changed_office_keeps_the_account() -> None:
    first = _set(make_organisation("market")).execute()
    other = make_organisation("tax")
    second = _set(other, name="张三丰", role="centre", password="another long password").execute()
    assert second.pk == first.pk
    held = Officer.objects.get()
    assert (held.name, held.organisation, held.role) == ("张三丰", other, "centre")
    assert held.check_password("another long password")
    assert not held.check_password(PASSWORD)


def test_an_officer_who_was_shut_out_stays_shut_out() -> None:
    organisation = make_organisation()
    made = _set(organisation).execute()
    Officer.objects.filter(pk=made.pk).update(is_active=False)
    _set(organisation, password="another long password").execute()
    assert not Officer.objects.get().is_active


@pytest.mark.parametrize("role", ["", "Submitter", "admin", "superuser", "submitter "])
def test_a_duty_that_does_not_exist_is_refused_with_the_ones_that_do(role: str) -> None:
    with pytest.raises(ChengxinError) as caught:
        _set(make_organisation(), role=role).execute()
    assert caught.value.code == "unknown_role"
    assert caught.value.where == role
    assert caught.value.message_zh == f"没有岗位“{role}”，可用的有：submitter、centre、auditor"
    assert "submitter, centre, auditor" in caught.value.message_en
    assert not Officer.objects.exists()


@pytest.mark.parametrize(
    ("password", "accepted"), [("", False), ("x" * 11, False), ("x" * 12, True), ("密" * 12, True)]
)
def test_a_password_has_twelve_characters(password: str, *, accepted: bool) -> None:
    organisation = make_organisation()
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        if accepted:
            assert _set(organisation, password=password).execute().check_password(password)
            return
        with pytest.raises(ChengxinError) as caught:
            _set(organisation, password=password).execute()
    assert caught.value.code == "password_too_short"
    assert caught.value.where == "zhang"
    assert caught.value.message_zh == "密码至少 12 个字符，请换一个更长的"
    assert not Officer.objects.exists()


def test_a_refused_change_leaves_the_officer_as_before() -> None:
    organisation = make_organisation()
    _set(organisation).execute()
    with pytest.raises(ChengxinError):
        _set(organisation, password="short", role="centre").execute()
    held = Officer.objects.get()
    assert held.role == "submitter"
    assert held.check_password(PASSWORD)


def _client(organisation: Organisation, *grants: str, life: timedelta = YEAR) -> MakeApiClient:
    return MakeApiClient("行政审批系统", organisation, grants, NOW, NOW + life)


def test_a_new_client_has_a_token_that_is_shown_once_and_not_kept() -> None:
    client, token = _client(make_organisation(), "checks.run").execute()
    assert len(token) >= 43, "256 random bits"
    held = ApiClient.objects.values().get()
    assert token not in str(held)
    assert held["token_digest"] == hashlib.sha256(token.encode()).hexdigest()
    assert client_by_token(token, NOW) == client
    assert client_by_token(token, NOW + YEAR) is None
    assert held["made_at"] == NOW


def test_a_client_may_do_what_was_granted_and_no_more() -> None:
    client, _token = _client(make_organisation(), "batches.read", "checks.run").execute()
    assert client_actor(client).operations == {"batches.read", "checks.run"}
    nothing, _token = _client(make_organisation("tax")).execute()
    assert client_actor(nothing).operations == set()


def test_two_clients_never_get_the_same_token() -> None:
    organisation = make_organisation()
    assert len({_client(organisation).execute()[1] for _ in range(20)}) == 20


@pytest.mark.parametrize("grants", [("everything",), ("checks.run", "checks"), ("",), ("*",), ("CHECKS.RUN",)])
def test_a_grant_that_names_no_operation_is_refused_with_the_ones_that_exist(grants: tuple[str, ...]) -> None:
    with pytest.raises(ChengxinError) as caught:
        _client(make_organisation(), *grants).execute()
    assert caught.value.code == "unknown_operation"
    assert caught.value.where == grants[-1]
    assert all(one in caught.value.message_zh and one in caught.value.message_en for one in OPERATIONS)
    assert not ApiClient.objects.exists()


@pytest.mark.parametrize("life", [timedelta(0), -timedelta(seconds=1), -YEAR])
def test_a_client_that_would_have_ended_already_is_refused(life: timedelta) -> None:
    with pytest.raises(ChengxinError) as caught:
        _client(make_organisation(), life=life).execute()
    assert caught.value.code == "already_expired"
    assert "将来的时间" in caught.value.message_zh
    assert not ApiClient.objects.exists()
