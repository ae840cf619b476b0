"""What one organisation is answered is the same, byte for byte, whether or not another organisation has anything.

Every address of the office and of the API that takes a number, a name or a code is asked, found in the address lists
themselves: a new one is asked as well, or fails here until somebody says what to put into it.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from chengxin.accounts.actor import OPERATIONS
from chengxin.testing.ends import RoleClient, settings_of
from chengxin.testing.making import (
    NOW,
    PASSWORD,
    make_batch,
    make_client,
    make_officer,
    make_organisation,
    make_record,
    make_subject,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chengxin.accounts.models import Organisation
    from chengxin.subjects.models import Subject

NUMBERS = range(1, 8)
"""Numbers tried: the first are one's own, then those that the other organisation gets later, then those of nobody."""

OURS, THEIRS = "91320583187588026H", "91320583MA1MABCD0X"

VALUES: dict[str, list[str]] = {
    "form": ["csv", "xlsx", "pdf"],
    "item": ["licence", "penalty", "nothing"],
    "username": ["zhang", "li", "nobody"],
    "sitting": ["0123456789abcdef"],
    "code": [OURS, THEIRS, "91320583MA1MABCD1X"],
    "uscc": [OURS, THEIRS],
    "kind": ["uscc", "registration_number"],
    "value": [OURS, THEIRS, "110108000000016"],
}
"""What is put into the places of an address that take text."""

TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value="|data-token="|X-CSRFToken": ")[^"]*')


def fill(template: str, places: Iterable[tuple[str, str]]) -> list[str]:
    """Return ``template`` with every combination of values in its places (kind, name)."""
    filled = [template]
    for kind, name in places:
        if kind == "int" or name.endswith("_id"):
            values = [str(number) for number in NUMBERS]
        else:
            assert name in VALUES, f"say in VALUES what the place {name!r} of {template} takes"
            values = VALUES[name]
        filled = [re.sub(rf"<(\w+:)?{name}>|{{(\w+:)?{name}}}", value, one) for one in filled for value in values]
    return filled


def office_addresses() -> list[str]:
    """Return every address of the office, its places filled."""
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> None:
        for one in patterns:
            if isinstance(one, URLResolver):
                walk(one.url_patterns, before + str(one.pattern))
                continue
            template = before + str(one.pattern)
            found.extend(fill(f"/{template}", re.findall(r"<(?:(\w+):)?(\w+)>", template)))

    walk(get_resolver("chengxin.ends.office.urls").url_patterns, "")
    return found


def api_addresses() -> list[tuple[str, str]]:
    """Return (method, address) of every operation of the API that takes something in its path, and those that list."""
    document = json.loads((Path(__file__).parents[1] / "ends" / "api" / "openapi.json").read_text(encoding="utf-8"))
    found: list[tuple[str, str]] = []
    for template, operations in document["paths"].items():
        for method in operations.keys() & {"get", "post", "put", "patch", "delete"}:
            places = [("", name) for name in re.findall(r"{(?:\w+:)?(\w+)}", template)]
            if places or method == "get":
                found.extend((method.upper(), address) for address in fill(template, places))
    return found


def give_everything(organisation: Organisation, body: Subject, username: str, first: int) -> None:
    """Give ``organisation`` something in every table that belongs to organisations, and an officer."""
    from chengxin.accounts.models import Approval, SecondFactor  # noqa: PLC0415 - Django is set up by the fixtures
    from chengxin.intake.models import QuarantinedRow, Timeliness  # noqa: PLC0415
    from chengxin.records.models import LinkProposal  # noqa: PLC0415

    officer = make_officer(organisation, username, "submitter", "releaser", "reviewer", "window")
    SecondFactor.objects.create(officer=officer, kind="recovery", key=username, made_at=NOW)
    receipt = {
        "batch_id": 0, "state": "published", "lines": 3, "accepted": 2, "updated": 0, "duplicate": 0, "quarantined": 1,
        "linked": 1, "unlinked": 1, "encoding": "utf-8", "generation": "G3", "seconds": 1.0,
    }  # fmt: skip
    finding = {"rule": "x", "field": "行政相对人名称", "value": username, "message": "错", "expected": "对"}
    for number in (first, first + 1):
        batch = make_batch(organisation, lines=3, receipt=receipt, filename=f"{username}.csv")
        QuarantinedRow.objects.create(batch=batch, line=2, cells=[username, OURS, "1号"], findings=[finding])
        Timeliness.objects.create(
            batch=batch, item="licence", month=NOW.date().replace(day=1), reported=3, on_time=2, late=1, provisional=0
        )
        make_record(number, body, organisation_id=organisation.pk, batch_id=batch.pk)
    Approval.objects.create(
        operation="batches.release", object_kind="batch", object_id=str(first), content={"secret": username},
        digest=username, reason=username, asked_by=username, asked_by_kind="officer", asked_for=organisation.code,
        asked_at=NOW, expires_at=NOW.replace(year=2036),
    )  # fmt: skip
    LinkProposal.objects.create(
        batch_id=batch.pk, line=first, item="licence", organisation_id=organisation.pk, submitted_by=username,
        cause="code_missing", name=username, name_key=username, identifier="", evidence={"row": {}, "candidates": []},
        digest=username, candidates=[], state="open", outcome="", note="", made_at=NOW, changed_at=NOW,
    )  # fmt: skip


def told(response: Any) -> tuple[object, ...]:
    """Return what somebody is told: status, kind and address of the answer, and its bytes without the form's token."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    kept = TOKEN.sub(rb"\1", body)
    if body.startswith(b"PK"):  # a workbook: a zip that bears the time of its making
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            kept = b"".join(book.read(name) for name in book.namelist() if name != "docProps/core.xml")
    return response.status_code, response.get("Content-Type"), response.get("Location"), kept


@pytest.fixture
def one(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Organisation]:
    """Give an organisation with everything, and the moment at which all of this happens."""
    assert own_database
    monkeypatch.setenv("CHENGXIN_NOW", NOW.isoformat())
    monkeypatch.setenv("CHENGXIN_SECOND_FACTOR", "optional")
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=hashers):
        made = make_organisation("one")
        make_subject("昆山乙有限公司", THEIRS)
        give_everything(made, make_subject(), "zhang", 1)
        yield made


def the_other_comes(one: Organisation) -> None:
    """Give another organisation everything, about a body of its own and about the body of ``one``."""
    from chengxin.subjects.models import Subject  # noqa: PLC0415

    other = make_organisation("other")
    give_everything(other, Subject.objects.get(uscc=THEIRS), "li", 3)
    make_record(9, Subject.objects.get(uscc=OURS), organisation_id=other.pk, batch_id=3)
    make_client(other, *OPERATIONS, token="token of the other")
    assert one.pk != other.pk


MOVING = {"/log-out/", "/log-in/outside/", "/account/totp/", "/account/passkey/", "/log-in/passkey/"}
"""Addresses whose answer is new each time, or that end the session; none takes a number."""


@pytest.mark.usefixtures("own_database")
def test_the_office_answers_the_same_whether_or_not_another_organisation_has_anything(one: Organisation) -> None:
    with settings_of("office"):
        client = RoleClient("office")
        assert client.post("/log-in/", {"username": "zhang", "password": PASSWORD}).status_code == 302
        addresses = [address for address in office_addresses() if address not in MOVING]
        assert len(addresses) > 40
        before = {address: told(client.get(address)) for address in addresses}
        posted = [address for address in addresses if re.search(r"/[3-7]/", address)]
        before_posted = {address: told(client.post(address, {})) for address in posted}
        the_other_comes(one)
        after = {address: told(client.get(address)) for address in addresses}
        after_posted = {address: told(client.post(address, {})) for address in posted}
    assert before["/batches/1/"][0] == before["/batches/"][0] == 200
    assert before["/batches/3/"][0] == before["/batches/7/"][0] == 404
    assert [address for address in addresses if before[address] != after[address]] == []
    assert [address for address in posted if before_posted[address] != after_posted[address]] == []


@pytest.mark.usefixtures("own_database")
def test_the_api_answers_the_same_whether_or_not_another_organisation_has_anything(one: Organisation) -> None:
    token = make_client(one, *OPERATIONS)
    with settings_of("api"):
        client = RoleClient("api")

        def ask() -> dict[tuple[str, str], tuple[object, ...]]:
            headers = {"Authorization": f"Bearer {token}"}
            return {one: told(client.generic(*one, headers=headers)) for one in api_addresses()}

        before = ask()
        the_other_comes(one)
        after = ask()
    assert before["GET", "/api/v1/batches/1"][0] == 200
    assert before["GET", "/api/v1/batches/3"][0] == 404
    assert [asked for asked in before if before[asked] != after[asked]] == []


@pytest.mark.usefixtures("own_database")
def test_a_page_that_forgets_to_ask_for_the_organisation_shows_no_more(
    one: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rooms' own filters taken away, the database alone holds the line."""
    from dataclasses import replace  # noqa: PLC0415

    from chengxin.intake import queries  # noqa: PLC0415

    the_other_comes(one)
    for name in ("batches", "_own_batch"):
        proper = getattr(queries, name)
        monkeypatch.setattr(
            queries, name, lambda actor, *a, proper=proper, **k: proper(replace(actor, everywhere=True), *a, **k)
        )
    with settings_of("office"):
        client = RoleClient("office")
        client.post("/log-in/", {"username": "zhang", "password": PASSWORD})
        assert client.get("/batches/1/").status_code == 200
        assert client.get("/batches/3/").status_code == 404
        assert b"li.csv" not in client.get("/batches/").content
