"""Rotation while the platform works: nothing is lost, every number is found all the time; swaps are named."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

import pytest
from django.db import connection, connections
from django.db.utils import IntegrityError

from chengxin.audit.models import Event
from chengxin.crypto import WrongSeal, sealed_by
from chengxin.practitioners.actions.rotate_numbers import RotateNumbers
from chengxin.practitioners.models import Person, Practitioner, SealedText
from chengxin.practitioners.sealed import NUMBER, open_text, persons_of, seal_text

from .conftest import id_number, line

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from .conftest import Register

SYSTEM = ("system", "practitioners", "")


def rotate(register: Register, at_once: int = 200) -> tuple[int, int, tuple[str, ...]]:
    done = RotateNumbers(SYSTEM, register.now, register.keyring, at_once).execute()
    return done.seen, done.renewed, done.wrong


def test_every_row_comes_under_the_current_keys_once(register: Register) -> None:
    register.rows(*(line(number) for number in range(1, 8)))
    assert rotate(register) == (7, 0, ())
    before = persons_of(register.keyring, map(id_number, range(1, 8)))
    register.keyring.rotate("sealed-number", register.now)
    register.keyring.rotate("blind-index", register.now)
    assert persons_of(register.keyring, before) == before, "found before the rows are renewed"
    assert rotate(register, at_once=3) == (7, 7, ())
    assert rotate(register, at_once=3) == (7, 0, ())
    assert persons_of(register.keyring, before) == before
    assert {sealed_by(bytes(one.sealed)).split(".")[1] for one in SealedText.objects.all()} == {"2"}
    assert Event.objects.get(action="practitioners.numbers_rotated").detail == {"rows": 7}


def test_a_key_made_between_the_digest_and_the_query_hides_nobody(register: Register) -> None:
    """The number is renewed under a key that the asking process did not know when it began."""
    register.rows(line(1))
    ring = register.keyring
    blinds = type(ring).blinds
    asked: list[int] = []

    class Overtaken(type(ring)):  # type: ignore[misc]
        def blinds(self, purpose: str, value: str) -> tuple[bytes, ...]:
            found = blinds(self, purpose, value)
            if not asked:
                asked.append(1)
                ring.rotate("blind-index", register.now)
                assert rotate(register) == (1, 1, ())
            return found

    assert id_number(1) in persons_of(Overtaken(register.folder / "keys"), [id_number(1)])


def test_reading_and_writing_go_on_while_keys_and_rows_change(register: Register) -> None:
    register.rows(*(line(number) for number in range(1, 61)))
    known = persons_of(register.keyring, map(id_number, range(1, 61)))
    assert len(known) == 60
    stop, lost, failed = threading.Event(), list[str](), list[BaseException]()

    def guarded(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - told to the test, which fails on it
                failed.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def read() -> None:
        while not stop.is_set():
            found = persons_of(register.keyring, known)
            lost.extend(number for number, person in known.items() if found.get(number) != person)

    def write() -> None:
        for number in range(100, 112):
            assert register.take(register.write(line(number), name=f"{number}.csv")).added == 1

    readers, writer = [guarded(read), guarded(read)], guarded(write)
    for _ in range(3):
        register.keyring.rotate("sealed-number", register.now)
        register.keyring.rotate("blind-index", register.now)
        assert rotate(register, at_once=7)[2] == ()
    writer.join()
    stop.set()
    for one in readers:
        one.join()
    assert (failed, lost) == ([], [])
    assert rotate(register)[2] == ()
    assert rotate(register)[:2] == (72, 0)
    assert persons_of(register.keyring, known) == known
    assert len(persons_of(register.keyring, map(id_number, range(100, 112)))) == 12
    opened = {open_text(register.keyring, one) for one in SealedText.objects.all()}
    assert opened == {id_number(number) for number in [*range(1, 61), *range(100, 112)]}


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE practitioners_sealedtext a SET sealed = b.sealed FROM practitioners_sealedtext b WHERE a.id <> b.id",
        """UPDATE practitioners_sealedtext a SET person_id = b.person_id, current = false
            FROM practitioners_sealedtext b WHERE a.id <> b.id""",
        "UPDATE practitioners_sealedtext SET sealed = set_byte(sealed, 60, 255 - get_byte(sealed, 60))",
        "UPDATE practitioners_sealedtext SET id = gen_random_uuid()",
    ],
    ids=["swapped texts", "swapped persons", "changed byte", "changed key of the row"],
)
def test_a_row_that_was_swapped_or_changed_does_not_open_and_is_reported(
    register: Register, attack: str, caplog: pytest.LogCaptureFixture
) -> None:
    register.rows(line(1), line(2))
    with connection.cursor() as cursor:
        cursor.execute(attack)
    rows = list(SealedText.objects.order_by("id"))
    for row in rows:
        with pytest.raises(WrongSeal):
            open_text(register.keyring, row)
    before = list(SealedText.objects.order_by("id").values_list("sealed", "blind"))
    assert rotate(register) == (2, 0, tuple(str(row.id) for row in rows))
    assert list(SealedText.objects.order_by("id").values_list("sealed", "blind")) == before, "evidence stays"
    events = Event.objects.filter(action="practitioners.sealed_row_wrong").values_list("object", flat=True)
    assert set(events) == {str(row.id) for row in rows}
    assert all(str(row.id) in caplog.text for row in rows)


def test_swapped_indexes_are_reported_too(register: Register) -> None:
    register.rows(line(1), line(2))
    one, other = SealedText.objects.order_by("id")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE practitioners_sealedtext SET blind = %s WHERE id = %s", [b"x" * 16, one.id])
        cursor.execute("UPDATE practitioners_sealedtext SET blind = %s WHERE id = %s", [bytes(one.blind), other.id])
    assert set(rotate(register)[2]) == {str(one.id), str(other.id)}


def test_a_number_is_one_persons_whoever_writes(register: Register) -> None:
    register.rows(line(1))
    stranger = Person.objects.create(id=uuid.uuid4(), made_at=register.now)
    again = seal_text(register.keyring, NUMBER, id_number(1), stranger.id, register.now, current=True)
    with pytest.raises(IntegrityError):
        again.save(force_insert=True)


def test_the_database_never_sees_a_number_that_it_could_find(
    register: Register, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    register.rows(line(1))
    held = connect_as("worker").execute("SELECT sealed, blind, current FROM practitioners_sealedtext").fetchone()
    assert held is not None
    assert id_number(1).encode() not in held[0] + held[1]
    assert (len(held[1]), held[2]) == (16, True)
    assert Practitioner.objects.count() == 1
