"""A file of practitioners: right rows go in together, each wrong row comes back with its reason, nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from django.db import connection

from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.practitioners.errors import FileNotTaken
from chengxin.practitioners.models import Attempt, Person, Practitioner, SealedText, TakenFile

from .conftest import EMPLOYER, id_number, line

if TYPE_CHECKING:
    from .conftest import Register


def test_right_rows_are_registered_and_the_receipt_adds_up(register: Register) -> None:
    receipt = register.rows(line(1), line(2), line(3, number=id_number(3)[:-1] + "Q"))
    assert receipt.figures() == {"lines": 3, "added": 2, "changed": 0, "same": 0}
    assert [(one.line, one.code, one.header) for one in receipt.returned] == [(4, "number_shape", "公民身份号码")]
    held = Practitioner.objects.get(licence="LS00000001")
    assert (held.name, held.employer_uscc, held.state, held.version) == ("测丁", EMPLOYER, "valid", 1)
    event = Event.objects.get(action="practitioners.registered")
    assert event.detail == {"occupation": "lawyer", "organisation": "ks-sfj"} | receipt.figures()
    assert Person.objects.count() == SealedText.objects.count() == 2


def test_the_same_file_twice_has_one_effect_and_the_first_receipt(register: Register) -> None:
    path = register.write(line(1), line(2, number="12345"))
    first = register.take(path)
    register.later(days=1)
    register.keyring.rotate("blind-index", register.now)
    assert register.take(path) == first
    assert (TakenFile.objects.count(), Person.objects.count(), Event.objects.count()) == (1, 1, 1)


def test_a_later_file_changes_state_employer_and_term_as_versions(register: Register) -> None:
    register.rows(line(1), line(2))
    receipt = register.rows(line(1, state="暂停", until="2027-01-01"), line(2))
    assert receipt.figures() == {"lines": 2, "added": 0, "changed": 1, "same": 1}
    held = Practitioner.objects.get(licence="LS00000001")
    assert (held.state, str(held.valid_until), held.version) == ("suspended", "2027-01-01", 2)


def test_the_same_name_with_another_number_is_another_person(register: Register) -> None:
    register.rows(line(1, name="张伟"), line(2, name="张伟"))
    assert Person.objects.count() == 2
    assert len({one.person_id for one in Practitioner.objects.filter(name="张伟")}) == 2


def test_one_number_in_two_occupations_is_one_person_and_neither_register_is_told(register: Register) -> None:
    from chengxin.testing.making import make_organisation  # noqa: PLC0415 - Django is set up by the fixtures

    register.rows(line(1))
    make_organisation("ks-scjg")
    receipt = register.rows(line(1, licence="YS1", name="别名"), organisation="ks-scjg", occupation="pharmacist")
    assert (receipt.added, receipt.returned) == (1, ())
    assert Person.objects.count() == 1
    assert {one.name for one in Practitioner.objects.all()} == {"测丁", "别名"}


@pytest.mark.parametrize("born", ["20080303", "20150101", "20260101"])
def test_a_minor_is_refused_and_nothing_is_kept(register: Register, born: str) -> None:
    receipt = register.rows(line(1, number=id_number(1, born)))
    assert [(one.code, one.header) for one in receipt.returned] == [("minor", "")]
    assert not Person.objects.exists()
    assert not SealedText.objects.exists()
    assert TakenFile.objects.get().receipt["returned"] == [[2, "", "minor"]]


def test_the_day_of_majority_is_the_legal_day_not_the_servers(register: Register) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - beside its one use

    register.now = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # 00:30 on 2 March in Kunshan
    assert register.rows(line(1, number=id_number(1, "20080302"))).added == 1


def test_a_licence_number_of_somebody_else_gives_the_one_answer_and_is_counted(register: Register) -> None:
    register.rows(line(1))
    receipt = register.rows(line(2, licence="LS00000001"))
    assert [one.code for one in receipt.returned] == ["not_registrable"]
    assert Attempt.objects.filter(kind="register", found=False).count() == 1
    assert Person.objects.count() == 1, "the person of a row that went back is not kept"


def test_five_rows_that_cannot_be_registered_stop_the_file_and_shut_the_way_in(register: Register) -> None:
    register.rows(*(line(number) for number in range(1, 6)))
    probing = [line(number, number=id_number(number + 100)) for number in range(1, 6)]
    with pytest.raises(FileNotTaken, match="整份退回") as refused:
        register.rows(*probing, line(50))
    assert refused.value.code == "registering_shut"
    assert not Practitioner.objects.filter(licence="LS00000050").exists()
    with pytest.raises(FileNotTaken, match="暂停"):
        register.rows(line(60))
    register.later(minutes=61)
    assert register.rows(line(60)).added == 1
    assert Event.objects.filter(action="practitioners.refused").count() == 1


def test_a_name_that_differs_is_no_change_of_name(register: Register) -> None:
    register.rows(line(1))
    receipt = register.rows(line(1, name="王五"))
    assert [(one.code, one.header) for one in receipt.returned] == [("name_differs", "姓名")]
    assert Practitioner.objects.get().name == "测丁"


def test_a_licence_number_twice_in_a_file(register: Register) -> None:
    receipt = register.rows(line(1), line(1), line(1, state="暂停"))
    assert receipt.figures() == {"lines": 3, "added": 1, "changed": 0, "same": 1}
    assert [(one.line, one.code) for one in receipt.returned] == [(4, "twice")]


def test_a_number_that_a_workbook_stored_as_a_number_is_named_as_such(register: Register) -> None:
    from openpyxl import Workbook  # noqa: PLC0415 - beside its one use

    from .conftest import HEADER  # noqa: PLC0415

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    right = line(1)
    sheet.append([int(id_number(2)[:17] + "0") if key == "公民身份号码" else text for key, text in right.items()])
    sheet.append(list(line(3).values()))
    path = register.folder / "名单.xlsx"
    book.save(path)
    receipt = register.take(path)
    assert [(one.line, one.code) for one in receipt.returned] == [(2, "number_damaged")]
    assert "身份证号被表格改坏" in receipt.returned[0].message_zh
    assert receipt.added == 1


def test_nothing_of_a_file_stays_where_its_transaction_fails(register: Register) -> None:
    with (
        patch("chengxin.practitioners.actions.register.record_event", side_effect=ChengxinError("x", "y", "z")),
        pytest.raises(ChengxinError),
    ):
        register.rows(line(1))
    assert [one.objects.exists() for one in (Person, SealedText, Practitioner, TakenFile)] == [False] * 4


def test_who_may_register_what(register: Register) -> None:
    from chengxin.accounts.actor import REGISTER_PRACTITIONERS, Actor  # noqa: PLC0415

    path = register.write(line(1))
    stranger = Actor("officer", "li", "ks-scjg", frozenset({REGISTER_PRACTITIONERS}))
    for changed, error in (
        ({"actor": stranger}, NotPermitted),
        ({"actor": Actor("officer", "li", "ks-sfj", frozenset())}, NotPermitted),
        ({"occupation": "pharmacist"}, NotPermitted),
        ({"occupation": "neighbour"}, ChengxinError),
        ({"organisation": "nowhere"}, NotFound),
    ):
        with pytest.raises(error):
            register.take(path, **changed)
    assert not Practitioner.objects.exists()


def test_a_file_without_the_columns_or_with_numbers_for_a_header_says_no_number(register: Register) -> None:
    path = register.folder / "x.csv"
    path.write_text("姓名,证号\n张,1\n", encoding="utf-8")
    with pytest.raises(FileNotTaken, match="公民身份号码"):
        register.take(path)
    number = id_number(7)
    path.write_text(f"{number},{number}\n张,1\n", encoding="utf-8")
    with pytest.raises(FileNotTaken) as refused:
        register.take(path)
    assert number not in str(refused.value) + refused.value.where
    with pytest.raises(ChengxinError, match="打不开"):
        register.take(register.folder / "nowhere.csv")


def test_the_officers_file_stays_and_the_platforms_copy_goes(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = register.folder / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    path = register.write(line(1))
    register.take(path)
    assert path.exists()
    assert list(scratch.iterdir()) == []


def test_a_thousand_rows_take_few_queries(register: Register) -> None:
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as captured:
        assert register.rows(*(line(number) for number in range(1, 900))).added == 899
    assert len(captured) < 40
