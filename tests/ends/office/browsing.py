"""A real browser at the office end: logged in by keyboard, and what it complains of."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import sync_playwright

from chengxin.testing.making import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium on this machine (/usr/bin/chromium)"),
]
WIDTHS = (1280, 320)
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@contextmanager
def opened(address: str, username: str, *, width: int = 1280, forgiven: str = "") -> Iterator[Page]:
    """Open a browser whose officer logs in by keyboard; at the end it must have complained of nothing.

    ``forgiven`` is a piece of complaints that belong to the test, such as the status of an answer that refuses.
    """
    said: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
        page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        log_in(page, address, username)
        page.wait_for_url(address + "/")
        yield page
        browser.close()
    assert [one for one in said if not forgiven or forgiven not in one] == []


def log_in(page: Page, address: str, username: str) -> None:
    """Log an officer in by keyboard, up to the key that sends the form."""
    page.goto(address + "/log-in/")
    page.focus("input[name=username]")
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


def to(page: Page, selector: str, most: int = 80) -> None:
    """Go to an element by the Tab key alone, as somebody without a mouse does."""
    for _step in range(most):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key never comes to {selector}")


def pick(page: Page, selector: str, words: str, most: int = 20) -> None:
    """Choose the option that says ``words`` of the list ``selector``, by the arrow keys."""
    to(page, selector)
    for _step in range(most):
        page.keyboard.press("ArrowDown")
        if words in page.inner_text(f"{selector} option:checked"):
            return
    raise AssertionError(f"{selector} has no {words}")


def no_barrier(page: Page, address: str, paths: Sequence[str]) -> int:
    """Look at every page at both widths, for what axe finds and sideways scrolling; return how many looks."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for path in paths:
            page.goto(address + path)
            found = Axe().run(page).response["violations"]
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], (path, width)
            assert page.evaluate(FITS), (path, width)
    return len(paths) * len(WIDTHS)
