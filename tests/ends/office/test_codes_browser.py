"""Conversion of codes in a real browser: the centre asks by keyboard, the registrar answers, progress is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.ends.browser import FITS, IN_A_BROWSER, WIDTHS

from chengxin.conversion.actions.find_conflicts import FindConflicts
from chengxin.conversion.models import Conflict
from chengxin.subjects.models import Identifier, Subject
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.ends import served
from chengxin.testing.making import NOW, make_officer, make_organisation, make_subject

from .browsing import no_barrier, opened, pick, to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

TWICE, SECOND = registration_number(1), registration_number(3)
WRONG = registration_number(4)[:14] + str((int(registration_number(4)[14]) + 1) % 10)
QUESTION = "该注册号登记在两个主体名下，请核实属于哪一个。"
DOCUMENT = "昆市监函〔2026〕8号"

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(own_database: str, database_url: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Serve the office end with a conflict of each kind, an officer of the centre and one of the registrar."""
    assert own_database
    registrar = make_organisation("scjg", name="昆山市市场监督管理局", registrar=True)
    make_officer(registrar, "li", "submitter")
    make_officer(make_organisation("xyzx"), "zhao", "centre")
    make_subject("昆山甲有限公司", uscc(1), registration_number=TWICE, organisation_code=uscc(7)[8:17])
    two = make_subject("昆山乙有限公司", uscc(2), registration_number=TWICE)
    Identifier.objects.create(subject=two, kind="registration_number", value=SECOND, first_seen_at=NOW)
    make_subject("昆山丙有限公司", uscc(3), registration_number=WRONG)
    Subject.objects.update(registrar=registrar.name)
    FindConflicts(NOW).execute()
    assert set(Conflict.objects.values_list("kind", flat=True)) == set(Conflict.Kind.values)
    with served("office", database_url("office"), tmp_path, CHENGXIN_NOW=NOW.isoformat()) as (host, port):
        yield f"http://{host}:{port}"


def ask(address: str, conflict: int, *, width: int) -> None:
    """Ask the registrar about a conflict, from the queue, by keyboard."""
    with opened(address, "zhao", width=width) as page:
        page.goto(address + "/codes/conflicts/")
        to(page, f"a[href='/codes/conflicts/{conflict}/']")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/codes/conflicts/{conflict}/")
        to(page, "#organisation")
        assert page.input_value("#organisation") == "scjg"
        to(page, "#question")
        page.keyboard.type(QUESTION)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(".tag:has-text('已请登记机关核实')")
        assert QUESTION not in page.inner_text("form.card")
        assert page.evaluate(FITS)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_centre_asks_and_the_registrar_answers_by_keyboard_alone(
    address: str, width: int, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    conflict = Conflict.objects.get(kind="two_bodies").pk
    ask(address, conflict, width=width)
    with opened(address, "li", width=width, forgiven="422") as page:
        page.goto(address + "/codes/requests/")
        assert "一码两主体" in page.inner_text("main")
        to(page, "tbody a")
        page.keyboard.press("Enter")
        page.wait_for_selector("#answer-right_code")
        assert QUESTION in page.inner_text("main")
        to(page, "input[name=answer]")
        page.keyboard.press("Space")
        pick(page, "#subject", "昆山乙")
        to(page, "form.card button")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert "文书" in page.inner_text("[role=alert]")
        assert page.is_checked("#answer-right_code")
        assert "昆山乙" in page.inner_text("#subject option:checked")
        to(page, "#document")
        page.keyboard.type(DOCUMENT)
        to(page, "form.card button")
        page.keyboard.press("Enter")
        page.wait_for_selector("main b:has-text('指明正确的代码')")
        assert DOCUMENT in page.inner_text("main")
        assert page.evaluate(FITS)
    held = connect_as("owner").execute(
        "SELECT r.state, r.answer, r.document, s.name FROM conversion_request r JOIN subjects_subject s"
        " ON s.id = r.subject_id"
    )
    assert held.fetchall() == [("answered", "right_code", DOCUMENT, "昆山乙有限公司")]


def test_every_page_about_codes_is_without_a_barrier_for_the_centre_and_for_the_registrar(address: str) -> None:
    conflict = Conflict.objects.get(kind="two_bodies").pk
    ask(address, conflict, width=1280)
    numbers = list(Conflict.objects.order_by("pk").values_list("pk", flat=True))
    with opened(address, "zhao") as page:
        pages = ["/codes/conflicts/", "/codes/conflicts/?kind=two_codes&state=open", "/codes/progress/"]
        assert no_barrier(page, address, [*pages, *(f"/codes/conflicts/{number}/" for number in numbers)]) > 2 * 4
    with opened(address, "li") as page:
        assert no_barrier(page, address, ["/codes/requests/", "/codes/requests/1/", "/codes/progress/"]) == 6


def test_the_pages_speak_english_to_who_asks_for_it(address: str) -> None:
    with opened(address, "zhao") as page:
        page.goto(address + "/codes/conflicts/")
        to(page, "button[name=language]")
        page.keyboard.press("Enter")
        page.wait_for_selector("html[lang=en]")
        assert page.url == address + "/codes/conflicts/"
        words = page.inner_text("main h1")
        assert words.isascii(), words
