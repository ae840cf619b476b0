"""Who acts holds for one transaction: in all of it, in nothing before it and in nothing after it."""

from __future__ import annotations

import tempfile
import threading
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, cast

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from chengxin.base.bulk import QUOTE
from chengxin.base.context import Acting, about, acting, arriving, become, current
from chengxin.testing.ends import as_role
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chengxin.accounts.models import Organisation
    from chengxin.base.postgres.base import DatabaseWrapper
    from chengxin.subjects.models import Subject

    class Tenants:
        one: Organisation
        other: Organisation
        body: Subject


SETTINGS = ("chengxin.actor_kind", "chengxin.actor", "chengxin.organisation", "chengxin.everywhere")


def settings() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in SETTINGS))
        return tuple(cursor.fetchone())


def settings_of_none() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column FROM intake_batch")


def seen() -> int:
    from chengxin.intake.models import Batch  # noqa: PLC0415

    return Batch.objects.count()


@pytest.mark.usefixtures("own_database")
def test_nobody_acts_unless_somebody_says_so() -> None:
    assert current() is None
    assert settings() == ("", "", "", "")
    with acting("officer", "zhang", 7):
        assert settings() == ("officer", "zhang", "7", "off")
    assert settings() == ("", "", "", "")
    assert current() is None


def test_nothing_set_shows_nothing_and_an_organisation_shows_its_own(tenants: Tenants) -> None:
    for end in ("office", "api"):
        with as_role(end):
            assert seen() == 0
            with acting("officer", "zhang", tenants.one.pk):
                assert seen() == 2
            with acting("officer", "li", tenants.other.pk):
                assert seen() == 3
            with acting("officer", "wang", tenants.one.pk, everywhere=True):
                assert seen() == 5
            with acting("officer", "nobody's"):
                assert seen() == 0
            with arriving():
                assert seen() == 0
            assert seen() == 0


def test_a_transaction_has_the_settings_from_its_first_statement_to_its_last(tenants: Tenants) -> None:
    with as_role("office"):
        with acting("officer", "zhang", tenants.one.pk), transaction.atomic():
            assert seen() == 2
            with transaction.atomic():
                assert seen() == 2
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
            assert seen() == 2, "a savepoint that was rolled back takes nothing away"
        with transaction.atomic():
            assert seen() == 0


def test_who_acts_can_be_said_in_the_middle_of_a_transaction(tenants: Tenants) -> None:
    with as_role("office"), transaction.atomic():
        assert seen() == 0
        with acting("officer", "zhang", tenants.one.pk):
            assert seen() == 2
            with acting("officer", "li", tenants.other.pk):
                assert seen() == 3
            assert seen() == 2
        assert seen() == 0


def test_a_request_is_recognised_in_the_middle_of_its_block(tenants: Tenants) -> None:
    with as_role("api"):
        with arriving():
            assert seen() == 0
            become("client", "1", tenants.one.pk)
            assert seen() == 2
        assert seen() == 0
        with arriving(), transaction.atomic():
            assert seen() == 0
            become("client", "2", tenants.other.pk)
            assert seen() == 3
        assert seen() == 0


def test_nobody_becomes_somebody_outside_a_request() -> None:
    with pytest.raises(RuntimeError, match="belongs inside"):
        become("officer", "zhang", 1)


@contextmanager
def a_pool_of_one() -> Iterator[None]:
    """Let Django take its one connection out of a pool, and give it back whenever it closes it."""
    options, kept = connection.settings_dict["OPTIONS"], connection.settings_dict["CONN_MAX_AGE"]
    connection.close()
    connection.settings_dict["CONN_MAX_AGE"] = 0
    options["pool"] = {"min_size": 1, "max_size": 1}
    try:
        yield
    finally:
        connection.close()
        cast("DatabaseWrapper", connection).close_pool()
        del options["pool"]
        connection.settings_dict["CONN_MAX_AGE"] = kept


@pytest.mark.parametrize("pool", [nullcontext, a_pool_of_one], ids=["kept by the thread", "a pool of one"])
def test_one_connection_passed_on_after_an_error_carries_nothing_over(
    tenants: Tenants, pool: Callable[[], AbstractContextManager[None]]
) -> None:
    """The pool has one connection: what the first request leaves on it, the second would find."""

    def number() -> int:
        if connection.settings_dict["CONN_MAX_AGE"] == 0:
            connection.close()  # back to the pool, and out of it again
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    with as_role("office"), pool():
        first = number()
        for within in (transaction.atomic, nullcontext):
            with pytest.raises(KeyError), acting("officer", "zhang", tenants.one.pk, everywhere=True), within():
                dict[str, int]()["the view failed" * seen()]
            assert settings() == ("", "", "", "")
            assert seen() == 0
            with pytest.raises(DatabaseError), acting("officer", "zhang", tenants.one.pk), within():
                settings_of_none()
            assert seen() == 0
            assert number() == first
            with acting("officer", "li", tenants.other.pk):
                assert seen() == 3
        assert number() == first, "all of it went over one connection"


def test_who_acts_in_one_thread_acts_in_no_other(tenants: Tenants) -> None:
    found: list[int] = []

    def other_request() -> None:
        try:
            found.append(seen())
        finally:
            connection.close()

    with as_role("office"), acting("officer", "zhang", tenants.one.pk):
        thread = threading.Thread(target=other_request)
        thread.start()
        thread.join()
    assert found == [0]
    assert current() is None


def test_results_that_are_read_piece_by_piece_are_ones_own(tenants: Tenants) -> None:
    from chengxin.intake.models import QuarantinedRow  # noqa: PLC0415

    with as_role("office"):
        for within in (transaction.atomic, nullcontext):
            with acting("officer", "zhang", tenants.one.pk), within():
                codes = {row.cells[0] for row in QuarantinedRow.objects.iterator(chunk_size=2)}
            assert codes == {"one"}
        assert list(QuarantinedRow.objects.iterator(chunk_size=2)) == []


def test_many_statements_at_once_are_one_transaction_of_who_acts(tenants: Tenants) -> None:
    for within in (transaction.atomic, nullcontext):
        with as_role("office"), acting("officer", "zhang", tenants.one.pk), within(), connection.cursor() as cursor:
            query = """INSERT INTO intake_batch (sha256, organisation_id, item, filename, encoding_asked, mapping,
                bytes, channel, submitted_by, state, received_at, state_at, notices)
                VALUES (%s, %s, 'licence', '', 'auto', '', 1, 'office', 'zhang', 'received', now(), now(), '[]')"""
            cursor.executemany(query, [(f"{within}{number}", tenants.one.pk) for number in range(2)])
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                cursor.executemany(query, [("x", tenants.other.pk)])
    with as_role("office"), acting("officer", "zhang", tenants.one.pk):
        assert seen() == 6


def test_rows_copied_out_are_ones_own_and_outside_a_transaction_there_are_none(tenants: Tenants) -> None:
    def copied() -> int:
        with connection.cursor() as cursor, cursor.copy("COPY (SELECT id FROM intake_batch) TO STDOUT") as rows:
            return len(list(rows))

    with as_role("office"), acting("officer", "zhang", tenants.one.pk):
        with transaction.atomic():
            assert copied() == 2
        assert copied() == 0


def test_queries_of_every_shape_give_their_own_result(tenants: Tenants) -> None:
    with as_role("office"), acting("officer", "100%s 'zhang' \\ %", tenants.one.pk), connection.cursor() as cursor:
        cursor.execute("SELECT 'a%b', count(*) FROM intake_batch")
        assert cursor.fetchall() == [("a%b", 2)]
        cursor.execute("SELECT %s::text, count(*) FROM intake_batch WHERE filename LIKE 'o%%'", ["%s"])
        assert cursor.fetchall() == [("%s", 2)]
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("intake_batch")))
        assert cursor.fetchone() == (2,)
        cursor.execute(cast("str", b"SELECT count(*) FROM intake_batch"))
        assert cursor.fetchone() == (2,)
        cursor.execute("SELECT 1; SELECT count(*) FROM intake_batch")
        assert cursor.nextset()
        assert cursor.fetchone() == (2,)
        cursor.execute("SELECT 1 WHERE false")
        assert cursor.fetchall() == []
        assert cursor.rowcount == 0
        assert settings()[1] == "100%s 'zhang' \\ %"


def messages(run: Callable[[], None]) -> list[str]:
    """Return the messages this side sends while ``run`` runs, as libpq traces them."""
    connection.ensure_connection()
    raw = connection.connection.pgconn
    with tempfile.NamedTemporaryFile() as out:
        raw.trace(out.fileno())
        try:
            run()
        finally:
            raw.untrace()
        out.seek(0)
        lines = out.read().decode("utf-8", "replace").splitlines()
    return [line.split("\t")[3] for line in lines if line.split("\t")[1:2] == ["F"]]


def test_saying_who_acts_costs_no_message(tenants: Tenants) -> None:
    def alone() -> None:
        seen()

    def together() -> None:
        with transaction.atomic():
            seen()
            seen()

    with as_role("office"):
        without = [messages(alone), messages(together)]
        with acting("officer", "zhang", tenants.one.pk):
            assert [messages(alone), messages(together)] == without
        assert [len(one) for one in without] == [1, 3], "BEGIN goes out with the first statement"


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")), st.integers(0, 2**31 - 1))
def test_a_name_is_a_name_whatever_is_in_it(name: str, organisation: int) -> None:
    statements = Acting("officer", name, organisation, everywhere=False).statements
    assert [one.partition(" = ")[0] for one in statements] == [f"SET LOCAL {setting}" for setting in SETTINGS]
    quoted = statements[1].partition(" = ")[2]
    if quoted.startswith("E"):
        assert quoted[2:-1].replace("\\\\", "\\").replace("''", "'") == name
    else:
        assert quoted[1:-1].replace("''", "'") == name
        assert "\\" not in name


@pytest.mark.parametrize("name", ["'; DROP TABLE intake_batch; --", "\\'; SELECT 1; --", "张三", QUOTE, "a\nb", "%s%%"])
@pytest.mark.usefixtures("own_database")
def test_the_database_reads_the_name_that_was_given(name: str) -> None:
    with acting("officer", name, 1):
        assert settings() == ("officer", name, "1", "off")


def test_a_name_the_database_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        _ = Acting("officer", "a\0b", None, everywhere=False).statement


def test_a_session_that_sets_the_wrong_way_is_why_it_is_never_done(
    tenants: Tenants, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    session = connect_as("office")
    session.execute("SELECT set_config('chengxin.organisation', %s, false)", [str(tenants.one.pk)])
    assert session.execute("SELECT count(*) FROM intake_batch").fetchone() == (2,), "it stays for whoever comes next"
    session.execute("RESET ALL")
    assert session.execute("SELECT count(*) FROM intake_batch").fetchone() == (0,)
    with session.transaction():
        session.execute("SELECT set_config('chengxin.organisation', %s, true)", [str(tenants.one.pk)])
        assert session.execute("SELECT count(*) FROM intake_batch").fetchone() == (2,)
    assert session.execute("SELECT count(*) FROM intake_batch").fetchone() == (0,)


def test_what_a_subject_may_see_of_itself_is_seen_on_its_behalf_and_of_no_other(tenants: Tenants) -> None:
    from chengxin.audit.actions import record_event  # noqa: PLC0415
    from chengxin.audit.queries import looks_at  # noqa: PLC0415

    with transaction.atomic():
        for subject, organisation in ((1, "one"), (1, "other"), (2, "other")):
            who = ("officer", "li", organisation)
            record_event(
                at=NOW, actor=who, action="subject.read", object_kind="subject", object_id="", subject_id=subject
            )

    def looks(where: str = "true") -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM audit_event WHERE subject_id IS NOT NULL AND {where}")  # noqa: S608
            return int(cursor.fetchone()[0])

    with as_role("office"):
        with acting("officer", "zhang", tenants.one.pk):
            assert [look.organisation for look in looks_at(1).looks] == ["other", "one"]
            assert looks() == 0
            with transaction.atomic():
                with about(2):
                    assert looks() == 1
                assert looks() == 0
            with transaction.atomic(), pytest.raises(DatabaseError), about(2), transaction.atomic():
                settings_of_none()
            assert looks() == 0
        with transaction.atomic(), about(1):
            assert looks() == 0, "nobody acts"
    with pytest.raises(RuntimeError, match="inside a transaction"), about(1):
        pass
