"""Who may do what with the register of bodies: exactly what grants.sql says, for every role and every table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Connect = Callable[[str], psycopg.Connection]

READ = frozenset({"SELECT"})
KEPT = READ | {"INSERT", "UPDATE", "DELETE"}
ADDED = READ | {"INSERT"}

RIGHTS: dict[str, dict[str, frozenset[str]]] = {
    "subjects_subject": {"worker": READ | {"INSERT", "UPDATE"}, "office": READ, "api": READ},
    "subjects_identifier": {"worker": KEPT, "office": READ, "api": READ},
    "subjects_name": {"worker": KEPT, "office": READ, "api": READ},
    "subjects_refusedcode": {"worker": KEPT, "office": READ, "api": READ},
    "subjects_registration": {"worker": ADDED, "office": READ, "api": READ},
    "subjects_movedrow": {"worker": ADDED, "office": READ, "api": READ},
    "subjects_relation": {"worker": KEPT, "office": ADDED, "api": READ},
    "subjects_change": {"worker": READ | {"INSERT", "UPDATE"}, "office": ADDED, "api": READ},
}

COLUMNS: dict[tuple[str, str], frozenset[str]] = {
    ("office", "subjects_change"): frozenset({"approval_id"}),
    ("office", "subjects_relation"): frozenset(
        {"state", "manner", "from_day", "until_day", "document", "decided_by", "decided_at"}
    ),
}
"""Columns that a role may change without being allowed to change the row."""


MORE: dict[str, tuple[str, ...]] = {
    "office": (
        "UPDATE subjects_subject SET name = 'x'",
        "UPDATE subjects_change SET state = 'done'",
        "UPDATE subjects_relation SET from_subject_id = 1",
        "DELETE FROM subjects_relation",
        "INSERT INTO subjects_movedrow DEFAULT VALUES",
        "DELETE FROM subjects_refusedcode",
    ),
    "api": (
        "INSERT INTO subjects_change DEFAULT VALUES",
        "DELETE FROM subjects_identifier",
    ),
    "worker": (
        "DELETE FROM subjects_subject",
        "UPDATE subjects_registration SET name = 'x'",
        "UPDATE subjects_movedrow SET kept = true",
        "DELETE FROM subjects_change",
        "TRUNCATE subjects_name",
    ),
}
"""What a process of each role might try and is refused."""


def test_every_role_may_do_with_every_table_what_the_grants_say_and_no_more(connect_as: Connect) -> None:
    owner = connect_as("owner")
    tables = [
        str(name)
        for (name,) in owner.execute(
            r"SELECT tablename FROM pg_tables WHERE schemaname = 'core' AND tablename LIKE 'subjects\_%' ORDER BY 1"
        )
    ]
    assert tables == sorted(RIGHTS)  # a new table says here who may do what
    found: dict[str, dict[str, set[str]]] = {}
    for table in tables:
        held = owner.execute(
            """SELECT grantee, privilege_type FROM information_schema.table_privileges
            WHERE table_schema = 'core' AND table_name = %s AND grantee LIKE 'chengxin%%'""",
            [table],
        )
        for role, right in held:
            name = str(role).removeprefix("chengxin_")
            if name != "owner":
                found.setdefault(table, {}).setdefault(name, set()).add(str(right))
    assert found == RIGHTS
    everybody = owner.execute(
        r"""SELECT count(*) FROM information_schema.table_privileges
        WHERE table_schema = 'core' AND table_name LIKE 'subjects\_%' AND grantee = 'PUBLIC'"""
    ).fetchone()
    assert everybody == (0,)


def test_the_office_changes_only_what_an_officer_decides(connect_as: Connect) -> None:
    owner = connect_as("owner")
    for (role, table), columns in COLUMNS.items():
        held = owner.execute(
            """SELECT column_name FROM information_schema.column_privileges WHERE table_schema = 'core'
            AND table_name = %s AND grantee = %s AND privilege_type = 'UPDATE'""",
            [table, f"chengxin_{role}"],
        )
        assert {str(name) for (name,) in held} == columns, table


def test_a_process_that_tries_more_is_refused_by_the_database(connect_as: Connect) -> None:
    for role, statements in MORE.items():
        session = connect_as(role)
        session.execute("SET default_transaction_read_only = off")
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)


def test_the_public_process_does_not_even_see_the_register(connect_as: Connect) -> None:
    session = connect_as("public")
    for table in RIGHTS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(f"SELECT 1 FROM core.{table}")  # noqa: S608 - tables named above


def test_what_is_only_ever_added_is_not_even_the_owners_to_change(connect_as: Connect) -> None:
    owner = connect_as("owner")
    for table in ("subjects_registration", "subjects_movedrow"):
        _one_row(owner, table)
        for statement in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
            with pytest.raises(psycopg.DatabaseError, match="never changed or deleted"):
                owner.execute(statement.format(table))
        assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)  # noqa: S608


def _one_row(owner: psycopg.Connection, table: str) -> None:
    """Put one row into the table, the least that its columns ask for."""
    if table == "subjects_registration":
        owner.execute(
            """INSERT INTO subjects_registration (subject_id, kind, name, uscc, status, registrar, valid_from,
            recorded_at, basis, identifier) VALUES (1, 'k', 'n', '', '', '', current_date, now(), 'registration', '')"""
        )
        return
    owner.execute(
        """WITH body AS (
            INSERT INTO subjects_subject (kind, name, uscc, status, registrar, made_at, changed_at)
            VALUES ('k', 'n', '', '', '', now(), now()) RETURNING id
        ), change AS (
            INSERT INTO subjects_change (kind, state, source_id, plan, preview, digest, reason, asked_by, asked_at)
            SELECT 'merge', 'done', id, '{}', '{}', '', '', '', now() FROM body RETURNING id
        )
        INSERT INTO subjects_movedrow (change_id, what, from_subject_id, to_subject_id, before, absorbed, kept, at)
        SELECT id, 'name', 1, 2, '{}', false, false, now() FROM change"""
    )
