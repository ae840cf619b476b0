"""The database role of the office end can do what its pages need and nothing else."""

from __future__ import annotations

import pytest
from django.db import connection

CASES = [
    ("django_session", "SELECT, INSERT, UPDATE, DELETE", True),
    ("end_office_loginattempt", "SELECT, INSERT, DELETE", True),
    ("end_office_loginattempt", "UPDATE", False),
    ("office_session", "SELECT, INSERT, UPDATE, DELETE", True),
    ("office_device", "SELECT, INSERT, DELETE", True),
    ("office_device", "UPDATE", False),
    ("accounts_officer", "SELECT", True),
    ("accounts_officer", "INSERT", True),
    ("accounts_officer", "DELETE", False),
    ("accounts_approval", "DELETE", False),
    ("accounts_secondfactor", "SELECT, INSERT, DELETE", True),
    ("accounts_outsideidentity", "UPDATE", False),
    ("intake_batch", "SELECT, INSERT", True),
    ("intake_batch", "UPDATE, DELETE", False),
    ("intake_quarantinedrow", "SELECT", True),
    ("intake_holddecision", "SELECT, INSERT", True),
    ("intake_holddecision", "UPDATE, DELETE", False),
    ("intake_timeliness", "SELECT", True),
    ("intake_timeliness", "INSERT", False),
    ("audit_event", "INSERT", True),
    ("audit_event", "UPDATE, DELETE", False),
    ("audit_personal", "INSERT", True),
    ("audit_personal", "SELECT, UPDATE, DELETE", False),
    ("audit_checkpoint", "SELECT", True),
    ("audit_leaf", "INSERT, UPDATE, DELETE", False),
    ("audit_tree", "INSERT, UPDATE, DELETE", False),
    ("accounts_clientuse", "SELECT", True),
    ("accounts_clientuse", "INSERT, UPDATE, DELETE", False),
    ("accounts_organisation", "INSERT, UPDATE, DELETE", False),
    ("practitioners_person", "SELECT, INSERT, UPDATE, DELETE", False),
    ("practitioners_sealedtext", "SELECT, INSERT, UPDATE, DELETE", False),
    ("records_record", "SELECT, INSERT, UPDATE, DELETE", False),
    ("subjects_subject", "INSERT, UPDATE, DELETE", False),
    ("records_linkproposal", "SELECT", True),
    ("records_linkproposal", "INSERT, UPDATE, DELETE", False),
    ("records_linkdecision", "SELECT, INSERT", True),
    ("records_linkdecision", "UPDATE, DELETE", False),
    ("records_linkeffect", "SELECT", True),
    ("records_linkeffect", "INSERT, UPDATE, DELETE", False),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("table", "rights", "expected"), CASES)
def test_the_role_has_the_rights_it_needs_and_no_others(table: str, rights: str, expected: bool) -> None:  # noqa: FBT001
    with connection.cursor() as cursor:
        for right in rights.split(", "):
            cursor.execute("SELECT has_table_privilege('chengxin_office', %s, %s)", [f"core.{table}", right])
            assert cursor.fetchone() == (expected,), right


@pytest.mark.django_db
def test_an_officers_name_or_organisation_cannot_be_changed_from_the_office() -> None:
    columns = {"password": True, "last_login": True, "roles": True}
    columns |= {"username": False, "name": False, "staff_number": False, "organisation_id": False}
    with connection.cursor() as cursor:
        for column, expected in columns.items():
            cursor.execute(
                "SELECT has_column_privilege('chengxin_office', 'core.accounts_officer', %s, 'UPDATE')", [column]
            )
            assert cursor.fetchone() == (expected,), column


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["chengxin_worker", "chengxin_api", "chengxin_public"])
def test_nobody_but_the_office_reads_passwords_second_factors_devices_and_sessions(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_column_privilege(%s, 'core.accounts_officer', 'password', 'SELECT')", [role])
        assert cursor.fetchone() == (False,)
        for table in ("accounts_secondfactor", "accounts_outsideidentity", "office_device", "office_session"):
            cursor.execute("SELECT has_any_column_privilege(%s, %s, 'SELECT')", [role, f"core.{table}"])
            assert cursor.fetchone() == (False,), table
