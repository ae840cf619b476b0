"""Assisted linking in a real browser, by the keyboard alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.ends.browser import IN_A_BROWSER, SCHEMES

from chengxin.testing.ends import served
from chengxin.testing.making import NOW, make_officer, make_organisation

from .browsing import no_barrier, opened
from .review_making import make_bodies, make_proposal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg
    from playwright.sync_api import Page

PROPOSALS = 100

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Serve the office end with a hundred proposals of three bodies each and an officer of the centre."""
    assert own_database
    make_officer(make_organisation("centre"), "li", "centre")
    organisation = make_organisation()
    bodies = make_bodies(5)
    for number in range(1, PROPOSALS + 1):
        make_proposal(number, organisation, *bodies[: 1 + number % 5])
    environment = {"CHENGXIN_NOW": NOW.isoformat(), "CHENGXIN_SECOND_FACTOR": "optional"}
    with served("office", database_url("office"), tmp_path, **environment) as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """Give a page whose officer is logged in; an error on the console fails the test."""
    # A decision that came too late is answered with 409, which the browser notes by itself.
    with opened(address, "li", forgiven="409") as made:
        yield made


def task_on(page: Page) -> str:
    return str(page.evaluate("document.querySelector('[data-task]:not([hidden])')?.dataset.task ?? ''"))


def settled(page: Page, before: str) -> None:
    """Wait until another task is on the page, or none."""
    page.wait_for_function(
        "before => (document.querySelector('[data-task]:not([hidden])')?.dataset.task ?? '') !== before", arg=before
    )


def rows(connect_as: Callable[[str], psycopg.Connection], query: str) -> list[Any]:
    return list(connect_as("worker").execute(query))


def test_a_hundred_proposals_are_decided_by_the_keyboard_alone(
    page: Page, address: str, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    page.goto(address + "/links/")
    began = time.monotonic()
    for number in range(PROPOSALS):
        before = task_on(page)
        # Every fifth is none of the bodies; of the others the first or the second one is chosen and confirmed.
        keys = ["0"] if number % 5 == 4 else ["1", "1"] if number % 2 else ["1", "Enter"]
        for key in keys:
            page.keyboard.press(key)
        settled(page, before)
    seconds = time.monotonic() - began
    decided = rows(connect_as, "SELECT outcome, count(*) FROM records_linkdecision GROUP BY 1 ORDER BY 1")
    assert decided == [("link", 80), ("none", 20)]
    assert page.locator("[data-empty]").is_visible()
    assert page.inner_text("[data-count=open]") == "0"
    jobs = rows(connect_as, "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'records.apply_link'")
    assert jobs == [(80,)]
    print(f"{PROPOSALS} proposals by keyboard in {seconds:.1f} s")  # noqa: T201 - the figure of this test


def test_every_key_does_what_the_help_says(page: Page, address: str) -> None:
    page.goto(address + "/links/")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").is_visible()
    page.keyboard.press("Escape")
    first = task_on(page)
    page.keyboard.press("j")
    settled(page, first)
    second = task_on(page)
    page.keyboard.press("ArrowUp")
    settled(page, second)
    assert task_on(page) == first
    page.keyboard.press("n")
    assert "请先按 1–5 选择一个候选" in page.inner_text("[data-said]")
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.wait_for_selector(f"#task-{first} .earlier")
    assert page.locator(f"#task-{first} input[type=radio]").count() == 1
    page.keyboard.press("s")
    page.keyboard.type("要看原件")
    page.keyboard.press("Enter")
    settled(page, first)
    assert "暂缓" in page.inner_text("[data-recent]")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter"


def test_u_takes_the_last_decision_back_and_shows_it_again(
    page: Page, address: str, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    page.goto(address + "/links/")
    first = task_on(page)
    for key in ("1", "1"):
        page.keyboard.press(key)
    settled(page, first)
    page.keyboard.press("u")
    page.wait_for_selector(f"#task-{first}")
    assert task_on(page) == first
    assert "已撤销" in page.inner_text("[data-recent]")
    assert rows(connect_as, "SELECT outcome FROM records_linkdecision ORDER BY id") == [("link",), ("undo",)]
    page.keyboard.press("u")
    assert "没有可以撤销的决定" in page.inner_text("[data-said]")


def test_a_second_officer_is_told_that_the_first_was_faster(
    page: Page, address: str, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    page.goto(address + "/links/")
    first = task_on(page)
    connect_as("owner").execute("UPDATE records_linkproposal SET revision = 2 WHERE id = %s", [first])
    page.keyboard.press("0")
    page.wait_for_selector("[data-said]:has-text('没有生效')")
    assert task_on(page) == first
    page.keyboard.press("0")
    settled(page, first)


def test_without_a_mouse_on_a_small_screen_nothing_is_lost(page: Page, address: str) -> None:
    assert no_barrier(page, address, ["/links/", "/bodies/", "/bodies/91320583MA20000001/"], SCHEMES) == 12
