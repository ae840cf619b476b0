"""The pages in a real browser: accessible, without script, without sideways scrolling, by keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.ends.browser import FITS, IN_A_BROWSER, SCHEMES, WIDTHS, Scheme, barriers, new_page

if TYPE_CHECKING:
    from django.test import Client
    from playwright.sync_api import Page
    from tests.ends.public.conftest import Store

CODE = "91320583187588026H"
PAGES = [
    "/",
    "/en/",
    "/search/?q=金石",
    "/search/?q=小吃",
    "/search/?q=查无此名",
    "/search/?q=913205831875880261",
    f"/body/{CODE}/",
    f"/en/body/{CODE}/",
    "/licences/",
    "/penalties/?q=金石",
    "/about/",
    "/en/about/",
    "/nowhere/",
]

pytestmark = IN_A_BROWSER


def _addresses(page: Page, served: str) -> list[str]:
    """Return the pages to look at, the newest licence's and penalty's own among them."""
    found = []
    for listed in ("/licences/", "/penalties/", "/en/penalties/"):
        page.goto(served + listed)
        found.append(str(page.locator("tbody th a").first.get_attribute("href")))
    return [*PAGES, *found]


def test_the_pages_to_be_looked_at_are_there(client: Client, city_store: Store) -> None:
    for address in PAGES:
        assert client.get(address).status_code == (404 if address == "/nowhere/" else 200), address
    assert city_store


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_page_is_accessible_fits_and_complains_of_nothing(served: str, scheme: Scheme, width: int) -> None:
    with new_page(scheme=scheme, width=width) as (page, complaints):
        for address in _addresses(page, served):
            page.goto(served + address)
            expected = [said for said in complaints if "404" in said and address == "/nowhere/"]
            assert complaints == expected, address
            complaints.clear()
            assert page.evaluate(FITS), address
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            assert barriers(page) == [], address


TARGETS = """
    [...document.querySelectorAll('button, input, select, summary, .button, .nav a, .switch, .foot-links a')]
        .map(one => [one.textContent.trim(), one.getBoundingClientRect().height])
        .filter(([, height]) => height < 44)
"""


def test_what_is_pressed_with_a_finger_is_large_enough(served: str) -> None:
    with new_page(width=320) as (page, _complaints):
        for address in _addresses(page, served):
            page.goto(served + address)
            assert page.evaluate(TARGETS) == [], address


def test_the_search_is_reached_and_used_by_keyboard_without_script(served: str) -> None:
    with new_page(script=False) as (page, _complaints):
        page.goto(served + "/")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "跳到正文"
        page.keyboard.press("Enter")
        assert page.url.endswith("#content")
        page.keyboard.press("Tab")
        assert page.locator(":focus").get_attribute("id") == "q"
        page.keyboard.type("金石机械厂")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "查询"
        page.keyboard.press("Enter")
        page.wait_for_url("**/search/**")
        assert page.locator(".hit-match").inner_text() == "曾用名：昆山金石机械厂"
        page.locator(".hit-name a").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/body/**")
        assert page.locator("h1").inner_text() == "昆山市金石精密机械有限公司"


def test_the_language_switch_keeps_the_page_without_script(served: str) -> None:
    with new_page(script=False) as (page, _complaints):
        page.goto(served + f"/body/{CODE}/")
        page.locator("#licence .pager a").click()
        page.wait_for_url("**licence=**")
        days = page.locator("#licence time").all_inner_texts()
        page.locator(".switch").click()
        page.wait_for_url("**/en/body/**")
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("#licence time").all_inner_texts() == days
        page.locator(".switch").click()
        page.wait_for_url(f"{served}/body/**")
        assert page.locator("#licence time").all_inner_texts() == days


def test_what_has_the_focus_can_be_seen(served: str) -> None:
    with new_page() as (page, _complaints):
        page.goto(served + "/licences/")
        for _step in range(14):
            page.keyboard.press("Tab")
            style = page.evaluate(
                "(one => [one.outlineStyle, one.outlineWidth])(getComputedStyle(document.activeElement))"
            )
            assert style == ["solid", "3px"]


def test_a_page_is_printed_without_what_only_serves_on_a_screen(served: str) -> None:
    with new_page() as (page, _complaints):
        page.goto(served + f"/body/{CODE}/")
        page.emulate_media(media="print")
        assert not page.locator(".nav").is_visible()
        assert not page.locator(".switch").is_visible()
        assert page.locator("h1").is_visible()
