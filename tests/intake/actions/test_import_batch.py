"""A file that was received comes in whole or not at all, once, with a receipt for every line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import DatabaseError, connection

from chengxin.audit.models import Event
from chengxin.intake.models import Batch, QuarantinedRow, Timeliness
from chengxin.records.models import Record
from chengxin.subjects.models import Subject
from chengxin.testing.city import NOW, import_path, import_rows, row, uscc, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.intake.receipt import Receipt
    from chengxin.testing.city import Row

TOTALS = ("lines", "accepted", "updated", "duplicate", "quarantined", "linked", "unlinked")


def totals(receipt: Receipt) -> tuple[int, ...]:
    return tuple(getattr(receipt, name) for name in TOTALS)


def register(folder: Path, *numbers: int) -> None:
    import_rows(folder, "registration", "R1", [row("registration", "R1", number) for number in numbers])


def test_batch_receipt_event_and_states_tell_the_same(city: Path, tmp_path: Path) -> None:
    register(tmp_path, 1)
    told: list[tuple[str, int | None]] = []
    rows = [
        row("penalty", "G3", 1),
        row("penalty", "G3", 1),
        row("penalty", "G3", 2),
        row("penalty", "G3", 3, facts=""),
    ]
    path = write_file(tmp_path / "处罚.csv", "penalty", "G3", rows, encoding="gb18030")
    receipt = import_path(path, "penalty", progress=lambda state, lines: told.append((state, lines)))
    assert totals(receipt) == (4, 2, 0, 1, 1, 1, 1)
    assert (receipt.encoding, receipt.generation, receipt.state) == ("gb18030", "G3", "published")
    batch = Batch.objects.get(pk=receipt.batch_id)
    assert batch.receipt == receipt.as_dict()
    assert (batch.state, batch.lines, batch.finished_at, batch.refusal) == ("published", 4, NOW, None)
    assert (batch.header or [])[:2] == ["行政相对人名称", "行政相对人类别"]
    event = Event.objects.get(action="batch.imported", object=str(batch.pk))
    assert event.detail == receipt.as_dict()
    assert [state for state, _ in told] == ["parsing", "checking", "linking", "loading", "published"]
    assert [lines for _, lines in told] == [None, 4, 4, None, 4]
    assert list((city / "inbox").iterdir()) == []


@pytest.mark.usefixtures("city")
def test_the_same_file_again_is_the_same_batch_and_receipt(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3")])
    first = import_path(path, "penalty")
    later = datetime(2026, 4, 1, tzinfo=UTC)
    assert import_path(path, "penalty", now=later) == first
    assert (Batch.objects.count(), Record.objects.count()) == (1, 1)


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(("item", "generation"), [("penalty", "G1"), ("licence", "G2"), ("registration", "R1")])
def test_the_same_rows_in_another_file_on_another_day_add_nothing(tmp_path: Path, item: str, generation: str) -> None:
    rows = [row(item, generation, number) for number in (1, 2)]
    import_rows(tmp_path, item, generation, rows)
    later = datetime(2026, 3, 4, tzinfo=UTC)
    again = import_rows(tmp_path, item, generation, reversed(rows), now=later, 备用="x")
    assert totals(again) == (2, 0, 0, 2, 0, 0, 0)
    assert Record.objects.count() == 2


@pytest.mark.usefixtures("city")
def test_a_registration_without_any_date_is_not_news_the_next_day(tmp_path: Path) -> None:
    entry = row("registration", "R1", 1, established_on="", decided_on="")
    import_rows(tmp_path, "registration", "R1", [entry])
    again = import_rows(tmp_path, "registration", "R1", [entry], now=datetime(2026, 3, 4, tzinfo=UTC), 备用="x")
    assert totals(again) == (1, 0, 0, 1, 0, 0, 0)


@pytest.mark.usefixtures("city")
def test_corrections_within_a_file_and_back_again(tmp_path: Path) -> None:
    first, second = (row("penalty", "G3", 1, facts=text) for text in ("甲", "乙"))
    assert totals(import_rows(tmp_path, "penalty", "G3", [first, second, first])) == (3, 1, 2, 0, 0, 0, 3)
    assert totals(import_rows(tmp_path, "penalty", "G3", [second])) == (1, 0, 1, 0, 0, 0, 1)
    assert totals(import_rows(tmp_path, "penalty", "G3", [first], 备用="x")) == (1, 0, 1, 0, 0, 0, 1)
    held = Record.objects.order_by("version").values_list("version", "kind", "content__facts")
    assert list(held) == [
        (1, "new", "甲"),
        (2, "corrected", "乙"),
        (3, "corrected", "甲"),
        (4, "corrected", "乙"),
        (5, "corrected", "甲"),
    ]


@pytest.mark.usefixtures("city")
def test_a_right_code_with_another_name_is_taken_and_told(tmp_path: Path) -> None:
    register(tmp_path, 1, 2)
    rows = [
        row("penalty", "G3", 1, subject_name="昆山演练１号有限公司"),
        row("penalty", "G3", 2, subject_name="别家公司"),
    ]
    receipt = import_rows(tmp_path, "penalty", "G3", rows)
    assert (receipt.linked, receipt.quarantined) == (2, 0)
    assert Batch.objects.get(pk=receipt.batch_id).notices == [
        {
            "code": "names_differ",
            "message": "1 行按代码关联成功，但名称与登记库中该主体的名称不一致，请核对",
            "message_en": "1 rows were tied by code although the register knows another name",
        }
    ]


@pytest.mark.usefixtures("city")
def test_a_column_outside_the_catalogue_is_told_and_not_taken(tmp_path: Path) -> None:
    receipt = import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3")], 信用评分="99", flex_内部="x")
    notices = Batch.objects.get(pk=receipt.batch_id).notices
    assert [(one["code"], one["message"]) for one in notices] == [
        ("columns_unknown", "以下列不在目录内，未采集：信用评分")
    ]
    assert not any("99" in str(value) for value in Record.objects.get().content.values())


@pytest.mark.usefixtures("city")
def test_punctuality_is_counted_by_month_of_the_decision(tmp_path: Path) -> None:
    # Seven working days from Friday 13 February 2026 pass over the Spring Festival holiday to Wednesday 4 March.
    days = ["2026-02-13", "2026-02-12", "2026-01-05", "2026-02-27", "2026-02-27", "2025-02-30"]
    rows = [row("licence", "G3", number, decided_on=day) for number, day in enumerate(days, start=1)]
    receipt = import_rows(tmp_path, "licence", "G3", rows)
    assert receipt.quarantined == 1
    counted = Timeliness.objects.order_by("month").values_list("month", "reported", "on_time", "late", "provisional")
    due = dict(Record.objects.values_list("decided_on", "due_on"))
    on_time = {day for day, last in due.items() if last is not None and last >= date(2026, 3, 2)}
    assert date(2026, 1, 5) not in on_time
    assert date(2026, 2, 27) in on_time
    february = [day for day in days[:5] if day.startswith("2026-02")]
    timely = sum(date.fromisoformat(day) in on_time for day in february)
    assert list(counted) == [(date(2026, 1, 1), 1, 0, 1, 0), (date(2026, 2, 1), 4, timely, 4 - timely, 0)]
    assert import_rows(tmp_path, "licence", "G3", rows[:5], 备用="x").duplicate == 5
    assert Timeliness.objects.count() == 2


def break_off(table: str, when: str = "true") -> None:
    """Let the database refuse what an import writes into ``table``, as a full disk would."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION core.full() RETURNS trigger LANGUAGE plpgsql AS"
                       " $$ BEGIN RAISE disk_full; END $$")  # fmt: skip
        cursor.execute(
            f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION core.full()"
        )


PLACES = [
    ("core.subjects_name", "registration"),
    ("core.records_record", "penalty"),
    ("publication.fact", "penalty"),
    ("publication.monthly", "penalty"),
    ("core.intake_quarantinedrow", "penalty"),
    ("core.intake_timeliness", "penalty"),
    ("publication.body", "registration"),
]


def rows_of(item: str) -> list[Row]:
    if item == "registration":
        return [row("registration", "R1", number) for number in (1, 2, 3)]
    return [*(row("penalty", "G3", number) for number in (1, 2, 3)), row("penalty", "G3", 4, facts="")]


@pytest.mark.parametrize(("table", "item"), PLACES)
def test_a_failure_in_the_middle_leaves_nothing_and_the_file_comes_in_later(
    city: Path, tmp_path: Path, table: str, item: str
) -> None:
    if item == "penalty":
        register(tmp_path, 1)
    before = contents()
    path = write_file(tmp_path / "a.csv", item, "R1" if item == "registration" else "G3", rows_of(item))
    break_off(table)
    with pytest.raises((DatabaseError, psycopg.Error), match="disk"):
        import_path(path, item)
    assert contents() == before
    batch = Batch.objects.latest("pk")
    assert (batch.receipt, batch.refusal) == (None, None)
    assert [entry.name for entry in (city / "inbox").iterdir()] == [str(batch.pk)]
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION core.full CASCADE")
    receipt = import_path(path, item)
    assert receipt.batch_id == batch.pk
    assert receipt.accepted == 3
    assert list((city / "inbox").iterdir()) == []


def contents() -> dict[str, int]:
    """Count everything an import writes, its trail of events and its batch aside."""
    counted = {model.__name__: model.objects.count() for model in (Record, Subject, QuarantinedRow, Timeliness)}
    with connection.cursor() as cursor:
        for table in ("fact", "body", "body_name", "monthly"):
            cursor.execute(f"SELECT count(*) FROM publication.{table}")  # noqa: S608 - tables named here
            counted[table] = cursor.fetchone()[0]
    return counted


@pytest.mark.usefixtures("city")
def test_a_public_store_that_is_locked_away_keeps_the_facts_out_too(tmp_path: Path) -> None:
    register(tmp_path, 1)
    before = contents()
    path = write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3")])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE publication.fact RENAME TO away")
    with pytest.raises((DatabaseError, psycopg.Error), match=r"publication\.fact"):
        import_path(path, "penalty")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE publication.away RENAME TO fact")
    assert contents() == before
    assert import_path(path, "penalty").linked == 1


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("item", ["licence", "penalty"])
def test_strange_days_do_not_keep_the_other_rows_out(tmp_path: Path, item: str) -> None:
    past = ["1900-01-01", "1949-10-01"]
    ahead = ["2150-01-01", "2199-12-31", "2099-12-31", "长期", "9999-12-31"]
    rows = [row(item, "G3", number, decided_on=day) for number, day in enumerate([*past, *ahead, "2026-02-27"], 1)]
    receipt = import_rows(tmp_path, item, "G3", rows)
    assert totals(receipt) == (8, 3, 0, 0, 5, 0, 3)
    # Before the first year of the calendar nobody can name a deadline.
    assert list(Record.objects.order_by("line").values_list("due_on", flat=True)[:2]) == [None, None]
    assert Record.objects.filter(due_on__isnull=False).count() == 1
    rules = {finding["rule"] for one in QuarantinedRow.objects.all() for finding in one.findings}
    assert rules == {"decided_on_in_future"}


@pytest.mark.usefixtures("city")
def test_control_characters_and_quotes_come_through_or_come_back(tmp_path: Path) -> None:
    odd = "a\"b,c\\.\\N{}[]'; DROP TABLE x; --\t\x7f"
    rows = [
        row("penalty", "G3", 1, facts=odd, remarks="\\."),
        row("penalty", "G3", 2, facts="第一行\n第二行"),
        *(row("penalty", "G3", 10 + code, facts=f"甲{chr(code)}乙") for code in range(1, 32)),
        *(row("penalty", "G3", 50 + code, document_number=f"昆罚{chr(code)}〔2026〕{code}号") for code in range(1, 32)),
        row("penalty", "G3", 99, uscc=f"{uscc(99)[:9]}\x01{uscc(99)[9:]}"),
    ]
    receipt = import_rows(tmp_path, "penalty", "G3", rows)
    assert receipt.lines == len(rows)
    kept = set(Record.objects.values_list("content__facts", flat=True))
    returned = {cell for one in QuarantinedRow.objects.all() for cell in one.cells}
    assert "第一行 第二行" in kept or "第一行\n第二行" in kept
    assert any(text.startswith("a\"b,c\\.\\N{}[]'; DROP TABLE x; --") for text in kept | returned)
    assert receipt.accepted + receipt.quarantined == len(rows)
    # Line breaks are text; every other control character was cleaned away or sent back.
    broken = sorted(text for text in kept if set(map(ord, text)) & set(range(32)))
    assert broken == ["甲\n乙", "甲\r乙", "第一行\n第二行"]
