"""Whole sets of rows go into tables with row security, too, although PostgreSQL refuses COPY there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from chengxin.base.bulk import copy_in
from chengxin.testing.ends import as_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chengxin.accounts.models import Organisation

    class Tenants:
        one: Organisation
        other: Organisation


COLUMNS = ("batch_id", "line", "cells", "findings")


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    held = duckdb.connect()
    yield held
    held.close()


def rows(batch: int, first: int, last: int) -> str:
    return f"SELECT {batch}, i, '[\"a\"]', '[]' FROM range({first}, {last}) AS r(i)"  # noqa: S608 - numbers


def first_batch() -> int:
    from chengxin.intake.models import Batch  # noqa: PLC0415 - Django is set up by the fixtures

    return Batch.objects.order_by("pk")[0].pk


def sent_back(batch: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM intake_quarantinedrow WHERE batch_id = %s AND line >= 10", [batch])
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("tenants")
def test_a_straight_copy_is_refused_which_is_why_there_is_another_way(
    connect_as: Callable[[str], psycopg.Connection],
) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="COPY FROM not supported with row-level security"):
        connect_as("worker").execute("COPY intake_quarantinedrow (batch_id, line, cells, findings) FROM STDIN")


@pytest.mark.usefixtures("tenants")
def test_the_worker_fills_a_table_piece_by_piece(duck: duckdb.DuckDBPyConnection) -> None:
    batch = first_batch()
    pieces = [rows(batch, 10, 5_010), rows(batch, 5_010, 5_010), rows(batch, 5_010, 6_010)]
    with as_role("worker"), transaction.atomic(), connection.cursor() as cursor:
        for shift in (0, 10_000):
            told: list[int] = []
            moved = [piece.replace("i, '", f"i + {shift}, '") for piece in pieces]
            copy_in(duck, moved, cursor, "intake_quarantinedrow", COLUMNS, progress=told.append)
            assert len(told) >= 2
            assert told == sorted(told), "bytes sent only ever grow, from piece to piece"
        assert sent_back(batch) == 12_000
        cursor.execute("SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'")
        assert cursor.fetchone() == (0,), "the way in is gone when it is done"
    assert sent_back(batch) == 12_000


@pytest.mark.usefixtures("tenants")
def test_a_piece_that_fails_leaves_nothing_of_those_before_it(duck: duckdb.DuckDBPyConnection) -> None:
    batch = first_batch()
    cases: list[tuple[list[str], type[Exception]]] = [
        ([rows(batch, 10, 20), "SELECT nothing FROM nowhere"], duckdb.Error),
        ([rows(batch, 10, 20), "SELECT 1, 'no number', '[]', '[]'"], psycopg.Error),
        ([rows(batch, 10, 20), rows(batch, 19, 30)], DatabaseError),
    ]
    for pieces, error in cases:
        with as_role("worker"):
            with pytest.raises(error), transaction.atomic(), connection.cursor() as cursor:
                copy_in(duck, pieces, cursor, "intake_quarantinedrow", COLUMNS)
            assert sent_back(batch) == 0
            with transaction.atomic(), connection.cursor() as cursor:
                copy_in(duck, rows(batch, 10, 20), cursor, "intake_quarantinedrow", COLUMNS)
                transaction.set_rollback(True)
    assert sent_back(batch) == 0


def test_the_policies_hold_on_this_way_in_as_well(tenants: Tenants, duck: duckdb.DuckDBPyConnection) -> None:
    """The worker may write for everybody; somebody whose policy is narrower may not, however the rows come."""
    with connection.cursor() as cursor:
        cursor.execute("GRANT TEMPORARY ON DATABASE " + connection.settings_dict["NAME"] + " TO chengxin_office")
        cursor.execute("GRANT INSERT ON accounts_apiclient TO chengxin_office")
        cursor.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA core TO chengxin_office")
    from chengxin.base.context import acting  # noqa: PLC0415 - beside what it is about

    def client(organisation: int) -> str:
        return f"SELECT 'x', {organisation}, 't{organisation}', now()::VARCHAR, '2036-01-01', false"

    columns = ("name", "organisation_id", "token_digest", "made_at", "expires_at", "allow_bearer")
    with as_role("office"), acting("officer", "zhang", tenants.one.pk), connection.cursor() as cursor:
        with transaction.atomic():
            copy_in(duck, client(tenants.one.pk), cursor, "accounts_apiclient", columns)
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            copy_in(duck, client(tenants.other.pk), cursor, "accounts_apiclient", columns)
