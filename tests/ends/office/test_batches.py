"""A department follows its batches, reads its receipts and fetches what was sent back; nobody else's."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from chengxin.audit.models import Event
from chengxin.intake.models import Batch, QuarantinedRow
from chengxin.testing.making import make_batch, make_officer, make_organisation

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

RECEIPT = {
    "batch_id": 1,
    "state": "published",
    "lines": 100,
    "accepted": 60,
    "updated": 20,
    "duplicate": 17,
    "quarantined": 3,
    "linked": 79,
    "unlinked": 1,
    "encoding": "gb18030",
    "generation": "G3",
    "seconds": 1.25,
}
FINDING = {
    "rule": "uscc_wrong",
    "field": "统一社会信用代码",
    "value": "9132",
    "message": "位数不对",
    "expected": "18 位",
}


def _done(organisation: Organisation, rows: int = 3, **more: Any) -> Batch:
    batch = make_batch(organisation, receipt=RECEIPT | {"quarantined": rows}, lines=100, **more)
    for line in range(2, rows + 2):
        QuarantinedRow.objects.create(batch=batch, line=line, cells=["昆山甲", "9132", ""], findings=[FINDING])
    return batch


def _without_token(response: Any) -> str:
    return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def _text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_a_receipt_shows_its_arithmetic(desk: Any, organisation: Organisation) -> None:
    text = _text(desk.get(f"/batches/{_done(organisation).pk}/"))
    assert "60 + 20 + 17 + 3 100" in text
    assert "60 + 20 = 79 + 1 80" in text
    assert "文件读作 GB18030，字段版本 G3，用时 1.25 秒" in text


def test_rows_sent_back_are_shown_with_what_is_wrong_and_the_look_is_on_file(
    desk: Any, organisation: Organisation
) -> None:
    batch = _done(organisation, rows=25)
    response = desk.get(f"/batches/{batch.pk}/")
    text = _text(response)
    assert "退回的行（前 20 行，共 25 行）" in text
    assert "统一社会信用代码 位数不对 25" in text
    assert text.count("18 位") == 20
    event = Event.objects.get(action="batch.returned_viewed")
    assert (event.object, event.detail) == (str(batch.pk), {"rows": 20})


def test_a_row_with_two_findings_stands_under_one_line_number(desk: Any, organisation: Organisation) -> None:
    batch = _done(organisation, rows=0, filename="x.csv")
    Batch.objects.update(receipt=RECEIPT | {"quarantined": 1})
    QuarantinedRow.objects.create(batch=batch, line=77, cells=["", "", ""], findings=[FINDING, FINDING])
    page = desk.get(f"/batches/{batch.pk}/").content.decode()
    assert page.count(">77<") == 1
    assert 'rowspan="2"' in page


def test_a_refused_file_says_what_is_wrong_and_what_to_do(desk: Any, organisation: Organisation) -> None:
    refusal = {
        "code": "columns_missing",
        "message": "缺少必填列：许可内容",
        "message_en": "columns missing",
        "where": "第 1 行",
    }
    batch = make_batch(organisation, "refused", refusal=refusal)
    text = _text(desk.get(f"/batches/{batch.pk}/"))
    for words in ("文件已退回，没有入库", "缺少必填列：许可内容", "位置：第 1 行", "重新报送"):
        assert words in text


def test_a_batch_under_way_asks_for_its_state_and_works_without_a_script(desk: Any, organisation: Organisation) -> None:
    batch = make_batch(organisation, "checking", lines=300_000)
    page = desk.get(f"/batches/{batch.pk}/").content.decode()
    assert f'hx-get="/batches/{batch.pk}/progress/?state=checking"' in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert '<li class="current" aria-current="step"><span>校验</span>' in page
    assert page.count('<li class="done">') == 2
    assert "共 300000 行" in page
    assert "退回的数据" not in page


def test_the_changing_part_comes_only_when_it_changed(desk: Any, organisation: Organisation) -> None:
    batch = make_batch(organisation, "checking")
    address = f"/batches/{batch.pk}/progress/?state=checking"
    assert desk.get(address).status_code == 204
    Batch.objects.update(state="linking")
    moved = desk.get(address).content.decode()
    assert moved.startswith('<div id="batch-body" hx-get=')
    assert "state=linking" in moved
    Batch.objects.update(state="published", receipt=RECEIPT | {"quarantined": 0}, lines=97)
    ended = desk.get(address).content.decode()
    assert "hx-get" not in ended
    assert "回执" in ended


def test_an_ended_batch_asks_for_nothing_more(desk: Any, organisation: Organisation) -> None:
    page = desk.get(f"/batches/{_done(organisation).pk}/").content.decode()
    assert "hx-get" not in page
    assert "<script" not in page
    assert "http-equiv" not in page


def test_the_rows_sent_back_are_downloaded_and_that_is_on_file(desk: Any, organisation: Organisation) -> None:
    batch = _done(organisation)
    response = desk.get(f"/batches/{batch.pk}/returned.csv")
    assert response["Content-Disposition"] == f'attachment; filename="batch-{batch.pk}-returned.csv"'
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[0][-4:] == ["自留_行号", "自留_规则", "自留_问题", "自留_应为"]
    assert len(rows) == 4
    workbook = desk.get(f"/batches/{batch.pk}/returned.xlsx")
    assert b"".join(workbook.streaming_content)[:4] == b"PK\x03\x04"
    events = Event.objects.filter(action="batch.returned_downloaded").order_by("id")
    assert [event.detail for event in events] == [{"form": "csv", "rows": 3}, {"form": "xlsx", "rows": 3}]
    assert {event.actor for event in events} == {"zhang"}


def test_a_download_before_the_end_says_when_to_come_back(desk: Any, organisation: Organisation) -> None:
    batch = make_batch(organisation, "loading")
    response = desk.get(f"/batches/{batch.pk}/returned.csv")
    assert response.status_code == 409
    assert "处理完成后下载" in response.content.decode()
    assert desk.get(f"/batches/{batch.pk}/returned.pdf").status_code == 404


def test_another_organisations_batch_looks_exactly_like_one_that_does_not_exist(desk: Any) -> None:
    other = _done(make_organisation("tax"))
    for path in ("", "progress/", "returned.csv", "returned.xlsx"):
        hidden = desk.get(f"/batches/{other.pk}/{path}")
        missing = desk.get(f"/batches/987654321/{path}")
        assert hidden.status_code == missing.status_code == 404
        one, two = (
            re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page.content.decode()) for page in (hidden, missing)
        )
        assert one.replace(f"/{other.pk}/", "/N/") == two.replace("/987654321/", "/N/")
        assert {name for name, _ in hidden.items()} == {name for name, _ in missing.items()}
    assert not Event.objects.filter(action__startswith="batch.").exists()


def test_a_number_beyond_all_batches_is_not_found(desk: Any) -> None:
    assert desk.get("/batches/99999999999999999999/").status_code == 404


def test_the_list_has_the_organisations_own_batches_the_newest_first_and_pages_by_key(
    desk: Any, organisation: Organisation
) -> None:
    made = [make_batch(organisation).pk for _ in range(25)]
    make_batch(make_organisation("tax"), filename="别家.csv")
    first = desk.get("/batches/").content.decode()
    shown = [int(one) for one in re.findall(r'href="/batches/(\d+)/"', first)]
    assert shown == made[:4:-1]
    assert "别家" not in first
    more = re.search(r'href="(\?after=\d+)"', first)
    assert more is not None
    second = desk.get(f"/batches/{more.group(1)}").content.decode()
    assert [int(one) for one in re.findall(r'href="/batches/(\d+)/"', second)] == made[4::-1]
    assert "回到最新" in second
    assert "更早的批次" not in second


def test_the_centre_sees_every_organisations_batches(office: Any, organisation: Organisation) -> None:
    make_officer(organisation, "wang", "centre")
    office.log_in("wang")
    batch = _done(make_organisation("tax"))
    assert "昆山市tax局" in office.get("/batches/").content.decode()
    assert office.get(f"/batches/{batch.pk}/").status_code == 200


def test_a_key_that_is_no_number_is_not_found(desk: Any) -> None:
    for after in ("abc", "-1", "１", "1;DROP"):
        assert desk.get(f"/batches/?after={after}").status_code == 404


def test_an_empty_list_says_so(desk: Any) -> None:
    assert "没有更多批次" in desk.get("/batches/").content.decode()


def test_each_page_takes_the_same_number_of_queries_however_much_there_is(
    desk: Any, organisation: Organisation
) -> None:
    small = _done(organisation, rows=1)
    before = [desk.queries(path) for path in ("/", "/batches/", f"/batches/{small.pk}/", "/punctuality/", "/upload/")]
    large = _done(organisation, rows=60)
    for _ in range(30):
        make_batch(organisation)
    after = [desk.queries(path) for path in ("/", "/batches/", f"/batches/{large.pk}/", "/punctuality/", "/upload/")]
    # session and officer are two of each page's; a batch's page opens a transaction, and prepares and writes its event
    assert before == after == [4, 3, 11, 3, 2]


def test_text_that_was_handed_in_never_runs(desk: Any, organisation: Organisation) -> None:
    evil = '"><script>alert(1)</script>'
    batch = make_batch(organisation, receipt=RECEIPT | {"quarantined": 1}, filename=evil, lines=1)
    finding = {"rule": evil, "field": evil, "value": evil, "message": evil, "expected": evil}
    QuarantinedRow.objects.create(batch=batch, line=2, cells=[evil, evil, evil], findings=[finding])
    for path in ("/", "/batches/", f"/batches/{batch.pk}/"):
        response = desk.get(path)
        assert "<script>alert" not in response.content.decode()
        assert "script-src 'self'" in response["Content-Security-Policy"]
