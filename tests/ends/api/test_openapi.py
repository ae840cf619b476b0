"""The OpenAPI document is the API's promise: frozen here, and walked for who gets in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chengxin.accounts.actor import OPERATIONS
from chengxin.testing.making import make_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chengxin.accounts.models import Organisation

FILLED = {
    "{batch_id}": "1",
    "{uscc}": "91320583187588026H",
    "{kind}": "uscc",
    "{value}": "91320583187588026H",
}

FROZEN = Path(__file__).with_name("openapi.json")


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            filled = path.removeprefix("/api/v1")
            for name, value in FILLED.items():
                filled = filled.replace(name, value)
            yield method.upper(), filled, operation


def test_the_document_is_the_one_that_was_promised(api: Any) -> None:
    document = api.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document == json.loads(FROZEN.read_text(encoding="utf-8"))


def test_every_operation_names_its_grant_and_every_grant_has_an_operation(api: Any) -> None:
    document = api.get("/openapi.json").json()
    found = [operation for _, _, operation in _operations(document)]
    assert {operation["x-grant"] for operation in found if operation["security"]} == set(OPERATIONS)
    assert [operation["operationId"] for operation in found if not operation["security"]] == ["healthz"]


def test_every_error_is_documented_as_a_problem(api: Any) -> None:
    document = api.get("/openapi.json").json()
    for _, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"]
        if operation["security"]:
            assert {"401", "403", "404", "422", "500", "503"} <= set(operation["responses"])


def test_no_operation_lists_searches_or_counts(api: Any) -> None:
    document = api.get("/openapi.json").json()
    for _, path, operation in _operations(document):
        names = {one["name"] for one in operation["parameters"]}
        assert names <= {"batch_id", "uscc", "format", "kind", "value"}, path


def test_without_credentials_every_operation_is_401(api: Any) -> None:
    document = api.get("/openapi.json").json()
    tried = 0
    for method, path, operation in _operations(document):
        if operation["security"]:
            response = api.send(method, path)
            assert response.status_code == 401, path
            assert response["Content-Type"] == "application/problem+json"
            tried += 1
    assert tried == 8


def test_with_every_grant_but_its_own_every_operation_is_403(api: Any, organisation: Organisation) -> None:
    document = api.get("/openapi.json").json()
    for number, (method, path, operation) in enumerate(_operations(document)):
        if not operation["security"]:
            continue
        others = [grant for grant in OPERATIONS if grant != operation["x-grant"]]
        token = make_client(organisation, *others, token=f"token-{number}")
        response = api.send(method, path, token)
        assert response.status_code == 403, path
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "operation_not_granted"


def test_the_right_grant_opens_each_operation(api: Any, organisation: Organisation) -> None:
    document = api.get("/openapi.json").json()
    for number, (method, path, operation) in enumerate(_operations(document)):
        if operation["security"]:
            token = make_client(organisation, operation["x-grant"], token=f"token-{number}")
            response = api.send(method, path, token)
            assert response.status_code not in {401, 403}, path
            response.close()  # a file that nobody read
