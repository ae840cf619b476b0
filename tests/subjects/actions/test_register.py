"""A body is one row for ever, whatever it is called and whatever code it carries later."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from chengxin.intake.models import QuarantinedRow
from chengxin.subjects.models import Identifier, Name, Subject
from chengxin.testing.city import NOW, import_rows, registration_number, row, uscc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chengxin.intake.receipt import Receipt

    Register = Callable[..., Receipt]

pytestmark = pytest.mark.usefixtures("city")

LATER = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    """Return a function that imports register entries and gives the receipt."""
    numbers = itertools.count()

    def execute(*rows: dict[str, str], now: datetime = NOW) -> Receipt:
        # Another column each time: the very same file would be the batch it was.
        return import_rows(tmp_path, "registration", "R1", rows, now=now, 批号=str(next(numbers)))

    return execute


def names(subject: Subject) -> set[tuple[str, str]]:
    return set(Name.objects.filter(subject=subject).values_list("kind", "name"))


def codes(subject: Subject) -> dict[str, str]:
    return dict(Identifier.objects.filter(subject=subject).values_list("kind", "value"))


def test_a_new_body_has_its_codes_its_name_and_its_state(register: Register) -> None:
    receipt = register(row("registration", "R1", 1, status="开业", english_name="Kunshan One Ltd"))
    assert (receipt.accepted, receipt.linked) == (1, 1)
    body = Subject.objects.get()
    assert (body.kind, body.name, body.uscc, body.status) == ("legal_person", "昆山演练1号有限公司", uscc(1), "存续")
    assert (body.registrar, body.established_on) == ("昆山市市场监督管理局", date(2010, 5, 1))
    assert (body.made_at, body.changed_at) == (NOW, NOW)
    assert codes(body) == {
        "uscc": uscc(1),
        "registration_number": registration_number(1),
        "organisation_code": uscc(1)[8:17],
    }
    assert names(body) == {("current", "昆山演练1号有限公司"), ("english", "Kunshan One Ltd")}


def test_a_changed_name_becomes_a_former_one_and_comes_back(register: Register) -> None:
    register(row("registration", "R1", 1))
    assert register(row("registration", "R1", 1, subject_name="昆山新名有限公司"), now=LATER).updated == 1
    body = Subject.objects.get()
    assert (body.name, body.made_at, body.changed_at) == ("昆山新名有限公司", NOW, LATER)
    assert names(body) == {("current", "昆山新名有限公司"), ("former", "昆山演练1号有限公司")}
    register(row("registration", "R1", 1), now=LATER)
    assert names(body) >= {("current", "昆山演练1号有限公司"), ("former", "昆山新名有限公司")}


def test_former_names_in_one_cell_are_parted(register: Register) -> None:
    register(row("registration", "R1", 1, former_name="昆山甲厂；昆山乙厂、 昆山丙 厂 \n昆山丁厂;"))
    body = Subject.objects.get()
    former = {name.strip() for kind, name in names(body) if kind == "former"}
    assert former == {"昆山甲厂", "昆山乙厂", "昆山丙 厂", "昆山丁厂"}
    assert set(Name.objects.filter(kind="former").values_list("folded", flat=True)) == {
        "昆山甲厂",
        "昆山乙厂",
        "昆山丙厂",
        "昆山丁厂",
    }


def test_a_change_of_state_is_taken_and_taken_back(register: Register) -> None:
    written = {1: "注销", 2: "吊销,未注销", 3: "已迁出", 4: "撤销登记"}
    entries = [row("registration", "R1", number) for number in written]
    register(*entries)
    changed = [row("registration", "R1", number, status=state) for number, state in written.items()]
    assert register(*changed, now=LATER).updated == 4
    states = {one.uscc: one.status for one in Subject.objects.all()}
    assert [states[uscc(number)] for number in written] == ["注销", "吊销", "迁出", "撤销"]
    assert register(*entries, now=LATER).updated == 4
    assert set(Subject.objects.values_list("status", flat=True)) == {"存续"}


@pytest.mark.parametrize("kind", ["registration_number", "organisation_code"])
def test_a_body_known_by_an_old_code_is_recognised_under_its_new_credit_code(register: Register, kind: str) -> None:
    old = {"registration_number": "", "organisation_code": ""}
    old[kind] = {"registration_number": registration_number(1), "organisation_code": uscc(1)[8:17]}[kind]
    register(row("registration", "R1", 1, uscc="", **old))
    first = Subject.objects.get()
    assert first.uscc == ""
    assert register(row("registration", "R1", 1), now=LATER).updated == 1
    body = Subject.objects.get()
    assert (body.pk, body.uscc) == (first.pk, uscc(1))
    assert codes(body)["uscc"] == uscc(1)


@pytest.mark.parametrize("kind", ["registration_number", "organisation_code"])
def test_an_entry_with_an_old_code_alone_is_about_the_body_that_bears_it(register: Register, kind: str) -> None:
    register(row("registration", "R1", 1))
    old = {"registration_number": "", "organisation_code": ""}
    old[kind] = {"registration_number": registration_number(1), "organisation_code": uscc(1)[8:17]}[kind]
    register(row("registration", "R1", 1, uscc="", **old, status="注销"), now=LATER)
    body = Subject.objects.get()
    assert (body.uscc, body.status) == (uscc(1), "注销")


def test_two_credit_codes_are_two_bodies_even_under_one_name_and_number(register: Register) -> None:
    register(row("registration", "R1", 1))
    register(
        row("registration", "R1", 2, subject_name="昆山演练1号有限公司", registration_number=registration_number(1))
    )
    assert Subject.objects.count() == 2


def test_an_old_code_at_two_bodies_recognises_nobody_and_makes_nobody(register: Register) -> None:
    shared = registration_number(9)
    register(*(row("registration", "R1", number, registration_number=shared) for number in (1, 2)))
    receipt = register(row("registration", "R1", 3, uscc="", registration_number=shared), row("registration", "R1", 4))
    assert (receipt.quarantined, receipt.accepted) == (1, 1)
    assert [one["rule"] for one in QuarantinedRow.objects.get().findings] == ["code_at_two_bodies"]
    assert Subject.objects.count() == 3


def test_a_credit_code_at_two_bodies_recognises_nobody_and_makes_nobody(register: Register) -> None:
    register(row("registration", "R1", 1), row("registration", "R1", 2))
    second = Subject.objects.get(uscc=uscc(2))
    Identifier.objects.create(subject=second, kind="uscc", value=uscc(1), first_seen_at=NOW)
    assert register(row("registration", "R1", 1, status="注销")).quarantined == 1
    assert Subject.objects.count() == 2
    assert set(Subject.objects.values_list("status", flat=True)) == {"存续"}


def test_the_kind_of_body_follows_from_category_and_code(register: Register) -> None:
    kinds = [
        ("92", "", "individual_business"),
        ("92", "法人", "individual_business"),
        ("91", "个体工商户", "individual_business"),
        ("91", "其他组织", "unincorporated"),
        ("91", "", "legal_person"),
        ("12", "事业单位法人", "legal_person"),
    ]
    register(
        *(
            row("registration", "R1", number, uscc=uscc(number, prefix), subject_category=category)
            for number, (prefix, category, _) in enumerate(kinds)
        )
    )
    held = {one.uscc: one.kind for one in Subject.objects.all()}
    assert held == {uscc(number, prefix): kind for number, (prefix, _, kind) in enumerate(kinds)}


def test_the_last_line_about_a_body_says_how_it_stands(register: Register) -> None:
    receipt = register(
        row("registration", "R1", 1, status="存续"),
        row("registration", "R1", 2),
        row("registration", "R1", 1, status="注销"),
    )
    assert (receipt.accepted, receipt.updated) == (2, 1)
    assert Subject.objects.get(uscc=uscc(1)).status == "注销"


def test_a_row_with_a_fault_registers_nobody(register: Register) -> None:
    receipt = register(row("registration", "R1", 1, status=""), row("registration", "R1", 2))
    assert (receipt.quarantined, receipt.accepted) == (1, 1)
    assert list(Subject.objects.values_list("uscc", flat=True)) == [uscc(2)]


def test_what_an_entry_leaves_out_is_kept(register: Register) -> None:
    register(row("registration", "R1", 1))
    register(row("registration", "R1", 1, established_on="", registration_number=""), now=LATER)
    body = Subject.objects.get()
    assert body.established_on == date(2010, 5, 1)
    assert codes(body)["registration_number"] == registration_number(1)
