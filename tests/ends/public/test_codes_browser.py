"""Old code, new code, in a real browser: by keyboard, without script, at both widths, complaining of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from tests.ends.browser import FITS, IN_A_BROWSER, WIDTHS, barriers, new_page
from tests.ends.public.conftest import Store, serve
from tests.ends.public.test_browser import TARGETS

from chengxin.testing.city import registration_number, uscc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBER, ANOTHER = registration_number(1), registration_number(2)
NAME = "昆山甲科技有限公司"

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str]) -> Iterator[str]:
    """Serve the public end with a body that bore other codes before."""
    assert own_database
    store = Store()
    number = store.body(NAME, uscc(1))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO publication.body_code VALUES ('registration_number', %s, %s, '2026-01-01'),"
            " ('organisation_code', %s, %s, '2026-01-01')",
            [NUMBER, number, uscc(1)[8:17], number],
        )
        cursor.execute("INSERT INTO publication.leads_on VALUES (%s, %s, 'replaced', '2026-01-02')", [uscc(9), number])
    store.changed()
    with serve(database_url("public")) as found:
        yield found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("code", [NUMBER, uscc(1)[8:17], uscc(9)])
def test_an_old_code_leads_to_todays_by_keyboard_without_script(address: str, code: str, width: int) -> None:
    with new_page(width=width, script=False) as (page, complaints):
        page.goto(address + "/codes/")
        page.focus("#code")
        page.keyboard.type(code)
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "查询"
        page.keyboard.press("Enter")
        page.wait_for_selector("#answer")
        assert uscc(1) in page.inner_text("main").replace("\u200b", "").replace("\n", "")
        page.locator("main a", has_text=NAME).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/body/**")
        assert page.locator("h1").inner_text() == NAME
        assert complaints == []


def test_every_answer_is_accessible_fits_and_complains_of_nothing(address: str) -> None:
    asked = [
        "",
        f"?code={NUMBER}",
        f"?code={ANOTHER}",
        "?code=11010519491231002X",
        f"?code={uscc(1)}",
        "?code=91320583O",
    ]
    for width in WIDTHS:
        with new_page(width=width) as (page, complaints):
            for path in (f"{language}/codes/{query}" for language in ("", "/en") for query in asked):
                page.goto(address + path)
                assert complaints == [], path
                assert page.evaluate(FITS), path
                assert page.evaluate(TARGETS) == [], path
                assert barriers(page) == [], path
                assert "11010519491231002" not in page.content()
