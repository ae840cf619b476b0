"""Closing an organisation takes one officer, and opening it again two."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chengxin.accounts.actions.approvals import DecideApproval, NotApproved
from chengxin.accounts.actions.organisations import CloseOrganisation, ReopenOrganisation
from chengxin.accounts.actor import ROLE_OPERATIONS, Actor, officer_actor
from chengxin.accounts.models import Approval, Organisation
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.testing.making import NOW, make_officer, make_organisation

pytestmark = pytest.mark.django_db

BOSS = Actor("officer", "boss", "it", ROLE_OPERATIONS["administrator"], everywhere=True)
GUARD = Actor("officer", "guard", "it", ROLE_OPERATIONS["security"], everywhere=True)


@pytest.fixture
def tax() -> Organisation:
    return make_organisation("tax")


def _agree(asked: Approval, *, agree: bool = True) -> None:
    DecideApproval(GUARD, asked.pk, agree=agree, reason="已核实", now=NOW).execute()


def test_officers_of_a_closed_organisation_may_do_nothing_and_keep_their_duties(tax: Organisation) -> None:
    officer = make_officer(tax, "li", "submitter", "releaser")
    CloseOrganisation(BOSS, "tax", "机构改革", NOW).execute()
    officer.refresh_from_db()
    assert officer_actor(officer).operations == frozenset()
    assert officer.roles == ["submitter", "releaser"]
    with pytest.raises(ChengxinError, match="已经停用"):
        CloseOrganisation(BOSS, "tax", "再次", NOW).execute()


def test_one_cannot_open_it_again_alone(tax: Organisation) -> None:
    CloseOrganisation(BOSS, "tax", "误操作", NOW).execute()
    act = ReopenOrganisation(BOSS, "tax", NOW)
    with pytest.raises(NotApproved):
        act.execute()
    asked = act.ask("误操作")
    with pytest.raises(NotApproved):
        act.execute()
    _agree(asked)
    with pytest.raises(NotApproved):
        replace(act, now=NOW + timedelta(days=4)).execute()
    act.execute()
    tax.refresh_from_db()
    assert tax.is_active
    assert [one.action for one in Event.objects.filter(object_kind="organisation").order_by("pk")] == [
        "organisation.closed",
        "organisation.reopened",
    ]
    with pytest.raises(ChengxinError, match="不需要恢复"):
        act.execute()


def test_an_approval_for_one_organisation_opens_no_other(tax: Organisation) -> None:
    make_organisation("water")
    for code in ("tax", "water"):
        CloseOrganisation(BOSS, code, "x", NOW).execute()
    _agree(ReopenOrganisation(BOSS, "tax", NOW).ask("x"))
    with pytest.raises(NotApproved):
        ReopenOrganisation(BOSS, "water", NOW).execute()
    assert not Organisation.objects.filter(pk__gt=tax.pk, is_active=True).exists()


def test_a_refusal_leaves_it_closed(tax: Organisation) -> None:
    CloseOrganisation(BOSS, "tax", "x", NOW).execute()
    _agree(ReopenOrganisation(BOSS, "tax", NOW).ask("x"), agree=False)
    with pytest.raises(NotApproved):
        ReopenOrganisation(BOSS, "tax", NOW).execute()
    tax.refresh_from_db()
    assert not tax.is_active


@pytest.mark.parametrize("role", sorted(set(ROLE_OPERATIONS) - {"administrator"}))
def test_only_administrators_close_and_ask(tax: Organisation, role: str) -> None:
    other = replace(BOSS, operations=ROLE_OPERATIONS[role])
    with pytest.raises(NotPermitted):
        CloseOrganisation(other, "tax", "x", NOW).execute()
    Organisation.objects.filter(pk=tax.pk).update(is_active=False)
    for act in (ReopenOrganisation(other, "tax", NOW).execute, lambda: ReopenOrganisation(other, "tax", NOW).ask("x")):
        with pytest.raises(NotPermitted):
            act()


def test_ones_own_organisation_an_unknown_one_and_no_reason_are_refused(tax: Organisation) -> None:
    make_organisation("it")
    for code in ("it", "USCC-it"):
        with pytest.raises(NotPermitted, match="自己所在的单位"):
            CloseOrganisation(BOSS, code, "x", NOW).execute()
    with pytest.raises(NotFound):
        CloseOrganisation(BOSS, "nowhere", "x", NOW).execute()
    with pytest.raises(ChengxinError, match="请写明理由"):
        CloseOrganisation(BOSS, tax.code, " ", NOW).execute()
    assert Organisation.objects.filter(is_active=True).count() == 2
