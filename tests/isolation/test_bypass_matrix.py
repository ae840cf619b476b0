"""Every known way round row security, tried: what is shut stays shut, and what PostgreSQL leaves open is shown open.

The ways that only a superuser or the owner can open are opened here on purpose; the catalogue test names each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable

    from chengxin.accounts.models import Organisation

    Connect = Callable[[str], psycopg.Connection]

    class Tenants:
        one: Organisation
        other: Organisation


def as_officer(session: psycopg.Connection, organisation: int, query: str) -> object:
    """Return the one value of ``query``, asked in a transaction of an officer of ``organisation``."""
    with session.transaction():
        session.execute("SELECT set_config('chengxin.organisation', %s, true)", [str(organisation)])
        session.execute("SELECT set_config('chengxin.actor_kind', 'officer', true)")
        row = session.execute(sql.SQL(query)).fetchone()
    assert row is not None
    return row[0]


COUNT = "SELECT count(*) FROM intake_batch"


def test_nothing_set_shows_nothing(tenants: Tenants, connect_as: Connect) -> None:
    for role in ("office", "api"):
        assert connect_as(role).execute(COUNT).fetchone() == (0,)
    assert as_officer(connect_as("office"), tenants.one.pk, COUNT) == 2


def test_a_view_of_the_owner_shows_nothing_and_one_that_asks_for_its_user_shows_ones_own(
    tenants: Tenants, connect_as: Connect
) -> None:
    owner = connect_as("owner")
    owner.execute("CREATE VIEW core.plain AS SELECT * FROM intake_batch")
    owner.execute("CREATE VIEW core.asking WITH (security_invoker = true) AS SELECT * FROM intake_batch")
    owner.execute("GRANT SELECT ON core.plain, core.asking TO chengxin_office")
    office = connect_as("office")
    assert as_officer(office, tenants.one.pk, "SELECT count(*) FROM plain") == 0, "the owner is not logged in"
    assert as_officer(office, tenants.one.pk, "SELECT count(*) FROM asking") == 2


def test_a_view_of_a_superuser_shows_everything_which_is_why_only_the_owner_may_own(
    tenants: Tenants, connect_as: Connect
) -> None:
    superuser = connect_as("superuser")
    superuser.execute("CREATE VIEW core.above AS SELECT * FROM intake_batch")
    superuser.execute("GRANT SELECT ON core.above TO chengxin_office")
    assert as_officer(connect_as("office"), tenants.one.pk, "SELECT count(*) FROM above") == 5


def test_a_materialised_view_keeps_what_its_maker_saw(tenants: Tenants, connect_as: Connect) -> None:
    owner = connect_as("owner")
    owner.execute("CREATE MATERIALIZED VIEW core.frozen AS SELECT * FROM intake_batch")
    owner.execute("GRANT SELECT ON core.frozen TO chengxin_office")
    assert as_officer(connect_as("office"), tenants.one.pk, "SELECT count(*) FROM frozen") == 5


def test_a_function_with_the_owners_rights_shows_nothing(tenants: Tenants, connect_as: Connect) -> None:
    owner = connect_as("owner")
    owner.execute(
        """CREATE FUNCTION core.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER
        SET search_path = core AS 'SELECT count(*) FROM intake_batch'"""
    )
    owner.execute("GRANT EXECUTE ON FUNCTION core.peek() TO chengxin_office")
    assert as_officer(connect_as("office"), tenants.one.pk, "SELECT core.peek()") == 0
    assert owner.execute("SELECT core.peek()").fetchone() == (5,), "whoever is logged in as the owner migrates"


def test_a_table_without_force_would_show_its_owners_view_everything(tenants: Tenants, connect_as: Connect) -> None:
    owner = connect_as("owner")
    owner.execute("ALTER TABLE intake_batch NO FORCE ROW LEVEL SECURITY")
    owner.execute("CREATE VIEW core.plain AS SELECT * FROM intake_batch")
    owner.execute("GRANT SELECT ON core.plain TO chengxin_office")
    assert as_officer(connect_as("office"), tenants.one.pk, "SELECT count(*) FROM plain") == 5


def test_no_role_of_ours_is_above_the_policies_or_can_get_there(tenants: Tenants, connect_as: Connect) -> None:
    for role in ("office", "api", "worker", "public"):
        session = connect_as(role)
        session.execute("SET default_transaction_read_only = off")
        for statement in (
            f"ALTER ROLE chengxin_{role} BYPASSRLS",
            "SET ROLE chengxin_owner",
            "SET SESSION AUTHORIZATION chengxin_owner",
            "SET ROLE pg_read_all_data",
            "ALTER TABLE core.intake_batch DISABLE ROW LEVEL SECURITY",
            f"CREATE POLICY mine ON core.intake_batch TO chengxin_{role} USING (true)",
            "DROP POLICY own ON core.intake_batch",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)
    office = connect_as("office")
    office.execute("SET row_security = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        as_officer(office, tenants.one.pk, COUNT)


@pytest.mark.parametrize("role", ["office", "api", "worker", "public"])
@pytest.mark.usefixtures("tenants")
def test_nobody_empties_a_table(connect_as: Connect, role: str) -> None:
    session = connect_as(role)
    session.execute("SET default_transaction_read_only = off")
    for table in ("intake_batch", "intake_quarantinedrow", "records_record", "audit_event", "accounts_apiclient"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(sql.SQL("TRUNCATE core.{} CASCADE").format(sql.Identifier(table)))


def test_a_unique_key_tells_nothing_about_another_organisations_rows(tenants: Tenants, connect_as: Connect) -> None:
    from chengxin.intake.models import Batch  # noqa: PLC0415

    hidden = Batch.objects.filter(organisation_id=tenants.other.pk).order_by("pk")[0]
    office = connect_as("office")
    insert = """INSERT INTO intake_batch (sha256, organisation_id, item, filename, encoding_asked, mapping, bytes,
        channel, submitted_by, state, received_at, state_at, notices) VALUES
        ('{}', {}, 'licence', '', 'auto', '', 1, 'office', 'zhang', 'received', now(), now(), '[]') RETURNING 1"""
    assert as_officer(office, tenants.one.pk, insert.format(hidden.sha256, tenants.one.pk)) == 1
    for digest in (hidden.sha256, "0" * 64):  # there, or not: the same answer
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="violates row-level security policy"):
            as_officer(office, tenants.one.pk, insert.format(digest, tenants.other.pk))


def test_a_function_of_ones_own_making_in_a_filter_is_shown_ones_own_rows_only(
    tenants: Tenants, connect_as: Connect
) -> None:
    owner, office = connect_as("owner"), connect_as("office")
    owner.execute(
        """CREATE FUNCTION core.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
        $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$"""
    )
    owner.execute("GRANT EXECUTE ON FUNCTION core.tell(text) TO chengxin_office")
    told: list[str | None] = []
    office.add_notice_handler(lambda notice: told.append(notice.message_primary))
    assert as_officer(office, tenants.one.pk, COUNT + " WHERE core.tell(filename)") == 2
    assert set(told) == {"one.csv"}


def test_an_error_on_a_hidden_row_is_not_raised(tenants: Tenants, connect_as: Connect) -> None:
    query = COUNT + f" WHERE 1 / (organisation_id - {tenants.other.pk}) <= 1"
    assert as_officer(connect_as("office"), tenants.one.pk, query) == 2


def test_what_the_planner_knows_of_hidden_rows_is_not_for_the_ends(tenants: Tenants, connect_as: Connect) -> None:
    connect_as("owner").execute("ANALYZE intake_batch")
    seen = "SELECT count(*) FROM pg_stats WHERE tablename = 'intake_batch'"
    assert as_officer(connect_as("office"), tenants.one.pk, seen) == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as("office").execute("SELECT * FROM pg_statistic")


@pytest.mark.usefixtures("tenants")
def test_an_event_is_written_in_ones_own_name_only(connect_as: Connect) -> None:
    office = connect_as("office")
    insert = """INSERT INTO audit_event (at, actor_kind, actor, organisation, action, object_kind, object, detail{more})
        VALUES (now(), 'officer', '{who}', 'one', 'x', 'batch', '1', '{{}}'{values}) RETURNING id"""
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'audit_event'"
    extra = [
        name
        for (name,) in connect_as("owner").execute(columns).fetchall()
        if name in {"purpose", "case_number", "legal_basis", "channel"}
    ]
    more, values = "".join(f", {name}" for name in extra), ", ''" * len(extra)
    with office.transaction():
        office.execute("SELECT set_config('chengxin.actor_kind', 'officer', true)")
        office.execute("SELECT set_config('chengxin.actor', 'zhang', true)")
        office.execute(insert.format(who="zhang", more=more, values=values).encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"), office.transaction():
            office.execute(insert.format(who="li", more=more, values=values).encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        office.execute(insert.format(who="zhang", more=more, values=values).encode())
