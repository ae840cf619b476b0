"""Organisations, officers and clients as the database keeps them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.accounts.access import load_matrix
from chengxin.accounts.models import OVERSIGHT, ApiClient, Approval, Officer, Organisation
from chengxin.testing.making import NOW, PASSWORD, make_client, make_officer, make_organisation

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
    assert str(make_officer(organisation, "zhang", "window", "releaser")) == "张三（窗口办事员、发布审核员）"
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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(load_matrix().duties)), max_size=4, unique=True))
def test_the_database_refuses_an_oversight_duty_together_with_any_other(roles: list[str]) -> None:
    separate = len(roles) <= 1 or not set(roles) & set(OVERSIGHT)
    with transaction.atomic():
        organisation = make_organisation()
        if separate:
            assert make_officer(organisation, "li", *roles).pk
        else:
            with pytest.raises(IntegrityError, match="officer_oversight_alone"), transaction.atomic():
                make_officer(organisation, "li", *roles)
        transaction.set_rollback(True)


def test_duties_are_kept_apart_against_a_change_from_anywhere() -> None:
    officer = make_officer(make_organisation(), "li", "auditor")
    with pytest.raises(IntegrityError, match="officer_oversight_alone"), transaction.atomic():
        Officer.objects.filter(pk=officer.pk).update(roles=["auditor", "submitter"])


def test_one_person_of_an_organisation_has_one_account() -> None:
    market, tax = make_organisation("market"), make_organisation("tax")
    Officer.objects.create(username="a", name="张三", organisation=market, staff_number="007")
    Officer.objects.create(username="b", name="李四", organisation=tax, staff_number="007")
    Officer.objects.create(username="c", name="王五", organisation=market)
    Officer.objects.create(username="d", name="赵六", organisation=market)
    with pytest.raises(IntegrityError, match="officer_one_person_one_account"), transaction.atomic():
        Officer.objects.create(username="e", name="张三", organisation=market, staff_number="007")


def _approval(**changed: object) -> Approval:
    values: dict[str, object] = {
        "operation": "bodies.merge", "object_kind": "body", "object_id": "1", "content": {}, "digest": "",
        "reason": "x", "asked_by": "zhang", "asked_by_kind": "officer", "asked_for": "market",
        "asked_at": NOW, "expires_at": NOW,
    }  # fmt: skip
    return Approval.objects.create(**(values | changed))


@pytest.mark.parametrize(
    "wrong",
    [
        {"decided_by": "zhang", "agreed": True, "decided_at": NOW},
        {"decided_by": "li", "agreed": True},
        {"agreed": True, "decided_at": NOW},
        {"used_by": "zhang", "used_at": NOW},
        {"decided_by": "li", "agreed": False, "decided_at": NOW, "used_by": "zhang", "used_at": NOW},
        {"decided_by": "li", "agreed": True, "decided_at": NOW, "used_by": "li", "used_at": NOW},
    ],
)
def test_the_database_refuses_an_approval_that_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        _approval(**wrong)
    made = _approval()
    assert str(made) == "bodies.merge body:1 (zhang)"
