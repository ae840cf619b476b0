"""A person's number or telephone stands in no table afterwards, wherever a department wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chengxin.catalogue import load_catalogue
from chengxin.intake.models import QuarantinedRow
from chengxin.records.models import Record
from chengxin.subjects.models import Subject
from chengxin.testing.city import headers, import_rows, places_of, row

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.testing.city import Row

NUMBER = "320583199001011234"
OTHER = "32058319900101123X"
OLD = "320583900101123"
PHONE = "13812345678"
LISTS = [("penalty", "G1"), ("penalty", "G3"), ("licence", "G2"), ("licence", "G3"), ("registration", "R1")]


def planted(item: str, generation: str) -> list[Row]:
    """Return rows with the number in every field in turn: alone and within a text, in sound rows and in faulty ones."""
    rows: list[Row] = []
    for key in headers(item, generation):
        field = load_catalogue().item(item).field(key)
        for text in (NUMBER, f"负责人张某（{OTHER}），电话{PHONE}"):
            for fault in ({}, {"subject_name": ""}, {"decided_on": "2026-02-30"}):
                number = len(rows) + 1
                long = "甲" * (field.max_length or 0) if fault and text == NUMBER else ""
                rows.append(row(item, generation, number, **(fault | {key: text + long})))
    return rows


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(("item", "generation"), LISTS)
def test_a_number_written_into_any_field_is_nowhere_afterwards(tmp_path: Path, item: str, generation: str) -> None:
    rows = planted(item, generation)
    more: dict[str, Any] = {"经办人": f"李某{NUMBER}", f"手机{OTHER}": PHONE}
    # In small files: one as bad as all of them together is held for a second officer, and nothing of it is stored.
    receipts = [import_rows(tmp_path, item, generation, part, **more) for part in (rows[:90], rows[90:])]
    assert sum(one.lines for one in receipts) == len(rows)
    assert sum(one.accepted for one in receipts) > 5
    assert sum(one.quarantined for one in receipts) > 50
    assert places_of(NUMBER) == []
    assert places_of(OTHER) == []
    assert places_of(PHONE) == []


@pytest.mark.usefixtures("city")
def test_what_was_published_has_a_mark_in_its_stead(tmp_path: Path) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    facts = f"现场负责人张某（身份证{NUMBER}，电话{PHONE}）承认"
    fact = row("penalty", "G3", 1, facts=facts, legal_representative_id_number=OTHER, remarks=OTHER)
    import_rows(tmp_path, "penalty", "G3", [fact])
    content = Record.objects.get(item="penalty").content
    assert content["facts"] == "现场负责人张某（身份证[证件号码已隐去]，电话[电话已隐去]）承认"
    assert content["remarks"] == "[证件号码已隐去]"
    assert "legal_representative_id_number" not in content
    assert places_of("[证件号码已隐去]") == ["records_record.content", "fact.content"]


@pytest.mark.usefixtures("city")
def test_the_row_of_a_natural_person_comes_back_blank_with_one_finding(tmp_path: Path) -> None:
    person = row("penalty", "G3", 1, subject_name="演小明", subject_category="自然人", uscc="", facts="")
    by_number = row("penalty", "G3", 2, subject_name="演小红", person_id_number=NUMBER)
    by_code = row("penalty", "G3", 3, subject_name="演小刚", uscc=NUMBER)
    by_tax = row("penalty", "G3", 4, subject_name="演小强", tax_number=OLD)
    receipt = import_rows(tmp_path, "penalty", "G3", [person, by_number, by_code, by_tax])
    assert receipt.quarantined == 4
    for one in QuarantinedRow.objects.all():
        assert set(one.cells) == {""}
        assert len(one.cells) == len(headers("penalty", "G3"))
        assert [(finding["rule"], finding["value"]) for finding in one.findings] == [("natural_person_refused", "")]
        assert one.findings[0]["message"].startswith("本目录不归集自然人信息，请从文件中删除该行")
    for name in ("演小明", "演小红", "演小刚", "演小强", OLD):
        assert places_of(name) == []


@pytest.mark.usefixtures("city")
def test_an_individual_business_registered_under_its_owners_number_comes_back_without_it(tmp_path: Path) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1, tax_number=NUMBER)])
    returned = QuarantinedRow.objects.get()
    assert [finding["rule"] for finding in returned.findings] == ["person_number_for_code"]
    assert returned.cells[0] == "昆山演练1号有限公司"
    assert places_of(NUMBER) == []
    assert Subject.objects.count() == 0


@pytest.mark.usefixtures("city")
def test_a_row_sent_back_keeps_its_own_cells(tmp_path: Path) -> None:
    lookalike = "320583900101123"  # fifteen digits: a registration number like many, and an old identity number's shape
    wrong = row("registration", "R1", 1, status="", registration_number=lookalike, address=" 昆山市 ＡＢ路1号 ")
    import_rows(tmp_path, "registration", "R1", [wrong], 备用="=1+1")
    returned = QuarantinedRow.objects.get()
    assert returned.cells == [*wrong.values(), "=1+1"]
    assert [finding["rule"] for finding in returned.findings] == ["status_required"]
