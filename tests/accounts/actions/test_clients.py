"""API clients are made with nothing; keys and grants need a second officer, and taking away needs one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from django.db import IntegrityError, connection, transaction

from chengxin.accounts.actions.approvals import AskApproval, DecideApproval, NotApproved
from chengxin.accounts.actions.clients import (
    AddClientKey,
    GrantOperation,
    MakeApiClient,
    WithdrawFromClient,
    read_pem,
)
from chengxin.accounts.actor import CHECK, MANAGE_CLIENTS, OPERATIONS, SUBMIT, Actor, officer_actor, operator
from chengxin.accounts.clients import ApiClient, ClientGrant, ClientKey
from chengxin.accounts.queries import client_by_token
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.crypto import sm2
from chengxin.testing.making import NOW, make_client, make_officer, make_organisation

if TYPE_CHECKING:
    from chengxin.accounts.models import Approval, Organisation

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)


@pytest.fixture
def organisation() -> Organisation:
    return make_organisation()


@pytest.fixture
def administrator(organisation: Organisation) -> Actor:
    return officer_actor(make_officer(organisation, "admin", "administrator"))


@pytest.fixture
def security(organisation: Organisation) -> Actor:
    return officer_actor(make_officer(organisation, "guard", "security"))


@pytest.fixture
def client(organisation: Organisation) -> ApiClient:
    return MakeApiClient(operator(), "审批系统", organisation, NOW, NOW + YEAR).execute()[0]


def _grant(actor: Actor, client: ApiClient, **more: Any) -> GrantOperation:
    values: dict[str, Any] = {
        "operation": CHECK,
        "items": ("penalty",),
        "purposes": ("政府采购",),
        "per_minute": 60,
        "per_day": 1000,
        "ends_at": NOW + YEAR,
        "now": NOW,
    }
    return GrantOperation(actor=actor, client_id=client.pk, **(values | more))


def _public_pem() -> str:
    public = Ed25519PrivateKey.generate().public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode()


def _certificate(days: int = 30) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "approval system")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _agree(asker: Actor, decider: Actor, act: GrantOperation | AddClientKey) -> Approval:
    asked = AskApproval(asker, MANAGE_CLIENTS, "client", str(act.client_id), act.content(), "新系统上线", NOW).execute()
    return DecideApproval(decider, asked.pk, agree=True, reason="同意", now=NOW).execute()


def test_a_client_begins_with_nothing(client: ApiClient) -> None:
    assert client.token_digest is None
    assert not client.allow_bearer
    assert not ClientGrant.objects.exists()
    assert not ClientKey.objects.exists()
    assert Event.objects.get().action == "client.made"


def test_a_token_is_given_only_where_it_was_asked_for_and_is_not_kept(organisation: Organisation) -> None:
    made, token = MakeApiClient(operator(), "演练", organisation, NOW, NOW + YEAR, allow_bearer=True).execute()
    found = client_by_token(token, NOW)
    assert found == made
    assert token not in str(ApiClient.objects.values().get())
    ApiClient.objects.update(allow_bearer=False)
    assert client_by_token(token, NOW) is None


def test_a_client_that_would_have_ended_is_not_made(organisation: Organisation) -> None:
    with pytest.raises(ChengxinError, match="到期时间已过"):
        MakeApiClient(operator(), "x", organisation, NOW, NOW).execute()
    assert not ApiClient.objects.exists()


@pytest.mark.parametrize("role", ["submitter", "centre", "auditor", "editor"])
def test_only_who_manages_clients_may_touch_them(organisation: Organisation, client: ApiClient, role: str) -> None:
    actor = officer_actor(make_officer(organisation, role, role))
    with pytest.raises(NotPermitted):
        MakeApiClient(actor, "x", organisation, NOW, NOW + YEAR).execute()
    with pytest.raises(NotPermitted):
        _grant(actor, client).execute()
    with pytest.raises(NotPermitted):
        AddClientKey(actor, client.pk, _public_pem(), NOW + YEAR, NOW).execute()
    with pytest.raises(NotPermitted):
        WithdrawFromClient(actor, client.pk, NOW).execute()


def test_the_operator_grants_at_the_command_line_and_leaves_an_event(client: ApiClient) -> None:
    made = _grant(operator(), client).execute()
    assert (made.approval, made.made_by) == (None, "operator:cli")
    event = Event.objects.get(action="client.granted")
    assert (event.actor_kind, event.detail["items"], event.detail["grant"]) == ("operator", ["penalty"], made.pk)


def test_an_officer_grants_nothing_alone(administrator: Actor, client: ApiClient) -> None:
    with pytest.raises(NotApproved):
        _grant(administrator, client).execute()
    with pytest.raises(NotApproved):
        AddClientKey(administrator, client.pk, _public_pem(), NOW + YEAR, NOW).execute()
    assert not ClientGrant.objects.exists()
    assert not ClientKey.objects.exists()


def test_a_grant_agreed_by_the_security_officer_is_made_exactly_so_and_once(
    administrator: Actor, security: Actor, client: ApiClient
) -> None:
    approval = _agree(administrator, security, _grant(administrator, client))
    for other in ({"per_day": 1001}, {"items": ("*",)}, {"purposes": ("*",)}, {"operation": SUBMIT}):
        with pytest.raises(NotApproved):
            _grant(administrator, client, **other).execute()
    assert _grant(administrator, client).execute().approval == approval.pk
    with pytest.raises(NotApproved):
        _grant(administrator, client).execute()
    assert ClientGrant.objects.count() == 1


def test_an_approval_for_one_client_is_none_for_another(
    administrator: Actor, security: Actor, client: ApiClient, organisation: Organisation
) -> None:
    other = MakeApiClient(operator(), "另一系统", organisation, NOW, NOW + YEAR).execute()[0]
    _agree(administrator, security, _grant(administrator, client))
    with pytest.raises(NotApproved):
        _grant(administrator, other).execute()


def test_nobody_agrees_to_what_they_asked_for(administrator: Actor, client: ApiClient) -> None:
    with pytest.raises(NotPermitted):
        _agree(administrator, administrator, _grant(administrator, client))


def test_a_key_agreed_by_the_security_officer_is_added(
    administrator: Actor, security: Actor, client: ApiClient
) -> None:
    act = AddClientKey(administrator, client.pk, _public_pem(), NOW + YEAR, NOW)
    approval = _agree(administrator, security, act)
    made = act.execute()
    assert (made.suite, made.approval) == ("international", approval.pk)
    assert made.key_id.startswith(f"c{client.pk}-")


def test_a_new_grant_of_an_operation_takes_the_place_of_the_old_one(client: ApiClient) -> None:
    first = _grant(operator(), client).execute()
    second = _grant(operator(), client, items=("licence",)).execute()
    assert ClientGrant.objects.get(revoked_at=None) == second
    assert ClientGrant.objects.get(pk=first.pk).revoked_at == NOW


def test_the_database_keeps_one_live_grant_and_positive_quotas(client: ApiClient) -> None:
    made = _grant(operator(), client).execute()
    for change in ({"pk": None}, {"pk": None, "revoked_at": NOW, "per_day": 0}):
        for name, value in change.items():
            setattr(made, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            made.save(force_insert=True)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"operation": "officers.manage"}, "unknown_operation"),
        ({"operation": "everything"}, "unknown_operation"),
        ({"items": ()}, "grant_names_nothing"),
        ({"purposes": ()}, "grant_names_nothing"),
        ({"items": ("",)}, "grant_names_nothing"),
        ({"per_minute": 0}, "quota_wrong"),
        ({"per_day": -1}, "quota_wrong"),
        ({"per_day": 3_000_000_000}, "quota_wrong"),
        ({"ends_at": NOW}, "already_expired"),
    ],
)
def test_what_cannot_be_granted_is_refused_with_its_reason(client: ApiClient, more: dict[str, Any], code: str) -> None:
    with pytest.raises(ChengxinError) as refused:
        _grant(operator(), client, **more).execute()
    assert refused.value.code == code
    assert not ClientGrant.objects.exists()


def test_a_client_nobody_made_is_not_found() -> None:
    for act in (
        GrantOperation(operator(), 99, CHECK, ("*",), ("*",), 1, 1, NOW + YEAR, NOW),
        AddClientKey(operator(), 99, _public_pem(), NOW + YEAR, NOW),
        WithdrawFromClient(operator(), 99, NOW),
    ):
        with pytest.raises(NotFound):
            act.execute()


def test_keys_of_both_suites_and_certificates_are_read() -> None:
    assert read_pem(_public_pem())[0] == "international"
    assert read_pem(sm2.public_pem(sm2.load_private(sm2.make_private())))[0] == "national"
    kind, _, end = read_pem(_certificate(30))
    assert (kind, end) == ("certificate", NOW + timedelta(days=30))


def test_a_keys_fingerprint_is_of_the_key_not_of_its_text() -> None:
    pem = _public_pem()
    assert read_pem(pem)[1] == read_pem(pem.strip())[1]
    assert read_pem(pem)[1] != read_pem(_public_pem())[1]


def _odd_keys() -> list[str]:
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    rsa_key = rsa.generate_private_key(65537, 2048).public_key().public_bytes(*form).decode()
    p256 = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*form).decode()
    good = _public_pem()
    body = good.splitlines()[1]
    return [
        rsa_key,
        p256,
        "",
        "x" * 9000,
        good.replace("PUBLIC", "PRIVATE"),
        good.replace(body, body[:-4]),
        good.replace(body, "!" + body[1:]),
        _certificate().replace("M", "N", 3),
        good.replace(body, "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAE" + "A" * 86 + "=="),
    ]


def test_what_is_no_key_of_ours_is_refused(client: ApiClient) -> None:
    for pem in _odd_keys():
        with pytest.raises(ChengxinError) as refused:
            AddClientKey(operator(), client.pk, pem, NOW + YEAR, NOW).execute()
        assert refused.value.code == "key_unreadable", pem
    assert not ClientKey.objects.exists()


def test_a_certificates_key_ends_with_the_certificate(client: ApiClient) -> None:
    made = AddClientKey(operator(), client.pk, _certificate(30), NOW + YEAR, NOW).execute()
    assert made.ends_at == NOW + timedelta(days=30)
    with pytest.raises(ChengxinError, match="到期"):
        AddClientKey(operator(), client.pk, _certificate(0), NOW + YEAR, NOW).execute()


def test_a_key_belongs_to_one_client_for_ever(client: ApiClient, organisation: Organisation) -> None:
    pem = _public_pem()
    made = AddClientKey(operator(), client.pk, pem, NOW + YEAR, NOW).execute()
    WithdrawFromClient(operator(), client.pk, NOW, key_id=made.key_id).execute()
    other = MakeApiClient(operator(), "另一系统", organisation, NOW, NOW + YEAR).execute()[0]
    for one in (client, other):
        with pytest.raises(ChengxinError) as refused:
            AddClientKey(operator(), one.pk, pem, NOW + YEAR, NOW).execute()
        assert refused.value.code == "key_known"


def test_one_officer_takes_away_at_once_and_on_file(administrator: Actor, client: ApiClient) -> None:
    grant = _grant(operator(), client).execute()
    key = AddClientKey(operator(), client.pk, _public_pem(), NOW + YEAR, NOW).execute()
    WithdrawFromClient(administrator, client.pk, NOW, operation=CHECK).execute()
    WithdrawFromClient(administrator, client.pk, NOW, key_id=key.key_id).execute()
    WithdrawFromClient(administrator, client.pk, NOW).execute()
    for row in (grant, key, client):
        row.refresh_from_db()
        assert row.revoked_at == NOW
    assert Event.objects.filter(action="client.withdrawn", actor="admin").count() == 3
    for more in ({"operation": CHECK}, {"key_id": key.key_id}, {}):
        with pytest.raises(NotFound):
            WithdrawFromClient(administrator, client.pk, NOW, **more).execute()


def test_nothing_is_inherited_by_a_migration(organisation: Organisation) -> None:
    """A client of the release before, as its table had it, may do nothing until somebody grants it anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_apiclient (name, organisation_id, token_digest, grants, made_at, expires_at) "
            "VALUES ('旧系统', %s, 'digest', %s, %s, %s)",
            [organisation.pk, list(OPERATIONS), NOW, NOW + YEAR],
        )
    old = ApiClient.objects.get(name="旧系统")
    assert not old.allow_bearer
    assert not old.grants.exists()
    migration = import_module("chengxin.accounts.migrations.0003_clients").Migration
    written = [one for one in migration.operations if type(one).__name__ in {"RunPython", "RunSQL"}]
    assert not written, "no step of the migration writes rows"


def test_nothing_is_inherited_by_importing_organisations() -> None:
    from chengxin.accounts.actions.load_organisations import LoadOrganisations  # noqa: PLC0415
    from chengxin.base.city import load_city  # noqa: PLC0415

    LoadOrganisations(load_city("kunshan")).execute()
    assert not ApiClient.objects.exists()
    assert not ClientGrant.objects.exists()


def test_a_made_up_client_of_the_tests_signs_nothing_by_itself(organisation: Organisation) -> None:
    make_client(organisation, CHECK)
    assert ClientKey.objects.count() == 0
    assert ClientGrant.objects.get().ends_at > datetime.now(UTC)
