"""The page of a batch speaks one language, what is wrong with its rows included; the file for mending stays Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chengxin.intake.models import Batch, QuarantinedRow
from chengxin.testing.making import make_batch

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

FINDING = {
    "rule": "fine_amount_not_an_amount",
    "field": "罚款金额",
    "value": "三万",
    "message": "“三万”不是数字",
    "expected": "以万元为单位的数字",
}
RECEIPT = {
    "batch_id": 1, "state": "published", "lines": 1, "accepted": 0, "updated": 0, "duplicate": 0, "quarantined": 1,
    "linked": 0, "unlinked": 0, "encoding": "utf-8", "generation": "G3", "seconds": 0.1,
}  # fmt: skip


def sent_back(organisation: Organisation) -> Batch:
    batch = make_batch(organisation, item="penalty", receipt=RECEIPT, lines=1)
    QuarantinedRow.objects.create(batch=batch, line=2, cells=["昆山甲", "三万"], findings=[FINDING])
    return batch


def test_in_english_a_row_sent_back_says_in_english_what_is_wrong(desk: Any, organisation: Organisation) -> None:
    page = f"/batches/{sent_back(organisation).pk}/"
    chinese = desk.get(page).content.decode()
    assert "“三万”不是数字" in chinese
    assert "Amount of the fine" not in chinese
    desk.post("/language/", {"language": "en", "next": page})
    english = desk.get(page).content.decode()
    assert english.count("Amount of the fine is not an amount") == 2, "once in the summary and once at the row"
    assert "a number, in units of 10,000 yuan" in english
    assert "三万" in english, "the value stays as it was handed in"
    for text in ("不是数字", "罚款金额", "以万元为单位"):
        assert text not in english


def test_the_file_for_the_department_stays_chinese(desk: Any, organisation: Organisation) -> None:
    batch = sent_back(organisation)
    batch.header = ["行政相对人名称", "罚款金额"]
    batch.finished_at = batch.received_at
    batch.save()
    desk.post("/language/", {"language": "en", "next": "/"})
    response = desk.get(f"/batches/{batch.pk}/returned.csv")
    assert "“三万”不是数字" in b"".join(response.streaming_content).decode("utf-8-sig")


def test_a_held_batch_says_in_english_what_is_wrong_with_its_rows(desk: Any, organisation: Organisation) -> None:
    rules = [
        {"rule": "fine_amount_not_an_amount", "field": "罚款金额", "message": "不是数字", "rows": 4},
        {"field": "决定日期", "message": "决定日期晚于报送日", "rows": 1},
    ]
    hold = {"at": "2026-03-02T10:00:00+08:00", "until": "2026-03-05T10:00:00+08:00", "figures": [], "rules": rules}
    batch = make_batch(organisation, item="penalty", state="held", hold=hold)
    desk.post("/language/", {"language": "en", "next": "/"})
    english = desk.get(f"/batches/{batch.pk}/").content.decode()
    assert "Amount of the fine is not an amount" in english
    assert "决定日期晚于报送日" in english, "a hold of before rules were kept with their names stays as it was said"
