"""Each process's database role can do its own work and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import DatabaseError, connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable


def _relations() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'v', 'm', 'p', 'S')
            AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"""
        )
        return [(str(schema), str(name)) for schema, name in cursor.fetchall()]


def test_the_public_role_reads_the_publication_schema_and_is_refused_everything_else(
    connect_as: Callable[[str], psycopg.Connection],
) -> None:
    public = connect_as("public")
    relations = _relations()
    assert ("core", "records_record") in relations
    assert ("publication", "fact") in relations
    for schema, name in relations:
        query = sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(schema, name))
        if schema == "publication":
            public.execute(query)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                public.execute(query)


def test_the_public_role_can_change_nothing_even_when_it_turns_read_only_off(
    connect_as: Callable[[str], psycopg.Connection],
) -> None:
    public = connect_as("public")
    public.execute("SET default_transaction_read_only = off")
    for statement in (
        "DELETE FROM publication.fact",
        "UPDATE publication.body SET name = 'x'",
        "INSERT INTO publication.state (changed_at) VALUES (now())",
        "TRUNCATE publication.fact",
        "CREATE TABLE publication.mine (a int)",
        "CREATE TABLE core.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY publication.fact TO PROGRAM 'true'",
        "SET ROLE chengxin_owner",
        "SET SESSION AUTHORIZATION chengxin_worker",
        "CREATE ROLE mine",
        "ALTER ROLE chengxin_public SUPERUSER",
        "SELECT core.refuse_change()",
        "SELECT * FROM pg_authid",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT lo_import('/etc/passwd')",
        "CREATE EXTENSION pg_trgm",
        "CREATE FUNCTION publication.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            public.execute(statement)


def test_the_public_role_cannot_log_in_as_another_role(connect_as: Callable[[str], psycopg.Connection]) -> None:
    public = connect_as("public")
    for role in ("chengxin_owner", "postgres"):
        for password in ("guess", "", public.info.password):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(host=public.info.host, user=role, password=password, dbname=public.info.dbname)


@pytest.mark.parametrize("role", ["worker", "office", "api", "public"])
@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_no_application_role_can_log_in_to_the_servers_own_databases(
    database_url: Callable[[str], str], role: str, database: str
) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(make_conninfo(database_url(role), dbname=database))


@pytest.mark.parametrize("role", ["worker", "office", "api", "public"])
def test_no_application_role_can_change_or_remove_a_fact_or_an_audit_event(
    connect_as: Callable[[str], psycopg.Connection], role: str
) -> None:
    session = connect_as(role)
    session.execute("SET default_transaction_read_only = off")
    for table in ("records_record", "audit_event"):
        for statement in ("DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET id = 1"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(sql.SQL(statement).format(sql.Identifier("core", table)))


@pytest.mark.django_db
def test_even_the_owner_of_the_table_is_stopped_by_the_trigger() -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="never changed or deleted"):
        cursor.execute("TRUNCATE core.records_record")


@pytest.mark.django_db
def test_every_table_belongs_to_the_owner_and_no_other_role_has_special_powers() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT pg_get_userbyid(c.relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('core', 'publication')"""
        )
        assert cursor.fetchall() == [("chengxin_owner",)]
        cursor.execute(
            """SELECT rolname FROM pg_roles WHERE rolname LIKE 'chengxin%%'
            AND (rolsuper OR rolbypassrls OR rolcreaterole OR (rolcreatedb AND rolname <> 'chengxin_owner'))"""
        )
        assert cursor.fetchall() == []
