"""Tables that other systems made come in through the mappings that ship: every company once, every fault named."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chengxin.intake.actions.import_file import mapping_from
from chengxin.intake.models import Batch, QuarantinedRow
from chengxin.subjects.models import Identifier, Name, Subject
from chengxin.testing.city import import_path

if TYPE_CHECKING:
    from chengxin.intake.receipt import Receipt

SHARED = Path(os.environ.get("CHENGXIN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def company_file(name: str) -> Path:
    path = SHARED / "company" / name
    if not path.is_file():
        pytest.skip(f"the company file {name} is not here; CHENGXIN_SHARED_DATA names the folder that holds it")
    return path


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as held:
        return list(csv.DictReader(held))


def take_in(name: str, mapping: str) -> tuple[Receipt, list[dict[str, str]]]:
    path = company_file(name)
    return import_path(path, "registration", mapping=mapping_from(mapping)), lines_of(path)


def reasons(receipt: Receipt) -> Counter[str]:
    rows = QuarantinedRow.objects.filter(batch_id=receipt.batch_id)
    return Counter(finding["rule"] for one in rows for finding in one.findings)


COUNTS = ("lines", "accepted", "updated", "duplicate", "quarantined", "linked", "unlinked", "encoding", "generation")


def counts(receipt: Receipt) -> tuple[object, ...]:
    return tuple(getattr(receipt, name) for name in COUNTS)


@pytest.mark.usefixtures("city")
def test_a_search_sites_export_comes_in_whole() -> None:
    receipt, lines = take_in("aiqicha_export_top200.csv", "company_search_export")
    assert counts(receipt) == (200, 200, 0, 0, 0, 200, 0, "utf-8", "R1")
    assert Batch.objects.get().notices == []
    bodies = {one.uscc: one for one in Subject.objects.all()}
    assert set(bodies) == {line["统一社会信用代码"] for line in lines}
    for kind, column in (("registration_number", "注册号"), ("tax_number", "纳税人识别号")):
        held = set(Identifier.objects.filter(kind=kind).values_list("value", flat=True))
        assert held == {line[column] for line in lines} - {"-", ""}
    organisations = set(Identifier.objects.filter(kind="organisation_code").values_list("value", flat=True))
    assert organisations == {code[8:17] for code in bodies}
    former = set(Name.objects.filter(kind="former").values_list("name", flat=True))
    assert all("；" not in name and ";" not in name and name != "-" for name in former)
    assert bool(former) == any(line["曾用名"] not in {"", "-"} for line in lines)


@pytest.mark.usefixtures("city")
def test_a_factorys_suppliers_come_in_but_for_those_without_a_code() -> None:
    receipt, lines = take_in("pi_admin_enterprises.csv", "enterprise_master_table")
    assert counts(receipt) == (337, 328, 1, 0, 8, 329, 0, "utf-8", "R1")
    assert reasons(receipt) == {
        "identity_missing": 7,
        "status_required": 4,
        "registered_capital_not_an_amount": 1,
        "status_not_in_code_set": 1,
        "uscc_invalid": 1,
    }
    returned = {one.line: one for one in QuarantinedRow.objects.all()}
    for number, one in returned.items():
        line = lines[number - 2]
        assert one.cells == list(line.values())
        rules = {finding["rule"] for finding in one.findings}
        assert ("identity_missing" in rules) == (line["uscc"].strip() in {"", "-"})
    held = set(Identifier.objects.filter(kind="uscc").values_list("value", flat=True))
    taken = {line["uscc"].strip() for number, line in enumerate(lines, start=2) if number not in returned}
    assert held == taken
    assert len(held) == 328
    # The table's own word for a living company is translated by the mapping.
    assert {line["state"] for line in lines} >= {"仍注册"}
    assert "存续" in set(Subject.objects.values_list("status", flat=True))
