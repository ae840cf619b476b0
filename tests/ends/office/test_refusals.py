"""A page that an officer is refused is on file, in a bounded number of events; logging out clears the browser."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.audit.errors import EvidenceUnavailable
from chengxin.audit.models import Event
from chengxin.ends.office import refusals
from chengxin.ends.office.refusals import TOLD, RefusedPages
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from chengxin.accounts.models import Officer


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> RefusedPages:
    """Return counts that no other test has touched, in use by the end."""
    made = RefusedPages()
    monkeypatch.setattr("chengxin.ends.office.middleware.refused_pages", made)
    return made


@pytest.mark.usefixtures("pages")
def test_a_page_refused_for_lack_of_duty_is_on_file_without_what_was_sent(desk: Any) -> None:
    assert desk.get("/officers/?looked-for=320583199001010017").status_code == 403
    event = Event.objects.latest("id")
    assert (event.action, event.actor, event.organisation) == ("access.refused", "zhang", "market")
    assert (event.object_kind, event.object, event.detail) == ("page", "officers", {"method": "GET"})


@pytest.mark.usefixtures("pages")
def test_a_page_that_is_not_ones_own_and_one_that_is_allowed_leave_no_such_event(desk: Any) -> None:
    assert desk.get("/batches/999999/").status_code == 404
    assert desk.get("/batches/").status_code == 200
    assert not Event.objects.filter(action="access.refused").exists()


def test_a_flood_of_refusals_is_no_flood_of_events_and_nothing_is_forgotten(
    officer: Officer, pages: RefusedPages
) -> None:
    for _ in range(TOLD + 7):
        pages.note(officer, "officers", "GET", NOW)
    told = Event.objects.filter(action="access.refused")
    assert told.count() == TOLD
    pages.note(officer, "officers", "POST", NOW + timedelta(minutes=1))
    assert told.latest("id").detail == {"method": "POST", "not_told": 7}
    pages.note(officer, "officers", "GET", NOW + timedelta(minutes=2))
    assert told.latest("id").detail == {"method": "GET"}


def test_without_evidence_a_refusal_says_that_evidence_is_missing(
    desk: Any, pages: RefusedPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_event: object) -> int:
        raise EvidenceUnavailable

    assert pages
    monkeypatch.setattr(refusals, "record_event", away)
    assert desk.get("/officers/").status_code == 503


def test_logging_out_tells_the_browser_to_forget(desk: Any) -> None:
    assert desk.post("/log-out/")["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in desk.get("/log-in/")
