"""Practitioners in a real browser: one is looked up, and a new identity confirmed, by keyboard, at both widths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.ends.browser import FITS, IN_A_BROWSER, WIDTHS, barriers

from chengxin.accounts.actor import operator
from chengxin.crypto import load_keyring
from chengxin.kernel.identifiers.checks import resident_id_check_character
from chengxin.practitioners.actions.change_identity import ChangeIdentity, Ground
from chengxin.testing.ends import served
from chengxin.testing.making import NOW, make_officer, make_organisation, make_practitioner

from .browsing import no_barrier, opened, pick, to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg
    from playwright.sync_api import Page

FIRST = "32058319800101007"
NUMBER = FIRST + resident_id_check_character(FIRST)
GROUND = Ground("中华人民共和国民法典 第一千零一十六条", "昆公户〔2026〕8号 昆山市公安局")

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Serve the office end with a lawyer whose new name and number wait for an officer of the centre."""
    assert own_database
    make_practitioner(make_organisation("ks-sfj", name="昆山市司法局"), "LS00000001")
    make_officer(make_organisation("centre"), "wu", "centre")
    ring = load_keyring(tmp_path / "keys")
    change = ChangeIdentity(
        operator(), "lawyer", "LS00000001", GROUND, NOW, new_name="李静", new_number=NUMBER, keyring=ring
    )
    assert change.ask("当事人申请").pk == 1
    with served("office", database_url("office"), tmp_path, CHENGXIN_NOW=NOW.isoformat()) as (host, port):
        yield f"http://{host}:{port}"


def say(page: Page, **said: str) -> None:
    """Come to each field by the Tab key and type into it, in place of what stood there."""
    for name, text in said.items():
        to(page, f"[name={name}]")
        page.keyboard.press("Control+A")
        page.keyboard.type(text)


def clear(page: Page, width: int) -> None:
    """Look at the page as it stands: nothing is a barrier, nothing scrolls sideways."""
    assert barriers(page) == [], (page.url, width)
    assert page.evaluate(FITS), (page.url, width)


def agree(page: Page, width: int, name: str) -> None:
    """Fill in the document's name and number and agree, with the page free of barriers before."""
    clear(page, width)
    say(page, new_name=name, new_number=NUMBER, reason="已核对原件")
    to(page, "button[value=agree]")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_new_identity_is_confirmed_from_the_document_by_keyboard(
    address: str, width: int, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    with opened(address, "wu", width=width, forgiven="400") as page:
        to(page, "a[href='/approvals/']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/approvals/")
        to(page, "tbody a")
        page.keyboard.press("Enter")
        page.wait_for_url("**/approvals/1/")
        assert "昆公户〔2026〕8号" in page.inner_text("main")
        agree(page, width, "李婧")
        page.wait_for_selector("[role=alert]")
        assert "与申请不一致" in page.inner_text("[role=alert]")
        agree(page, width, "李静")
        page.wait_for_url("**/approvals/")
        assert "没有等待审批的申请" in page.inner_text("main")
    reader = connect_as("owner")
    assert reader.execute("SELECT agreed, decided_by FROM accounts_approval").fetchall() == [(True, "wu")]
    assert reader.execute("SELECT count(*) FROM practitioners_attempt WHERE NOT found").fetchone() == (1,)


@pytest.mark.parametrize("width", WIDTHS)
def test_one_practitioner_is_looked_up_by_keyboard(address: str, width: int) -> None:
    with opened(address, "wu", width=width, forgiven="404") as page:
        to(page, "a[href='/practitioners/']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/practitioners/")
        for licence, awaited in (("LS9", "[role=alert]"), ("LS00000001", "section[aria-label=查询结果]")):
            if page.input_value("[name=occupation]") != "lawyer":
                pick(page, "[name=occupation]", "律师")
            say(page, licence=licence, purpose_text="核对执业资格", case_number="昆办〔2026〕12号")
            page.keyboard.press("Enter")
            page.wait_for_selector(awaited)
            clear(page, width)
        assert "李建国" in page.inner_text("section[aria-label=查询结果]")
        assert page.url == f"{address}/practitioners/"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_death_is_asked_for_by_keyboard(
    address: str, width: int, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    with opened(address, "wu", width=width, forgiven="400") as page:
        page.goto(address + "/practitioners/")
        to(page, "a[href='/practitioners/close/']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/practitioners/close/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        say(page, licence="LS9")
        to(page, "[name=died_on]")
        page.keyboard.type("02282026" if page.evaluate("navigator.language").startswith("en") else "20260228")
        say(page, legal_basis="中华人民共和国民法典 第十三条", document="死亡证明 昆卫〔2026〕1号", reason="家属报告")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert "没有查到可以提供的信息" in page.inner_text("[role=alert]")
        clear(page, width)
        say(page, licence="LS00000001")
        page.keyboard.press("Enter")
        page.wait_for_url("**/approvals/")
        clear(page, width)
    held = connect_as("owner").execute(
        "SELECT asked_by, content ->> 'act', content ->> 'died_on' FROM accounts_approval ORDER BY id"
    )
    assert held.fetchall() == [("cli", "change", None), ("wu", "close", "2026-02-28")]


def test_every_page_about_practitioners_is_without_a_barrier_in_both_languages(address: str) -> None:
    paths = ["/practitioners/", "/practitioners/change/", "/practitioners/close/", "/approvals/", "/approvals/1/"]
    with opened(address, "wu") as page:
        assert no_barrier(page, address, paths) == 10
        page.goto(address + "/practitioners/")
        to(page, "button[name=language]")
        page.keyboard.press("Enter")
        page.wait_for_selector("html[lang=en]")
        assert no_barrier(page, address, paths) == 10
