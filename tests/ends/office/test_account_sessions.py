"""An officer sees the own sessions and ends one, the others or all of them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.ends.office.strong import CHROME, FIREFOX, come_in, give_app, strange_browser

from chengxin.audit.models import Event
from chengxin.ends.office.access import load_access
from chengxin.ends.office.models import OfficeSession
from chengxin.testing.ends import RoleClient
from chengxin.testing.making import PASSWORD, make_officer

if TYPE_CHECKING:
    from chengxin.accounts.models import Officer, Organisation


@pytest.fixture
def own(office: Any, officer: Officer) -> Any:
    """Give the browser on the officer's desk."""
    give_app(office, officer)
    office.client.defaults["HTTP_USER_AGENT"] = CHROME
    come_in(office, office.client)
    return office.client


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


def _listed(browser: Any) -> list[str]:
    """Return the rows of the list of sessions, as text."""
    part = _text(browser.get("/account/")).partition('id="sessions"')[2].partition('id="devices"')[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part.partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", " ", one).split()) for one in rows]


def _sitting(words: str) -> str:
    return OfficeSession.objects.get(words=words).sitting


def test_the_list_says_what_one_recognises_a_session_by(office: Any, own: Any) -> None:
    other = strange_browser()
    come_in(office, other)
    office.later(minutes=5)
    mine, elsewhere = _listed(own)
    assert mine.startswith("Chrome · Windows 本次登录")
    assert "127.0.0.0/24" in mine
    assert elsewhere.startswith("Firefox · Linux 结束 20")
    assert "10.9.9.0/24" in elsewhere
    assert OfficeSession.objects.get(words="Chrome · Windows").seen == office.now
    assert "My sessions" not in _text(own.get("/account/"))
    own.post("/language/", {"language": "en", "next": "/"})
    assert "My sessions" in _text(own.get("/account/"))


def test_one_session_is_ended_and_the_others_go_on(office: Any, own: Any) -> None:
    first, second = strange_browser(), strange_browser(agent=FIREFOX.replace("Linux", "Windows"))
    come_in(office, first)
    come_in(office, second)
    assert own.post(f"/account/sessions/{_sitting('Firefox · Linux')}/end/")["Location"] == "/account/"
    assert first.get("/").status_code == 302
    assert second.get("/").status_code == own.get("/").status_code == 200
    event = Event.objects.get(action="officer.sessions_ended")
    assert (event.actor, event.detail["count"]) == ("zhang", 1)


def test_the_others_are_ended_and_this_one_goes_on(office: Any, own: Any) -> None:
    others = [strange_browser(), strange_browser()]
    for one in others:
        come_in(office, one)
    assert own.post("/account/sessions/end-others/")["Location"] == "/account/"
    assert [one.get("/").status_code for one in others] == [302, 302]
    assert own.get("/").status_code == 200
    assert len(_listed(own)) == 1
    assert Event.objects.get(action="officer.sessions_ended").detail["count"] == 2
    own.post("/account/sessions/end-others/")
    assert Event.objects.filter(action="officer.sessions_ended").count() == 1, "nothing ended, nothing to tell"


def test_ending_the_session_one_sits_in_is_logging_out(own: Any) -> None:
    assert own.post(f"/account/sessions/{_sitting('Chrome · Windows')}/end/")["Location"] == "/log-in/"
    assert own.get("/").status_code == 302


def test_nobody_ends_anothers_session_and_a_key_is_no_name(office: Any, own: Any, organisation: Organisation) -> None:
    make_officer(organisation, "li")
    stranger = RoleClient("office")
    stranger.post("/log-in/", {"username": "li", "password": PASSWORD})
    sitting = _sitting("Chrome · Windows")
    assert stranger.post(f"/account/sessions/{sitting}/end/").status_code == 404
    key = own.cookies["chengxin-session"].value
    assert own.post(f"/account/sessions/{key}/end/").status_code == 404
    assert key not in _text(own.get("/account/"))
    assert own.get("/").status_code == 200
    assert office.now


def test_a_session_is_ended_after_a_recent_log_in_only(office: Any, own: Any) -> None:
    other = strange_browser()
    come_in(office, other)
    office.later(minutes=load_access().sensitive_minutes + 1)
    for path in ("end", "end-others", f"{_sitting('Firefox · Linux')}/end"):
        other.get("/")
        assert own.post(f"/account/sessions/{path}/")["Location"].endswith("again=1")
        come_in(office, own)
        office.later(minutes=load_access().sensitive_minutes + 1)
    assert other.get("/").status_code == 200


def test_what_is_kept_of_a_session_goes_with_it(office: Any, own: Any) -> None:
    for way in ("/log-out/", "/account/sessions/end/"):
        own.post(way)
        assert not OfficeSession.objects.exists(), way
        come_in(office, own)
    office.later(minutes=load_access().session_idle_minutes + 1)
    assert own.get("/").status_code == 302
    assert not OfficeSession.objects.exists()


def test_idle_sessions_are_not_listed(office: Any, own: Any) -> None:
    come_in(office, strange_browser())
    assert len(_listed(own)) == 2
    office.later(minutes=20)
    own.get("/")
    office.later(minutes=20)
    assert len(_listed(own)) == 1


def test_a_half_begun_log_in_belongs_to_nobody_yet(office: Any, own: Any) -> None:
    assert own
    half = strange_browser()
    office.later(seconds=31)
    half.post("/log-in/", {"username": "zhang", "password": PASSWORD})
    waiting = OfficeSession.objects.exclude(words="Chrome · Windows").get()
    assert (waiting.officer_id, waiting.sitting, waiting.began) == (None, "", None)


def test_the_account_page_takes_the_same_queries_however_many_sessions_there_are(office: Any, own: Any) -> None:
    own.get("/")
    few = office.queries("/account/")
    for _ in range(3):
        come_in(office, strange_browser())
    own.get("/")
    assert office.queries("/account/") == few
