"""A department hands a file in, with an empty file to start from and words about what it must look like."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from chengxin.accounts.models import Organisation
from chengxin.catalogue import load_catalogue, recognise_header
from chengxin.ends.office.template_file import template_fields, template_file, template_header
from chengxin.intake.actions.receive import inbox_path
from chengxin.intake.models import Batch
from chengxin.testing.making import make_officer

CONTENT = "行政相对人名称,统一社会信用代码\n昆山甲,91320583187588026H\n".encode()


def _file(content: bytes = CONTENT, name: str = "许可.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/csv")


def test_a_file_handed_in_leads_to_its_batch_and_waits_for_its_import(desk: Any) -> None:
    response = desk.post("/upload/", {"item": "licence", "file": _file()})
    batch = Batch.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/batches/{batch.pk}/")
    assert (batch.organisation.code, batch.channel, batch.submitted_by) == ("market", "office", "zhang")
    assert (batch.item, batch.encoding_asked, batch.mapping) == ("licence", "auto", "")
    assert inbox_path(batch.pk).read_bytes() == CONTENT
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE (args ->> 'batch_id')::bigint = %s", [batch.pk])
        assert cursor.fetchone() == (1,)


def test_the_same_file_again_leads_to_the_same_batch_and_says_so(desk: Any) -> None:
    first = desk.post("/upload/", {"item": "licence", "file": _file()})["Location"]
    again = desk.post("/upload/", {"item": "licence", "file": _file(name="another name.csv")})["Location"]
    assert again == f"{first}?already=1"
    assert "没有重复入库" in desk.get(again).content.decode()
    assert Batch.objects.count() == 1


def test_only_what_the_organisation_hands_in_is_offered_and_taken(desk: Any) -> None:
    page = desk.get("/upload/").content.decode()
    assert 'value="licence"' in page
    assert 'value="penalty"' in page
    assert 'value="registration"' not in page
    response = desk.post("/upload/", {"item": "registration", "file": _file()})
    assert response.status_code == 422
    assert not Batch.objects.exists()


def test_what_is_missing_is_named_with_a_link_to_it(desk: Any) -> None:
    response = desk.post("/upload/", {})
    text = response.content.decode()
    assert response.status_code == 422
    for words in ("文件没有报送成功", "请选择报送目录", "请选择要报送的文件", 'href="#id_file"', 'href="#id_item"'):
        assert words in text
    empty = desk.post("/upload/", {"item": "licence", "file": _file(b"")})
    assert "文件是空的" in empty.content.decode()


def test_an_organisation_that_lost_the_item_meanwhile_is_told(desk: Any) -> None:
    Organisation.objects.update(hands_in=["penalty"])
    response = desk.post("/upload/", {"item": "licence", "file": _file()})
    assert response.status_code == 422
    Organisation.objects.update(hands_in=[])
    assert "没有报送任务" in desk.get("/upload/").content.decode()


def test_a_file_too_large_is_refused_before_it_is_read(desk: Any) -> None:
    response = desk.post("/upload/", {"item": "licence", "file": _file()}, CONTENT_LENGTH=str(600 * 1024 * 1024))
    assert response.status_code == 413
    assert "512 MB" in response.content.decode()
    assert not Batch.objects.exists()


def test_a_name_made_to_harm_is_only_a_name(desk: Any) -> None:
    name = "<img src=x onerror=alert(1)>.csv"
    desk.post("/upload/", {"item": "licence", "file": _file(name=name)})
    batch = Batch.objects.get()
    page = desk.get(f"/batches/{batch.pk}/").content.decode()
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;.csv" in page


def test_mappings_are_offered_for_what_the_organisation_hands_in(desk: Any) -> None:
    assert "company_search_export" not in desk.get("/upload/").content.decode()
    Organisation.objects.update(hands_in=["registration"])
    assert 'value="company_search_export"' in desk.get("/upload/").content.decode()
    bad = desk.post("/upload/", {"item": "registration", "file": _file(), "mapping": "../../etc/passwd"})
    assert bad.status_code == 422
    good = desk.post(
        "/upload/", {"item": "registration", "file": _file(), "mapping": "company_search_export", "encoding": "gb18030"}
    )
    assert good.status_code == 302
    assert Batch.objects.get().mapping == "company_search_export"


def test_the_centre_hands_in_for_itself_only(office: Any, organisation: Organisation) -> None:
    make_officer(organisation, "wang", "centre")
    office.log_in("wang")
    office.post("/upload/", {"item": "licence", "file": _file()})
    assert Batch.objects.get().organisation == organisation


def test_an_auditor_hands_nothing_in(office: Any, organisation: Organisation) -> None:
    make_officer(organisation, "sun", "auditor")
    office.log_in("sun")
    assert office.post("/upload/", {"item": "licence", "file": _file()}).status_code == 403
    assert "/upload/" not in office.get("/").content.decode()
    assert not Batch.objects.exists()


def test_the_empty_file_is_downloaded(desk: Any) -> None:
    response = desk.get("/upload/template/licence.xlsx")
    assert response["Content-Disposition"] == 'attachment; filename="licence-template.xlsx"'
    assert openpyxl.load_workbook(io.BytesIO(response.content)).sheetnames == ["行政许可"]
    assert desk.get("/upload/template/nothing.xlsx").status_code == 404


@pytest.mark.parametrize("key", [item.key for item in load_catalogue().items])
def test_the_empty_file_is_the_current_list_and_nothing_in_it_is_unknown(key: str) -> None:
    item = load_catalogue().item(key)
    sheet = openpyxl.load_workbook(io.BytesIO(template_file(item))).worksheets[0]
    header = [cell.value for cell in sheet[1]]
    assert tuple(header) == template_header(item)
    match = recognise_header(item, [str(name) for name in header])
    assert match.generation == item.generations[-1].key
    assert (match.unknown, match.missing_required, match.missing_one_of) == ((), (), ())
    assert len(match.columns) == len(header)


@pytest.mark.parametrize("key", [item.key for item in load_catalogue().items])
def test_every_cell_of_the_empty_file_is_text_and_required_columns_stand_out(key: str) -> None:
    item = load_catalogue().item(key)
    sheet = openpyxl.load_workbook(io.BytesIO(template_file(item))).worksheets[0]
    required = {field.key for field in item.required_in(item.generations[-1].key)}
    for field, cell in zip(template_fields(item), sheet[1], strict=True):
        assert (cell.data_type, cell.number_format) == ("s", "@")
        assert cell.font.bold is (field.key in required)
    widths = [one for one in sheet.column_dimensions.values() if one.number_format == "@"]
    assert widths, "columns themselves are text, so cells typed later are"


@pytest.mark.parametrize("key", [item.key for item in load_catalogue().items])
def test_the_empty_file_asks_for_nothing_that_would_be_dropped(key: str) -> None:
    item = load_catalogue().item(key)
    current = item.generations[-1].key
    assert all(field.keep or current in field.required for field in template_fields(item))
