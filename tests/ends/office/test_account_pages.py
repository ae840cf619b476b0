"""Officers look after their own accounts: password, factors, sessions."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.models import Officer, SecondFactor
from chengxin.accounts.second_factors import STEP, add_totp, totp_code
from chengxin.audit.models import Event
from chengxin.ends.office.keys import keyring
from chengxin.testing.ends import RoleClient
from chengxin.testing.making import PASSWORD, make_officer

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

NEW = "another long passphrase"
SECRET = b"12345678901234567890"


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


def _change(office: Any, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> Any:
    return office.post("/account/password/", {"old": old, "new": new, "again": again})


def test_whoever_got_a_password_from_somebody_changes_it_first(office: Any, officer: Officer) -> None:
    Officer.objects.filter(pk=officer.pk).update(must_change_password=True)
    office.log_in()
    for path in ("/", "/upload/", "/account/", "/account/totp/", "/batches/"):
        assert office.get(path)["Location"] == "/account/password/", path
    assert "首次登录" in _text(office.get("/account/password/"))
    assert _change(office)["Location"] == "/account/"
    assert office.get("/").status_code == 200
    assert "首次登录" not in _text(office.get("/account/password/"))


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(desk: Any) -> None:
    other = RoleClient("office")
    other.post("/log-in/", {"username": "zhang", "password": PASSWORD})
    assert other.get("/").status_code == 200
    assert _change(desk).status_code == 302
    assert desk.get("/").status_code == 200
    assert other.get("/").status_code == 302
    assert desk.log_in(password=PASSWORD).status_code == 403


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"old": "wrong"}, "现在的密码不正确"),
        ({"new": "short", "again": "short"}, "密码至少 12 个字符"),
        ({"new": "passwordpassword", "again": "passwordpassword"}, "太常见"),
        ({"again": "something else entirely"}, "两次输入的新密码不一样"),
        ({"old": ""}, "请填写密码"),
        ({"new": PASSWORD, "again": PASSWORD}, "和现在的密码一样"),
    ],
)
def test_a_password_that_cannot_be_is_refused_in_words(desk: Any, fields: dict[str, str], words: str) -> None:
    refused = _change(desk, **fields)
    assert refused.status_code == 400
    assert words in _text(refused)
    assert "passwordpassword" not in _text(refused)
    desk.post("/log-out/")
    assert desk.log_in().status_code == 302


def test_logging_out_everywhere_ends_every_session_at_the_next_request(desk: Any) -> None:
    other = RoleClient("office")
    other.post("/log-in/", {"username": "zhang", "password": PASSWORD})
    assert desk.post("/account/sessions/end/")["Location"] == "/log-in/"
    assert desk.get("/").status_code == 302
    assert other.get("/")["Location"].startswith("/log-in/")
    desk.log_in()
    assert desk.get("/").status_code == 200


def test_factors_are_listed_and_taken_away_but_not_the_last_where_one_is_needed(
    desk: Any, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_totp(officer, SECRET, totp_code(SECRET, int(desk.now.timestamp()) // STEP), desk.now, keyring())
    number = SecondFactor.objects.get().pk
    page = _text(desk.get("/account/"))
    assert "动态口令" in page
    assert "恢复码已用完" in page
    assert "恢复码" in _text(desk.post("/account/recovery-codes/"))
    assert "剩余恢复码 10 个" in _text(desk.get("/account/"))
    assert desk.post("/account/factors/9999/remove/").status_code == 400
    assert desk.post(f"/account/factors/{number}/remove/")["Location"] == "/account/"
    assert not SecondFactor.objects.filter(kind="totp").exists()
    assert "还没有设置" in _text(desk.get("/account/"))
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    assert desk.post("/account/factors/1/remove/")["Location"] == "/account/", "first set one up"


def test_recovery_codes_come_with_a_factor_only(desk: Any) -> None:
    assert desk.post("/account/recovery-codes/")["Location"] == "/account/"
    assert not SecondFactor.objects.exists()


def test_a_closed_organisation_ends_its_officers_sessions_at_the_next_request(
    desk: Any, organisation: Organisation
) -> None:
    assert desk.get("/").status_code == 200
    organisation.is_active = False
    organisation.save()
    assert desk.get("/")["Location"].startswith("/log-in/")
    assert desk.log_in().status_code == 403


def test_a_duty_taken_away_closes_its_pages_at_the_next_request_and_one_given_opens_them(
    office: Any, organisation: Organisation
) -> None:
    li = make_officer(organisation, "li", "administrator")
    office.log_in("li")
    assert office.get("/officers/").status_code == 200
    Officer.objects.filter(pk=li.pk).update(roles=[])
    assert office.get("/officers/").status_code == 403
    Officer.objects.filter(pk=li.pk).update(roles=["submitter"])
    assert office.get("/batches/").status_code == 200


def test_the_pages_are_in_english_on_request(desk: Any) -> None:
    desk.post("/language/", {"language": "en", "next": "/"})
    for path, words in (
        ("/account/", "My account"),
        ("/account/password/", "Change the password"),
        ("/account/totp/", "Set up an authenticator app"),
        ("/account/passkey/", "Add a passkey"),
        ("/approvals/", "What I asked for"),
    ):
        assert words in _text(desk.get(path)), path


def test_five_wrong_old_passwords_lock_the_account_and_end_the_session(desk: Any) -> None:
    for _ in range(5):
        assert _change(desk, old="a guess at the password").status_code == 400
    locked = _change(desk)
    assert locked.status_code == 429
    assert "登录失败次数过多" in _text(locked)
    assert desk.get("/")["Location"].startswith("/log-in/"), "who sits there is asked who it is"
    assert desk.log_in().status_code == 429, "the log-in draws on the same count"
    assert Event.objects.filter(action="officer.old_password_wrong", actor="zhang").count() == 5
    assert Event.objects.filter(action="officer.log_in_locked").exists()
    desk.later(minutes=16)
    assert desk.log_in().status_code == 302
    assert _change(desk).status_code == 302


def test_guesses_at_the_log_in_and_at_the_old_password_are_one_count_on_one_device(desk: Any) -> None:
    other = RoleClient("office")
    other.cookies["chengxin-device"] = desk.client.cookies["chengxin-device"].value
    for _ in range(3):
        other.post("/log-in/", {"username": "zhang", "password": "a guess at the password"})
    for _ in range(2):
        assert _change(desk, old="a guess at the password").status_code == 400
    assert _change(desk).status_code == 429


def test_a_right_old_password_forgives_no_other_guess_and_a_poor_new_one_is_none(desk: Any) -> None:
    for _ in range(4):
        _change(desk, old="a guess at the password")
    for _ in range(3):
        assert _change(desk, new="short", again="short").status_code == 400
    assert _change(desk, old="a guess at the password").status_code == 400
    assert _change(desk).status_code == 429
