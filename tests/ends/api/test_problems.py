"""Every error of the API is a problem document in Chinese and English that gives nothing away."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.actor import OPERATIONS
from chengxin.accounts.models import ApiClient
from chengxin.audit.models import Event
from chengxin.ends.api.limits import load_limits
from chengxin.ends.api.parser import UnreadableBody, strict_json
from chengxin.testing.making import NOW, make_client, make_record, make_subject

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

USCC = "91320583187588026H"
ASKED = {"code": USCC, "purpose": "投标资格审查"}
INTERNALS = ("Traceback", "psycopg", "django", "SELECT", "records_record", "/src/", ".py", "chengxin_api")


def _check_problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    for name in ("type", "code", "title", "title_en", "detail", "detail_en"):
        assert body[name]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in body["title"] + body["detail"])
    assert not [word for word in INTERNALS if word in response.content.decode()]
    assert response["Cache-Control"] == "no-store"
    return body


def test_an_address_that_does_not_exist_is_404(api: Any, token: str) -> None:
    for path in ["/nothing", "/batches/1/2/3", "/subjects/a/b", "/docs", "/"]:
        _check_problem(api.get(path, token), 404)


def test_addresses_outside_the_api_are_404_too(api: Any) -> None:
    _check_problem(api.client.get("/admin/"), 404)


def test_a_method_an_address_does_not_know_is_405_with_those_it_knows(api: Any, token: str) -> None:
    for method, path in [
        ("DELETE", "/batches/1"),
        ("PUT", "/checks"),
        ("GET", "/checks"),
        ("PATCH", f"/subjects/{USCC}"),
    ]:
        response = api.send(method, path, token)
        _check_problem(response, 405)
        assert response["Allow"]


def test_a_body_of_another_kind_is_415(api: Any, token: str) -> None:
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]:
        response = api.send("POST", "/checks", token, data=json.dumps(ASKED), content_type=kind)
        assert _check_problem(response, 415)["where"] == "Content-Type"
        _check_problem(api.post("/batches", ASKED, token), 415)


def test_a_body_too_large_is_413_before_it_is_read(api: Any, token: str) -> None:
    huge = {"code": USCC, "purpose": "x" * load_limits().json_bytes}
    _check_problem(api.post("/checks", huge, token), 413)
    lying = {"CONTENT_LENGTH": str(load_limits().upload_bytes + 1)}
    response = api.send("POST", "/batches", token, data=b"x", content_type="multipart/form-data; boundary=x", **lying)
    _check_problem(response, 413)


def test_json_that_could_be_read_in_two_ways_is_400(api: Any, token: str) -> None:
    for raw, code in [
        (b"{", "not_json"),
        (b"[]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"code": NaN}', "not_a_number"),
        (b'{"code": -Infinity}', "not_a_number"),
        (b'{"code": "a", "code": "b"}', "duplicate_key"),
        (b'{"a": {"b": 1, "b": 2}}', "duplicate_key"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "too_deep"),
        (b"[" * 30_000, "too_deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not_a_number"),
        (b'{"code": "\xff\xfe"}', "not_json"),
        (b'{"code": "\x00"}', "not_json"),
        (b"{'code': 1}", "not_json"),
    ]:
        response = api.post("/checks", raw, token)
        assert _check_problem(response, 400)["code"] == code
        assert not Event.objects.exists()


def test_a_body_that_is_no_form_is_an_error_of_the_sender(api: Any, token: str) -> None:
    response = api.send(
        "POST", "/batches", token, data=b"not a form at all", content_type="multipart/form-data; boundary=x"
    )
    assert _check_problem(response, 422)["errors"]
    broken = api.send("POST", "/batches", token, data=b"--x", content_type="multipart/form-data; boundary=")
    _check_problem(broken, 400)


def test_a_host_nobody_allowed_is_400(api: Any) -> None:
    _check_problem(api.client.get("/api/v1/healthz", headers={"host": "evil.example"}), 400)


def test_an_error_nobody_foresaw_is_500_and_tells_nothing(
    api: Any, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> None:
        raise RuntimeError("secret of records_record")

    monkeypatch.setattr("chengxin.ends.api.operations.batch_by_id", fail)
    body = _check_problem(api.get("/batches/1", token), 500)
    assert "secret" not in json.dumps(body)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_check_without_the_database_could_not_be_made_and_is_no_empty_list(
    api: Any, token: str, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_given: object) -> None:
        raise error("connection is bad: chengxin_api")

    monkeypatch.setattr("chengxin.checks.actions.check_one.answer_check", fail)
    response = api.post("/checks", ASKED, token)
    body = _check_problem(response, 503)
    assert (body["result"], body["reason"]) == ("could_not_search", "database_unavailable")
    assert body["facts"] is None
    assert body["subject"] is None
    assert body["as_of"].endswith("+08:00")
    assert response["Retry-After"] == "10"
    assert "不等于没有记录" in body["detail"]


def test_a_database_that_is_away_before_the_token_is_looked_up_is_503_too(
    api: Any, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> None:
        raise OperationalError("no route")

    monkeypatch.setattr("chengxin.ends.api.credentials.caller_by_token", fail)
    assert _check_problem(api.post("/checks", ASKED, token), 503)["result"] == "could_not_search"
    assert "result" not in _check_problem(api.get("/batches/1", token), 503)


def test_a_statement_that_takes_too_long_is_a_check_that_could_not_be_made(
    api: Any, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(*_given: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 50")
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr("chengxin.checks.actions.check_one.answer_check", sleep)
    assert _check_problem(api.post("/checks", ASKED, token), 503)["result"] == "could_not_search"


def test_without_the_right_to_write_the_event_a_check_answers_nothing(api: Any, token: str) -> None:
    make_record(1, make_subject())
    with connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON audit_event FROM chengxin_api")
    response = api.post("/checks", ASKED, token)
    _check_problem(response, 503)
    assert "昆许" not in response.content.decode()


def test_a_wrong_token_is_401_and_asks_for_a_bearer(api: Any, token: str) -> None:
    for header in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic dG9rZW4=",
        "token-of-a-test",
        "Bearer " + "x" * 10_000,
    ]:
        assert token
        response = api.client.get("/api/v1/batches/1", headers={"Authorization": header})
        assert _check_problem(response, 401)["code"] == "not_authenticated"
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_token_that_ended_or_was_revoked_opens_nothing_from_that_moment_on(
    api: Any, organisation: Organisation
) -> None:
    ended = make_client(organisation, *OPERATIONS, token="ended", expires_at=NOW - timedelta(days=36_500))
    live = make_client(organisation, *OPERATIONS, token="live")
    _check_problem(api.get("/batches/1", ended), 401)
    _check_problem(api.get("/batches/1", live), 404)
    ApiClient.objects.filter(expires_at__gt=NOW).update(revoked_at=NOW)
    _check_problem(api.get("/batches/1", live), 401)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_an_unreadable_body(raw: bytes) -> None:
    try:
        held = strict_json(raw, 16)
    except UnreadableBody as error:
        refused = error.message_zh + error.message_en
        assert refused.isprintable()
        return
    assert held == json.loads(raw)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=10), VALUES, max_size=5))
def test_every_honest_object_is_read_as_it_was_meant(held: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        written = json.dumps(held, ensure_ascii=ascii_only)
        try:
            raw = written.encode()
        except UnicodeEncodeError:
            continue
        assert strict_json(raw, 40) == held
