"""The database role of the API end can do what its operations need and nothing else."""

from __future__ import annotations

import pytest
from django.db import connection

NEEDED = {
    "accounts_apiclient": "SELECT",
    "accounts_clientgrant": "SELECT",
    "accounts_clientkey": "SELECT",
    "accounts_clientuse": "SELECT, INSERT, UPDATE",
    "accounts_clientnonce": "SELECT, INSERT, UPDATE, DELETE",
    "accounts_organisation": "SELECT",
    "intake_batch": "SELECT, INSERT",
    "intake_quarantinedrow": "SELECT",
    "intake_holddecision": "SELECT",
    "records_record": "SELECT",
    "subjects_subject": "SELECT",
    "subjects_identifier": "SELECT",
    "subjects_name": "SELECT",
    "audit_event": "INSERT",
}
REFUSED = {
    "django_session": "SELECT",
    "end_office_loginattempt": "SELECT",
    "accounts_apiclient": "UPDATE",
    "accounts_clientgrant": "INSERT",
    "accounts_clientkey": "INSERT",
    "accounts_clientuse": "DELETE",
    "accounts_approval": "SELECT",
    "records_record": "INSERT",
    "subjects_subject": "UPDATE",
    "intake_batch": "UPDATE",
    "audit_event": "SELECT",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "right", "expected"),
    [
        *((table, right, True) for table, rights in NEEDED.items() for right in rights.split(", ")),
        *((table, right, False) for table, right in REFUSED.items()),
    ],
)
def test_the_role_has_the_rights_it_needs_and_no_others(table: str, right: str, expected: bool) -> None:  # noqa: FBT001
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('chengxin_api', %s, %s)", [f"core.{table}", right])
        assert cursor.fetchone() == (expected,)
