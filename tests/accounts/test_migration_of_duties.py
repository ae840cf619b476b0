"""An installation of the release before keeps its officers' duties; nobody gets another one by the upgrade."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from chengxin.accounts.actor import officer_actor
from chengxin.accounts.models import Officer

OLD = """INSERT INTO accounts_officer (username, name, password, organisation_id, role, is_active)
    SELECT 'officer-' || role, 'x', '', o.id, role, true FROM accounts_organisation o,
        unnest(ARRAY['submitter', 'centre', 'auditor', '']) role"""


def test_the_one_duty_of_before_becomes_the_first_of_the_list(own_database: str) -> None:
    assert own_database
    MigrationExecutor(connection).migrate([("accounts", "0001_initial")])
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO accounts_organisation (code, uscc, name, name_en, aliases, level, kind, hands_in, registrar)
            VALUES ('market', 'U', '局', 'bureau', '{}', 'city', 'department', '{}', false)"""
        )
        cursor.execute(OLD)
    executor = MigrationExecutor(connection)
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "accounts"])
    held = {one.username: one for one in Officer.objects.select_related("organisation")}
    assert {name: one.roles for name, one in held.items()} == {
        "officer-submitter": ["submitter"],
        "officer-centre": ["centre"],
        "officer-auditor": ["auditor"],
        "officer-": [],
    }
    assert officer_actor(held["officer-"]).operations == frozenset()
    assert not any(one.must_change_password or one.staff_number for one in held.values())
    with connection.cursor() as cursor:  # a process of the release before still finds its column
        cursor.execute("SELECT count(*) FROM accounts_officer WHERE role IS NOT NULL")
        assert cursor.fetchone() == (4,)
    Officer.objects.create(username="new", name="x", organisation=held["officer-"].organisation)
