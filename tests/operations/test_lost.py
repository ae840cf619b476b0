"""What a restore lost is counted, and nobody gets a right back by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from chengxin.accounts.actions.clients import WithdrawFromClient
from chengxin.accounts.actions.officers import CloseOfficer, WithdrawDuties
from chengxin.accounts.actions.organisations import CloseOrganisation
from chengxin.accounts.actor import operator
from chengxin.accounts.models import ApiClient, ClientGrant, Officer, Organisation
from chengxin.audit.actions import record_event
from chengxin.audit.models import Event
from chengxin.operations.lost import (
    COMINGS_AND_GOINGS,
    KINDS,
    NEAR,
    Known,
    Lost,
    RightsEvent,
    read_known,
    read_lost,
    sentences,
    withdraw_again,
)
from chengxin.testing.making import make_client, make_officer, make_organisation

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


def happens(action: str, kind: str, name: str, **detail: object) -> int:
    with transaction.atomic():
        return record_event(
            at=NOW, actor=("officer", "gao", "centre"), action=action, object_kind=kind, object_id=name, detail=detail
        )


@pytest.fixture
def owner(database_url: Callable[[str], str]) -> str:
    """Return the owner's address of a database with an officer, a client and an organisation that work."""
    home = make_organisation("window-office")
    make_officer(home, "wang", "window", "reviewer")
    make_officer(make_organisation("centre"), "gao", "administrator")
    make_client(home, "checks.run", "batches.read")
    make_organisation("agency")
    return database_url("owner")


def take_away() -> None:
    """Do what a city does in an hour: take a duty, a grant and an organisation away, then the whole account."""
    WithdrawDuties(operator(), "wang", ("reviewer",), "轮岗", NOW).execute()
    WithdrawFromClient(operator(), ApiClient.objects.get().pk, NOW, "checks.run").execute()
    CloseOrganisation(operator(), "agency", "撤销", NOW).execute()
    CloseOfficer(operator(), "wang", "离职", NOW).execute()


def as_before() -> None:
    """Put the rights back as a restore does, without a word in the trail."""
    Officer.objects.filter(username="wang").update(roles=["window", "reviewer"], is_active=True)
    ClientGrant.objects.update(revoked_at=None)
    Organisation.objects.filter(code="agency").update(is_active=True)


def rights() -> tuple[object, ...]:
    clerk = Officer.objects.get(username="wang")
    grants = ClientGrant.objects.filter(revoked_at=None).order_by("operation").values_list("operation", flat=True)
    return clerk.is_active, clerk.roles, list(grants), Organisation.objects.get(code="agency").is_active


def test_what_was_taken_away_is_taken_away_again_and_twice_is_once(owner: str) -> None:
    known = read_known(owner)
    take_away()
    lost = read_lost(owner, known, "live")
    assert [one.action for one in lost.rights] == [
        "officer.duties_withdrawn", "client.withdrawn", "organisation.closed", "officer.closed",
    ]  # fmt: skip
    after = rights()
    as_before()
    assert rights() == (True, ["window", "reviewer"], ["batches.read", "checks.run"], True)
    again = withdraw_again(lost, NOW + timedelta(hours=1))
    assert rights() == after == (False, [], ["batches.read"], False)
    assert len(again) == 4
    assert again[-1] == "officer.closed wang"
    assert Event.objects.filter(action="officer.closed").count() == 2, "on file like every other"
    withdraw_again(lost, NOW + timedelta(hours=2))
    assert rights() == after


def test_nothing_is_given_by_a_restore(owner: str) -> None:
    known = read_known(owner)
    happens("officer.duties_granted", "officer", "wang", roles=["releaser"])
    happens("organisation.reopened", "organisation", "agency", reason="恢复")
    happens("client.granted", "client", "1", operation="subjects.read")
    before = rights()
    lost = read_lost(owner, known, "live")
    assert withdraw_again(lost, NOW) == ()
    assert rights() == before
    assert lost.changed == ("officer:wang", "organisation:agency", "client:1"), "and yet somebody looks at them"


def test_what_the_restored_system_does_not_have_is_passed_over(owner: str) -> None:
    known = read_known(owner)
    happens("officer.closed", "officer", "made-later", reason="离职")
    happens("client.withdrawn", "client", "4711", operation="", key="", reason="")
    happens("organisation.closed", "organisation", "made-later-too", reason="撤销")
    take_away()
    as_before()
    again = withdraw_again(read_lost(owner, known, "archive"), NOW)
    assert len(again) == 4
    assert not any("made-later" in one or "4711" in one for one in again)


def test_every_event_after_the_point_counts_once_and_none_before_it(owner: str) -> None:
    happens("subject.read", "subject", "1")
    known = read_known(owner)
    assert read_lost(owner, known, "live") == Lost("live")
    numbers = [happens("subject.read", "subject", "1"), happens("check.answered", "subject", "1")]
    lost = read_lost(owner, known, "live")
    assert (lost.events, lost.by_action, lost.until) == (2, {"check.answered": 1, "subject.read": 1}, NOW)
    assert lost.rights == ()
    assert numbers[0] > known.last


def test_an_event_that_was_numbered_before_the_point_and_committed_after_it_counts(owner: str) -> None:
    """Two transactions at once: the later number is on file first."""
    late = happens("officer.closed", "officer", "wang", reason="离职")
    happens("subject.read", "subject", "1")
    whole = read_known(owner)
    known = Known(whole.last, tuple(one for one in whole.near if one != late))
    lost = read_lost(owner, known, "archive")
    assert (lost.events, lost.changed) == (1, ("officer:wang",))


def test_events_of_long_ago_are_not_compared_one_by_one(owner: str) -> None:
    first = happens("subject.read", "subject", "1")
    assert read_lost(owner, Known(first + NEAR, ()), "live").events == 0


@pytest.mark.parametrize("action", COMINGS_AND_GOINGS)
def test_logging_in_and_out_changes_nobodys_rights(owner: str, action: str) -> None:
    known = read_known(owner)
    happens(action, "officer", "wang")
    happens("officer.second_factor_added", "officer", "gao")
    lost = read_lost(owner, known, "live")
    assert lost.events == 2
    assert lost.changed == ("officer:gao",)


def test_the_record_says_it_without_the_words_of_the_events() -> None:
    one = RightsEvent(NOW, "officer.closed", "officer", "wang", {"reason": "因病离职"})
    lost = Lost("archive", 3, NOW, {"officer.closed": 1, "subject.read": 2}, (one, one))
    held = lost.as_dict()
    assert held == {
        "source": "archive",
        "events": 3,
        "until": "2026-03-02T02:00:00+00:00",
        "by_action": {"officer.closed": 1, "subject.read": 2},
        "rights_changed": ["officer:wang"],
    }
    assert "因病" not in str(held)
    assert set(KINDS) == {"officer", "client", "organisation"}


@pytest.mark.parametrize(
    ("lost", "zh", "en"),
    [
        (Lost("nobody"), "无从得知", "nobody knows"),
        (Lost("live"), "没有丢失", "nothing is lost"),
        (Lost("live", 7, NOW, {"subject.read": 7}), "7 条审计事件", "7 events"),
    ],
)
def test_what_is_said_is_honest_about_what_is_not_known(lost: Lost, zh: str, en: str) -> None:
    said = sentences(lost, ())
    assert zh in said[0]
    assert en in said[1]
