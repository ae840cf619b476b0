"""A statement without a cursor is a statement like any other: who acts, errors, wrappers, counts, lost connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.base.context import acting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chengxin.base.postgres.base import DatabaseWrapper

pytestmark = pytest.mark.usefixtures("own_database")


def ask(query: str, *values: object) -> tuple[bytes | None, ...]:
    return cast("DatabaseWrapper", connection).one_row(query, values)


def test_the_last_result_of_several_statements_comes_as_text() -> None:
    with transaction.atomic():
        assert ask("SELECT 1; SELECT %s::int + 1, NULL, %s::text", 41, "昆山 %s '\\") == (
            b"42", None, "昆山 %s '\\".encode(),
        )  # fmt: skip


def test_no_row_is_told_from_an_empty_one() -> None:
    with transaction.atomic(), pytest.raises(ProgrammingError, match="no row"):
        ask("SELECT 1 WHERE %s", False)


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_goes_in_comes_out(texts: list[str]) -> None:
    with transaction.atomic():
        found = ask("SELECT " + ", ".join(["%s::text"] * len(texts)), *texts)
    assert [one.decode() for one in found if one is not None] == texts


def test_it_says_who_acts_with_the_transactions_first_statement() -> None:
    query = "SELECT current_setting('chengxin.actor', true), current_setting('chengxin.organisation', true)"
    with acting("officer", "张 %", 7):
        with transaction.atomic():
            assert ask(query) == ("张 %".encode(), b"7")
            assert ask(query) == ("张 %".encode(), b"7")
        assert ask(query) == ("张 %".encode(), b"7"), "outside a transaction it is one by itself"
    assert ask(query) in {(b"", b""), (None, None)}


def test_its_work_stays_with_the_transaction_and_goes_with_it() -> None:
    ask("CREATE TABLE core.kept (n int PRIMARY KEY); SELECT 1")
    with transaction.atomic():
        assert ask("INSERT INTO core.kept VALUES (%s) RETURNING n", 1) == (b"1",)

    def fail() -> None:
        with transaction.atomic():
            ask("INSERT INTO core.kept VALUES (%s) RETURNING n", 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ask("SELECT string_agg(n::text, ',') FROM core.kept") == (b"1",)


@pytest.mark.parametrize(
    ("query", "error", "cause"),
    [
        ("INSERT INTO core.once VALUES (1) RETURNING n", IntegrityError, psycopg.errors.UniqueViolation),
        ("SELECT 1 / 0", DataError, psycopg.errors.DivisionByZero),
        ("SELECT no_such_column", ProgrammingError, psycopg.errors.UndefinedColumn),
        ("SELECT 1 / 0; SELECT 1", DataError, psycopg.errors.DivisionByZero),
    ],
)
def test_errors_are_djangos_with_psycopgs_as_their_cause(
    query: str, error: type[Exception], cause: type[Exception]
) -> None:
    ask("CREATE TABLE core.once (n int PRIMARY KEY); INSERT INTO core.once VALUES (1); SELECT 1")
    with pytest.raises(error) as caught, transaction.atomic():
        ask(query)
    assert isinstance(caught.value.__cause__, cause)
    assert ask("SELECT count(*) FROM core.once") == (b"1",), "the connection goes on"


def test_nothing_runs_in_a_transaction_that_failed() -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            ask("SELECT 1")


def test_wrappers_and_counts_see_it() -> None:
    seen: list[tuple[str, Any]] = []

    def watch(execute: Callable[..., Any], sql: str, params: Sequence[Any], many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's signature
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch), CaptureQueriesContext(connection) as captured:
        assert ask("SELECT %s::int", 5) == (b"5",)
    assert seen == [("SELECT %s::int", (5,))]
    assert [one["sql"] for one in captured.captured_queries] == ["SELECT %s::int"], "no value is kept"


@pytest.fixture
def lose(connect_as: Callable[[str], psycopg.Connection]) -> Callable[[], None]:
    """End the server's side of the test's own connection, as a server that crashes does."""

    def end() -> None:
        connect_as("owner").execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])

    return end


def test_a_lost_connection_is_an_operational_error_and_the_next_one_is_new(lose: Callable[[], None]) -> None:
    def ask_twice() -> None:
        with transaction.atomic():
            ask("SELECT 1")
            lose()
            ask("SELECT 1")

    with pytest.raises(OperationalError):
        ask_twice()
    connection.close_if_unusable_or_obsolete()
    assert ask("SELECT 1") == (b"1",)


def test_a_commit_on_a_lost_connection_is_an_error_and_never_passed_over(lose: Callable[[], None]) -> None:
    def add() -> None:
        with transaction.atomic():
            ask("INSERT INTO core.lost VALUES (1) RETURNING n")
            lose()

    ask("CREATE TABLE core.lost (n int); SELECT count(*) FROM core.lost")
    with pytest.raises(OperationalError):
        add()
    connection.close_if_unusable_or_obsolete()
    assert ask("SELECT count(*) FROM core.lost") == (b"0",)


def test_what_a_commit_finds_wrong_is_said() -> None:
    ask("CREATE TABLE core.late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED); SELECT 1")
    with pytest.raises(IntegrityError), transaction.atomic():
        ask("INSERT INTO core.late VALUES (1), (1) RETURNING n")
    assert ask("SELECT count(*) FROM core.late") == (b"0",)
    with transaction.atomic():
        pass  # a transaction without a statement sends nothing and ends well
