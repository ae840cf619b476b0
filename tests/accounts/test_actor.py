"""Who may do what: every duty and every client, operation by operation."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.actor import (
    CHECK,
    OPERATIONS,
    READ_BATCHES,
    READ_SUBJECTS,
    ROLE_OPERATIONS,
    SUBMIT,
    Actor,
    client_actor,
    officer_actor,
    operator,
)
from chengxin.accounts.models import ApiClient, Officer, Organisation
from chengxin.base.errors import NotPermitted

MARKET = Organisation(code="market", name="昆山市市场监督管理局")

ALLOWED = {
    ("submitter", SUBMIT),
    ("submitter", READ_BATCHES),
    ("submitter", READ_SUBJECTS),
    ("centre", SUBMIT),
    ("centre", READ_BATCHES),
    ("centre", READ_SUBJECTS),
    ("centre", CHECK),
    ("auditor", READ_BATCHES),
}
"""The whole table of duties and operations: what is not here is refused."""


def _officer(role: str, *, active: bool = True) -> Actor:
    return officer_actor(Officer(username="zhang", role=role, organisation=MARKET, is_active=active))


def _may(actor: Actor, operation: str, organisation: str | None = None) -> bool:
    try:
        actor.require(operation, organisation)
    except NotPermitted:
        return False
    return True


def test_every_duty_is_in_the_table_and_every_operation_is_somebodys() -> None:
    assert set(ROLE_OPERATIONS) == set(Officer.Role.values)
    assert set().union(*ROLE_OPERATIONS.values()) == set(OPERATIONS)


@pytest.mark.parametrize(("role", "operation"), list(product(Officer.Role.values, OPERATIONS)))
def test_a_duty_allows_exactly_its_operations(role: str, operation: str) -> None:
    assert _may(_officer(role), operation) == ((role, operation) in ALLOWED)


@pytest.mark.parametrize(("role", "operation"), list(product(Officer.Role.values, OPERATIONS)))
def test_an_officer_who_left_may_do_nothing(role: str, operation: str) -> None:
    assert not _may(_officer(role, active=False), operation)


@pytest.mark.parametrize(("role", "everywhere"), [("submitter", False), ("centre", True), ("auditor", True)])
def test_only_the_centre_and_the_auditor_look_beyond_their_own_organisation(role: str, *, everywhere: bool) -> None:
    officer = _officer(role)
    assert _may(officer, READ_BATCHES, "market")
    assert _may(officer, READ_BATCHES, "tax") == everywhere


@given(st.text().filter(lambda role: role not in Officer.Role.values))
def test_a_duty_nobody_knows_allows_nothing(role: str) -> None:
    officer = _officer(role)
    assert not any(_may(officer, operation) for operation in OPERATIONS)
    assert not officer.everywhere


def test_the_operator_may_do_everything_for_everybody() -> None:
    assert all(_may(operator(), operation, "any") for operation in OPERATIONS)
    assert (operator().kind, operator().id, operator().organisation) == ("operator", "cli", "")


@given(st.sets(st.sampled_from(OPERATIONS)))
def test_a_client_may_do_exactly_what_was_granted_and_for_its_own_organisation(grants: set[str]) -> None:
    client = client_actor(ApiClient(pk=7, organisation=MARKET, grants=sorted(grants)))
    assert (client.kind, client.id, client.organisation) == ("client", "7", "market")
    assert {operation for operation in OPERATIONS if _may(client, operation, "market")} == grants
    assert not any(_may(client, operation, "tax") for operation in OPERATIONS)


@given(st.text(), st.text())
def test_an_operation_nobody_granted_is_refused_whatever_it_is_called(operation: str, organisation: str) -> None:
    nobody = Actor("client", "1", organisation, frozenset())
    assert not _may(nobody, operation, organisation)


def test_a_refusal_says_what_is_missing_and_whom_to_ask() -> None:
    with pytest.raises(NotPermitted) as caught:
        _officer("auditor").require(SUBMIT)
    assert caught.value.code == "operation_not_granted"
    assert caught.value.message_zh == "没有“batches.submit”的权限，请联系信用中心开通"
    assert SUBMIT in caught.value.message_en
    with pytest.raises(NotPermitted) as caught:
        _officer("submitter").require(SUBMIT, "tax")
    assert caught.value.code == "other_organisation"
    assert caught.value.message_zh == "只能办理本单位的业务"


def test_an_officer_acts_under_their_own_name_and_organisation() -> None:
    officer = _officer("submitter")
    assert (officer.kind, officer.id, officer.organisation) == ("officer", "zhang", "market")
