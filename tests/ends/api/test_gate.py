"""The gate of the API and its limits, without a server behind them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from django.test import RequestFactory

from chengxin.accounts.actor import CHECK, OPERATIONS, SUBMIT
from chengxin.accounts.signatures import NotRecognised
from chengxin.base.context import arriving
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.ends.api.gate import JSON, MULTIPART, BodyTooLarge, ClientGate, WrongMediaType
from chengxin.ends.api.limits import Limits, load_limits
from chengxin.ends.api.parser import UnreadableBody, strict_json
from chengxin.ends.api.problems import DETAILS, TITLES, problem, status_of
from chengxin.ends.api.rates import too_many
from chengxin.testing.making import make_client, make_organisation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.http import HttpRequest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _arrived() -> Iterator[None]:
    with arriving():
        yield


def _request(token: str, kind: str = JSON, **meta: Any) -> HttpRequest:
    headers = {"Authorization": f"Bearer {token}"}
    return RequestFactory().post("/api/v1/checks", b"{}", content_type=kind, headers=headers, **meta)


def test_a_client_passes_as_itself_with_its_own_grants() -> None:
    token = make_client(make_organisation(), CHECK)
    actor = ClientGate(CHECK, JSON)(_request(token))
    assert (actor.kind, actor.organisation, actor.operations) == ("client", "market", frozenset({CHECK}))
    assert not actor.everywhere


def test_credentials_come_before_grants_and_grants_before_the_body() -> None:
    token = make_client(make_organisation(), CHECK)
    with pytest.raises(NotRecognised, match="令牌"):
        ClientGate(SUBMIT, MULTIPART)(_request("wrong", "text/plain"))
    with pytest.raises(NotPermitted):
        ClientGate(SUBMIT, MULTIPART)(_request(token, "text/plain"))
    with pytest.raises(WrongMediaType):
        ClientGate(CHECK, MULTIPART)(_request(token, "text/plain"))
    with pytest.raises(BodyTooLarge):
        ClientGate(CHECK, JSON)(_request(token, CONTENT_LENGTH=str(load_limits().json_bytes + 1)))


@pytest.mark.parametrize("length", ["-1", "1e9", "9" * 40, "x", "١"])
def test_a_length_that_is_none_counts_as_too_large(length: str) -> None:
    token = make_client(make_organisation(), CHECK)
    with pytest.raises(BodyTooLarge):
        ClientGate(CHECK, JSON)(_request(token, CONTENT_LENGTH=length))


def test_a_media_type_with_parameters_is_the_media_type() -> None:
    token = make_client(make_organisation(), *OPERATIONS)
    assert ClientGate(CHECK, JSON)(_request(token, "application/json; charset=utf-8")) is not None


def test_limits_are_whole_and_positive_or_the_process_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(value > 0 for value in dataclasses.asdict(load_limits()).values())
    monkeypatch.setenv("CHENGXIN_API_LIMITS", str(tmp_path / "limits.yaml"))
    for bad in ("0", "-1", "many", "1.5", "true", ""):
        lines = [f"{name}: {bad if name == 'json_depth' else 1}" for name in Limits.__dataclass_fields__]
        (tmp_path / "limits.yaml").write_text("\n".join(lines), encoding="utf-8")
        with pytest.raises(ChengxinError, match="json_depth"):
            load_limits.__wrapped__()


def test_depth_is_counted_outside_of_strings_only() -> None:
    assert strict_json(b'{"a": "[[[[[[[[", "b": "\\"{{{{{{"}', 1) == {"a": "[[[[[[[[", "b": '"{{{{{{'}
    assert strict_json(b'{"a": [{"b": []}]}', 4)
    with pytest.raises(UnreadableBody):
        strict_json(b'{"a": [{"b": []}]}', 3)


def test_every_status_has_words_in_both_languages() -> None:
    assert set(TITLES) == set(DETAILS)
    for status in TITLES:
        response = problem(status)
        assert response.status_code == status
        assert response["Content-Type"] == "application/problem+json"


def test_a_status_without_words_of_its_own_gets_those_of_its_class() -> None:
    assert b"bad_request" in problem(418).content
    assert b"internal_error" in problem(507).content


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotRecognised("a", "b", "c"), 401),
        (too_many(7), 429),
        (NotPermitted("a", "b", "c"), 403),
        (NotFound("a", "b", "c"), 404),
        (ChengxinError("a", "b", "c"), 422),
        (ChengxinError("batch_under_way", "b", "c"), 409),
        (UnreadableBody("a", "b", "c"), 400),
        (RuntimeError("secret"), 500),
    ],
)
def test_each_kind_of_error_has_its_status(error: Exception, status: int) -> None:
    assert status_of(error) == status
