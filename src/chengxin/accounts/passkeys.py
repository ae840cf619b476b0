"""Passkeys (WebAuthn level 2): a key that never leaves the officer's device, with a finger, a face or a PIN before it.

A passkey with user verification is two factors at once (OWASP ASVS 5.0, 6.3.3), so it opens the platform without a
password too. Only this end's own origin is accepted, not its sub-domains.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from chengxin.accounts.models import Officer, SecondFactor
from chengxin.accounts.second_factors import note_factor
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

LONGEST_ANSWER = 20_000
"""Characters a browser's answer may have; one with an attestation takes about two thousand."""

LONGEST_NAME = 60


class PasskeyRefused(ChengxinError):
    """The browser's answer is none to our question, is from elsewhere, or by a key nobody registered."""

    def __init__(self) -> None:
        super().__init__(
            "passkey_wrong",
            "通行密钥没有通过验证，请重试，或改用动态口令",
            "the passkey could not be verified: try again, or use a code instead",
            where="passkey",
        )


@dataclass(frozen=True)
class Site:
    """Who asks: the host name passkeys are bound to, the exact origin of the pages, and the name to show."""

    host: str
    origin: str
    name: str

    def server(self) -> Fido2Server:
        """Return the checker for this site."""
        return Fido2Server(
            PublicKeyCredentialRpEntity(id=self.host, name=self.name), verify_origin=lambda given: given == self.origin
        )


def begin_adding(site: Site, officer: Officer) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the browser is asked and what to remember until it answers, both as JSON."""
    options, state = site.server().register_begin(
        PublicKeyCredentialUserEntity(id=str(officer.pk).encode(), name=officer.username, display_name=officer.name),
        credentials=_credentials(officer.second_factors.filter(kind=SecondFactor.Kind.PASSKEY)),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _plain(options), _plain(state)


def add_passkey(site: Site, officer: Officer, state: Mapping[str, Any], answer: str, name: str, now: datetime) -> None:
    """Give ``officer`` the passkey of the browser's ``answer``; raise ``PasskeyRefused``."""
    try:
        held = site.server().register_complete(state, _read(answer))
    except (ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    credential = held.credential_data
    if credential is None:
        raise PasskeyRefused
    key = websafe_encode(credential.credential_id)
    if SecondFactor.objects.filter(kind=SecondFactor.Kind.PASSKEY, key=key).exists():
        raise PasskeyRefused
    with transaction.atomic():
        SecondFactor.objects.create(
            officer=officer,
            kind=SecondFactor.Kind.PASSKEY,
            name=name.strip()[:LONGEST_NAME],
            key=key,
            secret=bytes(credential),
            counter=held.counter,
            made_at=now,
        )
        note_factor(officer, "officer.second_factor_added", SecondFactor.Kind.PASSKEY, now)


def begin_using(site: Site, officer: Officer | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the browser is asked and what to remember; without an officer any passkey of this site may answer."""
    known = officer.second_factors.filter(kind=SecondFactor.Kind.PASSKEY) if officer else ()
    options, state = site.server().authenticate_begin(
        credentials=_credentials(known) or None, user_verification=UserVerificationRequirement.REQUIRED
    )
    return _plain(options), _plain(state)


def use_passkey(site: Site, state: Mapping[str, Any], answer: str, now: datetime) -> Officer:
    """Return the officer whose passkey answered; raise ``PasskeyRefused``.

    A signature counter that did not go up tells of a copied key (WebAuthn 6.1.1) and is refused; passkeys that are
    synchronised between devices always count zero.
    """
    given = _read(answer)
    try:
        read = AuthenticationResponse.from_dict(given)
        with transaction.atomic():
            held = (
                SecondFactor.objects.select_for_update(of=("self",))
                .select_related("officer__organisation")
                .filter(kind=SecondFactor.Kind.PASSKEY, key=websafe_encode(read.raw_id))
                .first()
            )
            if held is None:
                raise PasskeyRefused
            site.server().authenticate_complete(state, _credentials([held]), read)
            counter = read.response.authenticator_data.counter
            if counter <= held.counter and (counter or held.counter > 0):
                raise PasskeyRefused
            held.counter, held.last_used_at = counter, now
            held.save(update_fields=["counter", "last_used_at"])
    except (ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    return held.officer


def _credentials(held: Iterable[SecondFactor]) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(bytes(one.secret)) for one in held]


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise PasskeyRefused
    try:
        held = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise PasskeyRefused from error
    if not isinstance(held, dict):
        raise PasskeyRefused
    return held


def _plain(value: object) -> dict[str, Any]:
    """Return ``value`` as JSON holds it; bytes become base64url."""
    made: dict[str, Any] = json.loads(json.dumps(dict(value), default=_as_json))  # type: ignore[call-overload]
    return made


def _as_json(value: object) -> object:
    if isinstance(value, bytes):
        return websafe_encode(value)
    return dict(value)  # type: ignore[call-overload]
