"""Other systems hand files in, follow them, look bodies up and check them."""

from __future__ import annotations

import csv
import io
import uuid
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from chengxin.audit.models import Event
from chengxin.intake.actions.receive import inbox_path
from chengxin.intake.models import Batch, QuarantinedRow
from chengxin.testing.making import make_batch, make_client, make_organisation, make_record, make_subject

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

USCC = "91320583187588026H"
CONTENT = "行政相对人名称,统一社会信用代码\n昆山甲,91320583187588026H\n".encode()


def _file(content: bytes = CONTENT, name: str = "许可.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/csv")


def _code(response: Any) -> str:
    assert response["Content-Type"] == "application/problem+json"
    return str(response.json()["code"])


def test_a_file_becomes_a_batch_and_waits_for_its_import(api: Any, token: str) -> None:
    response = api.upload({"file": _file(), "item": "licence"}, token)
    assert response.status_code == 202
    body = response.json()
    batch = Batch.objects.get()
    assert body["batch_id"] == batch.pk
    assert (body["state"], body["already"], body["receipt"], body["refusal"]) == ("received", False, None, None)
    assert response["Location"] == body["location"] == f"/api/v1/batches/{batch.pk}"
    assert (batch.organisation.code, batch.channel, batch.filename) == ("market", "api", "许可.csv")
    assert inbox_path(batch.pk).read_bytes() == CONTENT
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE (args ->> 'batch_id')::bigint = %s", [batch.pk])
        assert cursor.fetchone() == (1,)


def test_the_same_file_again_is_the_same_batch_with_its_receipt(api: Any, token: str) -> None:
    first = api.upload({"file": _file(), "item": "licence"}, token).json()
    receipt = {"lines": 1, "accepted": 1}
    Batch.objects.update(state="published", receipt=receipt)
    again = api.upload({"file": _file(name="copy.csv"), "item": "licence"}, token)
    assert again.status_code == 200
    body = again.json()
    assert (body["batch_id"], body["already"]) == (first["batch_id"], True)
    assert (body["state"], body["receipt"]) == ("published", receipt)
    assert Batch.objects.count() == 1


def test_an_upload_that_cannot_be_taken_says_why_and_leaves_nothing(api: Any, token: str) -> None:
    for fields, code in [
        ({"item": "licence"}, "not_valid"),
        ({"file": _file()}, "not_valid"),
        ({"file": _file(), "item": "registration"}, "item_not_handed_in"),
        ({"file": _file(), "item": "nonsense"}, "unknown_item"),
        ({"file": _file(), "item": "licence", "encoding": "latin-1"}, "unknown_encoding"),
        ({"file": _file(), "item": "licence", "mapping": "../etc"}, "unknown_mapping"),
        ({"file": _file(), "item": "x" * 65}, "not_valid"),
    ]:
        response = api.upload(fields, token)
        assert response.status_code == 422
        assert _code(response) == code
        assert not Batch.objects.exists()


def test_a_batch_is_followed_to_its_receipt_or_refusal(api: Any, token: str, organisation: Organisation) -> None:
    receipt = {"lines": 3, "accepted": 2, "quarantined": 1}
    done = make_batch(organisation, receipt=receipt)
    refused = make_batch(organisation, "refused", refusal={"code": "not_a_table", "message": "不是表格"})
    body = api.get(f"/batches/{done.pk}", token).json()
    assert (body["state"], body["receipt"], body["received_at"]) == ("published", receipt, "2026-03-02T10:00:00+08:00")
    body = api.get(f"/batches/{refused.pk}", token).json()
    assert (body["state"], body["refusal"]["code"]) == ("refused", "not_a_table")


def test_another_organisations_batch_looks_exactly_like_one_that_does_not_exist(api: Any, token: str) -> None:
    other = make_batch(make_organisation("tax"), pk=123456)
    for path in ("", "/returned"):
        hidden = api.get(f"/batches/{other.pk}{path}", token)
        missing = api.get(f"/batches/987654321{path}", token)
        assert hidden.status_code == missing.status_code == 404
        assert hidden.content.decode().replace(str(other.pk), "N") == missing.content.decode().replace("987654321", "N")
        counted = {"Content-Length": "", "RateLimit": ""}
        assert dict(hidden.headers) | counted == dict(missing.headers) | counted


def test_a_number_that_is_no_batch_is_not_found(api: Any, token: str) -> None:
    for number in ["0", "99999999999999999999", "-1", "abc", "1.5"]:
        assert api.get(f"/batches/{number}", token).status_code == 404


def test_the_rows_sent_back_are_fetched_as_csv_and_xlsx(api: Any, token: str, organisation: Organisation) -> None:
    batch = make_batch(organisation)
    finding = {
        "rule": "uscc_wrong",
        "field": "统一社会信用代码",
        "value": "=1",
        "message": "位数不对",
        "expected": "18 位",
    }
    QuarantinedRow.objects.create(batch=batch, line=3, cells=["=昆山", "=1", "x"], findings=[finding])
    response = api.get(f"/batches/{batch.pk}/returned?format=csv", token)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="batch-{batch.pk}-returned.csv"'
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[1][:4] == ["'=昆山", "'=1", "x", "3"]
    workbook = api.get(f"/batches/{batch.pk}/returned", token)
    assert b"".join(workbook.streaming_content)[:4] == b"PK\x03\x04"
    assert Event.objects.filter(action="batch.returned_downloaded", actor_kind="client").count() == 2


def test_rows_of_a_batch_under_way_are_not_ready_and_odd_forms_are_not_valid(
    api: Any, token: str, organisation: Organisation
) -> None:
    batch = make_batch(organisation, "checking")
    under_way = api.get(f"/batches/{batch.pk}/returned", token)
    assert (under_way.status_code, _code(under_way)) == (409, "batch_under_way")
    odd = api.get(f"/batches/{batch.pk}/returned?format=pdf", token)
    assert (odd.status_code, _code(odd)) == (422, "not_valid")


def test_a_body_is_looked_up_by_its_code(api: Any, token: str) -> None:
    make_subject(registration_number="320583000012345")
    response = api.get(f"/subjects/{USCC.lower()}", token)
    assert response.status_code == 200
    body = response.json()
    assert (body["uscc"], body["name"], body["established_on"]) == (USCC, "昆山甲科技有限公司", "2010-05-01")
    assert body["identifiers"][1] == {
        "kind": "registration_number", "value": "320583000012345", "ended_on": None, "replaced_by": "", "merged": False
    }  # fmt: skip
    assert body["names"] == [{"kind": "current", "name": "昆山甲科技有限公司"}]
    assert Event.objects.get().action == "subject.read"


def test_a_look_up_that_finds_nobody_says_why(api: Any, token: str) -> None:
    for code, status, problem in [
        (USCC, 404, "unknown_subject"),
        ("9132O583187588026H", 422, "invalid_code"),
        ("187588026", 422, "invalid_code"),
        ("362322198709086409", 422, "personal_number"),
        ("%E6%98%86%E5%B1%B1", 422, "invalid_code"),
        ("a" * 500, 422, "invalid_code"),
    ]:
        response = api.get(f"/subjects/{code}", token)
        assert (response.status_code, _code(response)) == (status, problem)
        if problem == "invalid_code":
            assert response.json()["errors"][0]["message"]
        if problem == "personal_number":
            assert code not in response.content.decode()
    (event,) = Event.objects.all()
    assert (event.action, event.detail["code"]) == ("api.refused", "unknown_subject")
    assert USCC not in str(event.detail), "that somebody probes is on file, the code is not"


def test_a_check_gives_the_public_facts_in_force_and_says_what_they_are(api: Any, token: str) -> None:
    make_record(1, make_subject())
    response = api.post("/checks", {"code": USCC, "purpose": "投标资格审查", "on": "2026-02-01"}, token)
    assert response.status_code == 200
    body = response.json()
    assert (body["result"], body["code"], body["on"]) == ("found", USCC, "2026-02-01")
    assert body["subject"]["uscc"] == USCC
    (fact,) = body["facts"]
    assert fact == {
        "record_id": 1,
        "version": 1,
        "item": "licence",
        "document_number": "昆许〔2026〕1号",
        "decided_on": "2026-01-05",
        "issuer": "昆山市市场监督管理局",
        "valid_from": "2026-01-05",
        "valid_until": None,
        "content": {
            "subject_name": "昆山甲科技有限公司",
            "issuer_name": "昆山市市场监督管理局",
            "content": "食品经营",
        },
    }
    assert "不据此作出任何决定" in body["notice_zh"]
    assert "object" in body["notice_en"]
    assert Event.objects.get().detail["records"] == [1]


def test_a_code_of_nobody_is_not_found_in_so_many_words(api: Any, token: str) -> None:
    body = api.post("/checks", {"code": USCC, "purpose": "投标资格审查"}, token).json()
    assert (body["result"], body["subject"], body["facts"]) == ("not_found", None, [])


def test_a_code_at_two_bodies_could_not_be_searched(api: Any, token: str) -> None:
    make_subject(organisation_code="187588026")
    make_subject(name="昆山丙", uscc="91320583MA1MABCD0X", organisation_code="187588026")
    response = api.post("/checks", {"code": "187588026", "purpose": "投标资格审查"}, token)
    assert response.status_code == 409
    body = response.json()
    assert (body["result"], body["reason"]) == ("could_not_search", "ambiguous_code")
    assert body["facts"] is None


def test_a_question_that_is_none_is_refused_and_nothing_is_looked_up(api: Any, token: str) -> None:
    for body, code in [
        ({}, "not_valid"),
        ({"code": USCC}, "not_valid"),
        ({"code": USCC, "purpose": "x"}, "not_valid"),
        ({"code": USCC, "purpose": "   "}, "purpose_missing"),
        ({"code": USCC, "purpose": "a\r\nInjected: line"}, "purpose_missing"),
        ({"code": USCC, "purpose": "审查", "on": "2026-02-30"}, "not_valid"),
        ({"code": USCC, "purpose": "审查", "on": "9999-01-01"}, "day_to_come"),
        ({"code": USCC, "purpose": "审查", "codes": [USCC]}, "not_valid"),
        ({"code": [USCC], "purpose": "审查"}, "not_valid"),
        ({"code": "362322198709086409", "purpose": "审查"}, "personal_number"),
        ({"code": "' OR 1=1 --", "purpose": "审查"}, "invalid_code"),
        ({"code": "%", "purpose": "审查"}, "invalid_code"),
    ]:
        response = api.post("/checks", body, token)
        assert (response.status_code, _code(response)) == (422, code)
        assert not Event.objects.exists()


def test_a_check_as_known_later_shows_the_correction(api: Any, token: str) -> None:
    subject = make_subject()
    make_record(1, subject)
    make_record(2, subject, key=uuid.UUID(int=1), version=2, kind="corrected", replaces=1)
    body = api.post("/checks", {"code": USCC, "purpose": "投标资格审查"}, token).json()
    assert [(fact["record_id"], fact["version"]) for fact in body["facts"]] == [(2, 2)]


def test_the_process_says_that_it_is_well(api: Any) -> None:
    response = api.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_client_of_another_organisation_hands_in_for_its_own(api: Any, token: str) -> None:
    api.upload({"file": _file(), "item": "licence"}, token)
    other = make_client(make_organisation("tax"), "batches.submit", "batches.read", token="token-of-the-tax-office")
    assert api.upload({"file": _file(), "item": "licence"}, other).status_code == 202
    assert sorted(Batch.objects.values_list("organisation__code", flat=True)) == ["market", "tax"]
