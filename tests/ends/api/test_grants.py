"""A grant is for some items and purposes; what it is not for, the client neither hands in nor sees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chengxin.accounts.actor import CHECK, OPERATIONS, READ_BATCHES, SUBMIT
from chengxin.audit.models import Event
from chengxin.intake.models import Batch
from chengxin.testing.making import make_batch, make_client, make_record, make_subject

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

USCC = "91320583187588026H"


def _file() -> SimpleUploadedFile:
    return SimpleUploadedFile("许可.csv", "行政相对人名称\n甲\n".encode(), "text/csv")


def test_a_client_hands_in_the_items_it_was_granted(api: Any, organisation: Organisation) -> None:
    token = make_client(organisation, SUBMIT, items=["licence"])
    refused = api.upload({"file": _file(), "item": "penalty"}, token)
    assert (refused.status_code, refused.json()["code"]) == (403, "item_not_granted")
    assert not Batch.objects.exists()
    assert api.upload({"file": _file(), "item": "licence"}, token).status_code == 202


def test_a_batch_of_an_item_not_granted_does_not_exist(api: Any, organisation: Organisation) -> None:
    token = make_client(organisation, READ_BATCHES, items=["licence"])
    seen, hidden = make_batch(organisation), make_batch(organisation, item="penalty", pk=123456)
    assert api.get(f"/batches/{seen.pk}", token).status_code == 200
    for path in ("", "/returned"):
        answer = api.get(f"/batches/{hidden.pk}{path}", token)
        missing = api.get(f"/batches/987654321{path}", token)
        assert answer.status_code == missing.status_code == 404
        assert answer.content.decode().replace("123456", "N") == missing.content.decode().replace("987654321", "N")


def test_a_check_answers_with_the_items_granted_and_says_so(api: Any, organisation: Organisation) -> None:
    subject = make_subject()
    make_record(1, subject)
    make_record(2, subject, item="penalty", content={"penalty_kind": "罚款", "violation_type": "价格"})
    one = make_client(organisation, CHECK, items=["licence"], token="one")
    everything = make_client(organisation, CHECK, token="everything")
    asked = {"code": USCC, "purpose": "政府采购"}
    body = api.post("/checks", asked, one).json()
    assert (body["items"], [fact["item"] for fact in body["facts"]]) == (["licence"], ["licence"])
    events = Event.objects.filter(action="check.answered").order_by("pk")
    assert events[0].detail["records"] == [1], "what is on file is what was answered"
    assert api.post("/checks", asked, everything).json()["items"] == ["*"]


def test_a_check_for_another_purpose_is_refused_and_on_file_without_its_words(
    api: Any, organisation: Organisation
) -> None:
    make_record(1, make_subject())
    token = make_client(organisation, CHECK, purposes=["政府采购"])
    refused = api.post("/checks", {"code": USCC, "purpose": "员工招聘"}, token)
    assert (refused.status_code, refused.json()["code"]) == (403, "purpose_not_granted")
    assert not Event.objects.filter(action="check.answered").exists()
    event = Event.objects.get(action="api.refused")
    assert event.detail["code"] == "purpose_not_granted"
    assert "员工招聘" not in json.dumps(event.detail, ensure_ascii=False)
    assert api.post("/checks", {"code": USCC, "purpose": "政府采购：ZB-1"}, token).status_code == 200


def test_every_look_leaves_an_event(api: Any, organisation: Organisation) -> None:
    make_subject()
    token = make_client(organisation, *OPERATIONS)
    batch = make_batch(organisation)
    api.get(f"/batches/{batch.pk}", token)
    api.get(f"/subjects/{USCC}", token)
    api.post("/checks", {"code": USCC, "purpose": "政府采购"}, token)
    actions = Event.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["batch.read", "subject.read", "check.answered"]


LONG = "长" * 1_000_000
INJECTED = [
    "' OR 1=1 --",
    "91320583187588026H'; DROP TABLE records_record; --",
    "%",
    "_" * 18,
    "(a+)+$",
    "${jndi:ldap://evil}",
    "91320583187588026H\r\nSet-Cookie: x=y",
    "../../etc/passwd",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
]


@pytest.mark.parametrize("text", INJECTED)
def test_what_is_meant_to_be_more_than_a_code_is_no_code(
    api: Any, organisation: Organisation, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    make_subject()
    token = make_client(organisation, *OPERATIONS)
    answers = [
        api.post("/checks", {"code": text, "purpose": "政府采购"}, token),
        api.client.get("/api/v1/subjects/x", {"uscc": text}, headers={"Authorization": f"Bearer {token}"}),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert "Set-Cookie" not in answer.headers
        assert "\n" not in answer.content.decode()
    purpose = api.post("/checks", {"code": USCC, "purpose": f"{text}\n{text}"}, token)
    assert purpose.status_code == 422
    assert not Event.objects.filter(action="check.answered").exists()
    for record in caplog.records:
        assert "\n" not in record.getMessage()


def test_a_field_of_a_megabyte_is_refused_before_it_is_read(api: Any, organisation: Organisation) -> None:
    token = make_client(organisation, *OPERATIONS)
    for body in ({"code": LONG, "purpose": "x"}, {"code": USCC, "purpose": LONG}, {LONG: 1}):
        answer = api.post("/checks", body, token)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    long_field = api.upload({"file": _file(), "item": "x" * 200_000}, token)
    assert long_field.status_code in {413, 422}
    assert not Batch.objects.exists()


@pytest.mark.parametrize("day", [0, 1_700_000_000, "0", "1700000000", "2026-3-2", "2026-03-02T00:00:00Z", True, [], {}])
def test_a_day_is_a_day_and_no_number_of_seconds(api: Any, organisation: Organisation, day: object) -> None:
    token = make_client(organisation, CHECK)
    answer = api.post("/checks", {"code": USCC, "purpose": "政府采购", "on": day}, token)
    assert answer.status_code == 422
    assert not Event.objects.filter(action="check.answered").exists()
