"""Passkeys in a real browser with a virtual authenticator: set up when forced to, then a second step, then alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.ends.browser import FITS, IN_A_BROWSER, WIDTHS, barriers, new_page

from chengxin.testing.ends import served
from chengxin.testing.making import NOW, make_officer, make_organisation

from .browsing import log_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Serve the office end by a host name, because passkeys are bound to one, with two factors required."""
    assert own_database
    make_officer(make_organisation())
    environment = {"CHENGXIN_NOW": NOW.isoformat(), "CHENGXIN_SECOND_FACTOR": "required"}
    with served("office", database_url("office"), tmp_path, **environment) as (_host, port):
        yield f"http://localhost:{port}"


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """Give a page of a browser that has an authenticator and fails the test when a page writes an error."""
    assert address
    with new_page(heard=["error"]) as (made, said):
        device = made.context.new_cdp_session(made)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        yield made
    assert said == []


def test_a_passkey_is_set_up_and_opens_as_second_step_and_alone(page: Page, address: str) -> None:
    log_in(page, address, "zhang")
    page.wait_for_url(address + "/account/")
    assert barriers(page) == []
    page.get_by_role("link", name="设置动态口令").click()
    page.wait_for_selector("img.qr")
    assert barriers(page) == []
    page.goto(address + "/account/passkey/")
    page.get_by_label("名称").fill("办公电脑")
    page.get_by_role("button", name="添加通行密钥").click()
    page.wait_for_selector("h1:has-text('恢复码')")
    assert page.locator(".codes code").count() == 10
    assert barriers(page) == []
    page.get_by_role("link", name="已保存").click()
    page.wait_for_url(address + "/")
    page.get_by_role("button", name="退出").click()
    log_in(page, address, "zhang")
    page.wait_for_url(address + "/log-in/second/")
    assert barriers(page) == []
    page.get_by_role("button", name="使用通行密钥").click()
    page.wait_for_url(address + "/")
    page.get_by_role("button", name="退出").click()
    page.get_by_role("button", name="使用通行密钥登录").click()
    page.get_by_role("button", name="验证身份").click()
    page.wait_for_url(address + "/")
    page.goto(address + "/account/")
    assert "办公电脑" in page.inner_text("table")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert barriers(page) == []
        assert page.evaluate(FITS), width
