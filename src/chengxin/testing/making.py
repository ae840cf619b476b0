"""Makes the things tests are about, straight in the database, with every value given or plainly made up."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chengxin.accounts.models import Officer, Organisation
    from chengxin.accounts.signing import PrivateKey
    from chengxin.intake.models import Batch
    from chengxin.practitioners.models import Practitioner
    from chengxin.records.models import Record
    from chengxin.subjects.models import Subject

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""The moment at which made things were made unless told otherwise: 10:00 on Monday 2 March 2026 in Kunshan."""

PASSWORD = "correct horse battery staple"  # noqa: S105 - of officers who live in a test database


def make_organisation(code: str = "market", **more: Any) -> Organisation:  # noqa: ANN401 - columns of the table
    """Make a city department that hands in licences and penalties."""
    from chengxin.accounts.models import Organisation  # noqa: PLC0415 - Django is set up by the caller's fixtures

    values = {
        "uscc": f"USCC-{code}",
        "name": f"昆山市{code}局",
        "name_en": f"Kunshan {code} bureau",
        "level": "city",
        "kind": "department",
        "hands_in": ["licence", "penalty"],
    }
    return Organisation.objects.create(code=code, **(values | more))


def make_officer(organisation: Organisation, username: str = "zhang", *roles: str) -> Officer:
    """Make an officer whose password is ``PASSWORD`` and who holds ``roles``, or hands data in where none is named."""
    from chengxin.accounts.models import Officer  # noqa: PLC0415

    return Officer.objects.create_officer(
        username=username, password=PASSWORD, name="张三", organisation=organisation, roles=roles or ("submitter",)
    )


def make_client(organisation: Organisation, *grants: str, token: str = "token-of-a-test", **more: Any) -> str:  # noqa: ANN401, S107
    """Make an API client that lives for a century, shows a token and may do ``grants`` for everything, very often.

    ``more`` replaces columns of the client; ``items``, ``purposes``, ``per_minute`` and ``per_day`` those of its
    grants, ``grants_end`` their end. Returns the token.
    """
    from chengxin.accounts.clients import ApiClient, ClientGrant  # noqa: PLC0415

    ends = NOW + timedelta(days=36_500)
    about = {"items": ["*"], "purposes": ["*"], "per_minute": 1_000_000, "per_day": 1_000_000}
    about |= {name: more.pop(name) for name in tuple(about) if name in more}
    grants_end = more.pop("grants_end", ends)
    values = {"name": "测试系统", "made_at": NOW, "expires_at": ends, "allow_bearer": True}
    digest = hashlib.sha256(token.encode()).hexdigest()
    client = ApiClient.objects.create(organisation=organisation, token_digest=digest, **(values | more))
    for operation in grants:
        ClientGrant.objects.create(
            client=client, operation=operation, made_at=NOW, made_by="operator:cli", ends_at=grants_end, **about
        )
    return token


@dataclass(frozen=True)
class SigningClient:
    """A client that signs its requests."""

    id: int
    key: PrivateKey
    key_id: str


def make_signing_client(
    organisation: Organisation,
    *grants: str,
    suite: str = "international",
    **more: Any,  # noqa: ANN401 - as make_client
) -> SigningClient:
    """Make an API client like ``make_client`` that has a key of ``suite`` and no token."""
    from chengxin.accounts.actions.clients import read_pem  # noqa: PLC0415
    from chengxin.accounts.clients import ApiClient, ClientKey  # noqa: PLC0415
    from chengxin.accounts.signing import load_private_key, make_private_key  # noqa: PLC0415

    key = load_private_key(make_private_key(suite))
    _, fingerprint, _ = read_pem(key.public_pem())
    make_client(organisation, *grants, token=fingerprint, **({"allow_bearer": False} | more))
    client = ApiClient.objects.latest("pk")
    made = ClientKey.objects.create(
        client=client, key_id=f"c{client.pk}-{fingerprint[:16]}", suite=suite, public_key=key.public_pem(),
        fingerprint=fingerprint, made_at=NOW, made_by="operator:cli", ends_at=NOW + timedelta(days=36_500),
    )  # fmt: skip
    return SigningClient(client.pk, key, made.key_id)


def make_batch(organisation: Organisation, state: str = "published", **more: Any) -> Batch:  # noqa: ANN401
    """Make a batch of licences, ended unless ``state`` says otherwise."""
    from chengxin.intake.models import Batch  # noqa: PLC0415

    ended = state in {"published", "refused"}
    values = {
        "sha256": uuid.uuid4().hex * 2,
        "item": "licence",
        "filename": "许可.csv",
        "bytes": 1234,
        "channel": "office",
        "submitted_by": "zhang",
        "received_at": NOW,
        "state_at": NOW,
        "finished_at": NOW if ended else None,
        "header": ["行政相对人名称", "统一社会信用代码", "行政许可决定文书号"],
    }
    return Batch.objects.create(organisation=organisation, state=state, **(values | more))


def make_subject(name: str = "昆山甲科技有限公司", uscc: str = "91320583187588026H", **codes: str) -> Subject:
    """Make a company with a name, its 统一社会信用代码 and older ``codes`` by kind."""
    from chengxin.subjects.models import Identifier, Name, Subject  # noqa: PLC0415

    subject = Subject.objects.create(
        kind="legal_person",
        name=name,
        uscc=uscc,
        status="存续",
        registrar="昆山市行政审批局",
        established_on=date(2010, 5, 1),
        made_at=NOW,
        changed_at=NOW,
    )
    for kind, value in {"uscc": uscc, **codes}.items():
        if value:
            Identifier.objects.create(subject=subject, kind=kind, value=value, first_seen_at=NOW)
    Name.objects.create(subject=subject, kind="current", name=name, folded=name, first_seen_at=NOW)
    return subject


def make_practitioner(registrar: Organisation, licence: str = "LS00000001", **more: Any) -> Practitioner:  # noqa: ANN401
    """Make a lawyer of a person nothing else is known of, in the register of ``registrar``, with no last day.

    ``more`` replaces any column; the name for comparing follows ``name`` unless given.
    """
    from chengxin.practitioners.models import Person, Practitioner  # noqa: PLC0415

    values: dict[str, Any] = {
        "organisation": registrar,
        "occupation": "lawyer",
        "licence": licence,
        "name": "李建国",
        "employer_uscc": "",
        "state": "valid",
        "valid_from": NOW.date(),
        "valid_until": None,
        "version": 1,
        "made_at": NOW,
        "changed_at": NOW,
    }
    values |= more
    values.setdefault("name_key", values["name"])
    return Practitioner.objects.create(person=Person.objects.create(made_at=NOW), **values)


def make_record(number: int, subject: Subject | None, **more: Any) -> Record:  # noqa: ANN401
    """Make version 1 of a licence, record ``number``, open and in force since 2026; ``more`` replaces any column."""
    from chengxin.records.models import Record  # noqa: PLC0415

    values: dict[str, Any] = {
        "key": uuid.UUID(int=number),
        "version": 1,
        "kind": "new",
        "item": "licence",
        "generation": "G3",
        "subject_id": subject.pk if subject else None,
        "link": "uscc" if subject else None,
        "identifier": subject.uscc if subject else "",
        "organisation_id": 1,
        "batch_id": 1,
        "line": 2,
        "document_number": f"昆许〔2026〕{number}号",
        "decided_on": date(2026, 1, 5),
        "valid_from": date(2026, 1, 5),
        "valid_until": None,
        "public": True,
        "recorded_at": NOW,
        "digest": uuid.UUID(int=number),
        "content": {
            "subject_name": "昆山甲科技有限公司",
            "issuer_name": "昆山市市场监督管理局",
            "content": "食品经营",
            "legal_representative_id_number": "320583199001011234",
        },
    }
    return Record.objects.create(id=number, **(values | more))
