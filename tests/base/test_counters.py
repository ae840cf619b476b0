"""A test's own database counts from one, whatever tests that were rolled back did to the original's counters."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from chengxin.testing.making import make_subject


def _counters() -> dict[str, tuple[int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value, is_called FROM core.subjects_subject_id_seq")
        (found,) = cursor.fetchall()
    return {"subject": found}


@pytest.mark.django_db
def test_a_test_that_is_rolled_back_moves_the_counters_of_the_original() -> None:
    before = _counters()["subject"][0]
    numbers = [make_subject(f"昆山演练{one}有限公司", f"9132058318758802{one}H").pk for one in range(3)]
    assert numbers == sorted(numbers)
    assert _counters()["subject"][0] >= before + 2


@pytest.mark.usefixtures("own_database")
def test_ones_own_database_counts_from_one_all_the_same() -> None:
    assert _counters() == {"subject": (1, False)}
    with transaction.atomic():
        assert make_subject().pk == 1


@pytest.mark.usefixtures("own_database")
def test_tables_that_hold_rows_already_go_on_behind_them() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(id) FROM core.django_migrations")
        rows, most = cursor.fetchone()
        cursor.execute("SELECT nextval(pg_get_serial_sequence('core.django_migrations', 'id'))")
        assert cursor.fetchone() == (most + 1,)
    assert rows > 20
