"""An old code finds its body for ever: by address, by search, and the page says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection

from chengxin.testing.city import uscc

if TYPE_CHECKING:
    from django.test import Client
    from tests.ends.public.conftest import Store

OLD, NOW_BORNE, OTHER, NOBODYS = (uscc(number) for number in (901, 902, 903, 904))


def lead(body: int, cause: str = "replaced", code: str = OLD) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO publication.leads_on VALUES (%s, %s, %s, '2026-03-02')", [code, body, cause])


@pytest.mark.parametrize(
    ("cause", "words"), [("replaced", "已由现在的代码替代，主体没有改变"), ("merged", "已查实与本主体为同一主体")]
)
def test_an_old_address_leads_to_the_body_which_says_why(
    client: Client, city_store: Store, cause: str, words: str
) -> None:
    lead(city_store.body("昆山禾映科技有限公司", NOW_BORNE), cause)
    response = client.get(f"/body/{OLD}/")
    assert response.status_code == 301
    assert response["Location"] == f"/body/{NOW_BORNE}/?from={OLD}"
    assert response["Cache-Control"] == "public, max-age=60"
    page = client.get(response["Location"]).content.decode()
    assert words in page
    assert OLD in page
    assert "2026-03-02" in page


def test_a_search_for_an_old_code_ends_at_the_body(client: Client, city_store: Store) -> None:
    lead(city_store.body("昆山禾映科技有限公司", NOW_BORNE))
    response = client.get("/search/", {"q": OLD}, follow=True)
    assert response.redirect_chain[-1][0] == f"/body/{NOW_BORNE}/?from={OLD}"


def test_nobody_is_led_to_a_body_that_is_not_shown_or_by_a_word_of_their_own(client: Client, city_store: Store) -> None:
    hidden = city_store.body("昆山禾映科技有限公司", NOW_BORNE, shown=("2020-01-01", "2021-01-01"))
    lead(hidden)
    assert client.get(f"/body/{OLD}/").status_code == 404
    assert client.get(f"/body/{NOBODYS}/").status_code == 404
    shown = city_store.body("昆山禾映二号有限公司", OTHER)
    page = client.get(f"/body/{OTHER}/?from={OLD}").content.decode()
    assert "您查询的代码" not in page
    assert shown
