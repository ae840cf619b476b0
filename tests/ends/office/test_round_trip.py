"""From a department's file to the answer of a check: handed in, imported by the worker, mended, handed in again."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile

from chengxin.accounts.actor import CHECK, Actor
from chengxin.accounts.models import Organisation
from chengxin.base.context import acting
from chengxin.checks.actions.check_one import CheckOne
from chengxin.intake.actions.import_batch import ImportBatch
from chengxin.intake.tasks import import_batch
from chengxin.testing.city import load_organisations, row, uscc, write_file
from chengxin.testing.ends import as_role
from chengxin.testing.making import NOW, make_officer

if TYPE_CHECKING:
    from pathlib import Path


def _hand_in(office: Any, item: str, name: str, content: bytes) -> int:
    """Hand a file in, let the worker's role import it, and return the batch's number."""
    response = office.post("/upload/", {"item": item, "file": SimpleUploadedFile(name, content)})
    found = re.fullmatch(r"/batches/(\d+)/", response["Location"])
    assert found is not None
    with as_role("worker"):
        ImportBatch(int(found.group(1)), lambda: NOW).execute()
    return int(found.group(1))


def _receipt(office: Any, batch_id: int) -> list[int]:
    """Return the receipt's figures as the page shows them: new, updated, duplicate, sent back, all."""
    page = office.get(f"/batches/{batch_id}/").content.decode()
    table = page[page.index("每一行的去向") : page.index("入库记录的关联")]
    return [int(one) for one in re.findall(r'<td class="number">(\d+)</td>', table)]


def test_rows_sent_back_are_mended_in_the_file_itself_and_taken_in(office: Any, tmp_path: Path) -> None:
    load_organisations()
    make_officer(Organisation.objects.get(code="ks-scjg"))
    office.log_in()
    bodies = write_file(tmp_path / "r.csv", "registration", "R1", [row("registration", "R1", one) for one in (1, 2)])
    registered = _hand_in(office, "registration", "登记.csv", bodies.read_bytes())
    assert _receipt(office, registered) == [2, 0, 0, 0, 2]

    rows = [row("licence", "G3", 1), row("licence", "G3", 2, uscc="9132")]
    licences = write_file(tmp_path / "l.csv", "licence", "G3", rows)
    batch_id = _hand_in(office, "licence", "许可.csv", licences.read_bytes())
    assert _receipt(office, batch_id) == [1, 0, 0, 1, 2]

    sent_back = office.get(f"/batches/{batch_id}/returned.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(sent_back.streaming_content)))
    sheet = book.worksheets[0]
    header = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, header.index("自留_行号") + 1).value == "3"
    assert sheet.cell(2, header.index("自留_问题") + 1).value
    wrong = next(cell for cell in sheet[2] if cell.value == "9132")
    wrong.value = uscc(2)
    mended = io.BytesIO()
    book.save(mended)
    assert _receipt(office, _hand_in(office, "licence", "许可 改.xlsx", mended.getvalue())) == [1, 0, 0, 0, 1]

    actor = Actor("client", "1", "ks-ggzy", frozenset({CHECK}))
    with as_role("api"), acting(actor.kind, actor.id, Organisation.objects.get(code="ks-ggzy").pk):
        answers = [CheckOne(actor, uscc(one), "投标资格审查", None, NOW).execute() for one in (1, 2)]
    for number, answer in enumerate(answers, start=1):
        assert answer.result == "found"
        licence = next(fact for fact in answer.facts if fact.item == "licence")
        assert licence.document_number == f"昆市监许〔2026〕{number}号"
        assert licence.issuer == "昆山市市场监督管理局"
    text = re.sub(r"<[^>]+>", " ", office.get("/punctuality/").content.decode())
    assert re.search(r"2026-02\s+2\s+2\s+0\s+100\.0%", text)


def test_a_file_refused_as_a_whole_says_why_and_may_come_again(office: Any) -> None:
    load_organisations()
    make_officer(Organisation.objects.get(code="ks-scjg"))
    office.log_in()
    for _ in range(2):
        response = office.post("/upload/", {"item": "licence", "file": SimpleUploadedFile("a.csv", b"\x00\x01\x02")})
        batch_id = int(response["Location"].split("/")[2])
        with as_role("worker"):
            import_batch(batch_id)
        page = office.get(f"/batches/{batch_id}/").content.decode()
        assert "文件已退回，没有入库" in page
        assert "回执" not in page
