"""The second step of a log-in at the real office end: asked for, counted, and forced where it is required."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.models import Officer, SecondFactor
from chengxin.accounts.second_factors import STEP, add_totp, make_recovery_codes, totp_code
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.ends.office.access import second_factor_required
from chengxin.ends.office.keys import keyring
from chengxin.ends.office.models import OfficeSession
from chengxin.testing.making import PASSWORD, make_officer
from chengxin.testing.passkey import SoftKey

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

SECRET = b"12345678901234567890"
SITE = "http://testserver"


def _code(office: Any) -> str:
    return totp_code(SECRET, int(office.now.timestamp()) // STEP)


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


def _question(response: Any) -> dict[str, Any]:
    found = re.search(r'data-passkey="([^"]+)"', response.content.decode())
    assert found
    held: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return held


@pytest.fixture
def guarded(office: Any, officer: Officer) -> Officer:
    """An officer with an authenticator app."""
    add_totp(officer, SECRET, _code(office), office.now, keyring())
    office.later(minutes=1)
    return officer


def test_after_the_password_comes_the_code_and_nothing_opens_before_it(office: Any, guarded: Officer) -> None:
    assert guarded
    assert office.log_in(next="/batches/")["Location"] == "/log-in/second/"
    for path in ("/", "/batches/", "/account/", "/account/totp/", "/account/recovery-codes/"):
        assert office.get(path)["Location"].startswith("/log-in/?next"), path
    before = office.client.cookies["chengxin-session"].value
    response = office.post("/log-in/second/", {"code": _code(office)})
    assert response.status_code == 302
    assert office.client.cookies["chengxin-session"].value != before
    assert office.get("/batches/").status_code == 200
    event = Event.objects.get(action="officer.logged_in")
    assert event.detail["how"] == "totp"


def test_where_one_wanted_to_go_is_remembered_over_both_steps(office: Any, guarded: Officer) -> None:
    fields = {"username": guarded.username, "password": PASSWORD, "next": "/batches/"}
    assert office.post("/log-in/", fields)["Location"] == "/log-in/second/"
    assert office.post("/log-in/second/", {"code": _code(office)})["Location"] == "/batches/"


def test_a_wrong_code_is_refused_counted_and_on_file(office: Any, guarded: Officer) -> None:
    assert guarded
    office.log_in()
    for number in range(4):
        refused = office.post("/log-in/second/", {"code": f"00000{number}"})
        assert refused.status_code == 403
        assert "验证没有通过" in _text(refused)
    locked = office.post("/log-in/second/", {"code": _code(office)})
    assert locked.status_code == 429
    assert "15 分钟后再试" in _text(locked)
    assert office.log_in().status_code == 429, "the password does not begin the count anew"
    office.later(minutes=15.1)
    office.log_in()
    assert office.post("/log-in/second/", {"code": _code(office)}).status_code == 302
    actions = list(Event.objects.filter(action__contains="failed").values_list("action", flat=True))
    assert actions == ["officer.second_factor_failed"] * 4


def test_a_code_is_accepted_once_even_in_another_browser(office: Any, guarded: Officer) -> None:
    assert guarded
    code = _code(office)
    office.log_in()
    assert office.post("/log-in/second/", {"code": code}).status_code == 302
    office.client.cookies.clear()
    office.log_in()
    assert office.post("/log-in/second/", {"code": code}).status_code == 403


def test_a_recovery_code_opens_once(office: Any, guarded: Officer) -> None:
    code = make_recovery_codes(guarded, office.now)[0]
    for expected in (302, 403):
        office.client.cookies.clear()
        office.log_in()
        assert office.post("/log-in/second/", {"code": code}).status_code == expected
    assert Event.objects.filter(action="officer.recovery_code_used").count() == 1


def test_whoever_waits_too_long_begins_again(office: Any, guarded: Officer) -> None:
    assert guarded
    office.log_in()
    office.later(minutes=5.1)
    assert office.post("/log-in/second/", {"code": _code(office)})["Location"] == "/log-in/"
    assert office.get("/")["Location"].startswith("/log-in/")


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_rights_withdrawn_between_the_steps_are_withdrawn(
    office: Any, guarded: Officer, change: dict[str, Any]
) -> None:
    office.log_in()
    Officer.objects.filter(pk=guarded.pk).update(**change)
    assert office.post("/log-in/second/", {"code": _code(office)})["Location"] == "/log-in/"


def test_the_second_step_without_the_first_leads_to_the_first(office: Any, guarded: Officer) -> None:
    assert guarded
    assert office.get("/log-in/second/")["Location"] == "/log-in/"
    assert office.post("/log-in/second/", {"code": _code(office)})["Location"] == "/log-in/"


def test_an_empty_code_is_asked_for(office: Any, guarded: Officer) -> None:
    assert guarded
    office.log_in()
    assert "请填写口令" in _text(office.post("/log-in/second/", {"code": ""}))


def _register(office: Any, key: SoftKey) -> Any:
    page = office.get("/account/passkey/")
    return office.post("/account/passkey/", {"name": "办公电脑", "passkey": key.create(_question(page), SITE)})


def test_a_passkey_is_the_second_step_and_opens_without_a_password_too(desk: Any) -> None:
    key = SoftKey()
    codes = _register(desk, key)
    assert len(set(re.findall(r"<code>([2-9A-Z-]{27})</code>", codes.content.decode()))) == 10
    desk.post("/log-out/")
    assert desk.log_in()["Location"] == "/log-in/second/"
    page = desk.get("/log-in/second/")
    assert _question(page)["publicKey"]["allowCredentials"]
    assert desk.post("/log-in/second/", {"passkey": key.get(_question(page), SITE)})["Location"] == "/"
    desk.post("/log-out/")
    page = desk.post("/log-in/passkey/")
    answer = key.get(_question(page), SITE)
    assert desk.post("/log-in/passkey/", {"passkey": answer})["Location"] == "/"
    assert desk.get("/").status_code == 200
    assert (
        list(Event.objects.filter(detail__how="passkey").values_list("action", flat=True)) == ["officer.logged_in"] * 2
    )
    desk.post("/log-out/")
    assert desk.post("/log-in/passkey/", {"passkey": answer}).status_code == 403


def test_another_officers_passkey_is_no_second_step(desk: Any, organisation: Organisation) -> None:
    key = SoftKey()
    _register(desk, key)
    desk.post("/log-out/")
    li = make_officer(organisation, "li")
    add_totp(li, SECRET, _code(desk), desk.now, keyring())
    SecondFactor.objects.create(officer=li, kind="passkey", key="x", secret=bytes(SecondFactor.objects.get(kind="passkey").secret), made_at=desk.now)  # fmt: skip # noqa: E501
    desk.log_in("li")
    page = desk.get("/log-in/second/")
    assert desk.post("/log-in/second/", {"passkey": key.get(_question(page), SITE)}).status_code == 403


def test_guesses_with_passkeys_lock_the_address(office: Any, officer: Officer) -> None:
    assert officer
    for _ in range(5):
        page = office.post("/log-in/passkey/")
        refused = office.post("/log-in/passkey/", {"passkey": SoftKey().get(_question(page), SITE)})
        assert refused.status_code == 403
    assert office.post("/log-in/passkey/", {"passkey": "{}"}).status_code == 429
    assert office.log_in().status_code == 429


def test_a_passkey_of_a_closed_account_opens_nothing(desk: Any, officer: Officer) -> None:
    key = SoftKey()
    _register(desk, key)
    Officer.objects.filter(pk=officer.pk).update(is_active=False)
    page = desk.post("/log-in/passkey/")
    assert desk.post("/log-in/passkey/", {"passkey": key.get(_question(page), SITE)}).status_code == 403


def test_where_it_is_required_a_new_officer_sets_a_factor_up_before_anything_else(
    office: Any, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    assert officer
    office.log_in()
    for path in ("/", "/upload/", "/batches/", "/punctuality/", "/approvals/"):
        assert office.get(path)["Location"] == "/account/", path
    assert "本平台要求两种验证方式" in _text(office.get("/account/"))
    page = office.get("/account/totp/")
    assert "data:image/svg+xml;base64," in _text(page)
    found = re.search(r'<code class="value">([A-Z2-7]{32})</code>', _text(page))
    assert found
    import base64  # noqa: PLC0415 - only here

    secret = base64.b32decode(found.group(1))
    assert office.post("/account/totp/", {"code": "000000"}).status_code == 400
    codes = office.post("/account/totp/", {"code": totp_code(secret, int(office.now.timestamp()) // STEP)})
    assert "恢复码" in _text(codes)
    assert office.get("/").status_code == 200
    office.post("/log-out/")
    assert office.log_in()["Location"] == "/log-in/second/"


def test_required_is_what_holds_unless_somebody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHENGXIN_SECOND_FACTOR", raising=False)
    assert second_factor_required()
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "optional")
    assert not second_factor_required()
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "off")
    with pytest.raises(ChengxinError) as caught:
        second_factor_required()
    assert caught.value.where == "CHENGXIN_SECOND_FACTOR"


def test_the_key_being_set_up_is_under_seal_in_the_session(desk: Any) -> None:
    page = _text(desk.get("/account/totp/"))
    found = re.search(r'<code class="value">([A-Z2-7]{32})</code>', page)
    assert found
    assert found.group(1) not in str([one.get_decoded() for one in OfficeSession.objects.all()])


def test_what_changes_the_way_in_needs_a_log_in_of_the_last_quarter_of_an_hour(desk: Any) -> None:
    desk.later(minutes=14)
    assert desk.get("/account/totp/").status_code == 200
    desk.later(minutes=2)
    assert desk.get("/account/").status_code == 200
    for send, path in (
        (desk.get, "/account/totp/"),
        (desk.get, "/account/passkey/"),
        (desk.post, "/account/recovery-codes/"),
    ):
        assert send(path)["Location"] == "/log-in/?next=%2Faccount%2F&again=1"
        assert "请重新登录" in _text(desk.get("/log-in/?next=/account/&again=1"))
        desk.log_in()
        desk.later(minutes=16)
    assert desk.post("/account/factors/1/remove/")["Location"].endswith("again=1")


def test_an_idle_half_begun_log_in_is_no_session(office: Any, guarded: Officer) -> None:
    assert guarded
    office.log_in()
    assert not any("_auth_user_id" in one.get_decoded() for one in OfficeSession.objects.all())
    assert office.now > guarded.second_factors.get().made_at + timedelta(seconds=30)
