"""Codes are added to the body that bears the credit code, or to nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from chengxin.base.errors import ChengxinError
from chengxin.kernel.calendar import legal_day
from chengxin.subjects.actions.add_codes import AddCodes
from chengxin.subjects.actions.refuse_code import RefuseCode
from chengxin.subjects.models import Identifier, RefusedCode, Subject
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_subject

NUMBER = registration_number(1)
SAID = ("officer", "li", "scjg")


@pytest.fixture(autouse=True)
def _database(own_database: str) -> None:
    assert own_database


def add(*offered: tuple[str, str, str]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE offered_code (uscc text, kind text, value text) ON COMMIT DROP")
        cursor.executemany("INSERT INTO offered_code VALUES (%s, %s, %s)", list(offered))
        return AddCodes(NOW, legal_day(NOW)).execute()


def test_a_code_goes_to_the_bearer_of_the_credit_code_once() -> None:
    body = make_subject(uscc=uscc(1))
    assert add((uscc(1), "registration_number", NUMBER)) == 1
    assert add((uscc(1), "registration_number", NUMBER)) == 0
    assert Identifier.objects.get(value=NUMBER).subject_id == body.pk


def test_no_body_is_made_and_no_second_bearer() -> None:
    make_subject(uscc=uscc(1), registration_number=NUMBER)
    make_subject("乙", uscc(2))
    make_subject("丙", uscc(3))
    number = registration_number(2)
    offered = [
        (uscc(9), "registration_number", registration_number(9)),
        (uscc(2), "registration_number", NUMBER),
        (uscc(2), "registration_number", number),
        (uscc(3), "registration_number", number),
        (uscc(2), "uscc", uscc(8)),
    ]
    assert add(*offered) == 0
    assert Subject.objects.count() == 3
    assert Identifier.objects.exclude(kind="uscc").count() == 1


def test_what_was_refused_does_not_come_back() -> None:
    body = make_subject(uscc=uscc(1), registration_number=NUMBER)
    refusing = RefuseCode(SAID, body.pk, "registration_number", NUMBER, "函", NOW + timedelta(days=1))
    assert refusing.execute()
    assert not refusing.execute()
    assert add((uscc(1), "registration_number", NUMBER)) == 0
    assert RefusedCode.objects.count() == 1


@pytest.mark.parametrize(("kind", "value", "code"), [("uscc", uscc(1), "credit_code_kept")])
def test_a_credit_code_is_not_refused(kind: str, value: str, code: str) -> None:
    body = make_subject(uscc=uscc(1), registration_number=NUMBER)
    with pytest.raises(ChengxinError) as refused:
        RefuseCode(SAID, body.pk, kind, value, "函", NOW).execute()
    assert refused.value.code == code
    assert Identifier.objects.filter(value=value).exists()


def test_a_bodys_only_code_is_not_refused() -> None:
    body = make_subject(uscc="", registration_number=NUMBER)
    with pytest.raises(ChengxinError) as refused:
        RefuseCode(SAID, body.pk, "registration_number", NUMBER, "函", NOW).execute()
    assert refused.value.code == "last_code"
