"""A real browser at the office end: logged in by keyboard, and what it complains of."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.ends.browser import FITS, WIDTHS, Scheme, barriers, new_page

from chengxin.testing.making import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Page


@contextmanager
def opened(address: str, username: str, *, width: int = 1280, forgiven: str = "") -> Iterator[Page]:
    """Open a browser whose officer logs in by keyboard; at the end it must have complained of nothing.

    ``forgiven`` is a piece of complaints that belong to the test, such as the status of an answer that refuses.
    """
    with new_page(width=width) as (page, said):
        log_in(page, address, username)
        page.wait_for_url(address + "/")
        yield page
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


def no_barrier(page: Page, address: str, paths: Sequence[str], schemes: Sequence[Scheme] = ("light",)) -> int:
    """Look at every page at both widths, for what axe finds and sideways scrolling; return how many looks."""
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            for path in paths:
                page.goto(address + path)
                assert barriers(page) == [], (path, scheme, width)
                assert page.evaluate(FITS), (path, scheme, width)
    return len(paths) * len(WIDTHS) * len(schemes)
