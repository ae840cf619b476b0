"""The pages of power in a real browser: no barrier, no sideways scrolling, no word on the console, keyboard enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from tests.ends.browser import IN_A_BROWSER, SCHEMES, WORDS, new_page

from chengxin.accounts.actor import CHECK
from chengxin.accounts.models import Officer
from chengxin.audit.actions import record_event
from chengxin.testing.ends import served
from chengxin.testing.making import NOW, make_officer, make_organisation, make_signing_client

from .browsing import log_in, no_barrier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page


pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Serve the office end with an administrator, a security officer, an auditor, a client and a week of events."""
    assert own_database
    it = make_organisation("it", name="昆山市大数据管理局")
    town = make_organisation("town", level="town", kind="town", parent=it, name="昆山市示例镇人民政府")
    make_organisation("village", level="village", kind="community", parent=town, name="示例村")
    make_organisation("bank", kind="external", name="示例银行昆山支行")
    for username, role, name in (
        ("boss", "administrator", "甲"),
        ("guard", "security", "乙"),
        ("shen", "auditor", "丙"),
    ):
        made = make_officer(it, username, role)
        Officer.objects.filter(pk=made.pk).update(name=name)
    make_officer(town, "li", "submitter", "releaser")
    make_signing_client(town, CHECK, purposes=["政府采购"])
    for day in range(7):
        for _ in range(day * 3 + 1):
            with transaction.atomic():
                record_event(
                    at=NOW - timedelta(days=day),
                    actor=("officer", "li", "town"),
                    action="subject.viewed",
                    object_kind="subject",
                    object_id="7",
                    purpose="资格审查",
                    case_number="昆采〔2026〕3号",
                    personal="lawyer\n李明",
                )
    with served("office", database_url("office"), tmp_path, CHENGXIN_NOW=NOW.isoformat()) as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """Give a page of a browser that fails the test when the page writes to the console."""
    assert address
    with new_page(heard=WORDS) as (made, said):
        yield made
    assert said == []


def _log_in(page: Page, address: str, username: str) -> None:
    page.context.clear_cookies()
    log_in(page, address, username)
    page.wait_for_url(lambda url: "/log-in/" not in url)


def _client(page: Page, address: str) -> str:
    """Return the path of the one client's page."""
    page.goto(address + "/clients/")
    return page.locator("h2 a").first.get_attribute("href") or ""


def _open_everywhere(page: Page, address: str, paths: list[str]) -> None:
    """Open each page at both widths and in both schemes: nothing is a barrier, nothing without a name to fill in."""
    assert no_barrier(page, address, paths, SCHEMES) == 4 * len(paths)
    for path in paths:
        page.goto(address + path)
        unlabelled = page.locator(
            "main input:not([type=hidden]):not([id]), main select:not([id]), main textarea:not([id])"
        )
        assert unlabelled.count() == 0, path


def test_the_auditor_finds_an_event_and_reads_its_text_by_keyboard(page: Page, address: str) -> None:
    _log_in(page, address, "shen")
    page.goto(address + "/audit/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".days rect").count() == 7
    page.focus("input[name=case_number]")
    page.keyboard.type("昆采〔2026〕3号")
    page.keyboard.press("Enter")
    page.wait_for_url("**case_number=**")
    page.wait_for_selector("tbody a")
    page.focus("tbody a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/events/*/")
    event = page.url.removeprefix(address)
    page.focus("input[name=purpose_text]")
    page.keyboard.type("核查越权查询")
    page.keyboard.press("Tab")
    page.keyboard.type("昆审〔2026〕3号")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=李明")
    _open_everywhere(page, address, ["/audit/", "/audit/?actor=nobody", event])


def test_an_administrator_closes_an_organisation_and_asks_for_a_grant_by_keyboard(page: Page, address: str) -> None:
    _log_in(page, address, "boss")
    client = _client(page, address)
    page.goto(address + "/organisations/village/")
    page.focus("input[name=reason]")
    page.keyboard.type("撤村并居")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=申请恢复单位")
    page.goto(address + client)
    page.focus("input[name=grant-items]")
    page.keyboard.press("Space")
    page.focus("textarea[name=grant-purposes]")
    page.keyboard.type("资格审查")
    page.fill("input[name=grant-ends_on]", "2026-12-31")
    page.focus("input[name=grant-reason]")
    page.keyboard.type("项目延期")
    page.keyboard.press("Enter")
    page.wait_for_url("**/approvals/")
    asked = page.locator("tbody a").first.get_attribute("href") or ""
    _open_everywhere(
        page,
        address,
        [
            "/organisations/",
            "/organisations/town/",
            "/organisations/village/",
            "/clients/",
            "/clients/new/",
            client,
            asked,
        ],
    )


def test_a_security_officer_sees_what_a_client_asks_for_and_agrees(page: Page, address: str) -> None:
    _log_in(page, address, "boss")
    page.goto(address + _client(page, address))
    page.check("input[name=grant-items][value=licence]")
    page.fill("textarea[name=grant-purposes]", "资格审查")
    page.fill("input[name=grant-ends_on]", "2026-12-31")
    page.fill("input[name=grant-reason]", "项目延期")
    page.locator("#grant").locator("xpath=..").get_by_role("button", name="提交申请").click()
    page.wait_for_url("**/approvals/")
    _log_in(page, address, "guard")
    page.goto(address + "/approvals/")
    page.locator("tbody a").first.click()
    page.get_by_label("审批意见").fill("已核实")
    page.get_by_role("button", name="同意", exact=True).click()
    page.wait_for_url("**/approvals/")
    assert "没有等待审批的申请" in page.inner_text("main")
