"""What the catalogue says of a field is checked in every row, and each finding tells what to do."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.catalogue import load_catalogue
from chengxin.testing.city import headers, registration_number, row, uscc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Stage = Callable[..., Any]

SUSPECT = uscc(1)[:17] + ("0" if uscc(1)[17] != "0" else "1")


@pytest.mark.parametrize(
    ("item", "generation"),
    [("licence", "G1"), ("licence", "G2"), ("licence", "G3"), ("penalty", "G1"), ("penalty", "G2"), ("penalty", "G3"),
     ("registration", "R1")],
)  # fmt: skip
def test_a_sound_row_of_every_list_has_no_finding(staged: Stage, item: str, generation: str) -> None:
    assert staged(item, generation, [row(item, generation, 1), row(item, generation, 2)]).check() == []


@pytest.mark.parametrize(("item", "generation"), [("licence", "G1"), ("licence", "G3"), ("penalty", "G2")])
def test_each_required_field_is_asked_for(staged: Stage, item: str, generation: str) -> None:
    fields = [field.key for field in load_catalogue().item(item).required_in(generation)]
    made = staged(item, generation, [row(item, generation, number, **{key: ""}) for number, key in enumerate(fields)])
    found = made.check()
    for line, key in enumerate(fields, start=2):
        assert (line, f"{key}_required", "") in found


FAULTS = [
    ({"facts": "甲" * 2001}, "facts_too_long", "甲" * 200),
    ({"decided_on": "2026-02-30"}, "decided_on_not_a_date", "2026-02-30"),
    ({"confiscated_amount": "很多"}, "confiscated_amount_not_an_amount", "很多"),
    ({"subject_category": "外星人"}, "subject_category_not_in_code_set", "外星人"),
    ({"uscc": ""}, "identity_missing", ""),
    ({"uscc": uscc(1)[:17] + "I"}, "uscc_invalid", uscc(1)[:17] + "I"),
    ({"uscc": "9.132E+17"}, "uscc_damaged", "9.132E+17"),
    ({"registration_number": "3.20583E+14"}, "registration_number_damaged", "3.20583E+14"),
    ({"issuer_code": SUSPECT}, "issuer_code_suspect", SUSPECT),
    ({"facts": "甲\ue000乙"}, "facts_private_use", "甲\ue000乙"),
    ({"subject_name": ""}, "subject_name_required", ""),
    ({"penalty_kind": "罚款", "fine_amount": ""}, "penalty_fine_needs_amount", ""),
    ({"decided_on": "2026-03-03"}, "decided_on_in_future", "2026-03-03"),
    ({"issuer_code": "11320500R00000509X"}, "issuer_unknown", "11320500R00000509X"),
]


def test_each_fault_is_found_in_its_row_and_nowhere_else(staged: Stage) -> None:
    rows = [row("penalty", "G3", number, **changed) for number, (changed, _, _) in enumerate(FAULTS, start=1)]
    made = staged("penalty", "G3", rows)
    found = made.check()
    for line, (_, rule, value) in enumerate(FAULTS, start=2):
        assert [shown for where, what, shown in found if (where, what) == (line, rule)] == [value], rule
    # A code that is another city's is wrong twice: it fails its check, and it is nobody's here.
    others = {(line, rule) for line, rule, _ in found} - {
        (line, rule) for line, (_, rule, _) in enumerate(FAULTS, start=2)
    }
    assert {rule for _, rule in others} <= {"issuer_unknown", "issuer_code_suspect"}
    messages = made.select("SELECT DISTINCT message, expected FROM finding")
    assert all(message and expected for message, expected in messages)


def test_a_code_that_fails_its_check_is_asked_about_only_after_the_register_was_asked(staged: Stage) -> None:
    assert staged("penalty", "G3", [row("penalty", "G3", 1, uscc=SUSPECT)]).check() == []


def test_a_condition_requires_a_field(staged: Stage) -> None:
    rows = [
        row("licence", "G3", 1, legal_representative=""),
        row("licence", "G3", 2, legal_representative="", subject_category="04"),
        row("licence", "G3", 3, legal_representative="", subject_category="03"),
    ]
    assert staged("licence", "G3", rows).check() == [
        (2, "legal_representative_required", ""),
        (4, "legal_representative_required", ""),
    ]


def test_a_row_about_a_person_has_one_finding_without_a_value(staged: Stage) -> None:
    person = row("penalty", "G3", 1, subject_category="01", facts="", uscc="", decided_on="明天")
    assert staged("penalty", "G3", [person]).check() == [(2, "natural_person_refused", "")]


@pytest.mark.parametrize(
    ("key", "text", "person"),
    [
        ("uscc", "320583199001011234", True),
        ("uscc", "320583 19900101 1234", True),
        ("tax_number", "320583900101123", True),
        ("registration_number", "320583900101123", False),
        ("registration_number", "320583199001011234", True),
        ("registration_number", registration_number(1), False),
        ("document_number", "昆罚（320583199001011234）1号", True),
        ("document_number", "昆市监罚〔2026〕32058319900101123456号", False),
        ("organisation_code", "320583199001011234", True),
        ("issuer_code", "320583199001011234", True),
        ("uscc", uscc(1), False),
    ],
)
def test_a_persons_number_is_seen_in_whatever_column_of_codes(staged: Stage, key: str, text: str, person: bool) -> None:  # noqa: FBT001 - a case
    rules = {rule for _, rule, _ in staged("penalty", "G3", [row("penalty", "G3", 1, **{key: text})]).check()}
    assert ("natural_person_refused" in rules) == person


def test_a_row_with_cells_too_many_or_none_is_sent_back_as_a_row(staged: Stage, tmp_path: Path) -> None:
    names = list(headers("penalty", "G3").values())
    cells = list(row("penalty", "G3").values())
    path = tmp_path / "rows.csv"
    lines = [names, cells, [*cells, "多出来的"], cells[:3]]
    path.write_text("\n".join(",".join(line) for line in lines) + "\n", encoding="utf-8")
    found = staged("penalty", "G3", [], path=path).check()
    assert [rule for line, rule, _ in found if line == 2] == []
    assert any(rule.startswith("row_") for line, rule, _ in found if line == 3)
    assert any(rule.startswith("row_") or rule.endswith("_required") for line, rule, _ in found if line == 4)


def test_the_day_of_arrival_decides_what_is_in_the_future(staged: Stage) -> None:
    made = staged("penalty", "G3", [row("penalty", "G3", 1, decided_on="2026-03-03")])
    assert made.check(today=date(2026, 3, 3)) == []
