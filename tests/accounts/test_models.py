"""Organisations, officers and clients as the database keeps them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from chengxin.accounts.models import ApiClient, Officer, Organisation
from chengxin.testing.making import PASSWORD, make_client, make_officer, make_organisation

pytestmark = pytest.mark.django_db


def test_an_officer_logs_in_with_a_password_that_is_not_held() -> None:
    officer = make_officer(make_organisation())
    held = Officer.objects.get(username="zhang")
    assert held.check_password(PASSWORD)
    assert not held.check_password(PASSWORD + " ")
    assert PASSWORD not in held.password
    assert held.is_active
    assert held == officer


def test_names_are_shown_with_what_tells_them_apart() -> None:
    organisation = make_organisation("market", name="昆山市市场监督管理局")
    assert str(organisation) == "昆山市市场监督管理局 (market)"
    assert str(make_officer(organisation, role="centre")) == "张三（信用中心专员）"
    make_client(organisation)
    assert str(ApiClient.objects.get()) == "测试系统"


@pytest.mark.parametrize("same", [{"code": "market"}, {"uscc": "USCC-market"}])
def test_two_organisations_never_share_a_code(same: dict[str, str]) -> None:
    make_organisation("market")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_organisation(**({"code": "tax"} | same))
    assert Organisation.objects.count() == 1


def test_two_officers_never_share_a_name_to_log_in_with_and_two_clients_no_token() -> None:
    organisation = make_organisation()
    make_officer(organisation)
    make_client(organisation)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_officer(organisation)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_client(organisation)


def test_an_organisation_with_people_or_clients_or_towns_is_not_deleted() -> None:
    parent = make_organisation("city")
    with_people = make_organisation("town", parent=parent, level="town")
    with_client = make_organisation("village", parent=with_people, level="village")
    make_officer(with_people)
    make_client(with_client)
    for held in (parent, with_people, with_client):
        with pytest.raises(ProtectedError):
            held.delete()
    assert list(parent.children.all()) == [with_people]
