"""What goes through the pipe between the two engines arrives as it was, or nothing of it does."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chengxin.base import bulk
from chengxin.base.bulk import copy_in, copy_out, one_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AWKWARD = "\r\n\t\x00\x03\x1f\x7f\x85\u2028\ufeff\\.N\"',;#{}[] 昆山😀"
# PostgreSQL holds no U+0000, checked text none of the two signs of the format.
TEXTS = st.none() | st.text(
    st.one_of(st.sampled_from(AWKWARD.replace("\x00", "")), st.characters(exclude_categories=["Cs"])), max_size=12
).filter(lambda text: not set(text) & {"\x00", bulk.DELIMITER, bulk.QUOTE})
ROWS = st.lists(st.tuples(TEXTS, TEXTS), max_size=8)


@pytest.fixture(autouse=True)
def nothing_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test a folder for temporary files; afterwards no file, no pipe and no thread may be left."""
    # A pipe in a folder whose name has a quote: the folder comes from the machine's settings.
    folder = tmp_path / "it's temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []
    assert [one.name for one in threading.enumerate() if one.name == "copy-in"] == []
    held = Path("/proc/self/fd")
    links = [str(one.readlink()) for one in held.iterdir() if one.is_symlink()] if held.exists() else []
    assert [one for one in links if one.startswith(str(folder))] == []


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def _fill(duck: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str | None, ...]], columns: Sequence[str]) -> None:
    duck.execute(f"CREATE OR REPLACE TABLE given (line INTEGER, {', '.join(f'{one} VARCHAR' for one in columns)})")
    if rows:
        marks = ", ".join("?" * (len(columns) + 1))
        duck.executemany(f"INSERT INTO given VALUES ({marks})", [[line, *row] for line, row in enumerate(rows)])  # noqa: S608


def _there_and_back(
    duck: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str | None, ...]], columns: Sequence[str] = ("a", "b")
) -> tuple[list[tuple[str | None, ...]], list[tuple[str | None, ...]]]:
    """Return what arrived in PostgreSQL, and what came back from there."""
    _fill(duck, rows, columns)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS arrived")
        cursor.execute(f"CREATE TEMPORARY TABLE arrived ({', '.join(f'{one} text' for one in columns)})")
        copy_in(duck, f"SELECT {', '.join(columns)} FROM given ORDER BY line", cursor, "arrived", columns)  # noqa: S608
        cursor.execute("SELECT * FROM arrived")
        arrived = cursor.fetchall()
        copy_out(cursor, "SELECT * FROM arrived", duck, "back", dict.fromkeys(columns, "VARCHAR"))
    return arrived, duck.execute("SELECT * FROM back").fetchall()


@pytest.mark.django_db
def test_every_text_arrives_as_it_was_both_ways(duck: duckdb.DuckDBPyConnection) -> None:
    @settings(max_examples=60, deadline=None)
    @given(ROWS)
    @example([])
    @example([(None, ""), ("", None), (None, None), ("", "")])
    @example([("\ufeff第一", "b")])
    @example([("a\rb", "\r"), ("\n", "\r\n")])
    @example([("\\.", "\\N"), ("\\", "NULL")])
    def arrives(rows: list[tuple[str | None, str | None]]) -> None:
        assert _there_and_back(duck, rows) == (rows, rows)

    arrives()


@pytest.mark.django_db
@pytest.mark.parametrize("value", [None, "", "\\.", "\r", "\n", "\r\n", "\ufeff", " ", "x\\.\ny"])
def test_a_single_column_arrives_as_it_was(duck: duckdb.DuckDBPyConnection, value: str | None) -> None:
    rows = [(value,), ("between",), (value,)]
    assert _there_and_back(duck, rows, ["a"]) == (rows, rows)
    assert _there_and_back(duck, [(value,)], ["a"]) == ([(value,)], [(value,)])


@pytest.mark.django_db
def test_a_row_longer_than_a_piece_and_than_the_engines_own_limit_arrives(duck: duckdb.DuckDBPyConnection) -> None:
    rows = [("昆" * 1_000_000, "短"), ("a\n" * 1_500_000, None)]
    assert _there_and_back(duck, rows) == (rows, rows)


@pytest.mark.django_db
def test_types_arrive_as_they_were(duck: duckdb.DuckDBPyConnection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE typed (n bigint, on_day date, sum numeric(18, 6), yes boolean, j jsonb)")
        select = """SELECT 9007199254740993 AS n, DATE '2026-03-02' AS on_day, 0.000001::DECIMAL(18, 6) AS sum,
            true AS yes,            '{"名称":"昆山\\n甲"}' AS j"""
        copy_in(duck, select, cursor, "typed", ["n", "on_day", "sum", "yes", "j"])
        cursor.execute("SELECT n, on_day::text, sum::text, yes, j->>'名称' FROM typed")
        assert cursor.fetchall() == [(9007199254740993, "2026-03-02", "0.000001", True, "昆山\n甲")]
        kinds = {"n": "BIGINT", "on_day": "DATE", "sum": "DECIMAL(18,6)"}
        copy_out(cursor, "SELECT n, on_day, sum FROM typed", duck, "typed", kinds)
    assert duck.execute("SELECT n, on_day::text, sum::text FROM typed").fetchall() == [
        (9007199254740993, "2026-03-02", "0.000001")
    ]


@pytest.mark.django_db
def test_progress_is_told_every_byte(duck: duckdb.DuckDBPyConnection) -> None:
    told: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE arrived (a text, b text)")
        copy_in(
            duck, "SELECT repeat('x', 100), NULL FROM range(5000)", cursor, "arrived", ["a", "b"], progress=told.append
        )
    assert told == sorted(told)
    assert told[-1] == 5000 * (100 + 2)  # a delimiter and the end of the line


def _room_for_rows() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE arrived (a integer NOT NULL CHECK (a <> 150000))")


def _rows_left() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM arrived")
        row = cursor.fetchone()
    return int(row[0])


MANY = "SELECT i AS a FROM range(300000) AS r(i)"


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    ("select", "columns", "error"),
    [
        (MANY, ["a"], psycopg.errors.CheckViolation),
        ("SELECT 'x' AS a", ["a"], psycopg.errors.InvalidTextRepresentation),
        ("SELECT chr(0) AS a", ["a"], psycopg.DatabaseError),
        ("SELECT NULL AS a", ["a"], psycopg.errors.NotNullViolation),
        (MANY, ["b"], psycopg.errors.UndefinedColumn),
        ("SELECT nothing FROM nowhere", ["a"], duckdb.CatalogException),
        ("SELECT", ["a"], duckdb.ParserException),
        (
            "SELECT CASE WHEN i = 250000 THEN error('broken') ELSE i END AS a FROM range(300000) AS r(i)",
            ["a"],
            duckdb.Error,
        ),
    ],
)
def test_an_error_on_either_side_is_raised_and_leaves_nothing_half_done(
    duck: duckdb.DuckDBPyConnection, select: str, columns: list[str], error: type[Exception]
) -> None:
    _room_for_rows()
    with connection.cursor() as cursor, pytest.raises(error), transaction.atomic():
        copy_in(duck, select, cursor, "arrived", columns)
    assert _rows_left() == 0


@pytest.mark.usefixtures("own_database")
def test_a_failure_in_the_last_row_leaves_nothing_even_outside_a_transaction(
    duck: duckdb.DuckDBPyConnection,
) -> None:
    _room_for_rows()
    duck.execute("SET threads = 1")
    select = "SELECT CASE WHEN i = 99999 THEN error('broken') ELSE i END AS a FROM range(100000) AS r(i)"
    with connection.cursor() as cursor, pytest.raises(duckdb.Error, match="broken"):
        copy_in(duck, select, cursor, "arrived", ["a"])
    assert _rows_left() == 0


class Enough(Exception):
    """Raised by a caller that has seen enough."""


@pytest.mark.usefixtures("own_database")
def test_a_caller_who_gives_up_in_the_middle_ends_both_sides(duck: duckdb.DuckDBPyConnection) -> None:
    def give_up(sent: int) -> None:
        raise Enough(str(sent))

    _room_for_rows()
    endless = "SELECT (i % 1000)::INTEGER AS a FROM range(1000000000000) AS r(i)"
    with connection.cursor() as cursor, pytest.raises(Enough), transaction.atomic():
        copy_in(duck, endless, cursor, "arrived", ["a"], progress=give_up)
    assert _rows_left() == 0
    assert duck.execute("SELECT 1").fetchone() == (1,), "the caller's own connection goes on"


@pytest.mark.usefixtures("own_database")
def test_a_refused_table_ends_a_side_that_has_not_written_a_byte_yet(duck: duckdb.DuckDBPyConnection) -> None:
    slow = "SELECT sum(sqrt(i)) AS a FROM range(1000000000000) AS r(i)"
    with connection.cursor() as cursor, pytest.raises(psycopg.errors.UndefinedTable):
        copy_in(duck, slow, cursor, "nowhere", ["a"])


@pytest.mark.django_db
def test_a_table_in_the_other_engine_stays_as_it_was_when_reading_fails(duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute("CREATE TABLE kept AS SELECT 1 AS a")
    with connection.cursor() as cursor:
        with pytest.raises(duckdb.Error):
            copy_out(cursor, "SELECT 'x'", duck, "kept", {"a": "INTEGER"})
        with pytest.raises(psycopg.errors.UndefinedTable), transaction.atomic():
            copy_out(cursor, "SELECT 1 FROM nowhere", duck, "kept", {"a": "INTEGER"})
    assert duck.execute("SELECT a FROM kept").fetchall() == [(1,)]


def test_one_row_gives_the_row_and_says_which_query_had_none(duck: duckdb.DuckDBPyConnection) -> None:
    assert one_row(duck, "SELECT ? + 1, 'x'", [1]) == (2, "x")
    with pytest.raises(LookupError, match="WHERE false"):
        one_row(duck, "SELECT 1 WHERE false")
