"""One practitioner at a time, for a purpose: no list, no part of a name, no count, and no answer without an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import connection, transaction

from chengxin.accounts.actor import Actor
from chengxin.accounts.purpose import Purpose, PurposeWrong
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.audit.models import Event
from chengxin.base.context import acting
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.practitioners.attempts import forget_old
from chengxin.practitioners.errors import NothingToShow, TextHasNumber, TooManyLooks
from chengxin.practitioners.models import Attempt
from chengxin.practitioners.settings import load_settings
from chengxin.testing.ends import as_role

from .conftest import EMPLOYER, id_number, line

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Register

    Connect = Callable[[str], psycopg.Connection]


@pytest.fixture
def held(register: Register) -> Register:
    register.rows(*(line(number) for number in range(1, 6)), line(10, name="张伟"), line(11, name="张伟"))
    return register


def test_a_licence_number_finds_one_practitioner_and_the_look_is_on_file(held: Register) -> None:
    found = held.look(" ls０0000001 ")
    assert (found.name, found.licence, found.employer_uscc, found.state) == ("测丁", "LS00000001", EMPLOYER, "valid")
    assert (str(found.valid_from), found.valid_until, found.registrar) == ("2020-01-02", None, "昆山市ks-sfj局")
    event = Event.objects.get(action="practitioner.looked_up")
    assert (event.purpose, event.case_number) == ("办理申请：核对执业资格", "昆办〔2026〕12号")
    assert (event.object_kind, event.subject_id) == ("practitioner", None), "no body's own view shows a person's"
    assert event.detail == {"answered": True, "by": "licence", "occupation": "lawyer"}


def test_a_view_carries_no_number_and_no_key(held: Register) -> None:
    told = repr(held.look("LS00000001"))
    assert id_number(1) not in told
    assert id_number(1)[6:14] not in told
    assert "id=" not in told


def test_a_name_needs_its_occupation_and_employer(held: Register) -> None:
    assert held.look(name=" 测丁 ", employer_uscc=EMPLOYER.lower()).licence == "LS00000001"
    for asked in (
        {"name": "测丁"},
        {"name": "测丁", "employer_uscc": "91320583MA1MABCD0X"},
        {"name": "", "employer_uscc": EMPLOYER},
        {"name": "测丁", "employer_uscc": EMPLOYER, "occupation": "pharmacist"},
    ):
        with pytest.raises(NothingToShow):
            held.look(**asked)


@pytest.mark.parametrize(
    "asked", ["LS0000000", "LS0000000%", "LS0000000_", "%", "*", "", "LS00000001' OR '1'='1", "LS99999999"]
)
def test_no_part_no_wildcard_and_no_unknown_number_is_answered_and_all_alike(held: Register, asked: str) -> None:
    with pytest.raises(NothingToShow) as refused:
        held.look(asked)
    assert refused.value.as_dict() == NothingToShow().as_dict()


def test_two_of_one_name_with_one_employer_are_as_good_as_none(held: Register) -> None:
    with pytest.raises(NothingToShow):
        held.look(name="张伟", employer_uscc=EMPLOYER)
    assert held.look("LS00000010").name == "张伟"


def test_five_misses_lock_the_looking_and_hits_do_not_unlock_it(held: Register) -> None:
    for _ in range(load_settings().misses_before_lock):
        assert held.look("LS00000001")
        with pytest.raises(NothingToShow):
            held.look("LS77777777")
        held.later(minutes=1)
    with pytest.raises(TooManyLooks) as refused:
        held.look("LS00000001")
    assert refused.value.minutes == 55
    assert Event.objects.filter(action="practitioner.look_refused").count() == 1
    held.actor_id = "another"
    assert held.look("LS00000001"), "the lock is one officer's"
    held.actor_id = "chen"
    held.later(minutes=56)
    assert held.look("LS00000001")


def test_the_limits_by_hour_and_day(held: Register) -> None:
    settings = load_settings()
    for number in range(settings.looks_per_hour):
        held.look(f"LS{number % 5 + 1:08d}")
    with pytest.raises(TooManyLooks):
        held.look("LS00000001")
    held.later(minutes=61)
    assert held.look("LS00000001")
    Attempt.objects.bulk_create(
        Attempt(at=held.now, actor="officer:chen", kind="look", found=True) for _ in range(settings.looks_per_day)
    )
    held.later(hours=2)
    with pytest.raises(TooManyLooks):
        held.look("LS00000001")
    held.later(hours=settings.attempts_kept_hours)
    assert forget_old(held.now) == Attempt.objects.count() + settings.looks_per_day + settings.looks_per_hour + 1


def test_a_look_needs_the_duty_a_purpose_and_a_case(held: Register) -> None:
    with pytest.raises(NotPermitted):
        held.look("LS00000001", actor=Actor("officer", "chen", "centre", frozenset()))
    for purpose in (
        Purpose("curiosity", "想知道", "昆办〔2026〕12号"),
        Purpose("application", "  ", "昆办〔2026〕12号"),
        Purpose("application", "核对", ""),
    ):
        with pytest.raises(PurposeWrong):
            held.look("LS00000001", purpose=purpose)
    with pytest.raises(ChengxinError, match="法定执业类别"):
        held.look("LS00000001", occupation="neighbour")
    assert not Attempt.objects.exists()


def test_an_identity_number_in_a_question_or_purpose_is_refused_before_anything_is_written(held: Register) -> None:
    number = id_number(1)
    asked = [
        {"licence": number},
        {"licence": number[:6] + " " + number[6:]},
        {"licence": "", "name": number, "employer_uscc": EMPLOYER},
        {"licence": "LS00000001", "purpose": Purpose("application", f"核对{number}", "昆办〔2026〕12号")},
        {"licence": "LS00000001", "purpose": Purpose("application", "核对", number)},
    ]
    before = Event.objects.count()
    for one in asked:
        with pytest.raises(TextHasNumber) as refused:
            held.look(**one)  # type: ignore[arg-type]
        assert number not in str(refused.value)
    assert Event.objects.count() == before


def test_no_event_no_answer(held: Register) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK (action <> 'practitioner.looked_up')")
    with pytest.raises(EvidenceUnavailable):
        held.look("LS00000001")
    assert not Attempt.objects.exists()


def test_the_database_shows_the_office_one_practitioner_for_a_whole_question_and_nothing_else(
    held: Register, connect_as: Connect
) -> None:
    office = connect_as("office")

    def count(asked: str, kind: str = "officer") -> object:
        with office.transaction():
            office.execute("SELECT set_config('chengxin.actor_kind', %s, true)", [kind])
            office.execute("SELECT set_config('chengxin.everywhere', 'on', true)")
            office.execute("SELECT set_config('chengxin.practitioner', %s, true)", [asked])
            return office.execute("SELECT count(*) FROM practitioners_practitioner").fetchone()

    assert held.look("LS00000001")
    assert count("") == (0,)
    assert count("lawyer\n") == count("lawyer\n%") == count("lawyer\nLS") == (0,)
    assert count("lawyer\nLS00000001") == (1,)
    assert count("lawyer\nLS00000001", "arrival") == count("lawyer\nLS00000001", "") == (0,)
    for table in ("practitioners_sealedtext", "practitioners_person", "practitioners_takenfile"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            office.execute(f"SELECT * FROM {table}")  # noqa: S608 - names of tables
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.execute("SELECT person_id FROM practitioners_practitioner")
    for role in ("api", "public"):
        with pytest.raises(psycopg.Error):
            connect_as(role).execute("SELECT count(*) FROM core.practitioners_practitioner")


def test_the_office_role_looks_up_with_these_rights_and_the_question_is_over_afterwards(held: Register) -> None:
    with as_role("office"), acting("officer", "chen"):
        assert held.look("LS00000002").licence == "LS00000002"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM practitioners_practitioner")
            assert cursor.fetchone() == (0,)
