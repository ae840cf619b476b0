"""A text goes by law and with an event of its own; the evidence stays."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError, connection, transaction

from chengxin.audit.erasure import EraseEventText
from chengxin.audit.models import Event
from chengxin.audit.proofs import inclusion_proof
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.testing.evidence import Installation, codes
from chengxin.verifier.notes import read_keys
from chengxin.verifier.proof import check_proof

LAW = "个人信息保护法第四十七条"
BY = ("operator", "cli", "")


def _erase(installation: Installation, number: int, law: str = LAW) -> int:
    return EraseEventText(number, law, BY, installation.clock()).execute()


def test_the_content_is_gone_the_proof_verifies_and_the_erasure_is_an_event(installation: Installation) -> None:
    (number,) = installation.record(1, personal="张三，身份证号 320583199001011234")
    installation.build(3)
    before = json.dumps(inclusion_proof(number).as_dict())
    erased = _erase(installation, number)
    installation.build(1)
    assert installation.rows("SELECT count(*) FROM audit_personal") == [(0,)]
    assert json.dumps(inclusion_proof(number).as_dict()) == before
    keys = read_keys("".join(key.block() for key in installation.keyring.public_keys("checkpoint")))
    assert check_proof(json.loads(before), keys).trouble == ""
    assert codes(installation.verify()) == []
    event = Event.objects.get(pk=erased)
    assert (event.action, event.object_kind, event.object) == ("audit.text_erased", "event", str(number))
    assert event.legal_basis == LAW


def test_what_is_left_does_not_tell_what_it_was(installation: Installation) -> None:
    first, second = (installation.record(1, personal="张三")[0] for _ in range(2))
    digests = set(Event.objects.filter(pk__in=[first, second]).values_list("personal_digest", flat=True))
    assert len(digests) == 2, "the same text under two salts has two digests: none can be found by trying"


@pytest.mark.parametrize("law", ["", "  "])
def test_without_a_law_nothing_is_erased(installation: Installation, law: str) -> None:
    (number,) = installation.record(1, personal="张三")
    with pytest.raises(ChengxinError) as caught:
        _erase(installation, number, law)
    assert caught.value.code == "legal_basis_missing"
    assert installation.rows("SELECT count(*) FROM audit_personal") == [(1,)]


def test_what_is_not_there_cannot_be_erased_twice(installation: Installation) -> None:
    (number,) = installation.record(1, personal="张三")
    _erase(installation, number)
    with pytest.raises(NotFound):
        _erase(installation, number)
    assert Event.objects.filter(action="audit.text_erased").count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_personal",
        "UPDATE audit_personal SET content = ''",
        "TRUNCATE audit_personal",
    ],
)
def test_even_the_owner_erases_nothing_in_silence(installation: Installation, statement: str) -> None:
    installation.record(1, personal="张三")
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match=r"never changed"):
        cursor.execute(statement)
    assert installation.rows("SELECT content FROM audit_personal") == [("张三",)]


def test_one_erasure_lets_no_other_text_go(installation: Installation) -> None:
    first, _second = installation.record(2, personal="张三")

    def both() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            _erase(installation, first)
            cursor.execute("DELETE FROM audit_personal")

    with pytest.raises(DatabaseError, match="names the law"):
        both()
    assert installation.rows("SELECT count(*) FROM audit_personal") == [(2,)]
