"""Whatever a department hands in, every line has one fate, and handing it in twice has one effect."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.intake.models import QuarantinedRow, Timeliness
from chengxin.records.models import Record
from chengxin.testing.city import headers, import_path, import_rows, row, uscc, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.intake.receipt import Receipt
    from chengxin.testing.city import Row

CODES = st.sampled_from(
    [
        "",
        uscc(1),
        uscc(2),
        uscc(3),
        uscc(1).lower(),
        f" {uscc(2)}",
        uscc(1)[:17] + "I",
        "9.132E+17",
        "320583199001011234",
    ]
)
DAYS = st.sampled_from(
    ["2026-02-27", "2026/2/27", "20260227", "2026年2月27日", "2026-02-30", "2027-01-01", "", "明天", "长期"]
)
TEXTS = st.sampled_from(["甲", "乙", "", "甲" * 2001, "\ue000", "=1+1", "a\nb", '"'])
ROWS = st.fixed_dictionaries(
    {
        "number": st.integers(1, 4),
        "uscc": CODES,
        "decided_on": DAYS,
        "facts": TEXTS,
        "penalty_kind": st.sampled_from(["罚款", "警告", "警告，罚款", "01", "", "罚金"]),
        "fine_amount": st.sampled_from(["1.5", "15000元", "", "-1", "一万", "0"]),
        "subject_category": st.sampled_from(["法人", "02", "自然人", "个体工商户", "外星人"]),
        "status": st.sampled_from(["有效", "1", "撤销", ""]),
        "subject_name": st.sampled_from(["昆山演练1号有限公司", "别名", ""]),
    }
)

turns = itertools.count(1)


def fates(batch: int) -> tuple[set[int], set[int]]:
    """Return the lines that added a version, and those that were sent back."""
    added = set(Record.objects.filter(batch_id=batch).values_list("line", flat=True))
    returned = set(QuarantinedRow.objects.filter(batch_id=batch).values_list("line", flat=True))
    return added, returned


def versions() -> int:
    return Record.objects.count()


def assert_true(receipt: Receipt, before: int) -> None:
    """The receipt adds up, and says what stands in the database."""
    added, returned = fates(receipt.batch_id)
    assert added & returned == set()
    assert len(returned) == receipt.quarantined
    assert versions() - before == len(added) == receipt.accepted + receipt.updated
    assert receipt.lines == receipt.accepted + receipt.updated + receipt.duplicate + receipt.quarantined
    tied = Record.objects.filter(batch_id=receipt.batch_id, subject_id__isnull=False).count()
    assert (receipt.linked, receipt.unlinked) == (tied, len(added) - tied)
    counted = Timeliness.objects.filter(batch_id=receipt.batch_id)
    assert sum(one.reported for one in counted) == receipt.accepted
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(facts), 0) = (SELECT count(*) FROM publication.fact) FROM publication.monthly"
        )
        assert cursor.fetchone() == (True,)


def rows_of(drawn: list[dict[str, object]], turn: int) -> list[Row]:
    """Return rows of the penalty list; documents of one turn are met in no other."""
    rows = []
    for one in drawn:
        values = {key: str(value) for key, value in one.items() if key != "number"}
        rows.append(row("penalty", "G3", 1, document_number=f"昆罚〔2026〕{turn}0{one['number']}号", **values))
    return rows


@pytest.mark.usefixtures("city")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(ROWS, min_size=1, max_size=12))
def test_every_line_has_one_fate_and_twice_is_once(tmp_path: Path, drawn: list[dict[str, object]]) -> None:
    turn = next(turns)
    if turn == 1:
        import_rows(tmp_path, "registration", "R1", [row("registration", "R1", number) for number in (1, 2)])
    rows = rows_of(drawn, turn)
    path = write_file(tmp_path / f"turn-{turn}.csv", "penalty", "G3", rows)
    before = versions()
    receipt = import_path(path, "penalty")
    assert receipt.lines == len(rows)
    assert_true(receipt, before)
    held = versions()
    assert import_path(path, "penalty") == receipt
    # In another file: nothing is new, and what was sent back is sent back again.
    again = import_rows(tmp_path, "penalty", "G3", rows, 批号=str(turn))
    assert versions() == held
    assert (again.accepted, again.updated, again.quarantined) == (0, 0, again.lines - again.duplicate)
    assert again.quarantined >= receipt.quarantined
    for one in QuarantinedRow.objects.filter(batch_id=receipt.batch_id):
        assert len(one.cells) == len(headers("penalty", "G3"))
        assert all(finding["rule"] and finding["message"] and finding["expected"] for finding in one.findings)
