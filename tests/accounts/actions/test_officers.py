"""Officers are made without a duty, lose everything at once, and the first two are set up by the operator."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import override_settings

from chengxin.accounts.actions.load_organisations import LoadOrganisations
from chengxin.accounts.actions.officers import (
    CloseOfficer,
    MakeOfficer,
    SetOfficer,
    WithdrawDuties,
    setting_up,
)
from chengxin.accounts.actions.organisations import CloseOrganisation
from chengxin.accounts.actions.own_account import ChangePassword, EndSessions
from chengxin.accounts.actor import ROLE_OPERATIONS, officer_actor
from chengxin.accounts.models import ApiClient, Officer, OutsideIdentity, SecondFactor
from chengxin.accounts.officers import officer_row, officer_rows
from chengxin.audit.models import Event
from chengxin.base.city import load_city
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.testing.making import NOW, PASSWORD, make_officer, make_organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.models import Organisation

pytestmark = pytest.mark.django_db

ANOTHER = "another long passphrase"


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def market() -> Organisation:
    return make_organisation("market")


@pytest.fixture
def boss(market: Organisation) -> Actor:
    return officer_actor(make_officer(market, "boss", "administrator"))


def _make(actor: Actor, **changed: Any) -> tuple[Officer, str]:
    values = {"username": "li", "name": "李四", "organisation": "market", "staff_number": "007"} | changed
    return MakeOfficer(actor, now=NOW, **values).execute()


def _set(organisation: Organisation, username: str = "zhang", *roles: str, **changed: Any) -> SetOfficer:
    values: dict[str, Any] = {"password": PASSWORD, "name": f"姓名{username}", "now": NOW} | changed
    return SetOfficer(username, organisation=organisation, roles=roles, **values)


def test_a_new_account_has_no_duty_and_a_password_for_the_first_log_in_only(boss: Actor) -> None:
    made, first = _make(boss)
    held = Officer.objects.get(username="li")
    assert held.check_password(first)
    assert (held.roles, held.must_change_password, held.staff_number) == ([], True, "007")
    assert officer_actor(held).operations == frozenset()
    assert first not in str(Event.objects.values().get())
    assert (made.pk, Event.objects.get().action) == (held.pk, "officer.made")


@pytest.mark.parametrize(
    "changed", [{"staff_number": "007", "username": "li2"}, {"username": "li", "staff_number": "8"}]
)
def test_one_person_gets_one_account(boss: Actor, changed: dict[str, str]) -> None:
    _make(boss)
    with pytest.raises(ChengxinError) as caught:
        _make(boss, **changed)
    assert caught.value.code == "officer_exists"
    assert "一人一号" in caught.value.message_zh


@pytest.mark.parametrize("part", ["username", "name", "staff_number"])
@pytest.mark.parametrize("value", ["", " ", "a\nb", " x"])
def test_an_account_is_complete(boss: Actor, part: str, value: str) -> None:
    with pytest.raises(ChengxinError) as caught:
        _make(boss, **{part: value})
    assert (caught.value.code, caught.value.where) == ("officer_incomplete", part)


@pytest.mark.parametrize("role", sorted(set(ROLE_OPERATIONS) - {"administrator"}))
def test_nobody_but_an_administrator_makes_or_closes_accounts(market: Organisation, role: str) -> None:
    other = officer_actor(make_officer(market, "other", role))
    make_officer(market, "li")
    for action in (
        MakeOfficer(other, "x", "x", "market", "1", NOW),
        CloseOfficer(other, "li", "x", NOW),
        CloseOrganisation(other, "market", "x", NOW),
    ):
        with pytest.raises(NotPermitted):
            action.execute()
    with pytest.raises(NotPermitted):
        officer_row(other, "li")


def test_duties_are_taken_away_at_once_by_one_officer(market: Organisation, boss: Actor) -> None:
    make_officer(market, "li", "releaser", "window")
    guard = officer_actor(make_officer(market, "guard", "security"))
    WithdrawDuties(boss, "li", ("releaser",), "转岗", NOW).execute()
    assert Officer.objects.get(username="li").roles == ["window"]
    WithdrawDuties(guard, "li", ("window", "centre"), "转岗", NOW).execute()
    assert Officer.objects.get(username="li").roles == []
    events = Event.objects.filter(action="officer.duties_withdrawn").order_by("id")
    assert [(one.actor, one.object, one.detail["roles"]) for one in events] == [
        ("boss", "li", ["releaser"]),
        ("guard", "li", ["centre", "window"]),
    ]
    li = officer_actor(make_officer(market, "clerk", "centre"))
    with pytest.raises(NotPermitted):
        WithdrawDuties(li, "boss", ("administrator",), "x", NOW).execute()


def test_a_closed_account_keeps_nothing_that_could_come_back_with_it(market: Organisation, boss: Actor) -> None:
    li = make_officer(market, "li", "releaser")
    SecondFactor.objects.create(officer=li, kind="recovery", key="a", made_at=NOW)
    OutsideIdentity.objects.create(officer=li, issuer="https://id", subject="1", made_at=NOW, made_by="boss")
    CloseOfficer(boss, "li", "离职", NOW).execute()
    held = Officer.objects.get(username="li")
    assert (held.is_active, held.roles, held.session_epoch) == (False, [], 1)
    assert not SecondFactor.objects.exists()
    assert not OutsideIdentity.objects.exists()
    assert officer_row(boss, "li").active is False


def test_nobody_closes_their_own_account_and_every_change_has_a_reason(market: Organisation, boss: Actor) -> None:
    make_officer(market, "li")
    with pytest.raises(NotPermitted) as caught:
        CloseOfficer(boss, "boss", "x", NOW).execute()
    assert caught.value.code == "own_account"
    for action in (
        CloseOfficer(boss, "li", " ", NOW),
        WithdrawDuties(boss, "li", ("submitter",), "", NOW),
        CloseOrganisation(boss, "market", "", NOW),
    ):
        with pytest.raises(ChengxinError) as refused:
            action.execute()
        assert refused.value.code == "reason_missing"
    with pytest.raises(NotFound):
        CloseOfficer(boss, "nobody", "x", NOW).execute()


def test_with_an_organisation_its_officers_lose_their_rights(market: Organisation, boss: Actor) -> None:
    tax = make_organisation("tax")
    make_officer(tax, "wang", "releaser")
    CloseOrganisation(boss, "tax", "机构改革撤并", NOW).execute()
    held = Officer.objects.select_related("organisation").get(username="wang")
    assert officer_actor(held).operations == frozenset()
    assert [one.active for one in officer_rows("wang")] == [False]
    assert officer_actor(make_officer(market, "li")).operations


def test_the_operator_sets_the_first_administrator_and_the_first_security_officer(market: Organisation) -> None:
    assert setting_up()
    _set(market, "boss", "administrator").execute()
    assert setting_up()
    _set(market, "guard", "security").execute()
    assert not setting_up()
    assert Event.objects.filter(actor_kind="operator", action="officer.set").count() == 2


def test_the_two_are_different_people(market: Organisation) -> None:
    _set(market, "boss", "administrator", name="张三").execute()
    with pytest.raises(ChengxinError) as caught:
        _set(market, "guard", "security", name="张三").execute()
    assert caught.value.code == "duties_not_separate"
    assert "boss" in caught.value.message_zh
    with pytest.raises(ChengxinError):
        _set(market, "clerk", "submitter", name="张三").execute()
    with pytest.raises(ChengxinError):
        _set(market, "boss", "administrator", "security").execute()


def test_two_people_of_one_name_are_told_apart_by_their_staff_numbers(market: Organisation) -> None:
    _set(market, "boss", "administrator", name="张三", staff_number="1").execute()
    _set(market, "guard", "security", name="张三", staff_number="2").execute()
    assert not setting_up()


def test_once_both_are_there_the_operator_gives_no_more_duties(market: Organisation) -> None:
    _set(market, "boss", "administrator").execute()
    _set(market, "guard", "security").execute()
    with pytest.raises(ChengxinError) as caught:
        _set(market, "li", "centre").execute()
    assert caught.value.code == "duties_need_approval"
    assert not Officer.objects.filter(username="li").exists()
    _set(market, "boss", "administrator", password=ANOTHER).execute()
    assert Officer.objects.get(username="boss").check_password(ANOTHER)
    Officer.objects.filter(username="guard").update(is_active=False)
    _set(market, "guard2", "security").execute()


@pytest.mark.parametrize("role", ["", "Submitter", "admin", "superuser", "submitter "])
def test_a_duty_that_does_not_exist_is_refused_with_the_ones_that_do(market: Organisation, role: str) -> None:
    with pytest.raises(ChengxinError) as caught:
        _set(market, "li", role).execute()
    assert (caught.value.code, caught.value.where) == ("unknown_role", role)
    assert "submitter" in caught.value.message_zh
    assert not Officer.objects.exists()


def test_an_officer_who_changed_office_keeps_the_account_and_one_shut_out_stays_out(market: Organisation) -> None:
    first = _set(market, "li", "submitter").execute()
    tax = make_organisation("tax")
    Officer.objects.update(is_active=False)
    second = _set(tax, "li", "centre", password=ANOTHER).execute()
    held = Officer.objects.get()
    assert second.pk == first.pk == held.pk
    assert (held.organisation, held.roles, held.is_active) == (tax, ["centre"], False)
    assert held.check_password(ANOTHER)


def test_a_refused_change_leaves_the_officer_as_before(market: Organisation) -> None:
    _set(market, "li", "submitter").execute()
    for wrong in ({"password": "short"}, {"password": "passwordpassword"}):
        with pytest.raises(ChengxinError):
            _set(market, "li", "centre", **wrong).execute()
    held = Officer.objects.get()
    assert held.roles == ["submitter"]
    assert held.check_password(PASSWORD)


def test_officers_change_their_own_password_and_nobody_elses_word_is_kept(market: Organisation) -> None:
    li = make_officer(market, "li")
    Officer.objects.update(must_change_password=True)
    ChangePassword(li, PASSWORD, ANOTHER, NOW).execute()
    held = Officer.objects.get(username="li")
    assert held.check_password(ANOTHER)
    assert (held.must_change_password, held.password_changed_at) == (False, NOW)
    assert Event.objects.get().action == "officer.password_changed"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("wrong", ANOTHER, "old_password_wrong"),
        (PASSWORD, PASSWORD, "password_unchanged"),
        (PASSWORD, "short", "password_too_short"),
        (PASSWORD, "kunshan-2026", "password_common"),
        (PASSWORD, "passwordpassword", "password_common"),
    ],
)
def test_a_password_is_not_changed_to_nothing_better(market: Organisation, old: str, new: str, code: str) -> None:
    li = make_officer(market, "li")
    with pytest.raises(ChengxinError) as caught:
        ChangePassword(li, old, new, NOW).execute()
    assert caught.value.code == code
    assert Officer.objects.get(username="li").check_password(PASSWORD)


def test_ending_every_session_counts_the_epoch_up(market: Organisation) -> None:
    li = make_officer(market, "li")
    EndSessions(li, NOW).execute()
    assert EndSessions(li, NOW + timedelta(1)).execute().session_epoch == 2
    assert Event.objects.filter(action="officer.sessions_ended").count() == 2


def test_loading_the_citys_organisations_gives_nobody_anything() -> None:
    city = load_city("kunshan")
    LoadOrganisations(city).execute()
    assert not Officer.objects.exists()
    assert not ApiClient.objects.exists()
    held = make_officer(make_organisation("old"), "li", "submitter")
    Officer.objects.update(roles=[])
    LoadOrganisations(city).execute()
    held.refresh_from_db()
    assert held.roles == []
    assert officer_actor(held).operations == frozenset()
