"""Held batches in the office end: shown with their figures, decided by a second person, and by nobody else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.intake.models import Batch, HoldDecision
from chengxin.testing.making import NOW, make_batch, make_officer, make_organisation

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

    from .conftest import Office

FIGURE = {
    "code": "sent_back",
    "label": "退回行占比",
    "label_en": "rows sent back",
    "measured": "42.0%（126/300）",
    "limit": "不超过 30%",
    "limit_en": "at most 30%",
    "off": True,
    "message": "300 行中有 126 行未通过校验（42.0%），超过 30% 的界限",
    "message_en": "126 of 300 rows failed a check (42.0%); the limit is 30%",
}
HOLD = {
    "at": NOW.isoformat(),
    "until": (NOW + timedelta(days=15)).isoformat(),
    "figures": [FIGURE, FIGURE | {"code": "lines", "label": "行数", "off": False, "message": "不该出现"}],
    "rules": [{"field": "违法事实", "message": "必填项为空", "rows": 126}],
}
SHOWN = "300 行中有 126 行未通过校验"


def held(organisation: Organisation, **more: Any) -> Batch:
    return make_batch(organisation, "held", lines=300, hold=HOLD, **more)


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def releaser(office: Office, organisation: Organisation) -> Office:
    """Give a browser in which a releaser of the organisation is logged in."""
    make_officer(organisation, "li", "releaser", "submitter")
    assert office.log_in("li").status_code == 302
    return office


def test_the_submitter_reads_why_the_batch_waits_and_is_offered_no_decision(
    desk: Office, organisation: Organisation
) -> None:
    batch = held(organisation)
    response = desk.get(f"/batches/{batch.pk}/")
    said = text(response)
    for words in ("待复核，没有入库", SHOWN, "42.0%（126/300）", "必填项为空 126", "文件保存到 2026-03-17 10:00"):
        assert words in said
    assert "不该出现" not in said
    assert "自己报送的批次要由另一位经办人复核" in said
    page = response.content.decode()
    assert 'name="decision"' not in page
    assert "hx-get" not in page
    assert "http-equiv" not in page
    assert "回执" not in said
    assert "待复核的批次" not in text(desk.get("/batches/"))
    assert desk.get("/batches/held/").status_code == 403
    refused = desk.post(f"/batches/{batch.pk}/held/", {"decision": "release", "reason": "我自己看过"})
    assert refused.status_code == 403


def test_a_releaser_finds_it_releases_it_with_a_reason_and_the_worker_gets_it(
    releaser: Office, organisation: Organisation
) -> None:
    batch = held(organisation)
    held(make_organisation("tax"), filename="别家.csv")
    listed = releaser.get("/batches/held/").content.decode()
    assert re.findall(r'href="/batches/(\d+)/"', listed) == [str(batch.pk)]
    assert "/batches/held/" in releaser.get("/batches/").content.decode()
    assert 'value="send_back"' in releaser.get(f"/batches/{batch.pk}/").content.decode()
    empty = releaser.post(f"/batches/{batch.pk}/held/", {"decision": "release", "reason": " "})
    assert (empty.status_code, "请写明复核理由" in text(empty)) == (409, True)
    done = releaser.post(f"/batches/{batch.pk}/held/", {"decision": "release", "reason": "整月补报，已核对"})
    assert (done.status_code, done["Location"]) == (302, f"/batches/{batch.pk}/")
    decision = HoldDecision.objects.get()
    assert (decision.outcome, decision.decided_by, decision.decided_at) == ("release", "li", NOW)
    after = releaser.get(f"/batches/{batch.pk}/").content.decode()
    assert "整月补报，已核对" in after
    assert "hx-get" in after
    assert 'name="decision"' not in after
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'batch_id' = %s", [str(batch.pk)])
        assert cursor.fetchone() == (1,)
    twice = releaser.post(f"/batches/{batch.pk}/held/", {"decision": "send_back", "reason": "又改主意"})
    assert twice.status_code == 409
    assert "没有待复核的批次" in text(releaser.get("/batches/held/"))


def test_sent_back_is_kept_as_that(releaser: Office, organisation: Organisation) -> None:
    batch = held(organisation)
    assert releaser.post(f"/batches/{batch.pk}/held/", {"decision": "send_back", "reason": "列错位"}).status_code == 302
    assert HoldDecision.objects.get().outcome == "send_back"
    assert releaser.post(f"/batches/{batch.pk}/held/", {"decision": "maybe"}).status_code == 404


def test_a_releaser_who_handed_it_in_is_refused(releaser: Office, organisation: Organisation) -> None:
    batch = held(organisation, submitted_by="li")
    assert 'name="decision"' not in releaser.get(f"/batches/{batch.pk}/").content.decode()
    for chosen in ("release", "send_back"):
        answer = releaser.post(f"/batches/{batch.pk}/held/", {"decision": chosen, "reason": "已核对"})
        assert answer.status_code == 403
    assert not HoldDecision.objects.exists()


def test_another_organisations_held_batch_does_not_exist_and_the_centre_decides(
    releaser: Office, organisation: Organisation
) -> None:
    other = held(make_organisation("tax"))
    answer = releaser.post(f"/batches/{other.pk}/held/", {"decision": "release", "reason": "已核对"})
    assert answer.status_code == releaser.get(f"/batches/{other.pk}/").status_code == 404
    assert not HoldDecision.objects.exists()
    make_officer(organisation, "sun", "centre")
    releaser.post("/log-out/")
    assert releaser.log_in("sun").status_code == 302
    done = releaser.post(f"/batches/{other.pk}/held/", {"decision": "release", "reason": "已核对"})
    assert done.status_code == 302
    assert HoldDecision.objects.get().decided_by == "sun"


def test_the_page_keeps_the_decision_after_the_batch_has_come_in_and_speaks_english(
    desk: Office, organisation: Organisation
) -> None:
    receipt = {
        "batch_id": 1, "state": "published", "lines": 300, "accepted": 174, "updated": 0, "duplicate": 0,
        "quarantined": 126, "linked": 174, "unlinked": 0, "encoding": "utf-8", "generation": "G3", "seconds": 1.0,
    }  # fmt: skip
    batch = make_batch(organisation, lines=300, hold=HOLD, receipt=receipt | {"quarantined": 0, "lines": 174})
    HoldDecision.objects.create(
        batch=batch, outcome="release", reason="已核对", decided_by="li", decided_by_kind="officer", decided_at=NOW
    )
    said = text(desk.get(f"/batches/{batch.pk}/"))
    for words in ("入库前的复核", "放行入库", "li", "已核对", "回执"):
        assert words in said
    desk.post("/language/", {"language": "en", "next": "/"})
    english = text(desk.get(f"/batches/{batch.pk}/"))
    for words in ("Decision before loading", "at most 30%", "126 of 300 rows failed a check"):
        assert words in english


@pytest.mark.parametrize("after", ["abc", "-1", "１"])
def test_a_key_that_is_no_number_is_not_found(releaser: Office, after: str) -> None:
    assert releaser.get(f"/batches/held/?after={after}").status_code == 404
