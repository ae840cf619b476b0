"""Passkeys in a real browser with a virtual authenticator: set up when forced to, then a second step, then alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import sync_playwright

from chengxin.testing.ends import served
from chengxin.testing.making import NOW, PASSWORD, make_officer, make_organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium on this machine (/usr/bin/chromium)"),
]


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
    said: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        made = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        made.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        made.on("pageerror", lambda error: said.append(str(error)))
        device = made.context.new_cdp_session(made)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        yield made
        browser.close()
    assert said == []


def _violations(page: Page) -> list[Any]:
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in Axe().run(page).response["violations"]]


def _password(page: Page, address: str) -> None:
    page.goto(address + "/log-in/")
    page.get_by_label("用户名").fill("zhang")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def test_a_passkey_is_set_up_and_opens_as_second_step_and_alone(page: Page, address: str) -> None:
    _password(page, address)
    page.wait_for_url(address + "/account/")
    assert _violations(page) == []
    page.get_by_role("link", name="设置动态口令").click()
    page.wait_for_selector("img.qr")
    assert _violations(page) == []
    page.goto(address + "/account/passkey/")
    page.get_by_label("名称").fill("办公电脑")
    page.get_by_role("button", name="添加通行密钥").click()
    page.wait_for_selector("h1:has-text('恢复码')")
    assert page.locator(".codes code").count() == 10
    assert _violations(page) == []
    page.get_by_role("link", name="已保存").click()
    page.wait_for_url(address + "/")
    page.get_by_role("button", name="退出").click()
    _password(page, address)
    page.wait_for_url(address + "/log-in/second/")
    assert _violations(page) == []
    page.get_by_role("button", name="使用通行密钥").click()
    page.wait_for_url(address + "/")
    page.get_by_role("button", name="退出").click()
    page.get_by_role("button", name="使用通行密钥登录").click()
    page.get_by_role("button", name="验证身份").click()
    page.wait_for_url(address + "/")
    page.goto(address + "/account/")
    assert "办公电脑" in page.inner_text("table")
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert _violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), width
