"""The own device in a real browser: its cookie, the lists on the account page, and a lock that does not reach it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.ends.browser import IN_A_BROWSER

from chengxin.ends.office.models import Device
from chengxin.testing.ends import served
from chengxin.testing.making import make_officer, make_organisation

from .browsing import log_in, no_barrier, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Serve the office end with one officer."""
    assert own_database
    make_officer(make_organisation())
    with served("office", database_url("office"), tmp_path) as (host, port):
        yield f"http://{host}:{port}"


def test_a_browser_stays_known_when_guesses_elsewhere_lock_the_account_and_goes_when_removed(
    address: str,
) -> None:
    with opened(address, "zhang") as page:
        assert "这次登录的设备以前没有用过" in page.inner_text(".notice")
        cookie = next(one for one in page.context.cookies() if one["name"] == "chengxin-device")
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert cookie["expires"] > 0, "it outlives the browser's window"
        assert "chengxin-device" not in str(page.evaluate("document.cookie"))
        page.click("text=退出")
        page.wait_for_url(re.compile("/log-in/"))
        browser = page.context.browser
        assert browser is not None
        stranger = browser.new_context().new_page()
        stranger.goto(address + "/log-in/")
        for _ in range(6):
            stranger.fill("input[name=username]", "zhang")
            stranger.fill("input[name=password]", "a guess at the password")
            stranger.press("input[name=password]", "Enter")
            stranger.wait_for_load_state()
            stranger.wait_for_selector("[role=alert]")
        assert "登录失败次数过多" in stranger.inner_text("[role=alert]")
        log_in(page, address, "zhang")
        page.wait_for_url(address + "/")
        assert "次没有成功" in page.inner_text(".notice")
        assert no_barrier(page, address, ["/account/"]) == 2
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(address + "/account/")
        assert page.locator("section[aria-labelledby=sessions] tbody tr").count() == 1
        row = page.locator("section[aria-labelledby=devices] tbody tr")
        assert "Chrome · Linux 本机" in row.inner_text()
        row.get_by_role("button", name="移除Chrome · Linux").click()
        page.wait_for_url(re.compile("/log-in/"))
    assert not Device.objects.exists()
