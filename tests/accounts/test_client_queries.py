"""Who calls, with what, and how much of it is left: one statement each."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.actor import CHECK, READ_BATCHES, SUBMIT
from chengxin.accounts.client_queries import (
    Grant,
    Use,
    caller_by_certificate,
    caller_by_key,
    caller_by_token,
    clients,
    count_use,
)
from chengxin.accounts.clients import ApiClient, ClientGrant, ClientKey, ClientNonce, ClientUse
from chengxin.base.errors import NotPermitted
from chengxin.testing.making import NOW, make_client, make_organisation, make_signing_client

if TYPE_CHECKING:
    from datetime import datetime

MINUTE = timedelta(minutes=1)


def _grant(per_minute: int = 3, per_day: int = 5) -> Grant:
    token = make_client(make_organisation(), CHECK, per_minute=per_minute, per_day=per_day)
    caller = caller_by_token(token, CHECK, NOW)
    assert caller is not None
    assert caller.grant is not None
    return caller.grant


@pytest.mark.django_db
def test_a_caller_comes_with_its_grant_and_all_its_operations_in_one_statement() -> None:
    token = make_client(make_organisation(), CHECK, SUBMIT, items=["licence"], purposes=["审批"])
    with CaptureQueriesContext(connection) as captured:
        caller = caller_by_token(token, SUBMIT, NOW)
    assert len(captured) == 1
    assert caller is not None
    assert caller.operations == {CHECK, SUBMIT}
    assert caller.grant is not None
    held = (caller.grant.operation, sorted(caller.grant.items), sorted(caller.grant.purposes))
    assert held == (SUBMIT, ["licence"], ["审批"])
    assert (caller.actor().kind, caller.actor().organisation, caller.actor().everywhere) == ("client", "market", False)


@pytest.mark.django_db
def test_a_grant_that_ended_or_was_withdrawn_is_none() -> None:
    token = make_client(make_organisation(), CHECK)
    for change in ({"ends_at": NOW}, {"ends_at": NOW + MINUTE, "revoked_at": NOW}):
        ClientGrant.objects.update(**change)
        caller = caller_by_token(token, CHECK, NOW)
        assert caller is not None
        assert caller.grant is None
        assert not caller.operations


@pytest.mark.django_db
def test_a_client_that_ended_may_do_nothing_although_its_grants_live() -> None:
    token = make_client(make_organisation(), CHECK)
    ApiClient.objects.update(expires_at=NOW)
    caller = caller_by_token(token, CHECK, NOW)
    assert caller is not None
    assert not caller.live
    assert not caller.actor().operations


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "x" * 10_000, "\x00", "\ud800", "令牌"])
def test_a_token_nobody_has_finds_nobody(token: str) -> None:
    make_client(make_organisation(), CHECK)
    assert caller_by_token(token, CHECK, NOW) is None


@pytest.mark.django_db
def test_a_key_is_found_by_its_name_and_a_certificate_by_its_fingerprint_only() -> None:
    who = make_signing_client(make_organisation(), CHECK)
    held = ClientKey.objects.get()
    found = caller_by_key(who.key_id, CHECK, NOW)
    assert found is not None
    assert (found.key_pk, found.suite, found.public_key) == (held.pk, "international", who.key.public_pem())
    assert caller_by_certificate(held.fingerprint, CHECK, NOW) is None
    ClientKey.objects.update(suite="certificate")
    assert caller_by_key(who.key_id, CHECK, NOW) is None
    assert caller_by_certificate(held.fingerprint, CHECK, NOW) is not None


@pytest.mark.django_db
def test_a_request_is_counted_and_its_nonce_remembered_in_one_statement() -> None:
    grant = _grant()
    with CaptureQueriesContext(connection) as captured:
        use = count_use(grant, NOW)
    assert len(captured) == 1
    assert use == Use(replayed=False, over=False, minute_left=2, day_left=4, minute_ends=60, day_ends=14 * 3600)


@pytest.mark.django_db
def test_the_quota_of_the_minute_ends_and_begins_anew_with_the_next() -> None:
    grant = _grant(per_minute=2, per_day=100)
    late = NOW.replace(second=50)
    assert [count_use(grant, late).over for _ in range(3)] == [False, False, True]
    over = count_use(grant, late)
    assert (over.over, over.minute_left, over.wait) == (True, 0, 10)
    assert not count_use(grant, late + MINUTE).over
    assert ClientUse.objects.get().day_count == 3, "what is over the quota does not count"


@pytest.mark.django_db
def test_the_quota_of_the_day_ends_at_midnight_in_kunshan() -> None:
    grant = _grant(per_minute=100, per_day=2)
    evening = NOW.replace(hour=15, minute=59)
    assert [count_use(grant, evening).over for _ in range(3)] == [False, False, True]
    assert count_use(grant, evening).wait == 60
    assert not count_use(grant, evening + MINUTE).over
    assert ClientUse.objects.get().day == date(2026, 3, 3)


@pytest.mark.django_db
def test_a_nonce_counts_once_for_each_key_and_a_replay_counts_nothing() -> None:
    grant = _grant()
    one, other = (make_signing_client(make_organisation(code), CHECK) for code in ("a", "b"))
    keys = [ClientKey.objects.get(key_id=who.key_id).pk for who in (one, other)]
    for key in keys:
        assert not count_use(grant, NOW, key_pk=key, nonce="n", kept=MINUTE).replayed
    again = count_use(grant, NOW, key_pk=keys[0], nonce="n", kept=MINUTE)
    assert (again.replayed, again.over) == (True, False)
    assert ClientUse.objects.get().day_count == 2
    assert ClientNonce.objects.count() == 2


@pytest.mark.django_db
def test_old_nonces_leave_twenty_at_a_time() -> None:
    grant = _grant(per_minute=1000, per_day=1000)
    key = ClientKey.objects.get(key_id=make_signing_client(make_organisation("a"), CHECK).key_id).pk
    for number in range(45):
        count_use(grant, NOW, key_pk=key, nonce=str(number), kept=MINUTE)
    for left in (26, 7, 3):
        count_use(grant, NOW + 2 * MINUTE, key_pk=key, nonce=f"later-{left}", kept=MINUTE)
        assert ClientNonce.objects.count() == left


def test_of_many_requests_at_the_same_moment_no_more_pass_than_granted(own_database: str) -> None:
    assert own_database
    grant = _grant(per_minute=7, per_day=100)
    passed: list[bool] = []

    def ask() -> None:
        try:
            passed.extend(not count_use(grant, NOW).over for _ in range(5))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(passed), sum(passed)) == (30, 7)


def test_of_one_nonce_sent_at_the_same_moment_one_passes(own_database: str) -> None:
    assert own_database
    grant = _grant(per_minute=1000, per_day=1000)
    key = ClientKey.objects.get(key_id=make_signing_client(make_organisation("a"), CHECK).key_id).pk
    fresh: list[bool] = []

    def ask() -> None:
        try:
            fresh.append(not count_use(grant, NOW, key_pk=key, nonce="n", kept=MINUTE).replayed)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(fresh) == [False] * 7 + [True]
    assert ClientUse.objects.get().day_count == 1


def _for(items: set[str], purposes: set[str]) -> Grant:
    return Grant(1, CHECK, frozenset(items), frozenset(purposes), 1, 1)


def test_a_grant_is_for_its_items_only() -> None:
    grant = _for({"licence"}, {"*"})
    grant.require_item("licence")
    assert grant.item_filter() == frozenset({"licence"})
    with pytest.raises(NotPermitted) as refused:
        grant.require_item("penalty")
    assert refused.value.code == "item_not_granted"
    _for({"*"}, {"*"}).require_item("penalty")
    assert _for({"*"}, {"*"}).item_filter() is None
    assert not _for(set(), set()).allows_item("licence")


@pytest.mark.parametrize(
    "said", ["政府采购", " 政府采购 ", "政府采购：昆采〔2026〕12号", "政府采购: ZB-1", "政府采购 : x"]
)
def test_a_granted_purpose_may_be_followed_by_its_matter(said: str) -> None:
    grant = _for({"*"}, {"政府采购"})
    grant.require_purpose(said)
    with pytest.raises(NotPermitted):
        grant.require_purpose(f"又：{said}")


@pytest.mark.parametrize("said", ["", "政府采购等事项", "招聘", "非政府采购", "招聘：政府采购", "*"])
def test_any_other_purpose_is_refused(said: str) -> None:
    with pytest.raises(NotPermitted) as refused:
        _for({"*"}, {"政府采购"}).require_purpose(said)
    assert refused.value.code == "purpose_not_granted"


@given(st.text(max_size=30), st.text(min_size=1, max_size=10))
def test_no_purpose_passes_that_does_not_begin_with_a_granted_one(said: str, granted: str) -> None:
    try:
        _for({"*"}, {granted}).require_purpose(said)
    except NotPermitted:
        return
    assert granted == "*" or said.strip().startswith(granted)


@pytest.mark.django_db
def test_the_operator_sees_live_grants_and_keys() -> None:
    who = make_signing_client(make_organisation(), CHECK, READ_BATCHES)
    ClientGrant.objects.filter(operation=READ_BATCHES).update(revoked_at=NOW)
    (one,) = clients(_later())
    assert (one.id, one.ended, [held.operation for held in one.grants]) == (who.id, False, [CHECK])
    assert [held.key_id for held in one.keys] == [who.key_id]
    ApiClient.objects.update(revoked_at=NOW)
    assert clients(_later())[0].ended


def _later() -> datetime:
    return NOW + MINUTE
