"""旧码换新码: an older code is answered by the credit code of today; a person's number is not answered at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.ends.public.code_views import read_code_question
from chengxin.testing.city import registration_number, uscc

if TYPE_CHECKING:
    from tests.ends.public.conftest import Store

NUMBER = registration_number(1)


@pytest.fixture
def shown(store: Store) -> Store:
    number = store.body("昆山甲科技有限公司", uscc(1))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO publication.body_code VALUES ('registration_number', %s, %s, '2026-01-01'),"
            " ('organisation_code', %s, %s, '2026-01-01')",
            [NUMBER, number, uscc(1)[8:17], number],
        )
        cursor.execute("INSERT INTO publication.leads_on VALUES (%s, %s, 'replaced', '2026-01-02')", [uscc(9), number])
    return store


@pytest.mark.parametrize("code", [NUMBER, f" {NUMBER[:6]} {NUMBER[6:]}", uscc(1)[8:17], uscc(9), uscc(1).lower()])
def test_every_older_code_leads_to_todays_and_to_the_page(client: Any, shown: Store, code: str) -> None:
    assert shown
    answer = client.get("/codes/", {"code": code})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'href="/body/{uscc(1)}/"' in page
    assert "昆山甲科技有限公司" in page
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_the_form_alone_may_be_kept_and_found(client: Any, shown: Store) -> None:
    assert shown
    answer = client.get("/codes/")
    assert "X-Robots-Tag" not in answer.headers
    assert "工商注册号" in answer.content.decode()
    assert "Old code, new code" in client.get("/en/codes/").content.decode()


@pytest.mark.parametrize("code", [registration_number(7), "187588020", "abc", uscc(5), "3205830000001"])
def test_what_is_not_found_is_said_without_claiming_there_is_nothing(client: Any, shown: Store, code: str) -> None:
    assert shown
    page = client.get("/codes/", {"code": code}).content.decode()
    assert "没有查到这个旧代码" in page
    assert "不等于没有换发" in page


@pytest.mark.parametrize("code", ["11010519491231002X", "110105491231002", "１１０１０５１９４９１２３１００２ｘ"])
def test_a_persons_number_is_neither_answered_nor_repeated_nor_kept(client: Any, shown: Store, code: str) -> None:
    assert shown
    answer = client.get("/codes/", {"code": code})
    page = answer.content.decode()
    assert code not in page
    assert "11010519491231002" not in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert "没有查询" in page


def test_the_bodys_page_shows_its_codes(client: Any, shown: Store) -> None:
    assert shown
    page = client.get(f"/body/{uscc(1)}/").content.decode()
    assert NUMBER in page.replace("<wbr>", "")
    assert uscc(1)[8:17] in page


def test_wrong_characters_are_named_with_their_place() -> None:
    asked = read_code_question(uscc(1)[:9] + "O" + uscc(1)[10:])
    assert any("10" in zh for zh, _en in asked.remarks)
    assert read_code_question("\x00 ").text == ""
    assert read_code_question("x" * 5000).kind == ""
