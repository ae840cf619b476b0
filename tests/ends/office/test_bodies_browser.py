"""The pages for merging and splitting bodies in a real browser: no barrier, no sideways scrolling, keyboard enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.ends.browser import IN_A_BROWSER

from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.ends import served
from chengxin.testing.making import NOW

from .browsing import no_barrier, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OLD = registration_number(1)

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Serve the office end with three bodies, of which two are merged already."""
    assert own_database
    rows = ({"uscc": uscc(number), "registration_number": registration_number(number)} for number in (1, 2, 3))
    register_bodies(*rows, now=NOW)
    register_bodies({"uscc": uscc(1), "name": "昆山禾映科技有限公司"}, now=NOW + timedelta(minutes=1))
    add_facts({"identifier": f"uscc:{uscc(1)}", "number": 1}, now=NOW)
    officers = TwoOfficers(NOW + timedelta(hours=1))
    officers.merge(3, 2)
    moment = officers.later().isoformat()
    more = {"CHENGXIN_NOW": moment, "CHENGXIN_SECOND_FACTOR": "optional"}
    with served("office", database_url("office"), tmp_path, **more) as (host, port):
        yield f"http://{host}:{port}"


def test_bodies_are_merged_by_keyboard_on_pages_without_a_barrier(address: str) -> None:
    with opened(address, "asker") as page:
        page.goto(address + "/bodies/changes/merge/")
        page.focus("#source")
        page.keyboard.type(uscc(1))
        page.keyboard.press("Tab")
        page.keyboard.type(uscc(2))
        page.keyboard.press("Enter")
        page.wait_for_selector("#reason")
        page.focus("#reason")
        page.keyboard.type("同一主体")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/bodies/changes/2/")
        assert "等待审批" in page.inner_text("main")
        paths = [
            "/bodies/changes/",
            "/bodies/changes/1/",
            "/bodies/changes/2/",
            f"/bodies/changes/merge/?source={uscc(1)}&target={uscc(2)}",
            f"/bodies/changes/split/?code={uscc(1)}&codes=registration_number:{OLD}&name=昆山禾映科技有限公司",
            "/bodies/changes/reissue/",
            f"/bodies/{uscc(1)}/history/",
        ]
        assert no_barrier(page, address, paths) == 14
