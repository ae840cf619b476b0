"""Four eyes over a restore: asked for, agreed by another, used once, for exactly this."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from chengxin.accounts.actions.approvals import DecideApproval, NotApproved
from chengxin.accounts.actor import officer_actor
from chengxin.accounts.models import Officer
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.operations.recording import ask_approval, consume_approval, record, require_may_restore
from chengxin.testing.making import make_officer, make_organisation

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
LABEL = "20260301T173000Z"
MOMENT = "2026-03-02T09:00:00+08:00"
INTO = "/srv/new"
NAMES = ("admin", "guard")


@pytest.fixture
def officers(own_database: str) -> dict[str, Officer]:  # noqa: ARG001 - a database of the test's own
    """Return an administrator, a security officer and a clerk."""
    centre = make_organisation("centre")
    return {
        "admin": make_officer(centre, "admin", "administrator"),
        "guard": make_officer(centre, "guard", "security"),
        "clerk": make_officer(centre, "clerk", "window"),
    }


def agree(officer: Officer, number: int, *, agreed: bool = True) -> None:
    DecideApproval(officer_actor(officer), number, agreed, "核对无误", NOW).execute()


def test_a_restore_that_another_officer_agreed_to_is_done_once(officers: dict[str, Officer]) -> None:
    number = ask_approval(LABEL, MOMENT, INTO, "误删批次", NOW)
    agree(officers["guard"], number)
    assert consume_approval(LABEL, MOMENT, INTO, NAMES, NOW) == number
    with pytest.raises(NotApproved):
        consume_approval(LABEL, MOMENT, INTO, NAMES, NOW)


@pytest.mark.parametrize(
    ("label", "moment", "into"),
    [("20260302T173000Z", MOMENT, INTO), (LABEL, "", INTO), (LABEL, MOMENT, "/srv/other")],
)
def test_an_agreement_is_to_exactly_this(officers: dict[str, Officer], label: str, moment: str, into: str) -> None:
    agree(officers["guard"], ask_approval(LABEL, MOMENT, INTO, "误删批次", NOW))
    with pytest.raises(NotApproved):
        consume_approval(label, moment, into, NAMES, NOW)


def test_without_a_decision_nothing_is_restored(officers: dict[str, Officer]) -> None:
    assert officers
    ask_approval(LABEL, MOMENT, INTO, "误删批次", NOW)
    with pytest.raises(NotApproved):
        consume_approval(LABEL, MOMENT, INTO, NAMES, NOW)


def test_a_refusal_is_no_agreement(officers: dict[str, Officer]) -> None:
    agree(officers["guard"], ask_approval(LABEL, MOMENT, INTO, "误删批次", NOW), agreed=False)
    with pytest.raises(NotApproved):
        consume_approval(LABEL, MOMENT, INTO, NAMES, NOW)


def test_an_agreement_ends(officers: dict[str, Officer]) -> None:
    agree(officers["guard"], ask_approval(LABEL, MOMENT, INTO, "误删批次", NOW))
    with pytest.raises(NotApproved):
        consume_approval(LABEL, MOMENT, INTO, NAMES, NOW + timedelta(days=30))


def test_whoever_agreed_is_one_of_the_two_who_are_named(officers: dict[str, Officer]) -> None:
    agree(officers["guard"], ask_approval(LABEL, MOMENT, INTO, "误删批次", NOW))
    with pytest.raises(ChengxinError) as caught:
        consume_approval(LABEL, MOMENT, INTO, ("admin", "somebody"), NOW)
    assert caught.value.code == "approver_differs"
    assert consume_approval(LABEL, MOMENT, INTO, NAMES, NOW)


def test_a_clerk_agrees_to_no_restore(officers: dict[str, Officer]) -> None:
    number = ask_approval(LABEL, MOMENT, INTO, "误删批次", NOW)
    with pytest.raises(NotPermitted):
        agree(officers["clerk"], number)


def test_a_restore_without_a_reason_is_not_asked_for(officers: dict[str, Officer]) -> None:
    assert officers
    with pytest.raises(ChengxinError) as caught:
        ask_approval(LABEL, MOMENT, INTO, " ", NOW)
    assert caught.value.code == "reason_missing"


def test_names_are_officers_whose_duty_allows_it(officers: dict[str, Officer]) -> None:
    require_may_restore(NAMES)
    for name in ("clerk", "nobody"):
        with pytest.raises(ChengxinError) as caught:
            require_may_restore(("admin", name))
        assert (caught.value.code, caught.value.where) == ("approver_unknown", name)
    Officer.objects.filter(pk=officers["admin"].pk).update(is_active=False)
    with pytest.raises(ChengxinError):
        require_may_restore(NAMES)


def test_what_was_done_is_an_event(officers: dict[str, Officer]) -> None:
    assert officers
    number = record("system.restored", LABEL, {"approved_by": list(NAMES)}, NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor_kind, action, object, detail FROM audit_event WHERE id = %s", [number])
        row = cursor.fetchone()
    assert row[:3] == ("operator", "system.restored", LABEL)
    assert "guard" in str(row[3])
