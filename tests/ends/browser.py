"""A real browser for the tests of every end: where it is, what it complains of, what is a barrier on its pages."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium on this machine ({CHROMIUM})"),
]
"""What a module of browser tests is marked with: ``pytestmark = IN_A_BROWSER``."""

WIDTHS = (1280, 320)
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

COMPLAINTS = ("error", "warning")
WORDS = (*COMPLAINTS, "debug", "info", "log")
"""Kinds of lines on a browser's console: those that complain, and all of them."""


@contextmanager
def new_page(
    *, width: int = 1280, scheme: Scheme = "light", script: bool = True, heard: Collection[str] = COMPLAINTS
) -> Iterator[tuple[Page, list[str]]]:
    """Open a page of a browser; gives it with the list of what it writes to the console, of the kinds ``heard``.

    Open it after the server: Django's own connection is not to be used while the browser's event loop runs.
    """
    said: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
        )
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type in heard else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page, said
        browser.close()


def barriers(page: Page) -> list[tuple[str, list[str]]]:
    """Return what axe finds wrong with a page: each rule with the elements that break it."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
