"""Power over an account takes two: an administrator who asks, a security officer who agrees."""

from __future__ import annotations

from typing import Any

import pytest

from chengxin.accounts.actions.approvals import DecideApproval, NotApproved
from chengxin.accounts.actions.grants import BindIdentity, GrantDuties, ResetLogIn
from chengxin.accounts.actor import ROLE_OPERATIONS, Actor, officer_actor
from chengxin.accounts.models import Approval, Officer, OutsideIdentity, SecondFactor
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.testing.making import NOW, PASSWORD, make_officer, make_organisation

pytestmark = pytest.mark.django_db

ISSUER = "https://id.example.gov.cn"


class Two:
    """An administrator and a security officer, and somebody to give duties to."""

    def __init__(self) -> None:
        self.office = make_organisation("market")
        self.boss = officer_actor(make_officer(self.office, "boss", "administrator"))
        self.guard = officer_actor(make_officer(self.office, "guard", "security"))
        self.li = make_officer(self.office, "li")
        Officer.objects.filter(username="boss").update(name="甲")
        Officer.objects.filter(username="guard").update(name="乙")


@pytest.fixture
def two() -> Two:
    return Two()


def _agree(by: Actor, approval: Approval, *, agree: bool = True) -> None:
    DecideApproval(by, approval.pk, agree, "同意", NOW).execute()


def test_a_duty_counts_once_a_security_officer_agreed(two: Two) -> None:
    grant = GrantDuties(two.boss, "li", NOW, ("releaser",))
    asked = grant.ask("接替王五")
    with pytest.raises(NotApproved):
        grant.execute()
    _agree(two.guard, asked)
    assert grant.execute().roles == ["submitter", "releaser"]
    assert Event.objects.latest("id").detail == {"roles": ["releaser"]}
    with pytest.raises(NotApproved):
        GrantDuties(two.boss, "li", NOW, ("releaser",)).execute()


def test_a_security_officer_alone_and_an_administrator_alone_grant_nothing(two: Two) -> None:
    with pytest.raises(NotPermitted):
        GrantDuties(two.guard, "li", NOW, ("releaser",)).ask("x")
    asked = GrantDuties(two.boss, "li", NOW, ("releaser",)).ask("x")
    other = officer_actor(make_officer(two.office, "boss2", "administrator"))
    Officer.objects.filter(username="boss2").update(name="丁")
    for by in (two.boss, other):
        with pytest.raises(NotPermitted):
            _agree(by, asked)
    _agree(two.guard, asked, agree=False)
    with pytest.raises(NotApproved):
        GrantDuties(two.boss, "li", NOW, ("releaser",)).execute()


def test_what_was_agreed_for_one_officer_or_duty_is_no_good_for_another(two: Two) -> None:
    make_officer(two.office, "wang")
    _agree(two.guard, GrantDuties(two.boss, "li", NOW, ("releaser",)).ask("x"))
    for username, roles in (("wang", ("releaser",)), ("li", ("centre",)), ("li", ("releaser", "centre"))):
        with pytest.raises(NotApproved):
            GrantDuties(two.boss, username, NOW, roles).execute()


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ((), "role_missing"),
        (("king",), "unknown_role"),
        (("auditor",), "duties_not_separate"),
        (("administrator", "window"), "duties_not_separate"),
    ],
)
def test_what_could_never_be_granted_is_not_asked(two: Two, roles: tuple[str, ...], code: str) -> None:
    with pytest.raises(ChengxinError) as caught:
        GrantDuties(two.boss, "li", NOW, roles).ask("x")
    assert caught.value.code == code
    assert not Approval.objects.exists()


def test_an_oversight_duty_does_not_go_to_a_second_account_of_the_same_person(two: Two) -> None:
    Officer.objects.create(username="li2", name="张三", organisation=two.office)
    with pytest.raises(ChengxinError) as caught:
        GrantDuties(two.boss, "li2", NOW, ("auditor",)).ask("x")
    assert caught.value.code == "duties_not_separate"
    Officer.objects.filter(username="li2").update(name="丙")
    _agree(two.guard, GrantDuties(two.boss, "li2", NOW, ("auditor",)).ask("x"))
    assert GrantDuties(two.boss, "li2", NOW, ("auditor",)).execute().roles == ["auditor"]


@pytest.mark.parametrize("role", sorted(set(ROLE_OPERATIONS) - {"administrator"}))
def test_no_other_duty_asks_for_power_over_accounts(two: Two, role: str) -> None:
    other = officer_actor(make_officer(two.office, "other", role))
    for action in (
        GrantDuties(other, "li", NOW, ("window",)),
        ResetLogIn(other, "li", NOW),
        BindIdentity(other, "li", NOW, ISSUER, "1"),
    ):
        with pytest.raises(NotPermitted):
            action.ask("x")


def test_a_lost_log_in_is_reset_by_two_and_everything_of_before_is_gone(two: Two) -> None:
    SecondFactor.objects.create(officer=two.li, kind="totp", made_at=NOW)
    OutsideIdentity.objects.create(officer=two.li, issuer=ISSUER, subject="1", made_at=NOW, made_by="boss")
    reset = ResetLogIn(two.boss, "li", NOW)
    with pytest.raises(NotApproved):
        reset.execute()
    assert two.li.check_password(PASSWORD)
    _agree(two.guard, reset.ask("手机丢失"))
    held, first = reset.execute()
    assert held.check_password(first)
    assert (held.must_change_password, held.session_epoch, held.roles) == (True, 1, ["submitter"])
    assert not SecondFactor.objects.exists()
    assert not OutsideIdentity.objects.exists()
    with pytest.raises(NotApproved):
        reset.execute()


def test_a_security_officer_cannot_be_taken_over_by_an_administrator(two: Two) -> None:
    asked = ResetLogIn(two.boss, "guard", NOW).ask("忘记密码")
    with pytest.raises(NotPermitted):
        _agree(two.boss, asked)
    with pytest.raises(NotApproved):
        ResetLogIn(two.boss, "guard", NOW).execute()


def test_a_closed_account_opens_again_without_any_duty(two: Two) -> None:
    Officer.objects.filter(username="li").update(is_active=False, roles=[])
    with pytest.raises(ChengxinError) as caught:
        GrantDuties(two.boss, "li", NOW, ("window",)).ask("x")
    assert caught.value.code == "officer_closed"
    reset = ResetLogIn(two.boss, "li", NOW)
    _agree(two.guard, reset.ask("返岗"))
    held, _first = reset.execute()
    assert (held.is_active, held.roles) == (True, [])


def test_an_outside_account_is_registered_by_two_and_belongs_to_one(two: Two) -> None:
    bind = BindIdentity(two.boss, "li", NOW, ISSUER, "sub-1")
    _agree(two.guard, bind.ask("统一登录"))
    bind.execute()
    held = OutsideIdentity.objects.get()
    assert (held.officer, held.subject, held.made_by, str(held)) == (two.li, "sub-1", "boss", f"{ISSUER} sub-1")
    make_officer(two.office, "wang")
    with pytest.raises(ChengxinError) as caught:
        BindIdentity(two.boss, "wang", NOW, ISSUER, "sub-1").ask("x")
    assert caught.value.code == "identity_taken"
    second = BindIdentity(two.boss, "li", NOW, ISSUER, "sub-2")
    _agree(two.guard, second.ask("换号"))
    second.execute()
    assert OutsideIdentity.objects.get().subject == "sub-2"


@pytest.mark.parametrize("given", [("http://id.example", "1"), ("", "1"), (ISSUER, ""), (ISSUER, "  ")])
def test_an_outside_account_is_complete(two: Two, given: tuple[str, str]) -> None:
    with pytest.raises(ChengxinError) as caught:
        BindIdentity(two.boss, "li", NOW, *given).ask("x")
    assert caught.value.code == "identity_incomplete"


@pytest.mark.parametrize("action", [GrantDuties, ResetLogIn, BindIdentity])
def test_an_officer_who_does_not_exist_is_not_found(two: Two, action: Any) -> None:
    more: tuple[Any, ...] = {GrantDuties: (("window",),), BindIdentity: (ISSUER, "1")}.get(action, ())
    with pytest.raises(NotFound):
        action(two.boss, "nobody", NOW, *more).ask("x")
