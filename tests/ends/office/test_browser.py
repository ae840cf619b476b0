"""The office end as a real server in a real browser: log in, hand a file in, follow it, read the receipt."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from psycopg.types.json import Jsonb
from tests.ends.browser import IN_A_BROWSER, SCHEMES, barriers, new_page

from chengxin.intake.models import Batch, QuarantinedRow, Timeliness
from chengxin.testing.ends import served
from chengxin.testing.making import NOW, make_batch, make_officer, make_organisation

from .browsing import log_in, no_barrier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg
    from playwright.sync_api import Page

CSV = "行政相对人名称,统一社会信用代码\n昆山甲,91320583187588026H\n".encode()
RECEIPT = {"lines": 4, "accepted": 2, "updated": 0, "duplicate": 0, "quarantined": 2, "linked": 1, "unlinked": 1}
RECEIPT_WORDS = {"encoding": "utf-8", "generation": "G3", "seconds": 0.4}
FINDING = {"rule": "uscc_wrong", "field": "统一社会信用代码", "value": "9132"}
FINDING_WORDS = {"message": "应为 18 位，实际 4 位，请核对营业执照", "expected": "18 位代码"}

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Serve the office end as its own role, with an officer, batches and punctuality to look at."""
    assert own_database
    organisation = make_organisation(name="昆山市市场监督管理局")
    make_officer(organisation)
    done = make_batch(organisation, receipt=RECEIPT | RECEIPT_WORDS, lines=4)
    for line in (3, 4):
        QuarantinedRow.objects.create(
            batch=done, line=line, cells=["昆山甲", "9132", ""], findings=[FINDING | FINDING_WORDS] * (line - 2)
        )
    make_batch(organisation, "refused", refusal={"code": "x", "message": "文件没有表头", "message_en": "no header"})
    for month, late in ((date(2026, 2, 1), 3), (date(2026, 3, 1), 1)):
        counts = {"reported": 12, "on_time": 12 - late, "late": late, "provisional": 0}
        Timeliness.objects.create(batch=done, item="licence", month=month, **counts)
    with served("office", database_url("office"), tmp_path, CHENGXIN_NOW=NOW.isoformat()) as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """Give a page of a browser that fails the test when the page writes an error to the console.

    It starts after the server: Django's own connection is not to be used while the browser's event loop runs.
    """
    assert address
    with new_page() as (made, said):
        yield made
    assert said == []


def _log_in(page: Page, address: str) -> None:
    log_in(page, address, "zhang")
    page.wait_for_url(address + "/")


def test_a_file_is_handed_in_and_followed_to_its_receipt_without_touching_the_page(
    page: Page, address: str, tmp_path: Path, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    worker = connect_as("worker")
    _log_in(page, address)
    page.get_by_role("link", name="报送数据", exact=True).first.click()
    page.get_by_label("行政许可", exact=True).check()
    file = tmp_path / "许可.csv"
    file.write_bytes(CSV)
    page.get_by_label("文件", exact=True).set_input_files(str(file))
    page.get_by_role("button", name="报送", exact=True).click()
    page.wait_for_url("**/batches/*/")
    number = int(page.url.rstrip("/").rpartition("/")[2])
    assert f"批次 {number}" in page.inner_text("h1")
    assert page.inner_text('[aria-current="step"]') == "已接收"
    worker.execute("UPDATE intake_batch SET state = 'checking', lines = 1 WHERE id = %s", [number])
    page.wait_for_selector('[aria-current="step"]:has-text("校验")')
    receipt = {"lines": 1, "accepted": 1, "updated": 0, "duplicate": 0, "quarantined": 0, "linked": 1, "unlinked": 0}
    worker.execute(
        "UPDATE intake_batch SET state = 'published', receipt = %s, finished_at = now() WHERE id = %s",
        [Jsonb(receipt | RECEIPT_WORDS), number],
    )
    page.wait_for_selector("h2:has-text('回执')")
    assert page.locator("[hx-get]").count() == 0


def test_no_page_has_a_barrier_or_scrolls_sideways_in_either_scheme_and_width(
    page: Page, address: str, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    page.goto(address + "/log-in/")
    assert barriers(page) == []
    _log_in(page, address)
    numbers = [row[0] for row in connect_as("worker").execute("SELECT id FROM intake_batch ORDER BY id")]
    paths = ["/", "/upload/", "/batches/", "/punctuality/", *(f"/batches/{number}/" for number in numbers)]
    assert no_barrier(page, address, paths, SCHEMES) == 24


def test_the_keyboard_alone_is_enough_to_log_in_and_hand_in(page: Page, address: str) -> None:
    _log_in(page, address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.goto(address + "/upload/")
    page.focus("input[name=item]")
    page.keyboard.press("Space")
    assert page.locator("input[name=item]").first.is_checked()


def test_without_a_script_a_batch_is_followed_by_refreshing(
    address: str, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    batch = make_batch(Batch.objects.latest("pk").organisation, "checking")
    with new_page(script=False) as (page, _said):
        _log_in(page, address)
        page.goto(f"{address}/batches/{batch.pk}/")
        assert page.locator("meta[http-equiv=refresh]").count() == 1
        refusal = Jsonb({"message": "文件没有数据行"})
        connect_as("worker").execute(
            "UPDATE intake_batch SET state = 'refused', refusal = %s WHERE id = %s", [refusal, batch.pk]
        )
        page.wait_for_selector("text=文件没有数据行", timeout=10_000)
