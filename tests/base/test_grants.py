"""A right is what a room's grants.sql names today: what it no longer names is gone after the next migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from chengxin.base.apps import grant_files, grant_to_roles, make_schemas
from chengxin.base.config import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable

    Connect = Callable[[str], psycopg.Connection]

APPLICATION = [f"chengxin_{role}" for role in ROLES if role != "owner"]


def _rights() -> set[tuple[str, str, str]]:
    """Return every right of an application role, or of everybody, on anything of ours: (kind and name, role, right)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH held AS (
                SELECT 'relation ' || c.oid::regclass::text AS what, a.* FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
                WHERE n.nspname IN ('core', 'publication')
                UNION ALL
                SELECT 'column ' || c.oid::regclass::text || '.' || t.attname, a.* FROM pg_attribute t
                JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
                aclexplode(t.attacl) a WHERE n.nspname IN ('core', 'publication')
                UNION ALL
                SELECT 'function ' || p.oid::regprocedure::text, a.* FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace,
                aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                WHERE n.nspname IN ('core', 'publication')
                UNION ALL
                SELECT 'schema ' || n.nspname, a.* FROM pg_namespace n, aclexplode(n.nspacl) a
                WHERE n.nspname IN ('core', 'publication', 'public')
                UNION ALL
                SELECT 'database', a.* FROM pg_database d,
                aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE d.datname = current_database()
            )
            SELECT what, CASE grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(grantee) END, privilege_type
            FROM held
            """
        )
        return {
            (str(what), str(role), str(right))
            for what, role, right in cursor.fetchall()
            if role == "everybody" or role in APPLICATION
        }


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("own_database")
def test_everybody_may_do_nothing() -> None:
    assert {right for right in _rights() if right[1] == "everybody"} == set()


@pytest.mark.usefixtures("own_database")
def test_temporary_tables_are_for_the_worker_only() -> None:
    rights = {(role, right) for what, role, right in _rights() if what == "database"}
    assert rights == {(role, "CONNECT") for role in APPLICATION} | {("chengxin_worker", "TEMPORARY")}


@pytest.mark.parametrize("role", ["office", "api", "public"])
def test_who_may_not_make_a_temporary_table_is_refused_one(connect_as: Connect, role: str) -> None:
    session = connect_as(role)
    session.execute("SET default_transaction_read_only = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("CREATE TEMPORARY TABLE mine (a integer)")


def test_the_worker_makes_its_temporary_tables_and_no_others(connect_as: Connect) -> None:
    worker = connect_as("worker")
    worker.execute("CREATE TEMPORARY TABLE mine (a integer)")
    for schema in ("core", "publication", "public"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute(f"CREATE TABLE {schema}.mine (a integer)")


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    "statement",
    [
        "GRANT SELECT, UPDATE ON core.accounts_officer TO chengxin_public",
        "GRANT DELETE ON core.records_record TO chengxin_worker",
        "GRANT SELECT (token_digest) ON core.accounts_apiclient TO chengxin_public",
        "GRANT UPDATE (detail) ON core.audit_event TO chengxin_office",
        "GRANT USAGE, UPDATE ON SEQUENCE core.record_ids TO chengxin_api",
        "GRANT EXECUTE ON FUNCTION core.refuse_audit_change() TO chengxin_public",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA core, publication TO PUBLIC",
        "GRANT ALL ON SCHEMA core TO chengxin_public",
        "GRANT CREATE ON SCHEMA publication TO chengxin_worker",
        "GRANT ALL ON SCHEMA public TO chengxin_office",
        "GRANT USAGE ON SCHEMA public TO PUBLIC",
        "DO $$ BEGIN EXECUTE format('GRANT ALL ON DATABASE %I TO chengxin_public', current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$",
    ],
)
def test_what_no_room_grants_any_more_is_taken_away_at_the_next_migration(statement: str) -> None:
    proper = _rights()
    _execute(statement)
    assert _rights() > proper, "the earlier version granted more"
    call_command("migrate", verbosity=0)
    assert _rights() == proper


@pytest.mark.usefixtures("own_database")
def test_a_new_table_sequence_or_function_is_nobodys_until_a_room_grants_it() -> None:
    proper = _rights()
    _execute("CREATE TABLE core.later (a integer)")
    _execute("CREATE FUNCTION publication.later() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    call_command("migrate", verbosity=0)
    assert _rights() == proper


@pytest.mark.usefixtures("own_database")
def test_a_right_that_was_lost_comes_back_at_the_next_migration() -> None:
    proper = _rights()
    _execute("REVOKE ALL ON ALL TABLES IN SCHEMA publication FROM chengxin_public")
    assert _rights() < proper
    call_command("migrate", verbosity=0)
    assert _rights() == proper


@pytest.mark.django_db
def test_the_schemas_may_exist_already() -> None:
    make_schemas()
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname IN ('core', 'publication') ORDER BY nspname")
        assert cursor.fetchall() == [("core",), ("publication",)]


@pytest.mark.django_db
def test_grants_are_applied_once_after_the_last_application() -> None:
    with_tables = [one for one in apps.get_app_configs() if one.models_module is not None]
    _execute("GRANT SELECT ON core.audit_event TO chengxin_public")
    given = _rights()
    for one in with_tables[:-1]:
        grant_to_roles(sender=one)
    assert _rights() == given
    grant_to_roles(sender=with_tables[-1])
    assert _rights() < given


def test_the_infrastructure_takes_away_before_any_room_grants() -> None:
    rooms = [room for room, _text in grant_files()]
    assert rooms[0] == "chengxin.base"
    assert len(rooms) == len(set(rooms))
    assert {"chengxin.accounts", "chengxin.audit", "chengxin.records", "chengxin.publication"} < set(rooms)


def test_no_room_grants_to_everybody_or_hands_rights_on() -> None:
    for room, text in grant_files():
        statements = " ".join(line for line in text.splitlines() if not line.lstrip().startswith("--")).upper()
        assert "TO PUBLIC" not in statements, room
        assert "WITH GRANT OPTION" not in statements, room
