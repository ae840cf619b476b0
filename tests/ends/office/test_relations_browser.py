"""Relations of bodies in a real browser: found, confirmed, refused and added by keyboard, at both widths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.ends.browser import IN_A_BROWSER, WIDTHS

from chengxin.subjects.relations import propose_branches
from chengxin.testing.bodies import register_bodies
from chengxin.testing.city import uscc
from chengxin.testing.ends import served
from chengxin.testing.making import NOW, make_officer, make_organisation

from .browsing import no_barrier, opened, pick, to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

PARENT = "昆山市禾映科技有限公司"
BRANCH = f"{PARENT}玉山分公司"
OTHER = f"{PARENT}花桥分公司"
DOCUMENT = "昆市监登〔2026〕1号"

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Serve the office end with two branches that their names propose, a third body, and a reviewing officer."""
    assert own_database
    own = make_organisation()
    make_officer(own, "fu", "reviewer")
    make_officer(own, "li", "submitter")
    register_bodies(
        {"uscc": uscc(1), "name": PARENT},
        {"uscc": uscc(2), "name": BRANCH},
        {"uscc": uscc(3), "name": OTHER},
        {"uscc": uscc(4), "name": "昆山市云舫科技有限公司"},
        now=NOW,
    )
    assert propose_branches(NOW) == 2
    with served("office", database_url("office"), tmp_path, CHENGXIN_NOW=NOW.isoformat()) as (host, port):
        yield f"http://{host}:{port}"


@pytest.mark.parametrize("width", WIDTHS)
def test_what_names_proposed_is_confirmed_or_refused_by_keyboard(
    address: str, width: int, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    with opened(address, "fu", width=width) as page:
        page.goto(address + "/bodies/")
        to(page, "a[href='/bodies/relations/']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/bodies/relations/")
        to(page, "tbody a")
        page.keyboard.press("Enter")
        page.wait_for_selector("#document")
        to(page, "#document")
        page.keyboard.type(DOCUMENT)
        to(page, "#from_day")
        page.keyboard.type("03012026" if page.evaluate("navigator.language").startswith("en") else "20260301")
        to(page, "form[action$='/confirm/'] button")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1 .tag:has-text('已确认')")
        page.goto(address + "/bodies/relations/")
        to(page, "tbody a")
        page.keyboard.press("Enter")
        page.wait_for_selector("form[action$='/refuse/']")
        to(page, "form[action$='/refuse/'] button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/bodies/relations/")
        assert "没有待确认的主体关系" in page.inner_text("main")
    held = connect_as("owner").execute(
        "SELECT state, decided_by, document, from_day::text FROM subjects_relation ORDER BY id"
    )
    assert held.fetchall() == [("established", "fu", DOCUMENT, "2026-03-01"), ("refused", "fu", "", None)]


def test_a_relation_is_added_after_a_look_at_the_other_body_by_keyboard(
    address: str, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    with opened(address, "fu") as page:
        page.goto(f"{address}/bodies/{uscc(1)}/")
        to(page, f"a[href='/bodies/{uscc(1)}/relations/']")
        page.keyboard.press("Enter")
        page.wait_for_selector("#role")
        pick(page, "#role", "承继单位")
        page.keyboard.press("Tab")
        page.keyboard.type(uscc(4))
        page.keyboard.press("Enter")
        page.wait_for_selector("#manner")
        assert "昆山市云舫科技有限公司" in page.inner_text("section.card")
        pick(page, "#manner", "合并")
        to(page, "#document")
        page.keyboard.type("股东会决议")
        to(page, "button[value=propose]")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1 .tag:has-text('待确认')")
    held = connect_as("owner").execute(
        "SELECT kind, manner, state, evidence FROM subjects_relation WHERE kind = 'successor_of'"
    )
    assert held.fetchall() == [("successor_of", "合并", "proposed", "股东会决议")]


def test_every_page_about_relations_is_without_a_barrier(address: str) -> None:
    side_by_side = f"/bodies/{uscc(1)}/relations/?role=successor&other={uscc(4)}"
    with opened(address, "fu", forgiven="422") as page:
        paths = ["/bodies/", "/bodies/relations/", "/bodies/relations/1/", f"/bodies/{uscc(1)}/relations/"]
        wrong = f"/bodies/{uscc(1)}/relations/?role=branch&other=9"
        assert no_barrier(page, address, [*paths, side_by_side, wrong, f"/bodies/{uscc(1)}/history/"]) == 14
    with opened(address, "li") as page:
        assert no_barrier(page, address, [f"/bodies/{uscc(1)}/relations/", f"/bodies/{uscc(1)}/"]) == 4
