"""Log in by the city's identity provider (OpenID Connect Core 1.0, code flow with PKCE and a nonce).

An officer is recognised by issuer and subject id alone, and only when both were registered beforehand: a name, a
telephone number or an e-mail address in the token is not even read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import jwt
import requests

from chengxin.accounts.models import OutsideIdentity
from chengxin.base.errors import ChengxinError
from chengxin.ends.office.log_in import working_officers

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.models import Officer

SECONDS = 5
"""How long the provider may take for an answer."""

LARGEST = 200_000
"""Bytes of the largest answer read; discovery documents and key sets take a few thousand."""

ALGORITHMS = ["RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA"]
"""Signatures by a key pair only: ``none`` and shared secrets are refused (OWASP ASVS 5.0, 9.1.2)."""

SKEW = timedelta(minutes=1)
"""How far the provider's clock may be off."""

ASKING = timedelta(minutes=10)
"""How long an officer may take at the provider."""


class OutsideRefused(ChengxinError):
    """The provider did not vouch for anybody we know."""


@dataclass(frozen=True)
class Provider:
    """The city's identity provider as the environment describes it.

    ``strong`` are values of the token's ``acr`` that stand for two factors; any other still asks for ours.
    """

    issuer: str
    client_id: str
    secret: str
    name: str
    strong: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """What is remembered between leaving for the provider and coming back."""

    state: str
    nonce: str
    verifier: str
    at: float

    @classmethod
    def new(cls, now: datetime) -> Question:
        """Return a new one, of 256 random bits each."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32), now.timestamp())


def outside_provider() -> Provider | None:
    """Return the provider of ``CHENGXIN_OIDC_ISSUER``, ``…_CLIENT_ID``, ``…_CLIENT_SECRET_FILE``, ``…_NAME``, or None.

    ``CHENGXIN_OIDC_STRONG_ACR`` lists the values of ``acr`` that count as two factors, separated by commas.

    Raises ``ChengxinError`` when a part is missing or the issuer is not reached by TLS (a loopback address may be).
    """
    issuer = os.environ.get("CHENGXIN_OIDC_ISSUER", "").rstrip("/")
    if not issuer:
        return None
    client, file = os.environ.get("CHENGXIN_OIDC_CLIENT_ID", ""), os.environ.get("CHENGXIN_OIDC_CLIENT_SECRET_FILE", "")
    if not client or not file or not _safe(issuer):
        raise ChengxinError(
            "setting_wrong",
            "统一身份认证的设置不完整：需要 https:// 的 CHENGXIN_OIDC_ISSUER、CHENGXIN_OIDC_CLIENT_ID 和 "
            "CHENGXIN_OIDC_CLIENT_SECRET_FILE",
            "the identity provider's settings are incomplete: CHENGXIN_OIDC_ISSUER (https://), CHENGXIN_OIDC_CLIENT_ID "
            "and CHENGXIN_OIDC_CLIENT_SECRET_FILE are needed",
            where="CHENGXIN_OIDC_ISSUER",
        )
    strong = os.environ.get("CHENGXIN_OIDC_STRONG_ACR", "")
    return Provider(
        issuer,
        client,
        Path(file).read_text(encoding="utf-8").strip(),
        os.environ.get("CHENGXIN_OIDC_NAME", "统一身份认证"),
        tuple(one.strip() for one in strong.split(",") if one.strip()),
    )


@dataclass(frozen=True)
class Exchange:
    """One log-in by ``provider`` with ``question``, coming back to the address ``back``."""

    provider: Provider
    question: Question
    back: str

    def leave(self) -> str:
        """Return the provider's address to send the officer to."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.question.verifier.encode()).digest())
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self.back,
            "scope": "openid",
            "state": self.question.state,
            "nonce": self.question.nonce,
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{self._endpoint('authorization_endpoint')}?{urlencode(asked)}"

    def come_back(self, state: str, code: str, now: datetime) -> tuple[Officer, bool]:
        """Return the officer the provider vouches for, and whether by two factors; raise ``OutsideRefused``."""
        age = now.timestamp() - self.question.at
        same = hmac.compare_digest(state.encode("utf-8", "surrogatepass"), self.question.state.encode())
        if not same or not code or not 0 <= age <= ASKING.total_seconds():
            raise _refused("outside_state_wrong")
        answer = self._post_code(code)
        claims = self._claims(str(answer.get("id_token", "")), now)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise _refused("outside_token_wrong")
        known = OutsideIdentity.objects.filter(issuer=self.provider.issuer, subject=subject).first()
        officer = working_officers().filter(pk=known.officer_id).first() if known else None
        if officer is None:
            raise OutsideRefused(
                "outside_unknown",
                "统一身份认证已通过，但这个账号没有登记给任何经办人，请联系信用中心登记",
                "the provider knows you, but this account is registered for no officer: ask the centre to register it",
            )
        return officer, claims.get("acr") in self.provider.strong

    def _claims(self, token: str, now: datetime) -> dict[str, Any]:
        """Return what a token says once signature, issuer, audience, nonce and times are right (Core 1.0, 3.1.3.7)."""
        keys = jwt.PyJWKSet.from_dict(_get(self._endpoint("jwks_uri")))
        try:
            header = jwt.get_unverified_header(token)
            fitting = [one for one in keys.keys if one.key_id == header.get("kid") or len(keys.keys) == 1]
            if not fitting:
                raise _refused("outside_token_wrong")
            held: dict[str, Any] = jwt.decode(
                token,
                fitting[0],
                algorithms=ALGORITHMS,
                audience=self.provider.client_id,
                issuer=self.provider.issuer,
                options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False,
                         "verify_nbf": False},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise _refused("outside_token_wrong") from error
        present, skew = now.timestamp(), SKEW.total_seconds()
        in_time = _number(held["iat"]) - skew <= present <= _number(held["exp"]) + skew
        several = isinstance(held["aud"], list) and len(held["aud"]) > 1
        for_us = held.get("azp", self.provider.client_id) == self.provider.client_id and not (
            several and "azp" not in held
        )
        nonce = str(held.get("nonce", "")).encode("utf-8", "surrogatepass")
        if not in_time or not for_us or not hmac.compare_digest(nonce, self.question.nonce.encode()):
            raise _refused("outside_token_wrong")
        return held

    def _endpoint(self, name: str) -> str:
        found = _get(f"{self.provider.issuer}/.well-known/openid-configuration")
        address = str(found.get(name, ""))
        if str(found.get("issuer", "")).rstrip("/") != self.provider.issuer or not _safe(address):
            raise _refused("outside_provider_wrong")
        return address

    def _post_code(self, code: str) -> dict[str, Any]:
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": self.question.verifier,
        }
        given = (self.provider.client_id, self.provider.secret)
        return _answer("POST", self._endpoint("token_endpoint"), data=asked, auth=given)


def _get(address: str) -> dict[str, Any]:
    return _answer("GET", address)


def _answer(method: str, address: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what requests takes
    """Return the JSON object at ``address``; raise ``OutsideRefused`` when it is away, slow, too long or no JSON."""
    try:
        with requests.request(method, address, timeout=SECONDS, allow_redirects=False, stream=True, **more) as response:
            text = response.raw.read(LARGEST + 1, decode_content=True)
            if response.status_code != requests.codes.ok or len(text) > LARGEST:
                raise _refused("outside_provider_wrong")
            held = json.loads(text)
    except (requests.RequestException, ValueError, OSError) as error:
        raise _refused("outside_provider_wrong") from error
    if not isinstance(held, dict):
        raise _refused("outside_provider_wrong")
    return held


def _safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"})


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused("outside_token_wrong")
    return float(value)


def _refused(code: str) -> OutsideRefused:
    return OutsideRefused(
        code,
        "统一身份认证没有完成，请重新登录；反复出现请联系信用中心",
        "the identity provider's answer could not be used: log in again; if it happens again, ask the centre",
    )
