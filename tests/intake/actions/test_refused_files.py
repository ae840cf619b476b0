"""A file that cannot be taken in is refused in a Chinese sentence, and nothing of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.accounts.actor import operator
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.intake.actions.import_batch import BatchRefused, ImportBatch
from chengxin.intake.actions.receive import ReceiveFile
from chengxin.intake.models import Batch
from chengxin.testing.city import NOW, ORGANISATION, headers, import_path, import_rows, row, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


def filled() -> set[str]:
    """Return the tables that hold anything; the trail of events may, it says that a file was refused."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('core', 'publication')")
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{schema}"."{table}")')  # noqa: S608 - tables the database names
            if cursor.fetchone() == (True,):
                found.add(str(table))
    return found - {"audit_event"}


def no_header(path: Path) -> None:
    path.write_text("昆山演练1号有限公司,法人,警告\n昆山演练2号有限公司,法人,警告\n", encoding="utf-8")


def header_only(path: Path) -> None:
    write_file(path, "penalty", "G3", [])


def write_header(path: Path, names: Iterable[str]) -> None:
    """Write a header and one row under it."""
    names = list(names)
    path.write_text(",".join(names) + "\n" + ",".join("值" for _ in names) + "\n", encoding="utf-8")


def columns_missing(path: Path) -> None:
    known = {key: name for key, name in headers("penalty", "G3").items() if key not in {"facts", "legal_ground"}}
    write_header(path, known.values())


def no_code_column(path: Path) -> None:
    known = headers("penalty", "G3")
    kept = [name for key, name in known.items() if not key.endswith(("uscc", "number", "_code"))]
    write_header(path, [*kept, known["document_number"], known["issuer_code"], known["source_code"]])


def licences(path: Path) -> None:
    write_file(path, "licence", "G3", [row("licence", "G3")])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def not_a_table(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)))


def amount_in_yuan(path: Path) -> None:
    known = dict(headers("penalty", "G3")) | {"fine_amount": "罚款金额（元）"}
    write_header(path, known.values())


REFUSED = [
    (licences, "other_item", "表头不像“行政处罚”，更像“行政许可”。请改选事项“行政许可”后重新提交。"),
    (no_header, "not_this_item", "表头不像“行政处罚”：只认出 0 列"),
    (empty, "file_empty", "文件"),
    (not_a_table, "kind_pdf", "PDF"),
    (header_only, "header_only", "文件没有数据行：只有表头。"),
    (
        columns_missing,
        "columns_missing",
        "文件识别为“行政处罚”G3 版，但缺少必填列：违法事实、处罚依据。请补上这些列后重新报送",
    ),
    (no_code_column, "columns_missing", "缺少必填列：主体代码（至少填写一项）"),
    (amount_in_yuan, "wrong_unit", "的单位是元，应为万元，请换算后重新提交。"),
]


@pytest.mark.parametrize(("make", "code", "zh"), REFUSED, ids=[one[0].__name__ for one in REFUSED])
def test_a_refused_file_leaves_nothing_behind(
    city: Path, tmp_path: Path, make: Callable[[Path], None], code: str, zh: str
) -> None:
    before = filled()
    make(tmp_path / "处罚.csv")
    with pytest.raises(BatchRefused) as raised:
        import_path(tmp_path / "处罚.csv", "penalty")
    assert raised.value.code == code
    assert zh in raised.value.message_zh
    assert raised.value.message_en
    assert filled() == before
    assert list((city / "inbox").iterdir()) == []
    assert list(Event.objects.values_list("action", flat=True).order_by("id")) == ["batch.received", "batch.refused"]
    assert Event.objects.get(action="batch.refused").detail == {"code": code}


@pytest.mark.parametrize(
    ("organisation", "item", "code"),
    [
        ("ks-nobody", "penalty", "unknown_organisation"),
        ("ks-sfj", "penalty", "item_not_handed_in"),
        (ORGANISATION, "score", "unknown_item"),
    ],
)
def test_what_may_not_be_handed_in_leaves_not_even_an_event(
    city: Path, tmp_path: Path, organisation: str, item: str, code: str
) -> None:
    before = filled()
    path = write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3")])
    with pytest.raises(ChengxinError) as raised:
        import_path(path, item, organisation=organisation)
    assert raised.value.code == code
    assert filled() == before
    assert not (city / "inbox").exists()
    assert not Event.objects.exists()


@pytest.mark.usefixtures("city")
def test_a_file_that_is_not_there_is_said_to_be_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ChengxinError) as raised:
        import_path(tmp_path / "nowhere.csv", "penalty")
    assert raised.value.code == "file_unreadable"
    assert raised.value.message_zh.startswith(f"打不开文件 {tmp_path}/nowhere.csv（")
    assert raised.value.where == str(tmp_path / "nowhere.csv")


def received(path: Path, **more: Any) -> int:
    with path.open("rb") as content:
        values: dict[str, Any] = {"channel": "office", "now": NOW, "filename": path.name, "content": content} | more
        return ReceiveFile(actor=operator(), organisation=ORGANISATION, item="penalty", **values).execute().batch_id


def test_a_refusal_is_kept_for_the_submitter_who_may_hand_the_file_in_again(city: Path, tmp_path: Path) -> None:
    path = tmp_path / "处罚.csv"
    licences(path)
    first = received(path)
    with pytest.raises(BatchRefused) as raised:
        ImportBatch(first, lambda: NOW).execute()
    batch = Batch.objects.get()
    assert (batch.state, batch.receipt, batch.finished_at) == ("refused", None, NOW)
    assert batch.refusal == raised.value.as_dict()
    assert list((city / "inbox").iterdir()) == []
    second = received(path)
    assert second != first
    with pytest.raises(BatchRefused, match="更像“行政许可”"):
        ImportBatch(second, lambda: NOW).execute()


def test_a_refused_batch_tells_its_reason_again_and_does_not_miss_its_file(city: Path, tmp_path: Path) -> None:
    path = tmp_path / "处罚.csv"
    empty(path)
    batch = received(path)
    told = []
    for _ in range(2):
        with pytest.raises(BatchRefused) as raised:
            ImportBatch(batch, lambda: NOW).execute()
        told.append(raised.value.as_dict())
    assert told[0] == told[1]
    assert Event.objects.filter(action="batch.refused").count() == 1
    assert list((city / "inbox").iterdir()) == []


@pytest.mark.usefixtures("city")
def test_a_batch_nobody_knows_is_said_so() -> None:
    with pytest.raises(ChengxinError) as raised:
        ImportBatch(404, lambda: NOW).execute()
    assert (raised.value.code, raised.value.where) == ("unknown_batch", "404")


@pytest.mark.usefixtures("city")
def test_a_mapping_that_does_not_ship_or_is_for_another_item_is_refused(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3")])
    with pytest.raises(BatchRefused) as unknown:
        ImportBatch(received(path, mapping="nobody"), lambda: NOW, keep_refusal=False).execute()
    assert (unknown.value.code, unknown.value.message_zh) == ("unknown_mapping", "没有名为“nobody”的对照表")
    with pytest.raises(BatchRefused) as other:
        ImportBatch(received(path, mapping="company_search_export"), lambda: NOW, keep_refusal=False).execute()
    assert other.value.code == "mapping_for_other_item"
    assert "用于事项 registration，不能用于“行政处罚”" in other.value.message_zh
    assert import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3")]).accepted == 1
