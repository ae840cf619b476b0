"""What gives power over accounts is kept by the database too, for the process that faces people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from chengxin.accounts.actions.approvals import DecideApproval
from chengxin.accounts.actions.clients import AddClientKey, GrantOperation, MakeApiClient, WithdrawFromClient
from chengxin.accounts.actions.grants import BindIdentity, GrantDuties, ResetLogIn
from chengxin.accounts.actions.organisations import CloseOrganisation, ReopenOrganisation
from chengxin.accounts.actor import CHECK, officer_actor
from chengxin.accounts.clients import ApiClient, ClientGrant, ClientKey
from chengxin.accounts.models import Approval, Officer, Organisation, OutsideIdentity
from chengxin.accounts.signing import load_private_key, make_private_key
from chengxin.base.context import acting
from chengxin.testing.ends import as_role
from chengxin.testing.making import NOW, make_officer, make_organisation, make_signing_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from chengxin.accounts.actor import Actor


@pytest.fixture
def two(own_database: str) -> tuple[Actor, Actor, int]:
    assert own_database
    office = make_organisation("market")
    boss = make_officer(office, "boss", "administrator")
    guard = make_officer(office, "guard", "security")
    make_officer(office, "li")
    for number, one in enumerate((boss, guard)):
        Officer.objects.filter(pk=one.pk).update(name=f"姓名{number}")
    return officer_actor(boss), officer_actor(guard), office.pk


def _as_boss(link: psycopg.Connection, office: int, statement: str) -> None:
    """Run ``statement`` in the name of the administrator, as the office end's process does."""
    who = {"actor_kind": "officer", "actor": "boss", "organisation": str(office), "everywhere": "on"}
    for name, value in who.items():
        link.execute("SELECT set_config(%s, %s, true)", [f"chengxin.{name}", value])
    link.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_officer SET roles = ARRAY['submitter', 'centre'] WHERE username = 'li'",
        "UPDATE accounts_officer SET roles = ARRAY['auditor'] WHERE username = 'li'",
        "UPDATE accounts_officer SET is_active = true WHERE username = 'gone'",
        "UPDATE accounts_officer SET password = 'mine' WHERE username = 'guard'",
        "UPDATE accounts_officer SET name = 'x' WHERE username = 'li'",
        "UPDATE accounts_officer SET organisation_id = organisation_id WHERE username = 'li'",
        "DELETE FROM accounts_officer WHERE username = 'li'",
        """INSERT INTO accounts_officer (username, name, password, organisation_id, roles, is_active)
            SELECT 'new', 'x', '', id, ARRAY['centre'], true FROM accounts_organisation LIMIT 1""",
        """INSERT INTO accounts_outsideidentity (officer_id, issuer, subject, made_at, made_by)
            SELECT id, 'https://id', '1', now(), 'boss' FROM accounts_officer WHERE username = 'guard'""",
        """INSERT INTO accounts_approval (operation, object_kind, object_id, content, digest, reason, asked_by,
            asked_by_kind, asked_for, asked_at, expires_at, agreed, decided_by, decided_at)
            VALUES ('duties.grant', 'officer.duties', 'li', '{}', '', '', 'boss', 'officer', 'market', now(), now(),
            true, 'guard', now())""",
        """INSERT INTO accounts_approval (operation, object_kind, object_id, content, digest, reason, asked_by,
            asked_by_kind, asked_for, asked_at, expires_at)
            VALUES ('duties.grant', 'officer.duties', 'li', '{}', '', '', 'guard', 'officer', 'market', now(),
            now())""",
        "UPDATE accounts_approval SET agreed = true, decided_by = 'guard', decided_at = now()",
        "UPDATE accounts_approval SET content = '{}'",
        "DELETE FROM accounts_approval",
    ],
)
def test_the_office_cannot_take_power_past_the_rules(
    two: tuple[Actor, Actor, int], connect_as: Callable[[str], psycopg.Connection], statement: str
) -> None:
    boss, _guard, office = two
    gone = make_officer(make_organisation("tax"), "gone")
    Officer.objects.filter(pk=gone.pk).update(is_active=False, roles=[])
    GrantDuties(boss, "li", NOW, ("releaser",)).ask("x")
    before = list(Officer.objects.order_by("pk").values()), list(Approval.objects.order_by("pk").values())
    link = connect_as("office")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), link.transaction():
        _as_boss(link, office, statement)
    assert before == (list(Officer.objects.order_by("pk").values()), list(Approval.objects.order_by("pk").values()))
    assert not OutsideIdentity.objects.exists()


def test_what_two_agreed_on_the_office_can_do(two: tuple[Actor, Actor, int]) -> None:
    boss, guard, office = two
    wanted = (
        GrantDuties(boss, "li", NOW, ("releaser",)),
        ResetLogIn(boss, "li", NOW),
        BindIdentity(boss, "li", NOW, "https://id", "1"),
    )
    with as_role("office"):
        for one in wanted:
            with acting("officer", "boss", office, everywhere=True):
                asked = one.ask("x")
            with acting("officer", "guard", office, everywhere=True):
                DecideApproval(guard, asked.pk, True, "x", NOW).execute()
            with acting("officer", "boss", office, everywhere=True):
                one.execute()
    held = Officer.objects.get(username="li")
    assert (held.roles, held.must_change_password) == (["submitter", "releaser"], True)
    assert OutsideIdentity.objects.get().officer == held


def test_an_approval_of_before_adds_nothing_in_a_later_transaction(
    two: tuple[Actor, Actor, int], connect_as: Callable[[str], psycopg.Connection]
) -> None:
    boss, guard, office = two
    grant = GrantDuties(boss, "li", NOW, ("releaser",))
    DecideApproval(guard, grant.ask("x").pk, True, "x", NOW).execute()
    grant.execute()
    Officer.objects.filter(username="li").update(roles=[])
    link = connect_as("office")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="approval"), link.transaction():
        _as_boss(link, office, "UPDATE accounts_officer SET roles = ARRAY['releaser'] WHERE username = 'li'")


def test_a_used_or_decided_approval_stays_as_it_is_even_for_the_owner(
    two: tuple[Actor, Actor, int], connect_as: Callable[[str], psycopg.Connection]
) -> None:
    boss, guard, _office = two
    grant = GrantDuties(boss, "li", NOW, ("releaser",))
    DecideApproval(guard, grant.ask("x").pk, True, "x", NOW).execute()
    owner = connect_as("owner")
    for statement in ("agreed = false", "decided_by = 'li'", "digest = 'x'", "asked_by = 'li'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(f"UPDATE accounts_approval SET {statement}")  # noqa: S608 - the test's own words
    grant.execute()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("UPDATE accounts_approval SET used_at = NULL, used_by = ''")


GRANT = """INSERT INTO accounts_clientgrant (client_id, operation, items, purposes, per_minute, per_day, made_at,
    made_by, approval, ends_at)
    SELECT id, 'subjects.read', ARRAY['*'], ARRAY['*'], 1, 1, now(), 'boss', {approval}, now()
    FROM accounts_apiclient"""
KEY = """INSERT INTO accounts_clientkey (client_id, key_id, suite, public_key, fingerprint, made_at, made_by,
    approval, ends_at)
    SELECT id, 'mine', 'international', '', 'f', now(), 'boss', NULL, now() FROM accounts_apiclient"""


@pytest.mark.parametrize(
    "statement",
    [
        GRANT.format(approval="NULL"),
        GRANT.format(approval="(SELECT max(id) FROM accounts_approval)"),
        KEY,
        "UPDATE accounts_clientgrant SET revoked_at = NULL",
        "UPDATE accounts_clientkey SET revoked_at = NULL",
        "UPDATE accounts_apiclient SET revoked_at = NULL",
        "UPDATE accounts_apiclient SET allow_bearer = true",
        "UPDATE accounts_apiclient SET expires_at = 'infinity'",
        "UPDATE accounts_clientgrant SET per_day = 2000000000",
        "DELETE FROM accounts_clientgrant",
        "UPDATE accounts_organisation SET is_active = true WHERE code = 'tax'",
        "UPDATE accounts_organisation SET registrar = true",
        "INSERT INTO accounts_organisation (code) VALUES ('mine')",
    ],
)
def test_the_office_gives_clients_and_closed_organisations_nothing_past_the_rules(
    two: tuple[Actor, Actor, int], connect_as: Callable[[str], psycopg.Connection], statement: str
) -> None:
    boss, guard, office = two
    tax = make_organisation("tax", is_active=False)
    held = make_signing_client(tax, CHECK)
    for taken in (ApiClient, ClientGrant, ClientKey):
        taken.objects.update(revoked_at=NOW)
    other = MakeApiClient(boss, "x", tax, NOW, NOW + timedelta(days=9)).execute()[0]
    asked = GrantOperation(boss, other.pk, CHECK, ("*",), ("*",), 1, 1, NOW + timedelta(days=9), NOW).ask("x")
    DecideApproval(guard, asked.pk, True, "x", NOW).execute()
    link = connect_as("office")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), link.transaction():
        _as_boss(link, office, statement)
    assert not ClientGrant.objects.filter(revoked_at=None).exists()
    assert ApiClient.objects.get(pk=held.id).revoked_at == NOW
    assert not Organisation.objects.get(code="tax").is_active


def test_what_two_agreed_on_about_clients_and_organisations_the_office_can_do(two: tuple[Actor, Actor, int]) -> None:
    boss, guard, office = two
    tax = make_organisation("tax", is_active=False)
    with as_role("office"), acting("officer", "boss", office, everywhere=True):
        client = MakeApiClient(boss, "x", tax, NOW, NOW + timedelta(days=9)).execute()[0]
    ends_at = NOW + timedelta(days=9, microseconds=7)
    pem = load_private_key(make_private_key("national")).public_pem()
    wanted = (
        GrantOperation(boss, client.pk, CHECK, ("penalty", "licence"), ("政府采购",), 60, 900, ends_at, NOW),
        AddClientKey(boss, client.pk, pem, ends_at, NOW),
        ReopenOrganisation(boss, "tax", NOW),
    )
    with as_role("office"):
        for one in wanted:
            with acting("officer", "boss", office, everywhere=True):
                asked = one.ask("x")
            with acting("officer", "guard", office, everywhere=True):
                DecideApproval(guard, asked.pk, True, "x", NOW).execute()
            with acting("officer", "boss", office, everywhere=True):
                one.execute()
        with acting("officer", "boss", office, everywhere=True):
            WithdrawFromClient(boss, client.pk, NOW, operation=CHECK, reason="x").execute()
            CloseOrganisation(boss, "tax", "x", NOW).execute()
    assert ClientKey.objects.get().public_key == pem
    assert ClientGrant.objects.get().items == ["licence", "penalty"]
