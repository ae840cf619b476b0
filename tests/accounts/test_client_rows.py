"""A client as its managers see it: what it may do now, what it used today, how it proves who it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chengxin.accounts.actor import CHECK, READ_SUBJECTS, ROLE_OPERATIONS, Actor
from chengxin.accounts.client_rows import client_row, client_rows
from chengxin.accounts.clients import ApiClient, ClientGrant, ClientKey, ClientUse
from chengxin.accounts.models import Organisation
from chengxin.base.errors import NotFound, NotPermitted
from chengxin.kernel.calendar import legal_day
from chengxin.testing.making import NOW, make_organisation, make_signing_client

pytestmark = pytest.mark.django_db

BOSS = Actor("officer", "boss", "it", ROLE_OPERATIONS["administrator"], everywhere=True)


def test_what_ended_or_was_taken_is_not_shown() -> None:
    held = make_signing_client(make_organisation(), CHECK, READ_SUBJECTS)
    row = client_row(BOSS, held.id, NOW)
    assert [one.operation for one in row.grants] == sorted([CHECK, READ_SUBJECTS])
    assert [one.key_id for one in row.keys] == [held.key_id]
    ClientGrant.objects.filter(operation=CHECK).update(revoked_at=NOW)
    ClientGrant.objects.filter(operation=READ_SUBJECTS).update(ends_at=NOW)
    ClientKey.objects.update(ends_at=NOW)
    row = client_row(BOSS, held.id, NOW)
    assert (row.grants, row.keys, row.state) == ((), (), "live")


def test_todays_use_ends_with_the_legal_day() -> None:
    held = make_signing_client(make_organisation(), CHECK)
    assert client_row(BOSS, held.id, NOW).grants[0].used_today == 0
    grant = ClientGrant.objects.get()
    ClientUse.objects.create(grant=grant, day=legal_day(NOW), day_count=7, minute=NOW, minute_count=2)
    assert client_row(BOSS, held.id, NOW).grants[0].used_today == 7
    last = NOW.replace(hour=15, minute=59)
    assert client_row(BOSS, held.id, last).grants[0].used_today == 7
    assert client_row(BOSS, held.id, last + timedelta(minutes=1)).grants[0].used_today == 0


def test_the_state_says_why_a_client_may_do_nothing() -> None:
    held = make_signing_client(make_organisation(), CHECK)
    states = []
    for change in (
        lambda: None,
        lambda: Organisation.objects.update(is_active=False),
        lambda: ApiClient.objects.update(expires_at=NOW),
        lambda: ApiClient.objects.update(revoked_at=NOW),
    ):
        change()
        states.append(client_row(BOSS, held.id, NOW).state)
    assert states == ["live", "organisation_closed", "expired", "closed"]


def test_every_client_is_listed_with_three_queries() -> None:
    numbers = [make_signing_client(make_organisation(f"o{one}"), CHECK).id for one in range(4)]
    with CaptureQueriesContext(connection) as captured:
        rows = client_rows(BOSS, NOW)
    assert [one.id for one in rows] == numbers
    assert len(captured) == 3
    assert {one.grants[0].operation for one in rows} == {CHECK}


@pytest.mark.parametrize("role", sorted(set(ROLE_OPERATIONS) - {"administrator", "security"}))
def test_others_see_no_client(role: str) -> None:
    held = make_signing_client(make_organisation(), CHECK)
    other = Actor("officer", "x", "market", ROLE_OPERATIONS[role], everywhere=True)
    with pytest.raises(NotPermitted):
        client_rows(other, NOW)
    with pytest.raises(NotFound):
        client_row(BOSS, held.id + 1, NOW)
