"""The catalogue is walked for every known way round row security, and a hole that is planted is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from chengxin.base.apps import policy_files
from chengxin.base.config import embedded_url, read_secrets
from chengxin.base.isolation import KINDS, Hole, apply_policies, holes, load_classified, load_questions
from chengxin.testing.ends import as_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from django.db.backends.utils import CursorWrapper

    Connect = Callable[[str], psycopg.Connection]


def named(session: psycopg.Connection) -> set[tuple[str, str]]:
    found = holes(cast("CursorWrapper", session.cursor()))
    return {(hole.kind, hole.where.removeprefix("core.").removeprefix("publication.")) for hole in found}


@pytest.mark.django_db
def test_the_platform_has_no_hole() -> None:
    with connection.cursor() as cursor:
        assert holes(cursor) == []


DEFINER = "CREATE FUNCTION core.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER {} AS 'SELECT 1::bigint';"
PRIVATE = "REVOKE ALL ON FUNCTION core.peek() FROM PUBLIC;"

PLANTED = [
    ("CREATE VIEW core.plain AS SELECT * FROM core.intake_batch", "view_of_its_owner", "plain"),
    (
        "CREATE VIEW core.plain WITH (security_invoker = false) AS SELECT * FROM core.intake_batch",
        "view_of_its_owner",
        "plain",
    ),
    ("CREATE MATERIALIZED VIEW core.frozen AS SELECT * FROM core.intake_batch", "materialised_view", "frozen"),
    (DEFINER.format("SET search_path = core") + PRIVATE, "definer_function", "peek()"),
    (DEFINER.format("") + PRIVATE, "definer_without_path", "peek()"),
    (DEFINER.format("SET work_mem = '4MB'") + PRIVATE, "definer_without_path", "peek()"),
    ("CREATE FUNCTION core.peek() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function_of_everybody", "peek()"),
    ("ALTER FUNCTION core.own_organisation() LEAKPROOF", "leakproof_claimed", "own_organisation()"),
    ("ALTER TABLE core.intake_batch NO FORCE ROW LEVEL SECURITY", "open_table", "intake_batch"),
    ("ALTER TABLE core.records_record DISABLE ROW LEVEL SECURITY", "open_table", "records_record"),
    (
        "DROP POLICY own ON core.intake_batch; DROP POLICY worker ON core.intake_batch",
        "without_policy",
        "intake_batch",
    ),
    ("CREATE TABLE core.later (id bigint PRIMARY KEY, organisation_id integer)", "unclassified", "later"),
    ("DROP TABLE core.intake_timeliness", "gone", "intake_timeliness"),
    ("CREATE UNIQUE INDEX tells ON core.intake_batch (sha256)", "key_tells", "tells"),
    ("ALTER TABLE core.intake_batch ADD CONSTRAINT tells UNIQUE (filename, item)", "key_tells", "tells"),
    ("CREATE UNIQUE INDEX tells ON core.records_record ((content ->> 'name'))", "key_tells", "tells"),
    ("ALTER TABLE core.intake_batch OWNER TO chengxin_worker", "owned_by_another", "intake_batch"),
    ("CREATE TABLE publication.mine (a int)", "owned_by_another", "mine"),
    (
        "ALTER FUNCTION core.refuse_change() OWNER TO chengxin_office",
        "function_owned_by_another",
        "refuse_change()",
    ),
    ("GRANT TRUNCATE ON core.intake_batch TO chengxin_worker", "may_truncate", "intake_batch chengxin_worker"),
    ("GRANT TRUNCATE ON publication.fact TO chengxin_worker", "may_truncate", "fact chengxin_worker"),
    ("GRANT TRIGGER ON core.intake_batch TO chengxin_api", "may_trigger_or_refer", "intake_batch chengxin_api"),
    (
        "GRANT REFERENCES ON core.intake_batch TO chengxin_office",
        "may_trigger_or_refer",
        "intake_batch chengxin_office",
    ),
    ("ALTER ROLE chengxin_office BYPASSRLS", "role_above_policies", "chengxin_office"),
    ("ALTER ROLE chengxin_api SUPERUSER", "role_above_policies", "chengxin_api"),
    ("ALTER ROLE chengxin_worker CREATEROLE", "role_above_policies", "chengxin_worker"),
    ("ALTER ROLE chengxin_worker REPLICATION", "role_above_policies", "chengxin_worker"),
    ("ALTER ROLE chengxin_worker CREATEDB", "role_above_policies", "chengxin_worker"),
    ("ALTER ROLE chengxin_owner BYPASSRLS", "role_above_policies", "chengxin_owner"),
    ("GRANT chengxin_worker TO chengxin_office", "role_of_another_role", "chengxin_office chengxin_worker"),
    ("GRANT pg_read_all_data TO chengxin_api", "role_of_another_role", "chengxin_api pg_read_all_data"),
    ("GRANT SELECT ON core.subjects_name TO PUBLIC", "right_of_everybody", "subjects_name"),
    (
        "CREATE POLICY wide ON core.intake_batch USING (true)",
        "policy_for_everybody",
        "intake_batch wide",
    ),
    (
        "CREATE POLICY wide ON core.intake_batch TO chengxin_owner USING (true)",
        "owner_policy_for_all_log_ins",
        "intake_batch wide",
    ),
    (
        "CREATE POLICY wide ON core.intake_batch TO chengxin_owner, chengxin_api USING (session_user = 'postgres')",
        "owner_policy_for_all_log_ins",
        "intake_batch wide",
    ),
    ("GRANT CREATE ON SCHEMA core TO chengxin_worker", "may_create", "core chengxin_worker"),
    (
        "ALTER ROLE chengxin_office SET chengxin.everywhere = 'on'",
        "settings_kept_by_role",
        "chengxin_office chengxin.everywhere",
    ),
    (
        "CREATE RULE peek AS ON INSERT TO core.intake_batch DO ALSO SELECT 1",
        "rule",
        "intake_batch peek",
    ),
    (
        "CREATE PUBLICATION outward FOR TABLE core.intake_batch",
        "published_to_replicas",
        "outward core.intake_batch",
    ),
]


@pytest.fixture
def superuser(server_folder: Path) -> Iterator[psycopg.Connection]:
    """Give a superuser's transaction in the database of all tests; it is taken back."""
    name = str(connection.settings_dict["NAME"])
    url = embedded_url(server_folder, "superuser", read_secrets(server_folder), name)
    with psycopg.connect(url, options="-c search_path=core,publication") as session:
        yield session
        session.rollback()


@pytest.mark.django_db
@pytest.mark.parametrize(("statement", "kind", "where"), PLANTED)
def test_a_hole_that_is_planted_is_named(superuser: psycopg.Connection, statement: str, kind: str, where: str) -> None:
    """Planted in a transaction that is taken back: roles belong to the whole server."""
    before = named(superuser)
    assert (kind, where) not in before
    superuser.execute(statement.encode())
    assert (kind, where) in named(superuser)
    superuser.rollback()
    assert named(superuser) == before


def test_every_question_is_proved_to_find_something() -> None:
    asked = set(load_questions()) | {"unclassified", "open_table", "without_policy", "gone", "key_tells"}
    asked |= {"definer_function", "materialised_view"}
    assert {kind for _statement, kind, _where in PLANTED} == asked


def test_what_is_allowed_with_a_reason_is_no_hole(connect_as: Connect) -> None:
    owner = connect_as("owner")
    owner.execute("CREATE MATERIALIZED VIEW core.frozen AS SELECT 1 AS a")
    owner.execute((DEFINER.format("SET search_path = core") + PRIVATE).encode())
    cursor = cast("CursorWrapper", owner.cursor())
    assert [hole.kind for hole in holes(cursor)] == ["definer_function", "materialised_view"]
    said = replace(
        load_classified(),
        definer_functions={"peek()": "counts nothing of anybody"},
        materialised_views={"frozen": "the number one"},
    )
    assert holes(cursor, said) == []


def test_every_table_is_classified_with_a_reason_and_organisations_tables_have_policies_for_their_readers() -> None:
    said = load_classified()
    assert {kind for kind, _why in said.tables.values()} == set(KINDS)
    assert all(len(why) >= 4 for _kind, why in said.tables.values())
    own = {table for table, (kind, _why) in said.tables.items() if kind == "organisation"}
    assert {"records_record", "intake_batch", "intake_quarantinedrow", "accounts_apiclient", "audit_event"} <= own


@pytest.mark.usefixtures("own_database")
def test_every_role_that_may_touch_an_organisations_table_has_a_policy_of_its_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.relname, r.rolname FROM pg_class c CROSS JOIN pg_roles r
            WHERE c.relnamespace = 'core'::regnamespace AND c.relrowsecurity AND r.rolname LIKE 'chengxin\\_%'
            AND has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')
            AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND r.oid = ANY (p.polroles))"""
        )
        assert cursor.fetchall() == []


@pytest.mark.usefixtures("own_database")
def test_what_is_in_force_is_left_alone_and_nothing_waits_for_it(connect_as: Connect) -> None:
    texts = [text for _room, text in policy_files()]
    reader = connect_as("worker")
    reader.autocommit = False
    reader.execute("SELECT 1 FROM intake_batch")  # an import under way: it holds the table until its end
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
        assert apply_policies(cursor, texts) is False
        call_command("migrate", verbosity=0)


@pytest.mark.parametrize(
    "by_hand",
    [
        "DROP POLICY own ON core.intake_batch",
        "ALTER POLICY own ON core.intake_batch USING (true)",
        "CREATE POLICY more ON core.intake_batch TO chengxin_api USING (true)",
        "ALTER TABLE core.intake_batch NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE core.intake_batch DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE core.subjects_name ENABLE ROW LEVEL SECURITY",
        "CREATE OR REPLACE FUNCTION core.acts_everywhere() RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'",
    ],
)
@pytest.mark.usefixtures("own_database")
def test_what_was_changed_by_hand_is_put_right_by_the_next_migration(by_hand: str) -> None:
    def policies() -> list[object]:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.polname, p.polcmd, p.polroles::text,
                pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid),
                pg_get_functiondef('core.acts_everywhere'::regproc)
                FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
                WHERE c.relnamespace = 'core'::regnamespace AND c.relkind = 'r' ORDER BY 1, 4"""
            )
            return list(cursor.fetchall())

    proper = policies()
    with connection.cursor() as cursor:
        cursor.execute(by_hand)
    assert policies() != proper
    call_command("migrate", verbosity=0)
    assert policies() == proper
    with connection.cursor() as cursor:
        assert holes(cursor) == []


@pytest.mark.usefixtures("own_database")
def test_a_policy_that_no_room_writes_down_any_more_is_gone() -> None:
    texts = [text for room, text in policy_files() if room != "chengxin.intake"]
    with connection.cursor() as cursor:
        assert apply_policies(cursor, texts) is True
        assert {hole for hole in holes(cursor) if hole.kind == "open_table"} == {
            Hole("open_table", f"intake_{table}") for table in ("batch", "holddecision", "quarantinedrow", "timeliness")
        }
        assert apply_policies(cursor, [text for _room, text in policy_files()]) is True
        assert holes(cursor) == []


@pytest.mark.usefixtures("own_database")
def test_an_end_can_walk_the_catalogue_itself_without_seeing_a_row() -> None:
    with as_role("office"), connection.cursor() as cursor:
        assert holes(cursor) == []
