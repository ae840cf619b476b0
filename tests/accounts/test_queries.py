"""An organisation is found by its code, a client by its token while it lives, and nobody by guessing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.accounts.models import ApiClient
from chengxin.accounts.queries import client_by_token, organisation_by_code
from chengxin.base.errors import NotFound
from chengxin.testing.making import NOW, make_client, make_organisation

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def test_an_organisation_is_found_by_either_code() -> None:
    made = make_organisation("market", uscc="11320583014180000X")
    assert organisation_by_code("market") == made
    assert organisation_by_code("11320583014180000X") == made


@pytest.mark.parametrize("code", ["", "tax", "MARKET", "market ", "昆山市market局", "' OR true --", "%"])
def test_an_unknown_code_is_named_together_with_where_to_look(code: str) -> None:
    make_organisation("market")
    with pytest.raises(NotFound) as caught:
        organisation_by_code(code)
    assert caught.value.code == "unknown_organisation"
    assert caught.value.where == code
    assert f"“{code}”" in caught.value.message_zh
    assert "chengxin organisations" in caught.value.message_zh


def test_a_live_client_is_found_with_its_organisation_in_one_query() -> None:
    token = make_client(make_organisation("market"), "checks.run")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client = client_by_token(token, NOW)
        assert client is not None
        assert client.organisation.code == "market"
    assert len(queries) == 1


def test_a_client_lives_until_the_moment_it_ends() -> None:
    token = make_client(make_organisation(), expires_at=NOW)
    assert client_by_token(token, NOW - SECOND) is not None
    assert client_by_token(token, NOW) is None
    assert client_by_token(token, NOW + SECOND) is None


@pytest.mark.parametrize("ago", [timedelta(0), SECOND, timedelta(days=400), -timedelta(days=1)])
def test_a_revoked_client_is_nobody_at_once_and_for_good(ago: timedelta) -> None:
    token = make_client(make_organisation(), revoked_at=NOW - ago)
    assert client_by_token(token, NOW) is None


def test_the_token_itself_is_not_held() -> None:
    token = make_client(make_organisation(), token="a-token-nobody-may-read")
    held = ApiClient.objects.values().get()
    assert token not in str(held)
    assert client_by_token(str(held["token_digest"]), NOW) is None, "the digest opens nothing"


@pytest.mark.parametrize(
    "token", ["", "token-of-a-tes", "token-of-a-test ", "TOKEN-OF-A-TEST", "\ud800", "a\x00b", "\udcff" * 9]
)
def test_any_other_text_is_nobody(token: str) -> None:
    make_client(make_organisation())
    assert client_by_token(token, NOW) is None


def test_no_text_at_all_breaks_the_search() -> None:
    made = make_client(make_organisation())

    @settings(deadline=None)
    @given(st.text(st.characters()))
    def nobody(token: str) -> None:
        assert (client_by_token(token, NOW) is None) == (token != made)

    nobody()
