"""Who may do what: every duty and every client, operation by operation."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts import actor as actors
from chengxin.accounts.access import load_matrix
from chengxin.accounts.actor import (
    ALL_OPERATIONS,
    ROLE_OPERATIONS,
    SUBMIT,
    Actor,
    officer_actor,
    operator,
)
from chengxin.accounts.models import Officer, Organisation
from chengxin.base.errors import NotPermitted

MARKET = Organisation(code="market", name="昆山市市场监督管理局")

WORK = {
    "submitter": "SUBMIT READ_BATCHES READ_SUBJECTS WITHDRAW CONVERT_CODES CORRECT_CODES ANSWER_CODES CODE_PROGRESS "
    "REGISTER_PRACTITIONERS READ_PRACTITIONERS CHANGE_PRACTITIONERS FOLLOW_CODES",
    "releaser": "RELEASE READ_BATCHES READ_SUBJECTS WITHDRAW ANSWER_CODES FOLLOW_CODES CHANGE_PRACTITIONERS "
    "DECIDE_APPROVALS",
    "reviewer": "READ_BATCHES READ_SUBJECTS REVIEW_LINKS MERGE_BODIES SPLIT_BODIES CONVERT_CODES CORRECT_CODES "
    "CODE_PROGRESS READ_PRACTITIONERS DECIDE_APPROVALS",
    "window": "READ_SUBJECTS CHECK CONVERT_CODES READ_PRACTITIONERS",
    "centre": "SUBMIT RELEASE READ_BATCHES READ_SUBJECTS CHECK WITHDRAW REVIEW_LINKS MERGE_BODIES SPLIT_BODIES "
    "CONVERT_CODES CORRECT_CODES FOLLOW_CODES CODE_PROGRESS REGISTER_PRACTITIONERS READ_PRACTITIONERS "
    "CHANGE_PRACTITIONERS DECIDE_APPROVALS",
    "editor": "",
    "auditor": "READ_BATCHES CODE_PROGRESS READ_AUDIT",
    "administrator": "MANAGE_OFFICERS GRANT_DUTIES MANAGE_CLIENTS RESTORE",
    "security": "GRANT_DUTIES MANAGE_CLIENTS DECIDE_APPROVALS RESTORE",
}
"""The whole table of duties and operations, written a second time by hand: what is not here is refused."""

ALLOWED = {(role, str(getattr(actors, name))) for role, names in WORK.items() for name in names.split()}
EVERYWHERE = {"centre", "auditor", "administrator", "security"}
ROLES = sorted(load_matrix().duties)


def _officer(role: str, *, active: bool = True) -> Actor:
    return officer_actor(Officer(username="zhang", roles=[role], organisation=MARKET, is_active=active))


def _may(actor: Actor, operation: str, organisation: str | None = None) -> bool:
    try:
        actor.require(operation, organisation)
    except NotPermitted:
        return False
    return True


def test_every_duty_is_in_the_table_and_every_operation_is_somebodys() -> None:
    assert set(ROLE_OPERATIONS) == set(WORK) == set(ROLES)
    assert set().union(*ROLE_OPERATIONS.values()) == set(ALL_OPERATIONS)


@pytest.mark.parametrize(("role", "operation"), list(product(ROLES, ALL_OPERATIONS)))
def test_a_duty_allows_exactly_its_operations(role: str, operation: str) -> None:
    assert _may(_officer(role), operation) == ((role, operation) in ALLOWED)


@pytest.mark.parametrize(("role", "operation"), list(product(ROLES, ALL_OPERATIONS)))
def test_an_officer_who_left_may_do_nothing(role: str, operation: str) -> None:
    assert not _may(_officer(role, active=False), operation)


@pytest.mark.parametrize(("role", "everywhere"), [(role, role in EVERYWHERE) for role in ROLES])
def test_only_the_centre_and_those_who_oversee_look_beyond_their_own_organisation(
    role: str, *, everywhere: bool
) -> None:
    officer = _officer(role)
    for operation in ROLE_OPERATIONS[role]:
        assert _may(officer, operation, "market")
        assert _may(officer, operation, "tax") == everywhere


@given(st.text().filter(lambda role: role not in ROLES))
def test_a_duty_nobody_knows_allows_nothing(role: str) -> None:
    officer = _officer(role)
    assert not any(_may(officer, operation) for operation in ALL_OPERATIONS)
    assert not officer.everywhere


def test_the_operator_may_do_everything_for_everybody() -> None:
    assert all(_may(operator(), operation, "any") for operation in ALL_OPERATIONS)
    assert (operator().kind, operator().id, operator().organisation) == ("operator", "cli", "")


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


def test_an_officer_with_two_duties_may_do_the_work_of_both() -> None:
    officer = officer_actor(Officer(username="zhang", roles=["window", "releaser"], organisation=MARKET))
    assert officer.operations == ROLE_OPERATIONS["window"] | ROLE_OPERATIONS["releaser"]


def test_an_officer_of_a_closed_organisation_may_do_nothing_anywhere() -> None:
    closed = Organisation(code="gone", is_active=False)
    officer = officer_actor(Officer(username="zhang", roles=["centre"], organisation=closed))
    assert officer.operations == frozenset()
    assert not officer.everywhere
