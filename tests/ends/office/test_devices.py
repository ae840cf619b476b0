"""A device an officer logged in on is known again: nobody elsewhere locks it, and its officer sees and removes it."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.ends.office.strong import CHROME, FIREFOX, SECRET, code_now, come_in, give_app, guess, strange_browser

from chengxin.accounts.actions.grants import ResetLogIn
from chengxin.accounts.actions.officers import CloseOfficer, SetOfficer
from chengxin.accounts.actor import officer_actor, operator
from chengxin.accounts.second_factors import add_totp
from chengxin.audit.models import Event
from chengxin.ends.office.access import load_access
from chengxin.ends.office.keys import keyring
from chengxin.ends.office.models import Device, LogInAttempt, OfficeSession
from chengxin.testing.making import NOW, PASSWORD, make_officer
from chengxin.testing.passkey import SoftKey

if TYPE_CHECKING:
    from chengxin.accounts.models import Officer, Organisation

COOKIE = "chengxin-device"


@pytest.fixture
def own(office: Any, officer: Officer) -> Any:
    """Give the browser on the officer's desk, in which the officer has logged in completely."""
    give_app(office, officer)
    office.client.defaults["HTTP_USER_AGENT"] = CHROME
    assert come_in(office, office.client).status_code == 302
    return office.client


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_the_cookie_is_out_of_reach_and_the_database_has_its_digest_only(own: Any) -> None:
    cookie = own.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert cookie["max-age"] == load_access().device_days * 86_400
    assert len(cookie.value) == 43, "256 random bits"
    device = Device.objects.get()
    assert (device.words, device.network) == ("Chrome · Windows", "127.0.0.0/24")
    assert cookie.value not in str(list(Device.objects.values()))


def test_a_password_alone_makes_no_device(office: Any, officer: Officer) -> None:
    give_app(office, officer)
    assert office.log_in()["Location"] == "/log-in/second/"
    assert COOKIE not in office.client.cookies
    assert not Device.objects.exists()


def test_where_two_factors_are_needed_a_device_is_known_once_both_were_shown(
    office: Any, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    assert officer
    office.log_in()
    office.get("/account/")
    assert not Device.objects.exists()
    office.get("/account/totp/")
    session = OfficeSession.objects.get(officer=officer)
    assert session.device is None
    add_totp(officer, SECRET, code_now(office), office.now, keyring())
    come_in(office, office.client)
    assert Device.objects.get().officer_id == officer.pk


def test_nobody_elsewhere_locks_an_officer_out_of_the_own_machine(office: Any, own: Any) -> None:
    elsewhere = strange_browser()
    assert guess(elsewhere, 7) == [403] * 5 + [429] * 2
    own.post("/log-out/")
    assert come_in(office, own)["Location"] == "/", "the own machine is open"
    third = strange_browser(address="10.8.8.8")
    locked = third.post("/log-in/", {"username": "zhang", "password": PASSWORD})
    assert locked.status_code == 429, "and did not open the others"
    assert "或在您以前登录过的设备上登录" in _text(locked)


def test_failures_on_a_known_device_lock_that_device_and_no_other(office: Any, own: Any) -> None:
    own.post("/log-out/")
    assert guess(own, 6) == [403] * 5 + [429]
    assert "设备上登录" not in _text(own.post("/log-in/", {"username": "zhang", "password": PASSWORD}))
    assert come_in(office, strange_browser()).status_code == 302
    device = Device.objects.order_by("pk").first()
    assert device is not None
    assert Event.objects.filter(action="officer.log_in_locked", detail__device=device.pk).exists()
    office.later(minutes=16)
    assert come_in(office, own).status_code == 302


def test_a_whole_office_behind_one_address_is_not_locked_out_by_one_of_its_machines(
    office: Any, own: Any, organisation: Organisation
) -> None:
    make_officer(organisation, "li")
    guess(strange_browser(address="127.0.0.1"), 5, "li")
    assert (
        strange_browser(address="127.0.0.1").post("/log-in/", {"username": "li", "password": PASSWORD}).status_code
        == 429
    )
    own.post("/log-out/")
    assert come_in(office, own).status_code == 302


def test_a_made_up_or_borrowed_cookie_makes_no_device(office: Any, own: Any, organisation: Organisation) -> None:
    assert office
    make_officer(organisation, "li")
    for number, value in enumerate(("A" * 43, "x", "." * 3000, own.cookies[COOKIE].value)):
        thief = strange_browser(address=f"10.7.{number}.1")
        thief.cookies[COOKIE] = value
        assert guess(thief, 1, "li") == [403]
    assert set(LogInAttempt.objects.values_list("device", flat=True)) == {None}
    assert strange_browser(address="10.6.6.6").post("/log-in/", {"username": "li", "password": "x"}).status_code == 403
    assert (
        strange_browser(address="10.6.6.7").post("/log-in/", {"username": "li", "password": PASSWORD}).status_code
        == 429
    )


def test_officers_who_share_a_browser_are_both_known_there(office: Any, own: Any, organisation: Organisation) -> None:
    give_app(office, make_officer(organisation, "li"))
    own.post("/log-out/")
    come_in(office, own, "li")
    own.post("/log-out/")
    assert len(own.cookies[COOKIE].value.split(".")) == 2
    guess(strange_browser(), 5)
    come_in(office, own)
    assert sorted(Device.objects.values_list("officer__username", flat=True)) == ["li", "zhang"]


def test_log_ins_by_passkey_lock_an_address_and_never_everybody(desk: Any) -> None:
    assert desk
    for number in range(2):
        stranger = strange_browser(address=f"10.5.5.{number}")
        answers = [stranger.post("/log-in/passkey/", {"passkey": "{}"}).status_code for _ in range(6)]
        assert answers == [403] * 5 + [429]
    assert strange_browser(address="10.4.4.4").post("/log-in/passkey/", {"passkey": "{}"}).status_code == 403


def test_passkeys_that_open_are_no_failures(desk: Any) -> None:
    import json  # noqa: PLC0415 - only here
    import re  # noqa: PLC0415 - only here

    def question(page: Any) -> Any:
        found = re.search(r'data-passkey="([^"]+)"', page.content.decode())
        assert found
        return json.loads(html.unescape(found.group(1)))

    key, site = SoftKey(), "http://testserver"
    page = desk.get("/account/passkey/")
    desk.post("/account/passkey/", {"name": "办公电脑", "passkey": key.create(question(page), site)})
    for _ in range(7):
        desk.post("/log-out/")
        answer = key.get(question(desk.post("/log-in/passkey/")), site)
        assert desk.post("/log-in/passkey/", {"passkey": answer})["Location"] == "/"
    assert not LogInAttempt.objects.exists()


def test_an_officer_sees_the_devices_and_removes_one_with_its_sessions(office: Any, own: Any) -> None:
    other = strange_browser()
    come_in(office, other)
    page = _text(own.get("/account/"))
    assert "我的设备" in page
    assert page.count("Firefox · Linux") >= 2
    assert "10.9.9.0/24" in page
    assert "10.9.9.9" not in page
    device = Device.objects.get(words="Firefox · Linux")
    assert own.post(f"/account/devices/{device.pk}/remove/")["Location"] == "/account/"
    assert other.get("/").status_code == 302, "its session is over"
    assert own.get("/").status_code == 200
    assert Event.objects.get(action="officer.device_removed").detail["device"] == "Firefox · Linux"
    mine = Device.objects.get()
    assert own.post(f"/account/devices/{mine.pk}/remove/")["Location"] == "/log-in/"
    assert own.get("/").status_code == 302
    assert own.post(f"/account/devices/{mine.pk}/remove/").status_code == 302


def test_nobody_sees_or_removes_anothers_device(office: Any, own: Any, organisation: Organisation) -> None:
    assert own
    make_officer(organisation, "li", "administrator")
    stranger = strange_browser()
    stranger.post("/log-in/", {"username": "li", "password": PASSWORD})
    device = Device.objects.get(officer__username="zhang")
    assert stranger.post(f"/account/devices/{device.pk}/remove/").status_code == 404
    assert Device.objects.filter(pk=device.pk).exists()
    for path in ("/account/", "/officers/of/zhang/", "/officers/"):
        assert "Chrome · Windows" not in _text(stranger.get(path)), path
    assert office.now > NOW


def test_a_new_password_forgets_every_device_and_makes_this_one_new(office: Any, own: Any) -> None:
    come_in(office, strange_browser())
    before = set(Device.objects.values_list("pk", flat=True))
    new = "another long passphrase"
    assert own.post("/account/password/", {"old": PASSWORD, "new": new, "again": new}).status_code == 302
    assert not Device.objects.exists()
    assert OfficeSession.objects.filter(officer__username="zhang").count() == 1
    own.get("/account/")
    assert not before & set(Device.objects.values_list("pk", flat=True))
    assert Device.objects.count() == 1


@pytest.mark.parametrize("way", ["reset", "close", "set"])
def test_a_renewed_or_closed_account_has_no_device_and_no_session(
    own: Any, office: Any, officer: Officer, organisation: Organisation, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Device.objects.exists()
    if way == "close":
        administrator = officer_actor(make_officer(organisation, "wang", "administrator"))
        CloseOfficer(administrator, "zhang", "调离", office.now).execute()
    elif way == "set":
        SetOfficer("zhang", "one more long passphrase", "张三", organisation, (), office.now).execute()
    else:
        monkeypatch.setattr(ResetLogIn, "approved", lambda _self: officer)
        ResetLogIn(operator(), "zhang", office.now).execute()
    assert not Device.objects.exists()
    assert not OfficeSession.objects.filter(officer=officer).exists()
    assert own.get("/").status_code == 302


def test_a_device_that_was_not_seen_for_long_is_known_no_more_and_goes(office: Any, own: Any) -> None:
    own.post("/log-out/")
    office.later(days=load_access().device_days + 1)
    guess(strange_browser(), 5)
    assert come_in(office, own).status_code == 302
    assert own.get("/").status_code == 302, "nobody came in: the account is locked for a browser nobody knows"
    office.later(minutes=16)
    come_in(office, own)
    assert Device.objects.get().first_seen > office.now - timedelta(minutes=5)


def test_an_officer_has_so_many_devices_and_the_one_unused_longest_goes(office: Any, own: Any) -> None:
    first = Device.objects.get()
    most = load_access().devices_most
    Device.objects.bulk_create(
        Device(officer_id=first.officer_id, digest=str(number), first_seen=NOW, last_seen=office.now)
        for number in range(most - 1)
    )
    assert own
    office.later(minutes=1)
    come_in(office, strange_browser())
    assert Device.objects.count() == most
    assert not Device.objects.filter(pk=first.pk).exists()


def test_the_pages_tell_of_the_log_in_before_and_of_what_failed_elsewhere(office: Any, own: Any) -> None:
    first = _text(own.get("/"))
    assert "这次登录的设备以前没有用过" in first
    assert "上次登录：" not in first
    guess(strange_browser(), 2)
    own.post("/log-out/")
    come_in(office, own)
    page = _text(own.get("/"))
    assert "上次登录：" in page
    assert "Chrome · Windows，网络 127.0.0.0/24" in page
    assert "尝试登录您的账号 2 次没有成功" in page
    assert "这次登录的设备以前没有用过" not in page
    office.later(minutes=load_access().notice_minutes)
    assert "上次登录：" not in _text(own.get("/"))
    assert "上次登录：" in _text(own.get("/account/"))
    own.post("/log-out/")
    come_in(office, own)
    assert "次没有成功" not in _text(own.get("/")), "told once"


def test_a_log_in_on_a_new_device_is_told_on_the_device_used_next(office: Any, own: Any) -> None:
    come_in(office, strange_browser())
    own.post("/log-out/")
    come_in(office, own)
    assert "Firefox · Linux，网络 10.9.9.0/24" in _text(own.get("/"))
    assert FIREFOX not in str(list(Event.objects.values_list("detail", flat=True)))
