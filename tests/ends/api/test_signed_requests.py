"""Signed requests at the API: what passes, what is refused by which name, and that a refusal leaves an event only."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from chengxin.accounts.actor import CHECK, OPERATIONS, READ_BATCHES, READ_SUBJECTS, SUBMIT
from chengxin.accounts.clients import ApiClient, ClientKey, ClientNonce, ClientUse
from chengxin.accounts.models import Organisation
from chengxin.accounts.signatures import read_signature, signature_base
from chengxin.accounts.signing import content_digest, message_of
from chengxin.audit.models import Event
from chengxin.crypto import sm2
from chengxin.ends.api.credentials import message_of as seen_message
from chengxin.ends.api.limits import load_limits
from chengxin.ends.api.proxies import CERTIFICATE_HEADER, SETTING
from chengxin.intake.models import Batch
from chengxin.testing.making import (
    NOW,
    SigningClient,
    make_batch,
    make_client,
    make_organisation,
    make_signing_client,
    make_subject,
)

USCC = "91320583187588026H"
ASKED = json.dumps({"code": USCC, "purpose": "政府采购"}, ensure_ascii=False).encode()
FINGERPRINT = "ab" * 32
PROXY = {"REMOTE_ADDR": "10.0.0.7"}


@pytest.fixture
def signer(organisation: Organisation) -> SigningClient:
    return make_signing_client(organisation, *OPERATIONS)


def _form(boundary: str = "edge") -> bytes:
    lines = [
        f"--{boundary}",
        'Content-Disposition: form-data; name="item"',
        "",
        "licence",
        f"--{boundary}",
        'Content-Disposition: form-data; name="file"; filename="a.csv"',
        "Content-Type: text/csv",
        "",
        "行政相对人名称,统一社会信用代码",
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode()


FORM = {"kind": "multipart/form-data; boundary=edge"}


def _refused(response: Any, code: str, status: int = 401) -> None:
    """Check the refusal's name and that the event about it is all that was stored."""
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert not Batch.objects.exists()
    assert not ClientUse.objects.exists()
    (event,) = Event.objects.all()
    assert (event.action, event.detail["code"], event.object_kind) == ("api.refused", code, "client")


@pytest.mark.parametrize("suite", ["international", "national"])
def test_a_signed_request_passes_and_is_counted(api: Any, organisation: Organisation, suite: str) -> None:
    make_subject()
    who = make_signing_client(organisation, CHECK, READ_SUBJECTS, suite=suite, per_minute=5, per_day=7)
    response = api.signed("GET", f"/subjects/{USCC}", who)
    assert response.status_code == 200
    response = api.signed("POST", "/checks", who, ASKED)
    assert (response.status_code, response.json()["result"]) == (200, "found")
    assert response["RateLimit"].startswith('"minute";r=4;')
    assert '"day";q=7;w=86400' in response["RateLimit-Policy"]
    assert ClientNonce.objects.count() == 2
    assert set(Event.objects.values_list("actor_kind", "actor")) == {("client", str(who.id))}


def test_a_signed_file_is_taken_in_byte_for_byte(api: Any, signer: SigningClient) -> None:
    response = api.signed("POST", "/batches", signer, _form(), **FORM)
    assert response.status_code == 202
    assert Batch.objects.get().bytes == len("行政相对人名称,统一社会信用代码".encode())


def test_an_address_with_a_question_and_signs_is_covered_as_it_was_sent(
    api: Any, signer: SigningClient, organisation: Organisation
) -> None:
    batch = make_batch(organisation)
    path = f"/batches/{batch.pk}/returned?format=csv"
    response = api.signed("GET", path, signer)
    assert (response.status_code, b"".join(response)[:3]) == (200, b"\xef\xbb\xbf")
    response.close()
    headers = api.signature("GET", path, signer)
    assert api.raw("GET", path.replace("csv", "xlsx"), headers).json()["code"] == "signature_wrong"


def test_without_any_signature_the_request_is_refused(api: Any, signer: SigningClient) -> None:
    assert signer
    response = api.post("/checks", ASKED)
    _refused(response, "signature_missing")
    assert "created;expires;nonce;keyid" in response["Accept-Signature"]


def test_a_request_sent_again_is_refused_and_done_once(api: Any, signer: SigningClient) -> None:
    headers = api.signature("POST", "/batches", signer, _form(), **FORM)
    assert api.raw("POST", "/batches", headers, _form()).status_code == 202
    again = api.raw("POST", "/batches", headers, _form())
    assert (again.status_code, again.json()["code"]) == (401, "replayed")
    assert Batch.objects.count() == 1
    assert ClientUse.objects.get(grant__operation=SUBMIT).day_count == 1
    assert Event.objects.filter(action="api.refused", detail__code="replayed").count() == 1


def test_a_nonce_is_remembered_although_the_clock_was_set_back_an_hour(
    api: Any, signer: SigningClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = api.signature("GET", "/batches/1", signer, now=NOW)
    monkeypatch.setenv("CHENGXIN_NOW", NOW.isoformat())
    assert api.raw("GET", "/batches/1", headers).status_code == 404
    later = NOW + timedelta(hours=1)
    monkeypatch.setenv("CHENGXIN_NOW", later.isoformat())
    assert api.signed("GET", "/batches/1", signer, now=later).status_code == 404
    monkeypatch.setenv("CHENGXIN_NOW", NOW.isoformat())
    assert api.raw("GET", "/batches/1", headers).json()["code"] == "replayed"


def test_nonces_are_forgotten_once_their_time_has_passed(
    api: Any, signer: SigningClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes in range(0, 3000, 125):
        now = NOW + timedelta(minutes=minutes)
        monkeypatch.setenv("CHENGXIN_NOW", now.isoformat())
        assert api.signed("GET", "/batches/1", signer, now=now).status_code == 404
    kept = load_limits().nonce_kept_seconds
    assert kept > 2 * load_limits().signature_window_seconds
    assert ClientNonce.objects.count() <= 2


@pytest.mark.parametrize("minutes", [-10, 10, -6, 6])
def test_a_clock_that_is_off_is_named(api: Any, signer: SigningClient, minutes: int) -> None:
    response = api.signed("POST", "/checks", signer, ASKED, now=datetime.now(UTC) + timedelta(minutes=minutes))
    _refused(response, "clock_skew")


@pytest.mark.parametrize("minutes", [-1, 4])
def test_a_clock_that_is_nearly_right_does_no_harm(api: Any, signer: SigningClient, minutes: int) -> None:
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    assert api.signed("GET", "/batches/1", signer, now=now).status_code == 404


def test_a_signature_ends_at_its_own_time(api: Any, signer: SigningClient) -> None:
    response = api.signed("POST", "/checks", signer, ASKED, now=datetime.now(UTC) - timedelta(minutes=3))
    _refused(response, "signature_expired")


def test_an_altered_body_is_refused_and_the_true_one_still_passes(api: Any, signer: SigningClient) -> None:
    headers = api.signature("POST", "/checks", signer, ASKED)
    _refused(api.raw("POST", "/checks", headers, ASKED.replace(b"026H", b"027H")), "digest_wrong")
    assert not ClientNonce.objects.exists()
    assert api.raw("POST", "/checks", headers, ASKED).status_code in {200, 422}


def test_an_altered_upload_is_refused_before_anybody_parses_it(api: Any, signer: SigningClient) -> None:
    headers = api.signature("POST", "/batches", signer, _form(), **FORM)
    _refused(api.raw("POST", "/batches", headers, _form().replace(b"licence", b"penalty")), "digest_wrong")


def test_a_body_with_another_media_type_than_the_signed_one_is_refused(api: Any, signer: SigningClient) -> None:
    headers = api.signature("POST", "/checks", signer, ASKED, kind="text/plain")
    _refused(api.raw("POST", "/checks", headers | {"Content-Type": "application/json"}, ASKED), "signature_wrong")


def test_a_body_without_its_digest_in_the_signature_is_refused(api: Any, signer: SigningClient) -> None:
    headers = api.signature("POST", "/checks", signer) | {"Content-Type": "application/json"}
    _refused(api.raw("POST", "/checks", headers, ASKED), "signature_incomplete")


@pytest.mark.parametrize(("method", "path"), [("GET", "/batches/2"), ("GET", f"/subjects/{USCC}")])
def test_a_signature_for_another_address_is_wrong(api: Any, signer: SigningClient, method: str, path: str) -> None:
    _refused(api.raw(method, path, api.signature("GET", "/batches/1", signer)), "signature_wrong")


def test_a_signature_by_another_key_is_wrong(api: Any, signer: SigningClient, organisation: Organisation) -> None:
    other = make_signing_client(organisation, *OPERATIONS)
    _refused(api.signed("GET", "/batches/1", SigningClient(signer.id, other.key, signer.key_id)), "signature_wrong")


def test_an_sm2_signature_with_another_identifier_is_wrong(api: Any, organisation: Organisation) -> None:
    who = make_signing_client(organisation, *OPERATIONS, suite="national")
    private = sm2.load_private(sm2.make_private())
    ClientKey.objects.filter(key_id=who.key_id).update(public_key=sm2.public_pem(private))
    headers = api.signature("GET", "/batches/1", who)
    presented = read_signature(headers["Signature-Input"], headers["Signature"])
    message = message_of("GET", "http://testserver/api/v1/batches/1", headers)
    base = signature_base(message, presented.components, presented.parameters)
    for name, expected in [(sm2.DEFAULT_ID, 404), (b"ALICE123@YAHOO.COM", 401)]:
        value = base64.b64encode(sm2.sign(private, base, name)).decode()
        response = api.raw("GET", "/batches/1", headers | {"Signature": f"sig=:{value}:"})
        assert response.status_code == expected
    assert response.json()["code"] == "signature_wrong"


def test_an_algorithm_that_is_not_the_keys_own_is_refused(api: Any, signer: SigningClient) -> None:
    headers = api.signature("GET", "/batches/1", signer)
    headers["Signature-Input"] = headers["Signature-Input"].replace("ed25519", "hmac-sha256")
    _refused(api.raw("GET", "/batches/1", headers), "signature_malformed")


def test_a_key_nobody_registered_is_unknown(api: Any, signer: SigningClient) -> None:
    _refused(api.signed("GET", "/batches/1", SigningClient(1, signer.key, "c1-nobody")), "unknown_key")


def test_a_key_that_was_withdrawn_or_ended_opens_nothing_from_then_on(api: Any, signer: SigningClient) -> None:
    assert api.signed("GET", "/batches/1", signer).status_code == 404
    ClientKey.objects.update(revoked_at=NOW)
    assert api.signed("GET", "/batches/1", signer).json()["code"] == "key_ended"
    ClientKey.objects.update(revoked_at=None, ends_at=NOW)
    assert api.signed("GET", "/batches/1", signer).json()["code"] == "key_ended"


def test_a_client_or_an_organisation_that_ended_opens_nothing_from_then_on(api: Any, signer: SigningClient) -> None:
    ApiClient.objects.update(revoked_at=NOW)
    assert api.signed("GET", "/batches/1", signer).json()["code"] == "client_ended"
    ApiClient.objects.update(revoked_at=None)
    assert api.signed("GET", "/batches/1", signer).status_code == 404
    Organisation.objects.update(is_active=False)
    assert api.signed("GET", "/batches/1", signer).json()["code"] == "client_ended"


def test_a_token_is_not_accepted_from_a_client_that_has_to_sign(api: Any, organisation: Organisation) -> None:
    token = make_client(organisation, *OPERATIONS, allow_bearer=False)
    _refused(api.get("/batches/1", token), "bearer_not_allowed")


def _certificate_of(who: SigningClient, fingerprint: str = FINGERPRINT) -> None:
    ClientKey.objects.create(
        client_id=who.id, key_id=f"c{who.id}-{fingerprint[:16]}", suite="certificate", public_key="",
        fingerprint=fingerprint, made_at=NOW, made_by="operator:cli", ends_at=NOW + timedelta(days=36_500),
    )  # fmt: skip


def test_a_certificate_counts_only_from_the_citys_own_proxy(
    api: Any, signer: SigningClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _certificate_of(signer)
    header = {CERTIFICATE_HEADER: FINGERPRINT}
    _refused(api.raw("GET", "/batches/1", header, **PROXY), "certificate_not_trusted")
    monkeypatch.setenv(SETTING, "10.0.0.0/28, 192.0.2.1")
    assert api.raw("GET", "/batches/1", header, **PROXY).status_code == 404
    assert api.raw("GET", "/batches/1", header, REMOTE_ADDR="10.0.0.99").json()["code"] == "certificate_not_trusted"
    for wrong in ("cd" * 32, "x", "ab" * 31):
        response = api.raw("GET", "/batches/1", {CERTIFICATE_HEADER: wrong}, **PROXY)
        assert response.json()["code"] == "unknown_key"


def test_another_departments_certificate_does_not_go_with_a_signature(
    api: Any, signer: SigningClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "10.0.0.7")
    other = make_signing_client(make_organisation("tax"), *OPERATIONS)
    _certificate_of(signer)
    _certificate_of(other, "cd" * 32)
    headers = api.signature("GET", "/batches/1", signer)
    own = api.raw("GET", "/batches/1", headers | {CERTIFICATE_HEADER: FINGERPRINT}, **PROXY)
    assert own.status_code == 404
    headers = api.signature("GET", "/batches/1", signer)
    response = api.raw("GET", "/batches/1", headers | {CERTIFICATE_HEADER: "cd" * 32}, **PROXY)
    assert (response.status_code, response.json()["code"]) == (401, "certificate_of_another")


def test_the_events_of_refusals_hold_no_body_no_address_and_no_token(api: Any, signer: SigningClient) -> None:
    secret = json.dumps({"code": USCC, "purpose": "王小明 320583199001011234"}).encode()
    headers = api.signature("POST", "/checks", signer, secret)
    api.raw("POST", "/checks", headers, secret + b" ", REMOTE_ADDR="203.0.113.77")
    api.get("/batches/1", "a-token-that-nobody-has")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(to_jsonb(e)::text, ' ') FROM audit_event e")
        (text,) = cursor.fetchone()
    assert "digest_wrong" in text
    assert "203.0.113.0/24" in text
    for hidden in ("320583199001011234", "王小明", "203.0.113.77", "a-token-that-nobody-has", USCC):
        assert hidden not in text


def test_the_request_is_seen_as_the_sender_wrote_it(api: Any, rf: Any) -> None:
    assert api
    raw = "/api/v1/subjects/%E4%B8%AD?x=%2F&y=a+b"
    request = rf.get("/api/v1/subjects/中?x=%2F&y=a+b", RAW_URI=raw)
    assert seen_message(request).component("@target-uri") == f"http://testserver{raw}"
    request = rf.get("/api/v1/subjects/1", RAW_URI="http://elsewhere/api/v1/subjects/1")
    assert seen_message(request).component("@path") == "/api/v1/subjects/1"


def test_signing_again_after_reading_batches_needs_its_own_grant(api: Any, organisation: Organisation) -> None:
    who = make_signing_client(organisation, READ_BATCHES)
    response = api.signed("POST", "/batches", who, _form(), **FORM)
    _refused(response, "operation_not_granted", 403)
    assert not ClientNonce.objects.exists()


def test_a_stream_of_any_length_has_the_digest_of_its_bytes() -> None:
    long = b"x" * 3_000_001
    expected = base64.b64encode(hashlib.sha256(long).digest()).decode()
    assert content_digest(io.BytesIO(long)) == f"sha-256=:{expected}:"
    assert content_digest(io.BytesIO(b"")) == "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
