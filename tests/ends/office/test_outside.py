"""Log in by the city's identity provider: a real one on this machine, and one that cheats in every way it can."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from chengxin.accounts.models import Officer, OutsideIdentity
from chengxin.accounts.second_factors import STEP, add_totp, totp_code
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.ends.office.keys import keyring
from chengxin.ends.office.outside import outside_provider
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CLIENT, SECRET = "chengxin", "secret-of-the-client"


@dataclass
class Provider:
    """An identity provider; ``cheat`` alters the claims or the token before it is handed out."""

    address: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    asked: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    cheat: Callable[[dict[str, Any]], str] | None = None
    discovery: dict[str, Any] = field(default_factory=dict)

    def answer(self, path: str, body: bytes, headers: Any) -> tuple[int, object]:
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            found = {name: f"{self.address}/{end}" for name, end in ends.items()}
            return 200, {"issuer": self.address} | found | self.discovery
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return 200, {"keys": [public | {"kid": "1", "use": "sig", "alg": "RS256"}]}
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        basic = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        sound = basic == f"{CLIENT}:{SECRET}" and form["code"] == "the-code"
        if not sound or challenge.rstrip("=") != self.asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.token()}

    def token(self) -> str:
        present = int(NOW.timestamp())
        claims = {
            "iss": self.address, "sub": "sub-1", "aud": CLIENT, "nonce": self.asked["nonce"], "iat": present,
            "exp": present + 300,
        } | self.claims  # fmt: skip
        return self.cheat(claims) if self.cheat else jwt.encode(claims, self.key, "RS256", headers={"kid": "1"})


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Run a provider, and tell the office end of it."""
    held = Provider()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, body: bytes = b"") -> None:
            status, found = held.answer(self.path, body, self.headers)
            text = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    held.address = f"http://127.0.0.1:{server.server_port}"
    file = tmp_path / "client-secret"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("CHENGXIN_OIDC_ISSUER", held.address)
    monkeypatch.setenv("CHENGXIN_OIDC_CLIENT_ID", CLIENT)
    monkeypatch.setenv("CHENGXIN_OIDC_CLIENT_SECRET_FILE", str(file))
    monkeypatch.setenv("CHENGXIN_OIDC_NAME", "昆山市统一身份认证")
    yield held
    server.shutdown()
    server.server_close()


@pytest.fixture
def registered(officer: Officer, provider: Provider) -> Officer:
    """Register the officer's account at the provider."""
    OutsideIdentity.objects.create(
        officer=officer, issuer=provider.address, subject="sub-1", made_at=NOW, made_by="boss"
    )
    return officer


def _leave(office: Any, provider: Provider) -> dict[str, str]:
    page = office.get("/log-in/outside/")
    assert page.status_code == 200
    onward = html.unescape(page.content.decode()).split("0; url=")[1].split('"')[0]
    assert onward.startswith(f"{provider.address}/authorize?")
    provider.asked = {name: values[0] for name, values in parse_qs(urlsplit(onward).query).items()}
    return provider.asked


def _come_back(office: Any, **given: str) -> Any:
    return office.client.get("/log-in/outside/back/", given)


def _round(office: Any, provider: Provider) -> Any:
    asked = _leave(office, provider)
    return _come_back(office, state=asked["state"], code="the-code")


def test_the_log_in_page_leads_to_the_provider_and_only_where_there_is_one(
    office: Any, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "昆山市统一身份认证" in office.get("/log-in/").content.decode()
    asked = _leave(office, provider)
    assert (asked["response_type"], asked["scope"], asked["code_challenge_method"]) == ("code", "openid", "S256")
    assert asked["redirect_uri"] == "http://testserver/log-in/outside/back/"
    monkeypatch.delenv("CHENGXIN_OIDC_ISSUER")
    assert office.get("/log-in/outside/").status_code == 404
    assert "昆山市统一身份认证" not in office.get("/log-in/").content.decode()


def test_an_officer_whose_account_is_registered_is_in(office: Any, provider: Provider, registered: Officer) -> None:
    page = _round(office, provider)
    assert page.status_code == 200
    assert '0; url=/"' in page.content.decode()
    assert office.get("/").status_code == 200
    event = Event.objects.get(action="officer.logged_in")
    assert (event.action, event.actor, event.detail["how"]) == ("officer.logged_in", registered.username, "outside")
    assert office.client.cookies["chengxin-outside"].value == ""


@pytest.mark.parametrize("claims", [{"sub": "sub-2"}, {"sub": "zhang"}, {"sub": "SUB-1"}])
def test_nobody_is_recognised_by_anything_but_the_subject_id(
    office: Any, provider: Provider, registered: Officer, claims: dict[str, str]
) -> None:
    provider.claims = claims | {"preferred_username": registered.username, "name": registered.name, "email": "z@x.cn"}
    refused = _round(office, provider)
    assert refused.status_code == 403
    assert "没有登记给任何经办人" in refused.content.decode()
    assert office.get("/").status_code == 302
    assert Officer.objects.count() == OutsideIdentity.objects.count() == 1
    assert Event.objects.latest("id").action == "officer.outside_unknown"


def _with(claims: dict[str, Any], provider: Provider, **changed: Any) -> str:
    return jwt.encode(claims | changed, provider.key, "RS256", headers={"kid": "1"})


PRESENT = int(NOW.timestamp())


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"}, {"aud": "another"}, {"nonce": "another"}, {"exp": PRESENT - 61},
        {"iat": PRESENT + 61}, {"exp": None}, {"exp": "soon"}, {"aud": [CLIENT, "another"]}, {"azp": "another"},
        {"sub": ""}, {"sub": 7}, {"nonce": None},
    ],
)  # fmt: skip
def test_a_token_that_is_not_for_this_log_in_is_refused(
    office: Any, provider: Provider, registered: Officer, changed: dict[str, Any]
) -> None:
    assert registered
    provider.cheat = lambda claims: _with(claims, provider, **changed)
    assert _round(office, provider).status_code == 403
    assert office.get("/").status_code == 302


@pytest.mark.parametrize("kind", ["none", "hmac", "another key", "no token", "garbage"])
def test_a_token_nobody_or_somebody_else_signed_is_refused(
    office: Any, provider: Provider, registered: Officer, kind: str
) -> None:
    assert registered
    other = rsa.generate_private_key(65537, 2048)
    cheats: dict[str, Callable[[dict[str, Any]], str]] = {
        "none": lambda claims: jwt.encode(claims, "", "none", headers={"kid": "1"}),
        "hmac": lambda claims: jwt.encode(claims, SECRET * 2, "HS256", headers={"kid": "1"}),
        "another key": lambda claims: jwt.encode(claims, other, "RS256", headers={"kid": "1"}),
        "no token": lambda _: "",
        "garbage": lambda _: "a.b.c",
    }
    provider.cheat = cheats[kind]
    assert _round(office, provider).status_code == 403
    assert office.get("/").status_code == 302


@pytest.mark.parametrize("given", [{}, {"state": "x", "code": "the-code"}, {"code": "the-code"}, {"error": "denied"}])
def test_coming_back_without_having_left_opens_nothing(
    office: Any, provider: Provider, registered: Officer, given: dict[str, str]
) -> None:
    assert registered
    assert _come_back(office, **given).status_code == 403
    _leave(office, provider)
    assert _come_back(office, **given).status_code == 403
    assert office.get("/").status_code == 302


def test_one_answer_opens_once_and_not_in_another_browser(office: Any, provider: Provider, registered: Officer) -> None:
    assert registered
    asked = _leave(office, provider)
    stolen = type(office.client)("office")
    answer = {"state": asked["state"], "code": "the-code"}
    assert stolen.get("/log-in/outside/back/", answer).status_code == 403
    assert _come_back(office, **answer).status_code == 200
    assert _come_back(office, **answer).status_code == 403


def test_whoever_stays_away_too_long_begins_again(office: Any, provider: Provider, registered: Officer) -> None:
    assert registered
    asked = _leave(office, provider)
    office.later(minutes=10.1)
    assert _come_back(office, state=asked["state"], code="the-code").status_code == 403


def test_a_second_factor_is_asked_for_unless_the_provider_showed_two(
    office: Any, provider: Provider, registered: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = b"12345678901234567890"
    add_totp(registered, secret, totp_code(secret, int(NOW.timestamp()) // STEP), NOW, keyring())
    assert "0; url=/log-in/second/" in _round(office, provider).content.decode()
    assert office.get("/").status_code == 302
    monkeypatch.setenv("CHENGXIN_OIDC_STRONG_ACR", "loa2, loa3")
    provider.claims = {"acr": "loa3"}
    assert '0; url=/"' in _round(office, provider).content.decode()
    assert office.get("/").status_code == 200


def test_who_has_no_factor_sets_one_up_where_it_is_required(
    office: Any, provider: Provider, registered: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert registered
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    assert _round(office, provider).status_code == 200
    assert office.get("/batches/")["Location"] == "/account/"


def test_a_closed_account_does_not_open(office: Any, provider: Provider, registered: Officer) -> None:
    Officer.objects.filter(pk=registered.pk).update(is_active=False)
    assert _round(office, provider).status_code == 403


@pytest.mark.parametrize(
    "discovery", [{"issuer": "https://evil.example"}, {"jwks_uri": "http://evil.example/keys"}, {"token_endpoint": ""}]
)
def test_a_provider_that_names_others_is_not_followed(
    office: Any, provider: Provider, registered: Officer, discovery: dict[str, str]
) -> None:
    assert registered
    asked = _leave(office, provider)
    provider.discovery = discovery
    assert _come_back(office, state=asked["state"], code="the-code").status_code == 403


def test_a_provider_that_is_away_is_said_to_be_away_soon(
    office: Any, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert provider
    monkeypatch.setenv("CHENGXIN_OIDC_ISSUER", "http://127.0.0.1:9")
    begun = time.monotonic()
    page = office.get("/log-in/outside/")
    assert (page.status_code, time.monotonic() - begun < 6) == (503, True)
    assert "统一身份认证没有完成" in page.content.decode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHENGXIN_OIDC_ISSUER", "http://id.example.gov.cn"),
        ("CHENGXIN_OIDC_CLIENT_ID", ""),
        ("CHENGXIN_OIDC_CLIENT_SECRET_FILE", ""),
    ],
)
def test_settings_that_are_incomplete_or_without_tls_are_refused(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert provider.address
    monkeypatch.setenv(name, value)
    with pytest.raises(ChengxinError) as caught:
        outside_provider()
    assert caught.value.code == "setting_wrong"
