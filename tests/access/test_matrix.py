"""Every entrance of every end is tried as every kind of sender, and the result compared with the access matrix.

The entrances come from the ends themselves (OpenAPI, the addresses' configuration), the expectation from the matrix:
an entrance without a row fails, and a row without an entrance fails.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.access.senders import (
    Sender,
    World,
    address_of,
    client_senders,
    let_in,
    names_in,
    officer_senders,
    send,
)

from chengxin.accounts.access import load_matrix
from chengxin.accounts.clients import ClientGrant
from chengxin.accounts.entrances import METHODS, PUBLIC, Entrance, load_entrances
from chengxin.audit.models import Event
from chengxin.testing.ends import RoleClient, settings_of
from chengxin.testing.making import make_officer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = tuple(load_matrix().duties)


def _api_operations(browser: RoleClient) -> Iterator[tuple[str, str]]:
    document = browser.get("/api/v1/openapi.json").json()
    for operations in document["paths"].values():
        for method, operation in operations.items():
            yield operation["operationId"], method.upper()


def _rows(end: str) -> list[Entrance]:
    return [one for one in load_entrances() if one.end == end]


@pytest.mark.parametrize("end", ["api", "office", "public"])
def test_every_address_has_a_row_and_every_row_an_address(end: str, own_database: str) -> None:
    assert own_database
    with settings_of(end):
        found = set(names_in(end)) - {"api-root"}
    assert found == {one.name for one in _rows(end)}


def test_every_operation_of_the_api_has_its_row_with_the_grant_it_names(own_database: str) -> None:
    assert own_database
    with settings_of("api"):
        browser = RoleClient("api")
        found = set(_api_operations(browser))
        document = browser.get("/api/v1/openapi.json").json()
    rows = {(one.name, one.method): one.needs for one in _rows("api") if one.name != "openapi-json"}
    assert found == set(rows)
    for operations in document["paths"].values():
        for method, operation in operations.items():
            needs = rows[operation["operationId"], method.upper()]
            assert operation.get("x-grant", PUBLIC) == needs


def _tried(end: str, senders: dict[str, tuple[Sender, ...]], world: World) -> tuple[int, list[str]]:
    """Try every row of ``end`` as every sender; return how many cells were tried and those that are wrong."""
    browser, cells, wrong = RoleClient(end), 0, []
    names, values = names_in(end), world.values()
    for entrance in _rows(end):
        for pattern in names[entrance.name]:
            address = address_of(end, pattern, values)
            for sender in senders[entrance.needs]:
                response = send(browser, entrance, address, sender)
                cells += 1
                if let_in(response) != sender.may(entrance) or response.status_code in {405, 500, 503}:
                    wrong.append(f"{entrance.method} {address} as {sender.name}: {response.status_code}")
                response.close()  # a file that nobody read
    return cells, wrong


@pytest.mark.parametrize("end", ["api", "office", "public"])
def test_every_cell_of_the_matrix_is_as_it_says(
    end: str, own_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert own_database
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    with settings_of(end):
        world = World()
        officers = tuple(officer_senders(world.own, ROLES))
        senders = {
            needs: (Sender("anonymous"), *officers, *client_senders(world.own, needs))
            for needs in {one.needs for one in _rows(end)}
        }
        cells, wrong = _tried(end, senders, world)
    assert not wrong, "\n".join(wrong)
    per_row = 1 + len(ROLES) + 1 + 3
    assert cells >= len(_rows(end)) * per_row
    with capsys.disabled():
        print(f"\naccess matrix, {end}: {cells} of {cells} cells as written ({len(_rows(end))} entrances)")  # noqa: T201


@pytest.mark.parametrize("end", ["api", "office", "public"])
def test_a_method_without_a_row_opens_nothing(end: str, own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_database
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    tried = 0
    with settings_of(end):
        world, browser = World(), RoleClient(end)
        senders = [next(one for one in officer_senders(world.own, ("centre",)) if one.name == "centre")]
        senders += [one for one in client_senders(world.own, "") if one.name == "client with the grant"]
        names, values = names_in(end), world.values()
        for name in {one.name for one in _rows(end)}:
            known = {one.method for one in _rows(end) if one.name == name}
            for method in set(METHODS) - known:
                for sender in senders:
                    address = address_of(end, names[name][0], values)
                    response = send(browser, Entrance(end, name, method, PUBLIC), address, sender)
                    tried += 1
                    assert response.status_code in {302, 401, 403, 405}, f"{method} {name}: {response.status_code}"
                    assert response.status_code == 405 or not let_in(response), f"{method} {name}"
    assert tried >= len({one.name for one in _rows(end)}) * 6


@pytest.mark.parametrize(("end", "least"), [("api", 2), ("office", 3)])
def test_another_departments_batch_looks_like_one_that_does_not_exist_at_every_entrance(
    end: str, least: int, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_database
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "required")
    tried = 0
    with settings_of(end):
        world, browser = World(), RoleClient(end)
        if end == "api":
            sender = next(one for one in client_senders(world.own, "") if one.name == "client with the grant")
        else:  # who may do everything with a batch of the own department
            roles = ("submitter", "releaser")
            sender = Sender("both", make_officer(world.own, "both", *roles), roles)
        for entrance in _rows(end):
            for pattern in names_in(end)[entrance.name]:
                if "batch_id" not in pattern.pattern.converters:
                    continue
                answers = set()
                for number in (world.hidden.pk, 987654321):
                    address = address_of(end, pattern, {"form": "csv", "batch_id": number})
                    answers.add(_answer(send(browser, entrance, address, sender), number))
                assert len(answers) == 1
                assert answers.pop()[0] == 404
                tried += 1
    assert tried >= least


def _answer(response: Any, number: int) -> tuple[int, str]:
    """Return status and body with the number that was asked for taken out."""
    text = response.content.decode().replace(str(number), "N")
    return response.status_code, re.sub(r'(csrf[^"]*" value="|"X-CSRFToken": ")[^"]+"', r'\1"', text)


def test_a_withdrawn_right_counts_from_the_very_next_request(own_database: str) -> None:
    assert own_database
    with settings_of("api"):
        world, browser = World(), RoleClient("api")
        (entrance,) = [one for one in _rows("api") if one.name == "read_subject"]
        (sender,) = [one for one in client_senders(world.own, entrance.needs) if one.name == "client with the grant"]
        address = address_of("api", names_in("api")[entrance.name][0], world.values())
        assert send(browser, entrance, address, sender).status_code == 200
        ClientGrant.objects.filter(operation=entrance.needs).update(revoked_at=world.batch.received_at)
        assert send(browser, entrance, address, sender).json()["code"] == "operation_not_granted"
    assert Event.objects.filter(action="api.refused").count() == 1
