"""Every entrance of the office and the API leaves exactly one line for each request, which says what was decided."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from tests.access.senders import Sender, World, address_of, client_senders, let_in, names_in, send, session_of

from chengxin.accounts.entrances import Entrance, load_entrances
from chengxin.operations.watching import decisions
from chengxin.operations.watching.logs import LogLine, parts_of
from chengxin.testing.ends import RoleClient, settings_of
from chengxin.testing.making import make_officer, make_signing_client

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANTED = "110101199001010015"
NAME = "张三丰测试"
TELEPHONE = "13800138000"
FORM = "application/x-www-form-urlencoded"


class Kept(logging.Handler):
    """Keeps what was written, as parts and as the two forms of a line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(dict(parts_of(record)))
        self.text += LogLine("json").format(record) + LogLine("text").format(record)

    def take(self) -> dict[str, Any]:
        """Return the one line since the last taking."""
        (one,) = self.lines
        self.lines.clear()
        return one


@contextmanager
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Keep the lines about access; strangers' lines are not counted off, so that every one is there."""
    handler = Kept()
    monkeypatch.setattr(decisions, "load_settings", lambda: replace(_settings(), stranger_lines=100_000))
    decisions.LOG.addHandler(handler)
    try:
        yield handler
    finally:
        decisions.LOG.removeHandler(handler)


def _settings() -> Any:
    return import_module("chengxin.operations.settings").load_settings()


def _rows(end: str) -> list[Entrance]:
    return [one for one in load_entrances() if one.end == end]


def _senders(end: str, world: World, needs: str) -> tuple[Sender, ...]:
    if end == "api":
        known = tuple(client_senders(world.own, needs))[:2]
        return (Sender("anonymous"), *known)
    return (Sender("anonymous"), *world.officers)  # type: ignore[attr-defined]


@pytest.mark.parametrize("end", ["api", "office"])
def test_every_entrance_leaves_one_line_that_names_it_and_what_was_decided(
    end: str, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_database
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    tried, decided = 0, set()
    with settings_of(end), kept(monkeypatch) as lines:
        world = World()
        roles = ("submitter", "centre", "auditor")
        world.officers = tuple(  # type: ignore[attr-defined]
            Sender(role, make_officer(world.own, f"officer-{role}", role), (role,)) for role in roles
        )
        browser, names, values = RoleClient(end), names_in(end), world.values()
        for entrance in _rows(end):
            for sender in _senders(end, world, entrance.needs):
                lines.lines.clear()
                response = send(browser, entrance, address_of(end, names[entrance.name][0], values), sender)
                line = lines.take()
                tried += 1
                where = f"{entrance.method} {entrance.name} as {sender.name}: {line}"
                assert line["entrance"] == entrance.name, where
                assert (line["operation"], line["method"]) == (entrance.needs, entrance.method), where
                assert line["status"] == response.status_code, where
                expected = (
                    "allowed" if let_in(response) and response.status_code not in decisions.REFUSALS else "refused"
                )
                assert line["decision"] == expected, where
                assert bool(line["code"]) == (expected == "refused"), where
                _require_sender(end, entrance, sender, line)
                decided.add(expected)
    assert decided == {"allowed", "refused"}
    assert tried >= len(_rows(end)) * 3


def _require_sender(end: str, entrance: Entrance, sender: Sender, line: dict[str, Any]) -> None:
    """Assert that the line names who was recognised, and nobody where nobody was asked for."""
    who = (line["actor_kind"], line["actor"], line["organisation"])
    if sender.officer is not None:
        assert who == ("officer", sender.officer.username, sender.officer.organisation.code)
        assert line["session"] == "under 1 h"
    elif sender.client is not None and entrance.needs != "public":
        assert who == ("client", str(sender.client.id), line["organisation"])
        assert line["organisation"]
    else:
        assert who == ("", "", "")
        assert line["session"] == ""
    assert len(line["request"]) == 32
    assert line["ms"] >= 0
    assert end in {"api", "office"}


def test_what_was_asked_for_is_in_no_line(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_database
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    headers = {"User-Agent": NAME, "X-Request-Id": PLANTED, "Referer": f"http://testserver/{NAME}"}
    with settings_of("office"), kept(monkeypatch) as lines:
        world, browser = World(), RoleClient("office")
        officer = make_officer(world.own, "officer-centre", "centre")
        for address in ("/bodies/", "/practitioners/", "/log-in/", f"/{NAME}/{PLANTED}/"):
            for method in ("GET", "POST", NAME[:1], "PROPFIND"):
                browser.cookies[import_module("chengxin.settings.office").SESSION_COOKIE_NAME] = session_of(officer)
                body = f"username={PLANTED}&name={NAME}&telephone={TELEPHONE}".encode()
                asked = f"{address}?q={NAME}&code={PLANTED}"
                browser.generic(method, asked, body, content_type=FORM, headers=headers).close()
        assert len(lines.lines) == 16
    with settings_of("api"):
        with kept(monkeypatch) as more:
            client = make_signing_client(world.own, "checks.run", "subjects.read")
            row = next(one for one in _rows("api") if one.name == "check_one")
            send(
                RoleClient("api"), row, f"/api/v1/checks?name={quote(NAME)}&code={PLANTED}", Sender("c", client=client)
            )
            RoleClient("api").post(f"/api/v1/checks/{PLANTED}", {"name": NAME}, headers=headers)
        assert len(more.lines) == 2
    for text in (lines.text, more.text):
        for value in (PLANTED, NAME, quote(NAME), TELEPHONE, json.dumps(NAME)[1:-1]):
            assert value not in text


def test_an_officer_sent_to_the_first_steps_or_out_was_not_let_in(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_database
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    with settings_of("office"), kept(monkeypatch) as lines:
        world, browser = World(), RoleClient("office")
        cookie = import_module("chengxin.settings.office").SESSION_COOKIE_NAME
        officer = make_officer(world.own, "officer-centre", "centre")
        browser.cookies[cookie] = session_of(officer)
        type(officer).objects.filter(pk=officer.pk).update(must_change_password=True)
        assert browser.get("/").status_code == 302
        assert (lines.lines[-1]["decision"], lines.lines[-1]["code"]) == ("refused", "first_steps")
        type(officer).objects.filter(pk=officer.pk).update(must_change_password=False, session_epoch=9)
        assert browser.get("/").status_code == 302
        assert (lines.lines[-1]["decision"], lines.lines[-1]["code"]) == ("refused", "session_ended")
        assert lines.lines[-1]["actor"] == "officer-centre"
        assert browser.get("/").status_code == 302
        assert (lines.lines[-1]["decision"], lines.lines[-1]["code"]) == ("refused", "not_logged_in")


def test_the_public_end_tells_the_page_and_the_class_of_the_status_only(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_database
    with settings_of("public"), kept(monkeypatch) as lines:
        browser = RoleClient("public")
        browser.get(f"/search/?q={NAME}", headers={"X-Forwarded-For": "192.0.2.7"}).close()
        browser.get(f"/{NAME}/").close()
    assert [(one["entrance"], one["status"]) for one in lines.lines] == [("search", "2xx"), ("unmatched", "4xx")]
    common = {"at", "level", "logger", "message", "process"}
    assert all(set(one) - common <= {"entrance", "status", "request"} for one in lines.lines)
    assert NAME not in lines.text
    assert "192.0.2.7" not in lines.text
