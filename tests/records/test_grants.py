"""Who may do what with facts, proposals and decisions: exactly what grants.sql says, for every role and every table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from chengxin.records.models import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    Connect = Callable[[str], psycopg.Connection]

READ = frozenset({"SELECT"})
ADDED = READ | {"INSERT"}

RIGHTS: dict[str, dict[str, frozenset[str]]] = {
    "records_record": {"worker": ADDED, "api": READ},
    "records_linkproposal": {"worker": ADDED | {"UPDATE"}, "office": READ},
    "records_linkdecision": {"worker": READ, "office": ADDED},
    "records_linkeffect": {"worker": ADDED, "office": READ},
    "records_move": {"worker": ADDED, "office": READ, "api": READ},
    "records_sealpiece": {"worker": ADDED},
    "records_sealing": {"worker": ADDED | {"UPDATE"}},
}

HIDDEN = {"content", "digest", "generation"}
"""Columns of facts that the office's process does not read: what was handed in may name persons."""


MORE: dict[str, tuple[str, ...]] = {
    "office": (
        "SELECT content FROM records_record",
        "INSERT INTO records_record DEFAULT VALUES",
        "INSERT INTO records_linkproposal DEFAULT VALUES",
        "UPDATE records_linkproposal SET evidence = '{}'",
        "UPDATE records_linkproposal SET candidates = '{1}'",
        "UPDATE records_linkdecision SET note = ''",
        "INSERT INTO records_linkeffect DEFAULT VALUES",
        "INSERT INTO records_move DEFAULT VALUES",
    ),
    "api": (
        "SELECT 1 FROM records_linkproposal",
        "SELECT 1 FROM records_linkdecision",
        "INSERT INTO records_record DEFAULT VALUES",
    ),
    "worker": (
        "UPDATE records_record SET public = true",
        "DELETE FROM records_record",
        "TRUNCATE records_record",
        "INSERT INTO records_linkdecision DEFAULT VALUES",
        "DELETE FROM records_linkproposal",
        "UPDATE records_linkeffect SET outcome = ''",
        "DELETE FROM records_move",
    ),
}
"""What a process of each role might try and is refused."""


def test_every_role_may_do_with_every_table_what_the_grants_say_and_no_more(connect_as: Connect) -> None:
    owner = connect_as("owner")
    found: dict[str, dict[str, set[str]]] = {
        str(table): {}
        for (table,) in owner.execute(
            r"SELECT tablename FROM pg_tables WHERE schemaname = 'core' AND tablename LIKE 'records\_%'"
        )
    }
    held = owner.execute(
        r"""SELECT table_name, grantee, privilege_type FROM information_schema.table_privileges
        WHERE table_schema = 'core' AND table_name LIKE 'records\_%' AND grantee <> 'chengxin_owner'"""
    )
    for table, role, right in held:
        found[str(table)].setdefault(str(role).removeprefix("chengxin_"), set()).add(str(right))
    assert found == RIGHTS


def test_the_office_reads_of_a_fact_everything_but_what_may_name_persons(connect_as: Connect) -> None:
    held = connect_as("owner").execute(
        """SELECT column_name, privilege_type FROM information_schema.column_privileges WHERE table_schema = 'core'
        AND table_name = 'records_record' AND grantee = 'chengxin_office'"""
    )
    rights = {(str(column), str(right)) for column, right in held}
    columns = {field.column for field in Record._meta.concrete_fields}
    assert rights == {(column, "SELECT") for column in columns - HIDDEN}


def test_the_office_moves_a_proposal_and_leaves_its_evidence_alone(connect_as: Connect) -> None:
    held = connect_as("owner").execute(
        """SELECT column_name FROM information_schema.column_privileges WHERE table_schema = 'core'
        AND table_name = 'records_linkproposal' AND grantee = 'chengxin_office' AND privilege_type = 'UPDATE'"""
    )
    moved = {"state", "outcome", "note", "refused", "revision", "changed_at"}
    assert {str(column) for (column,) in held} == moved


def test_a_process_that_tries_more_is_refused_by_the_database(connect_as: Connect) -> None:
    for role, statements in MORE.items():
        session = connect_as(role)
        session.execute("SET default_transaction_read_only = off")
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)


def test_the_public_process_does_not_even_see_the_facts(connect_as: Connect) -> None:
    session = connect_as("public")
    for table in RIGHTS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(f"SELECT 1 FROM core.{table}")  # noqa: S608 - tables named above
